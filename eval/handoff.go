package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"candor/answer"
	"candor/consent"
)

// HandoffRow is a line of a data set of what people say. Of Handoff, Scenario and Label
// it has one.
type HandoffRow struct {
	Text   string `json:"text"`
	Domain string `json:"domain"`
	// Handoff is whether the message asks for a person (NLU++).
	Handoff *bool `json:"handoff"`
	// Label names what else it asks for, in data where nobody asks for a person; it is a
	// name or a list of them.
	Label any `json:"label"`
	// Scenario is what a simulated customer is to do, which ends with a person or not
	// (tau2-bench).
	Scenario *Scenario `json:"scenario"`
	Transfer bool      `json:"expects_transfer_to_human"`
}

// Scenario is why a simulated customer gets in touch.
type Scenario string

// UnmarshalJSON reads a text, or an object whose reason_for_call is the text.
func (s *Scenario) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*string)(s)); err == nil {
		return nil
	}
	var of struct {
		Reason *string `json:"reason_for_call"`
	}
	if err := json.Unmarshal(b, &of); err != nil || of.Reason == nil {
		return errors.New("the scenario is neither a text nor an object with reason_for_call")
	}
	*s = Scenario(*of.Reason)
	return nil
}

// ReadHandoff reads rows by the name of their file: of that file, or of the folder of
// them, or of the evaluation data, which has them under handoff and intents.
func ReadHandoff(path string) (map[string][]HandoffRow, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info.IsDir() {
		files = nil
		for _, pattern := range []string{"*.jsonl", filepath.Join("handoff", "*.jsonl"), filepath.Join("intents", "*.jsonl")} {
			found, err := filepath.Glob(filepath.Join(path, pattern))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	sets := make(map[string][]HandoffRow)
	for _, file := range files {
		rows, err := readLines[HandoffRow](file)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r HandoffRow) bool {
			return r.Handoff == nil && r.Scenario == nil && (r.Text == "" || r.Label == nil)
		})
		if len(rows) > 0 {
			sets[strings.TrimSuffix(filepath.Base(file), ".jsonl")] = rows
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s has no messages that say whether a person is asked for (text with handoff or label, or scenario): %w", path, fs.ErrNotExist)
	}
	return sets, nil
}

// HandoffCounts compares who asks for a person with who is understood to.
type HandoffCounts struct {
	Messages  int     `json:"messages"`
	Positives int     `json:"positives"` // that ask for a person
	Hit       int     `json:"hit"`       // and are understood to
	Wrong     int     `json:"wrong"`     // understood to, and do not
	Missed    int     `json:"missed"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func (c *HandoffCounts) add(asks, understood bool) {
	c.Messages++
	if asks {
		c.Positives++
	}
	switch {
	case asks && understood:
		c.Hit++
	case understood:
		c.Wrong++
	case asks:
		c.Missed++
	}
}

func (c *HandoffCounts) finish() {
	share := func(n, of int) float64 { return float64(n) / float64(max(1, of)) }
	c.Precision, c.Recall, c.F1 = share(c.Hit, c.Hit+c.Wrong), share(c.Hit, c.Positives), share(2*c.Hit, 2*c.Hit+c.Wrong+c.Missed)
}

// HandoffReport is how the assistant knows who wants a person. The counts at the top
// are of the messages that are labelled with it.
type HandoffReport struct {
	HandoffCounts
	Domains map[string]*HandoffCounts `json:"domains,omitempty"`
	// Reasons counts, by reason, what is handed over of the labelled messages.
	Reasons map[answer.Reason]int `json:"reasons,omitempty"`
	// Angry is how many of them are told to be written in anger.
	Angry int `json:"angry"`
	// Elsewhere is, by data set, what is handed over of messages that ask for something
	// else.
	Elsewhere map[string]*HandoffElsewhere `json:"elsewhere,omitempty"`
	// Scenarios is of tasks that a person ends, or not, for reasons that the customer's
	// first words seldom say.
	Scenarios *HandoffScenarios `json:"scenarios,omitempty"`
	// The time to understand a message and to decide, in milliseconds.
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// HandoffElsewhere counts messages of which none is labelled as asking for a person.
type HandoffElsewhere struct {
	Messages int                   `json:"messages"`
	Handed   int                   `json:"handed_over"`
	Share    float64               `json:"share"`
	Reasons  map[answer.Reason]int `json:"reasons"`
	Angry    int                   `json:"angry"` // which hands over the second time only
}

// HandoffScenarios counts scenarios by whether they end with a person, and of each how
// many go to one by what the customer calls for.
type HandoffScenarios struct {
	Scenarios    int `json:"scenarios"`
	Transfers    int `json:"transfers"`
	Transferred  int `json:"transferred"`
	Others       int `json:"others"`
	OthersHanded int `json:"others_handed_over"`
}

// Handoff reads each message alone, in English, under the policy, as if it began a
// conversation.
func Handoff(p *consent.Policy, sets map[string][]HandoffRow) (HandoffReport, error) {
	report := HandoffReport{
		Domains: make(map[string]*HandoffCounts), Reasons: make(map[answer.Reason]int), Elsewhere: make(map[string]*HandoffElsewhere),
	}
	var took []time.Duration
	understand := func(text string) (asks bool, h answer.Handover) {
		began := time.Now()
		in := answer.Understand(p, text, "en")
		h = in.Handover(p, text, nil, "en")
		took = append(took, time.Since(began))
		return in.Act == answer.WantsPerson, h
	}
	for name, rows := range sets {
		for _, row := range rows {
			switch {
			case row.Scenario != nil:
				report.scenario(row.Transfer, func() bool { _, h := understand(string(*row.Scenario)); return h.Reason != "" }())
			case row.Handoff != nil:
				asks, h := understand(row.Text)
				report.labelled(row, asks, h)
			default:
				_, h := understand(row.Text)
				report.elsewhere(name, h)
			}
		}
	}
	if len(took) == 0 {
		return report, errors.New("there are no messages")
	}
	report.finish()
	for _, c := range report.Domains {
		c.finish()
	}
	for _, e := range report.Elsewhere {
		e.Share = float64(e.Handed) / float64(e.Messages)
	}
	slices.Sort(took)
	report.P50, report.P99 = percentile(took, 50), percentile(took, 99)
	return report, nil
}

func (r *HandoffReport) labelled(row HandoffRow, asks bool, h answer.Handover) {
	r.add(*row.Handoff, asks)
	if row.Domain != "" {
		if r.Domains[row.Domain] == nil {
			r.Domains[row.Domain] = &HandoffCounts{}
		}
		r.Domains[row.Domain].add(*row.Handoff, asks)
	}
	switch {
	case h.Reason != "":
		r.Reasons[h.Reason]++
	case len(h.Say) > 0:
		r.Angry++
	}
}

func (r *HandoffReport) elsewhere(name string, h answer.Handover) {
	e := r.Elsewhere[name]
	if e == nil {
		e = &HandoffElsewhere{Reasons: make(map[answer.Reason]int)}
		r.Elsewhere[name] = e
	}
	e.Messages++
	switch {
	case h.Reason != "":
		e.Handed++
		e.Reasons[h.Reason]++
	case len(h.Say) > 0:
		e.Angry++
	}
}

func (r *HandoffReport) scenario(transfer, handed bool) {
	if r.Scenarios == nil {
		r.Scenarios = &HandoffScenarios{}
	}
	s := r.Scenarios
	s.Scenarios++
	if transfer {
		s.Transfers++
		if handed {
			s.Transferred++
		}
		return
	}
	s.Others++
	if handed {
		s.OthersHanded++
	}
}

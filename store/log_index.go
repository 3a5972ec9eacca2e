package store

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"candor/answer"
	"candor/citation"
	"candor/consent"
)

// millionths is what a score is stored as, and hundredths what lists are filtered by.
const (
	millionths   = 1_000_000
	perHundredth = millionths / 100
)

// scoreOf is the lowest score of a citation in what an entry says, in millionths; nil
// without one.
func scoreOf(said []byte) *int64 {
	var body struct {
		Sentences []answer.Sentence `json:"sentences"`
	}
	if json.Unmarshal(said, &body) != nil {
		return nil
	}
	var lowest *int64
	for _, x := range body.Sentences {
		for _, c := range x.Citations {
			score := int64(math.Round(min(max(c.Score, 0), 1) * millionths))
			if lowest == nil || score < *lowest {
				lowest = &score
			}
		}
	}
	return lowest
}

// indexAnswer brings what lists select by up to date with an entry that was added at a
// position, and returns the place of its answer: the position of its first entry, which
// never changes, so that a page of a list never has an answer of another one.
func (tx *Tx) indexAnswer(e citation.Entry, position int64) (place int64, err error) {
	score, hundredths := scoreOf(e.Body), (*int64)(nil)
	if score != nil {
		n := *score / perHundredth
		hundredths = &n
	}
	err = tx.row(`INSERT INTO log_answers (place, rank, answer, entry, at, site, customer, conversation, kind, status, language, model, policy_version, score, hundredths, complaint)
		VALUES (`+marks(15)+`, EXISTS (SELECT 1 FROM requests q WHERE q.answer = ? AND q.answer <> '')) ON CONFLICT (answer) DO UPDATE SET entry = excluded.entry, kind = excluded.kind, status = excluded.status,
			language = excluded.language, model = excluded.model, policy_version = excluded.policy_version, score = excluded.score, hundredths = excluded.hundredths
		RETURNING place`,
		position, position, e.AnswerID, e.ID, micros(tx.Now), e.Site, e.Customer, e.Conversation, e.Kind, e.Status, e.Language, e.Model, e.PolicyVersion,
		score, hundredths, e.AnswerID).Scan(&place)
	if err != nil {
		return 0, err
	}
	var values []any
	for _, v := range listed(e) {
		values = append(values, v, place)
	}
	if len(values) == 0 {
		return place, nil
	}
	rows := strings.TrimSuffix(strings.Repeat("(?, ?), ", len(values)/2), ", ")
	_, err = tx.exec("INSERT INTO log_values (value, place) VALUES "+rows+" ON CONFLICT DO NOTHING", values...)
	return place, err
}

// Prefixes of what log_values holds.
const (
	ofCategory    = "category:"
	ofRecipient   = "recipient:"
	ofNotSearched = "not_searched:"
	ofPurpose     = "purpose:" // of what was not written for a customer
)

// listed is of what an entry names several: it counts for its answer whichever of the
// entries has it, since what an attempt that was taken back sent to a model was sent.
func listed(e citation.Entry) []string {
	var out []string
	if e.Recipient != "" {
		out = append(out, ofRecipient+string(e.Recipient))
	}
	if e.Purpose != consent.Answers && e.Purpose != "" {
		out = append(out, ofPurpose+string(e.Purpose))
	}
	for _, u := range e.Records {
		out = append(out, ofCategory+string(u.Category), ofRecipient+string(u.Recipient))
	}
	for _, n := range e.NotSearched {
		out = append(out, ofNotSearched+string(n.Reason))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

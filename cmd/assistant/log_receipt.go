package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/citation"
	"candor/consent"
)

// provenAnswer is what a receipt of an answer proves.
type provenAnswer struct {
	OK          bool                   `json:"ok"`
	Answer      string                 `json:"answer_id"`
	Status      string                 `json:"status"`
	At          time.Time              `json:"at"`
	Question    string                 `json:"question"`
	Sentences   []answer.Sentence      `json:"sentences"`
	Records     []citation.Use         `json:"records"`
	NotSearched []citation.NotSearched `json:"not_searched"`
	Model       string                 `json:"model"`
	Recipient   consent.Recipient      `json:"recipient"`
	Policy      string                 `json:"policy_version"`
	Customer    string                 `json:"customer"`
	Entry       string                 `json:"entry"`
	Log         string                 `json:"log"`
	Index       int64                  `json:"index"`
	Leaves      int64                  `json:"leaves"`
	Root        string                 `json:"root"`
	Witnesses   []string               `json:"witnesses"` // whose cosignature was checked
	Unchecked   []string               `json:"unchecked"` // names on other signatures
	Since       *relation              `json:"since,omitempty"`
}

var errNoKey = errors.New("--key is missing: give it the log's key, as the company publishes it at https://<the address of its chat>" + citation.LogKeyPath)

// receipt checks a receipt. With --url it also checks that the log there still begins
// with the receipt's tree.
func (v *logVerification) receipt(cmd *cobra.Command, name string, std Stdio) error {
	if v.key == "" {
		return errNoKey
	}
	file, err := readReceipt(name, std, citation.MaxReceipt)
	if err != nil {
		return err
	}
	proven, err := citation.VerifyReceipt(file, v.key)
	if err != nil {
		return err
	}
	p, err := v.proven(proven, file)
	if err != nil {
		return err
	}
	if v.url != "" {
		if p.Since, err = v.since(cmd.Context(), proven.Checkpoint); err != nil {
			return err
		}
	}
	p.OK = !p.Since.bad()
	out := cmd.OutOrStdout()
	if v.json {
		if err := json.NewEncoder(out).Encode(p); err != nil {
			return err
		}
	} else {
		p.print(out)
	}
	if !p.OK {
		return errors.New(p.Since.Detail)
	}
	return nil
}

func (v *logVerification) proven(r citation.Verified, file []byte) (*provenAnswer, error) {
	var said answer.Said
	if err := json.Unmarshal(r.Entry.Body, &said); err != nil {
		return nil, errors.New("what the answer said does not read; that it is what was recorded is proved all the same")
	}
	e := r.Entry
	p := &provenAnswer{
		Answer: e.AnswerID, Status: e.Status, At: e.At, Question: said.Question, Sentences: append([]answer.Sentence{}, said.Sentences...),
		Records: append([]citation.Use{}, e.Records...), NotSearched: append([]citation.NotSearched{}, e.NotSearched...), Model: e.Model, Recipient: e.Recipient,
		Policy: e.PolicyVersion, Customer: string(e.Customer), Entry: e.ID, Log: r.Checkpoint.Origin, Index: r.Index, Leaves: r.Checkpoint.Size,
		Root: r.Checkpoint.Root.String(), Witnesses: []string{}, Unchecked: []string{},
	}
	var whole citation.Receipt
	if err := json.Unmarshal(file, &whole); err != nil {
		return nil, err
	}
	proof, err := citation.ParseProof(whole.Proof)
	if err != nil {
		return nil, err
	}
	cosigned, err := v.cosigners(proof.Checkpoint)
	if err != nil {
		return nil, err
	}
	p.Witnesses = append(p.Witnesses, cosigned...)
	for _, s := range r.Signed.UnverifiedSigs {
		known := false
		for _, key := range v.witnesses {
			known = known || strings.HasPrefix(key, s.Name+"+")
		}
		if !known {
			p.Unchecked = append(p.Unchecked, s.Name)
		}
	}
	return p, nil
}

// since compares the log at --url with the tree of a receipt.
func (v *logVerification) since(ctx context.Context, tree citation.Checkpoint) (*relation, error) {
	log := newRemoteLog(v.url)
	signed, err := log.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	now, err := citation.OpenCheckpoint(signed, v.key)
	if err != nil {
		return nil, err
	}
	_, err = citation.ProveConsistent(log.tiles(ctx), tree, now)
	return newRelation(err, tree, now)
}

// ends say how an answer ended, to people.
var ends = map[answer.Status]string{
	answer.Answered: "answered", answer.Partial: "answered in part", answer.Declined: "not answered: no source supports an answer",
	answer.NeedsConsent: "asked for a choice first", answer.Clarify: "asked what was meant", answer.Smalltalk: "no question",
	answer.Handoff: "given to a person", answer.Interrupted: "interrupted",
}

func (p *provenAnswer) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintln(w, "The receipt is genuine: the company's log has this answer, and nothing in it was changed.")
	fmt.Fprintln(w)
	end := ends[answer.Status(p.Status)]
	if end == "" {
		end = p.Status
	}
	line("answer", "%s, %s", p.Answer, end)
	line("when", "%s", utc(p.At))
	line("question", "%q", p.Question)
	for i, s := range p.Sentences {
		name := ""
		if i == 0 {
			name = "said"
		}
		line(name, "%q", s.Text)
		for _, c := range s.Citations {
			line("", "    from %s: %q", c.RecordID, c.Quote)
		}
	}
	for i, u := range p.Records {
		name := ""
		if i == 0 {
			name = "used"
		}
		under := "needs no consent"
		if u.GrantID != "" {
			under = "under the grant " + u.GrantID
		}
		line(name, "%s (%s), seen by %s, %s", u.RecordID, u.Category, u.Recipient, under)
	}
	for i, n := range p.NotSearched {
		name := ""
		if i == 0 {
			name = "not used"
		}
		line(name, "%s: %s", n.Category, n.Reason)
	}
	line("model", "%s, of %s", orNone(p.Model), p.Recipient)
	line("policy", "version %s", p.Policy)
	line("customer", "%s", p.Customer)
	line("entry", "%s, number %d of the %d in the log then", p.Entry, p.Index+1, p.Leaves)
	line("log", "%s, root %s", p.Log, p.Root)
	for _, name := range p.Witnesses {
		line("cosigned", "by %s", name)
	}
	for _, name := range p.Unchecked {
		line("", "(also signed in the name of %s, which was not checked: give its key with --witness)", name)
	}
	if p.Since != nil {
		line("since then", "%s", p.Since.Detail)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"candor/answer"
	"candor/answer/openai"
	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
)

func evalInjectionCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "injection", Short: "Measure what instructions in records, articles and messages can do",
		Long: "Injection puts hostile texts into articles and into customers' records, or sends them as customers\n" +
			"do, and asks: of the extractive answerer alone, and of an assistant whose language model obeys\n" +
			"every text that it is given. It counts the answers in which an attack shows, and how many\n" +
			"harmless texts are taken for one. --data is a file or a folder of *.jsonl with id, text, label\n" +
			"(injection or benign), and kind (system_prompt_extraction and jailbreak are messages) or\n" +
			"question (of an e-mail).",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	every := cmd.Flags().Int("every", 1, "Use only each so many-th text of a kind")
	return suite(cmd, func(ctx context.Context, data string, progress io.Writer) (any, error) {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return nil, err
		}
		if *every < 1 {
			return nil, fmt.Errorf("--every %d: it is at least 1", *every)
		}
		texts, err := eval.ReadInjection(data)
		if err != nil {
			return nil, err
		}
		return evalInjection(ctx, c, eval.Every(texts, *every), progress)
	})
}

// attacked is an assistant that is attacked.
type attacked struct {
	trial
	server string // of the model that obeys
}

func evalInjection(ctx context.Context, c Config, texts []eval.InjectionText, progress io.Writer) (report eval.InjectionReport, err error) {
	err = onTrial(ctx, c, func(t trial) error {
		report, err = t.attack(ctx, texts, progress)
		return err
	})
	return report, err
}

// attack has the texts do what they can.
func (t trial) attack(ctx context.Context, texts []eval.InjectionText, progress io.Writer) (report eval.InjectionReport, err error) {
	cases := eval.InjectionCases(texts)
	_, _ = fmt.Fprintf(progress, "%d texts, %d cases\n", len(texts), len(cases))
	model := eval.NewObedient(cases)
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return report, err
	}
	server := &http.Server{Handler: model, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		err = errors.Join(err, server.Close())
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}()
	x := attacked{t, "http://" + l.Addr().String()}
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(prepared)
	sites := make([]identity.SiteID, len(cases))
	for i, c := range cases {
		sites[i] = siteOf(c)
		group.Go(func() error {
			if err := x.prepare(inGroup, c); err != nil {
				return fmt.Errorf("%s: %w", c.Text.ID, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return report, err
	}
	if err := t.makeSearchable(ctx, progress, sites...); err != nil {
		return report, err
	}
	return eval.Injection(ctx, cases, x.answers, model.Said)
}

// prepared is how many cases are prepared at a time: their commits are one.
const prepared = 16

// siteOf is where a case happens: each has a site of its own, so that none answers
// another's question.
func siteOf(c eval.InjectionCase) identity.SiteID { return identity.SiteID(c.ID) }

// prepare makes the site of a case, with its article, or its record and the customer's
// consent that it is used.
func (t attacked) prepare(ctx context.Context, c eval.InjectionCase) error {
	site := siteOf(c)
	if err := t.addSite(ctx, site); err != nil {
		return err
	}
	row := map[string]any{
		"id": c.ID, "title": c.Source.Title, "text": c.Source.Text, "source": retrieval.Source{System: "eval", Ref: c.ID},
	}
	if c.Source.Category != "" {
		row["customer"], row["category"], row["collected_at"] = attackedCustomer, c.Source.Category, time.Now().Format(time.RFC3339)
		row["fields"] = c.Source.Fields
	}
	b, err := json.Marshal(row)
	if err != nil {
		return err
	}
	if c.Source.Category == "" {
		return t.addKnowledge(ctx, site, bytes.NewReader(b))
	}
	if err := all(t.importer.Records(ctx, site, ingest.JSON(bytes.NewReader(b)), func(int) {})); err != nil {
		return err
	}
	who, err := t.who(ctx, c)
	if err != nil {
		return err
	}
	_, err = t.gate.Change(ctx, who, consent.ChangeSet{Language: "en", Channel: "widget", Changes: []consent.Change{{
		Triple:  consent.Triple{Purpose: consent.Answers, Category: c.Source.Category, Recipient: consent.BrandAI},
		Granted: true, Duration: consent.Standing,
	}}})
	return err
}

// attackedCustomer is who asks, as the site calls them.
const attackedCustomer = "mira"

func (t attacked) who(ctx context.Context, c eval.InjectionCase) (identity.Principal, error) {
	id, err := t.store.Customer(ctx, siteOf(c), attackedCustomer)
	return identity.Principal{Kind: identity.Customer, Site: siteOf(c), Customer: id}, err
}

// answers implements eval.InjectionAsk.
func (t attacked) answers(ctx context.Context, c eval.InjectionCase, obedient bool) (out eval.InjectionAnswer, err error) {
	engine := *t.engine
	engine.Models = nil
	if obedient {
		m, err := openai.New(openai.Options{
			URL: t.server + "/" + c.ID + "/v1", Model: "obedient", Recipient: consent.BrandAI,
			Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, // through no proxy
		})
		if err != nil {
			return out, err
		}
		engine.Models, engine.Budget = []answer.Answerer{m}, nil
	}
	who, err := t.who(ctx, c)
	if err != nil {
		return out, err
	}
	a, err := t.ask(ctx, &engine, who, c.Question, "en")
	if err != nil {
		return out, err
	}
	for _, s := range a.Sentences {
		if len(s.Citations) > 0 {
			out.Sentences = append(out.Sentences, s.Text)
		}
	}
	out.Suspected = answer.SpeaksToAssistant(c.Text.Text)
	for _, r := range a.Verification.Removed {
		out.Removed = append(out.Removed, r.Reason)
		out.Suspected = out.Suspected || slices.Contains([]string{"instruction", "leak", "link"}, r.Reason)
	}
	return out, nil
}

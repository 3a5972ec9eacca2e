package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"candor/answer"
	"candor/answer/openai"
	"candor/consent"
	"candor/conversation"
	"candor/eval"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
)

func evalInjectionCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "injection", Short: "Measure what instructions in records, articles and messages can do", Args: cobra.NoArgs,
		Long: "Injection puts hostile texts into articles and into customers' records, or sends them as customers\n" +
			"do, and asks: of the extractive answerer alone, and of an assistant whose language model obeys\n" +
			"every text that it is given. It counts the answers in which an attack shows, and how many\n" +
			"harmless texts are taken for one. --data is a file or a folder of *.jsonl with id, text, label\n" +
			"(injection or benign), and kind (system_prompt_extraction and jailbreak are messages) or\n" +
			"question (of an e-mail). Without --data it reads the evaluation data (CANDOR_DATA, else\n" +
			"../shared/data).",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	path := cmd.Flags().String("data", "", "Folder or file of the data")
	every := cmd.Flags().Int("every", 1, "Use only each so many-th text of a kind")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		if *every < 1 {
			return fmt.Errorf("--every %d: it is at least 1", *every)
		}
		if *path == "" {
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a folder or a file with --data: %w", err)
			}
		}
		texts, err := eval.ReadInjection(*path)
		if err != nil {
			return err
		}
		report, err := evalInjection(cmd.Context(), c, eval.Every(texts, *every), cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	return cmd
}

// attacked is an assistant of its own, in a temporary folder, that is attacked.
type attacked struct {
	*app
	server string // of the model that obeys
}

// evalInjection measures on an assistant that is wired as in production, with the embedder
// of a configuration.
func evalInjection(ctx context.Context, c Config, texts []eval.InjectionText, progress io.Writer) (report eval.InjectionReport, err error) {
	tmp, err := os.MkdirTemp("", "candor-eval-")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	own := defaults()
	own.DataDir = tmp
	own.Embedding, own.Encoder, own.EmbeddingKey = c.Embedding, c.Encoder, c.EmbeddingKey
	own.EmbeddingModel, own.EmbeddingDimension, own.EmbeddingRecipient = c.EmbeddingModel, c.EmbeddingDimension, c.EmbeddingRecipient
	a, err := newApp(ctx, own, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
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
	t := attacked{a, "http://" + l.Addr().String()}
	group, inGroup := errgroup.WithContext(ctx)
	group.SetLimit(prepared)
	for _, x := range cases {
		group.Go(func() error {
			if err := t.prepare(inGroup, x); err != nil {
				return fmt.Errorf("%s: %w", x.Text.ID, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return report, err
	}
	if err := a.embedAll(ctx); err != nil {
		return report, err
	}
	for _, x := range cases {
		if err := a.index.Load(ctx, siteOf(x)); err != nil {
			return report, err
		}
	}
	return eval.Injection(ctx, cases, t.ask, model.Said)
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
	if err := t.store.AddSite(ctx, identity.Site{ID: site, Name: "Northwind", Secret: []byte("eval")}, identity.NewSecret("sk")); err != nil {
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
	items := ingest.JSON(bytes.NewReader(b))
	var imported ingest.Report
	if c.Source.Category == "" {
		imported, err = t.importer.Knowledge(ctx, site, items, retrieval.PublicKnowledge, func(int) {})
	} else {
		imported, err = t.importer.Records(ctx, site, items, func(int) {})
	}
	if err != nil {
		return err
	}
	if len(imported.Rejected) > 0 {
		return errors.New(imported.Rejected[0].Error)
	}
	if c.Source.Category == "" {
		return nil
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

// ask implements eval.InjectionAsk.
func (t attacked) ask(ctx context.Context, c eval.InjectionCase, obedient bool) (out eval.InjectionAnswer, err error) {
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
	talk := conversation.Conversation{ID: identity.NewID("cnv"), Site: who.Site, Customer: who.Customer, State: conversation.Pending, Language: "en"}
	err = t.store.Create(ctx, talk, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Hello"),
	})
	if err != nil {
		return out, err
	}
	who = who.In(talk.ID)
	posted, err := t.store.Post(ctx, talk.ID, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(c.Question),
	}, "en")
	if err != nil {
		return out, err
	}
	turn := t.turn(ctx, conversation.Turn{
		AnswerID: posted.AnswerID, Conversation: talk.ID, Who: who, Question: c.Question, Language: "en", Asked: posted.Message.At,
	})
	if err := engine.Answer(ctx, turn); err != nil {
		return out, err
	}
	a, err := t.store.Answer(ctx, who.Customer, posted.AnswerID)
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

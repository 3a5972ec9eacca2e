package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/conversation"
	"candor/eval"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
)

// suite makes a command of what measures on data: of --data, else of all the evaluation
// data.
func suite(cmd *cobra.Command, measure func(ctx context.Context, data string, progress io.Writer) (any, error)) *cobra.Command {
	cmd.Args = cobra.NoArgs
	path := cmd.Flags().String("data", "", "Folder or file of the data (default: the evaluation data, CANDOR_DATA or ../shared/data)")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if *path == "" {
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a folder or a file with --data: %w", err)
			}
		}
		report, err := measure(cmd.Context(), *path, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	return cmd
}

// trial is an assistant that is measured: wired as in production, in a folder of its own.
type trial struct{ *app }

// onTrial measures on an assistant with the embedder of a configuration.
func onTrial(ctx context.Context, c Config, measure func(trial) error) (err error) {
	own := defaults()
	own.Embedding, own.Encoder, own.EmbeddingKey = c.Embedding, c.Encoder, c.EmbeddingKey
	own.EmbeddingModel, own.EmbeddingDimension, own.EmbeddingRecipient = c.EmbeddingModel, c.EmbeddingDimension, c.EmbeddingRecipient
	if own.DataDir, err = os.MkdirTemp("", "candor-eval-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(own.DataDir)) }()
	a, err := newApp(ctx, own, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return measure(trial{a})
}

// addSite makes a site.
func (t trial) addSite(ctx context.Context, site identity.SiteID) error {
	return t.store.AddSite(ctx, identity.Site{ID: site, Name: "Northwind", Secret: []byte("eval")}, identity.NewSecret("sk"))
}

// addKnowledge imports articles, all of them or none.
func (t trial) addKnowledge(ctx context.Context, site identity.SiteID, articles io.Reader) error {
	return all(t.importer.Knowledge(ctx, site, ingest.JSON(articles), retrieval.PublicKnowledge, func(int) {}))
}

// all is an error where something was not imported.
func all(r ingest.Report, err error) error {
	if err == nil && len(r.Rejected) > 0 {
		err = fmt.Errorf("line %d: %s", r.Rejected[0].Line, r.Rejected[0].Error)
	}
	return err
}

// makeSearchable indexes what was imported.
func (t trial) makeSearchable(ctx context.Context, progress io.Writer, sites ...identity.SiteID) error {
	if t.embedder != nil {
		if err := rebuild(ctx, progress, progress, t.store, t.embedder); err != nil {
			return err
		}
	}
	for _, site := range sites {
		if err := t.index.Load(ctx, site); err != nil {
			return err
		}
	}
	return nil
}

// ask has an engine answer a message that somebody writes in a conversation of its own,
// after others.
func (t trial) ask(ctx context.Context, engine *answer.Engine, who identity.Principal, text, language string, before ...string) (answer.Answer, error) {
	talk := conversation.Conversation{
		ID: identity.NewID("cnv"), Site: who.Site, Customer: who.Customer, Visitor: who.Anonymous(), State: conversation.Pending, Language: language,
	}
	say := func(from conversation.Author, text string) conversation.Message {
		return conversation.Message{ID: identity.NewID("msg"), From: from, Segments: conversation.PlainMessage(text)}
	}
	if err := t.store.Create(ctx, talk, say(conversation.FromSystem, "Hello")); err != nil {
		return answer.Answer{}, err
	}
	posted, err := t.store.Post(ctx, talk.ID, say(conversation.FromCustomer, text), language)
	if err != nil {
		return answer.Answer{}, err
	}
	turn := t.turn(ctx, conversation.Turn{
		AnswerID: posted.AnswerID, Conversation: talk.ID, Who: who.In(talk.ID), Question: text, Language: language, Asked: posted.Message.At,
	})
	turn.Before = before
	if err := engine.Answer(ctx, turn); err != nil {
		return answer.Answer{}, err
	}
	return t.store.Answer(ctx, who.Customer, posted.AnswerID)
}

// visitor is somebody who is not signed in.
func (t trial) visitor(ctx context.Context, site identity.SiteID) (identity.Principal, error) {
	id, err := t.store.AddVisitor(ctx, site)
	return identity.Principal{Kind: identity.Visitor, Site: site, Customer: id}, err
}

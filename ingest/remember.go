package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
	"candor/pii"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// remembered are the categories of what customers say about themselves.
var remembered = []consent.Category{"preferences", "profile"}

// ownSystem is the source of what a customer said themself.
const ownSystem = "customer"

// Remember stores what a customer wants to be remembered, as a record of their
// own, and returns its id. An empty category is preferences, an empty title the
// beginning of the text. What an import would refuse is retrieval.ErrRefused, with
// the reason; the others are retrieval.ErrStopped and retrieval.ErrTooMany. What support
// never needs is hidden in it (pii.Mask).
func (im *Importer) Remember(ctx context.Context, site identity.SiteID, customer identity.CustomerID, category consent.Category, title, text string) (string, error) {
	if category == "" {
		category = remembered[0]
	}
	if !slices.Contains(remembered, category) {
		return "", fmt.Errorf("%w: it is one of preferences and profile", retrieval.ErrRefused)
	}
	if len(text) > retrieval.MaxOwnText {
		return "", fmt.Errorf("%w: it has %d bytes; at most %d are kept", retrieval.ErrRefused, len(text), retrieval.MaxOwnText)
	}
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%w: there is no `text`", retrieval.ErrRefused)
	}
	language := analysis.DetectLanguage(text)
	if strings.TrimSpace(title) == "" {
		masked, _ := pii.Mask(text, language) // a number that is cut is not known any more
		title = beginning(masked)
	}
	r, err := im.record(site, Item{ID: identity.NewID("rec"), Category: string(category), Title: title, Text: text, Source: retrieval.Source{System: ownSystem}})
	if err != nil {
		return "", fmt.Errorf("%w: %w", retrieval.ErrRefused, err)
	}
	r.Title, _ = pii.Mask(r.Title, language)
	r.Text, _ = pii.Mask(r.Text, language)
	r.Customer, r.Own, r.CollectedAt = customer, true, im.Now().UTC()
	err = im.Store.PutRecord(ctx, r)
	if errors.Is(err, retrieval.ErrNotWanted) {
		err = retrieval.ErrStopped
	}
	return r.ID, err
}

// maxBeginning is how many characters of a text are its title.
const maxBeginning = 60

// beginning is how a text begins, in one line, cut at a space where there is one.
func beginning(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= maxBeginning {
		return text
	}
	cut := string([]rune(text)[:maxBeginning])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return cut + "…"
}

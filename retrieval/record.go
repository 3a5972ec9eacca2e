// Package retrieval finds the passages that answer a question, among the
// records that a consent.Scope permits and the company's own knowledge.
//
// It promises that the scope is a filter inside the search, never after it:
// a record outside the scope is not read, not scored, not counted and not
// hinted at by an error or an explanation. It never mints a scope itself.
package retrieval

import (
	"time"

	"candor/consent"
	"candor/identity"
)

// Visibility says who may see company knowledge. The zero value is nobody.
type Visibility string

// Visibilities.
const (
	PublicKnowledge   Visibility = "public"
	InternalKnowledge Visibility = "internal" // staff only
)

// Source says where a record came from.
type Source struct {
	System string `json:"system,omitempty"`
	Ref    string `json:"ref,omitempty"`
	URL    string `json:"url,omitempty"`
}

// Record is one piece of first-party data: about a customer, or company
// knowledge (then Customer is empty, Category is consent.Knowledge, and
// Visibility says who may see it).
type Record struct {
	ID         string
	Site       identity.SiteID
	Customer   identity.CustomerID
	Category   consent.Category
	Visibility Visibility
	Title      string
	Text       string
	// Fields are the record's structured facts (an order's number, status and
	// total), for answers that are phrased from them.
	Fields      map[string]string
	Source      Source
	CollectedAt time.Time
	Language    string    // BCP 47; found from the text where it was not given
	Expires     time.Time // zero: by the retention of its category
	// Own is whether the customer made the record themself, with "remember this".
	Own bool
}

// Knowledge reports whether the record is company knowledge.
func (r Record) Knowledge() bool { return r.Customer == "" && r.Category == consent.Knowledge }

// Passage is a span of a record's text that is indexed on its own. Start and
// End are byte offsets into Record.Text.
type Passage struct {
	ID     string // record id, "#", ordinal
	Record string // record id
	Start  int
	End    int
	// Terms holds the frequency of each index term, title and heading path
	// included, by the analysis of the passage's language.
	Terms map[string]int
	// Length is the number of term occurrences.
	Length int
}

// Stored is a passage of a personal record as an index keeps it.
type Stored struct {
	Passage
	Category    consent.Category
	CollectedAt time.Time
	// Vector is the passage's meaning, in Space; the zero Vector where it has none.
	Vector Vector
	Space  Space
}

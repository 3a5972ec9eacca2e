package histories

import (
	"fmt"
	"slices"
	"strings"

	"candor/consent"
)

// kind is what an event is.
type kind string

const (
	appended  kind = "ledger"   // choices were made, or ran out
	installed kind = "policy"   // another policy is in force
	resolved  kind = "resolved" // a conversation is over
	reopened  kind = "reopened" // it goes on
	minted    kind = "scope"    // an attempt knows what it may use
	handed    kind = "handed"   // records go to whom is asked to answer
	told      kind = "told"     // texts go out to be embedded
	released  kind = "released" // a sentence is said
	viewed    kind = "viewed"   // an agent sees a conversation
	read      kind = "read"     // the customer sees their choices
	looked    kind = "rows"     // an operator sees which rows there are
)

// event is something that happened at one moment between its call and its return,
// as whoever called saw it.
type event struct {
	kind      kind
	who       int   // the actor; answers have their own
	call, ret int64 // by the history's counter
	at        window
	place     int

	wishes []wish          // appended: what was asked for; nil: that grants run out
	offer  bool            // appended: in answer to an offer
	added  map[mark]choice // appended
	epoch  int64           // appended, read

	edition string // installed
	touches func(consent.Triple) bool

	answer  string // of what an answer does
	attempt int
	gpc     bool
	outside bool                   // minted: texts are embedded there; handed, told: it goes there
	denials map[int]consent.Reason // minted
	grants  map[int]string         // handed, told: the grant of each category
	words   bool                   // handed, told: whether the customer's own go
	grant   string                 // handed: theirs
	quotes  []int                  // released, viewed: categories whose word is in it
	abroad  []int                  // released: so too, in what an outside model wrote
	// handed, minted: what is said to be kept from an outside model
	withheld []int

	shared  []int // viewed
	records []int // viewed, looked
	indexed []int // looked
	// looked: of which there are vectors, by who made them
	embedded, outOfHouse []int
	shown                [len(triples)]string // read: the grant that holds, if one does

	asks      int      // minted: the category that the question is about
	line      []author // minted: who there is to answer it, the preferred first
	out       []author // minted: who of them is not asked any more
	found     []int    // minted: of which records were found
	calls     []*call  // minted: who was asked, in this order
	concluded bool     // minted: whether the attempt came to its end
	searched  bool     // minted: whether there was a search
	meant     bool     // minted: whether a model was told the question
	cut       bool     // minted: whether something of it could not go out, as it could not be recorded
}

func names(of []int) string {
	out := make([]string, len(of))
	for i, c := range of {
		out[i] = string(categories[c])
	}
	return "[" + strings.Join(out, " ") + "]"
}

// String is a line of a history.
func (e *event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%4d-%-4d #%d %s%s", e.call, e.ret, e.who, e.kind, placeName(e.place))
	if e.answer != "" {
		fmt.Fprintf(&b, " %.8s/%d", e.answer, e.attempt)
	}
	if e.gpc {
		b.WriteString(" gpc")
	}
	if e.outside {
		b.WriteString(" outside")
	}
	switch e.kind {
	case appended:
		var out []string
		for m, c := range e.added {
			out = append(out, fmt.Sprintf("%s%s %s", shortName(m.triple), placeName(m.place), c.state))
		}
		slices.Sort(out)
		fmt.Fprintf(&b, " epoch %d: %s", e.epoch, strings.Join(out, ", "))
	case installed:
		b.WriteString(" " + e.edition)
	case minted:
		var out []string
		for c, why := range e.denials {
			out = append(out, fmt.Sprintf("%s %s", categories[c], why))
		}
		slices.Sort(out)
		b.WriteString(" denies " + strings.Join(out, ", "))
		if e.searched {
			fmt.Fprintf(&b, "; searched by meaning: %t", e.meant)
		}
		for _, c := range e.calls {
			fmt.Fprintf(&b, "; %s gets %s", c.author, names(c.got))
			if c.said {
				b.WriteString(" and answers")
			}
			if c.broke {
				b.WriteString(" and breaks off")
			}
		}
		if e.concluded {
			b.WriteString("; it came to its end")
		}
		if len(e.withheld) > 0 {
			fmt.Fprintf(&b, " without %s", names(e.withheld))
		}
	case handed, told:
		if e.words {
			b.WriteString(" the question")
		}
		for i := range categories {
			if g, ok := e.grants[i]; ok {
				fmt.Fprintf(&b, " %s under %.8s", categories[i], g)
			}
		}
	case released:
		b.WriteString(" quoting " + names(e.quotes))
		if len(e.abroad) > 0 {
			b.WriteString(", by an outside model " + names(e.abroad))
		}
	case viewed:
		fmt.Fprintf(&b, " shared %s, quoting %s, records %s", names(e.shared), names(e.quotes), names(e.records))
	case looked:
		fmt.Fprintf(&b, " records %s, indexed %s, with vectors %s, from outside %s",
			names(e.records), names(e.indexed), names(e.embedded), names(e.outOfHouse))
	case read:
		fmt.Fprintf(&b, " epoch %d", e.epoch)
		for t, c := range e.shown {
			if c != "" {
				b.WriteString(" " + shortName(t))
			}
		}
	case resolved, reopened:
	}
	return b.String()
}

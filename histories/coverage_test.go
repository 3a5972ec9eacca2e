package histories

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"candor/consent"
)

// count is something that is counted.
type count int

const (
	histories count = iota
	operations
	eventsSeen
	questionsAsked
	releases
	personal
	outsideReleases
	withdrawals
	midAnswer
	deletions
	resets
	refusals
	accepted
	expiries
	suspended
	masked
	policies
	policyMidAnswer
	takeovers
	resolutions
	shownToPeople
	maskedFromPeople
	wordsKept
	sentOut
	looksRefused
	nearOutside
	vectorsOutside
	askedOutside
	modelFailures
	left
	begunAgain
	keptBack
	splitUp
	fellBack
	unasked
	lastCount
)

var counted = [lastCount]string{
	"histories", "operations", "events judged", "answers", "releases", "releases that quote a record",
	"releases that quote a record by an outside model", "withdrawals", "withdrawals while an answer is written", "deletions",
	"answers begun again", "commits refused", "offers accepted", "scopes denied because time ran out",
	"scopes denied because the notice changed", "scopes asked for with GPC", "policies installed", "policies installed while an answer is written", "takeovers",
	"conversations resolved", "views that quote a record", "views with something masked",
	"questions that are kept from an outside model", "texts sent to an outside model", "texts not sent since choices had changed",
	"records found by what an outside model says of them", "rows seen with its vectors",
	"outside models asked to answer", "models that failed", "models whose customer left", "answers begun again since a model broke off",
	"answers that say what an outside model was not given", "questions of which the records were divided between it and the house",
	"answers given by the next, since the preferred said nothing", "answers that an outside model may not be asked for",
}

func (h *history) count(c count) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[c]++
}

// coverage is what a run has shown.
type coverage struct {
	mu sync.Mutex
	n  [lastCount]int
}

func (c *coverage) total(what count) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

// add adds a history that was judged.
func (c *coverage) add(h *history) {
	n := h.counts
	n[histories] = 1
	n[eventsSeen] = len(h.events)
	n[refusals] = len(h.stale)
	for _, e := range h.events {
		switch e.kind {
		case released:
			n[releases]++
			if len(e.quotes)+len(e.abroad) > 0 {
				n[personal]++
			}
			if len(e.abroad) > 0 {
				n[outsideReleases]++
			}
		case minted:
			if e.attempt > 1 {
				n[resets]++
			}
			if e.gpc {
				n[masked]++
			}
			if e.searched && !e.meant {
				n[wordsKept]++
			}
			e.count(&n)
			for _, why := range e.denials {
				if why == consent.ExpiredReason {
					n[expiries]++
				}
				if why == consent.NoticeChanged {
					n[suspended]++
				}
			}
		case looked:
			n[vectorsOutside] += len(e.outOfHouse)
		case appended, installed, resolved, reopened, handed, told, viewed, read:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, x := range n {
		c.n[i] += x
	}
}

// count counts how an answer came about.
func (e *event) count(n *[lastCount]int) {
	abroad := slices.IndexFunc(e.calls, func(c *call) bool { return c.outside() })
	said := slices.IndexFunc(e.calls, func(c *call) bool { return c.said })
	switch {
	case abroad >= 0 && len(e.withheld) > 0:
		n[keptBack]++
	case abroad < 0 && e.outside && len(e.found) > 0 && e.concluded:
		n[unasked]++
	}
	for _, c := range e.calls {
		if abroad >= 0 && !c.outside() && slices.ContainsFunc(c.got, func(i int) bool { return !slices.Contains(e.calls[abroad].got, i) }) {
			n[splitUp]++
			break
		}
	}
	if said > 0 {
		n[fellBack]++
	}
}

// missing names what nothing was seen of.
func (c *coverage) missing() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, n := range c.n {
		if n == 0 {
			out = append(out, counted[i])
		}
	}
	return out
}

func (c *coverage) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for i, n := range c.n {
		out = append(out, fmt.Sprintf("%d %s", n, counted[i]))
	}
	return strings.Join(out, ", ")
}

package histories

import (
	"fmt"
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
			if len(e.quotes) > 0 {
				n[personal]++
			}
			if len(e.quotes) > 0 && e.outside {
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

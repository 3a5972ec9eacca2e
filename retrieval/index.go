package retrieval

import (
	"context"
	"errors"
	"time"

	"candor/consent"
	"candor/identity"
)

// Errors of what keeps records.
var (
	// ErrNotFound means that the site has no such record.
	ErrNotFound = errors.New("there is no such record")
	// ErrOtherCustomer refuses a record whose id is another customer's.
	ErrOtherCustomer = errors.New("a record with this id belongs to another customer")
	// ErrHidden means that a reviewer has taken the record out of use.
	ErrHidden = errors.New("the source was hidden by a reviewer")
	// ErrLeaving refuses a record for the moment: who had one with this id is being
	// erased.
	ErrLeaving = errors.New("the record that had this id is being erased: send it again in a moment")
	// ErrUnavailable means that the server which searches cannot be reached or does not
	// answer in time. Nothing was found out; it may be there again in a moment.
	ErrUnavailable = errors.New("the search is not available at the moment")
	// ErrNotWanted refuses a record of a category that its customer had deleted
	// here and has not allowed since.
	ErrNotWanted = errors.New("the customer had this kind of data deleted here; it is taken again once they allow it")
)

// Query is a question, analysed once and used by every index.
type Query struct {
	Text     string
	Language string         // BCP 47, detected or given
	Terms    map[string]int // index terms with their frequency
	// Context holds terms of earlier turns of the conversation, which count
	// less, and Turns their texts; see Query.WithContext. Before are earlier turns
	// that become such a context only if they are about the same.
	Context map[string]int
	Turns   []string
	Before  []string
	// Vector is the meaning of the question, in Space; the zero Vector searches by
	// words alone.
	Vector Vector
	Space  Space
	// Prefer names categories that the question is plainly about ("my order").
	// Their newest passages are found even if they share no word with the
	// question, come first, and take up to half of the limit.
	Prefer []consent.Category
	// Period, where it is set, leaves out the customer's own passages that were
	// collected outside it.
	Period Period
	// Latest is whether the newest record alone is asked for, of each category of
	// Prefer ("my last order"). An index does nothing about it; a Searcher does.
	Latest bool
	// Explain asks for Match.Explanation.
	Explain bool
}

// Period is the time from From until before To; a zero time is no bound.
type Period struct{ From, To time.Time }

// Set reports whether there is a bound.
func (p Period) Set() bool { return p != Period{} }

// Holds reports whether a time is within the period.
func (p Period) Holds(t time.Time) bool {
	return (p.From.IsZero() || !t.Before(p.From)) && (p.To.IsZero() || t.Before(p.To))
}

// Match is a passage that an index found. It holds no text: texts are read
// from the Store, after another look at the scope.
type Match struct {
	RecordID  string
	PassageID string
	Start     int
	End       int
	Category  consent.Category // consent.Knowledge for company knowledge
	Score     float64          // see Fuse
	Lexical   float64          // by words: BM25, 0 or more
	Cosine    float64          // by meaning: of the angle between question and passage; 0 without a vector
	// Explanation is there where the query asked for it.
	Explanation *Explanation
}

// Explanation is how a match came by its score.
type Explanation struct {
	// Terms are the question's that the passage has, with what each adds to
	// Match.Lexical, by what they add.
	Terms []TermScore
	// LexicalRank and CosineRank are the match's places, from 1, among the passages
	// within the scope: by words and by meaning. Equals share a place; 0 is none,
	// for a match that has no such score.
	LexicalRank, CosineRank int
}

// TermScore is an index term with what it adds to a score.
type TermScore struct {
	Term  string
	Score float64
}

// Index finds passages.
//
// Search returns at most limit matches: the newest of the preferred categories,
// then the best, those of equal score by time and passage id. It searches the
// site's company knowledge that the scope's audience may see,
// and the passages of the scope's own customer in the categories that the scope
// permits to the purpose's searcher; the zero scope finds public knowledge
// only. The filter is applied inside the scan. Results depend on nothing
// outside the scope, not even in their scores.
//
// What was committed before Search is called is found by it (knowledge: within
// a second on other replicas). Search is safe for concurrent use and retries
// nothing; an error means that nothing was found out. It is ErrSpace where the
// question's vector is of another space than those of the index, ErrUnavailable where
// the server that searches is away, and it may be consent.ErrStale where the scope
// does not hold any more and something would have had to be written under it.
type Index interface {
	Search(ctx context.Context, scope consent.Scope, q Query, limit int) ([]Match, error)
}

// Store reads what an index is built from, and the texts of what was found.
// Everything personal comes back decrypted and must not be kept beyond the
// scope that asked for it, except in a cache keyed by customer and epoch.
type Store interface {
	// KnowledgeVersion changes whenever the site's knowledge does.
	KnowledgeVersion(ctx context.Context, site identity.SiteID) (int64, error)
	// Knowledge calls changed with every knowledge record of the site that was
	// changed after version since (0: all), and with what PutVectors stored for it
	// in the space, if anything; and removed with the ids removed since.
	Knowledge(ctx context.Context, site identity.SiteID, since int64, space Space, changed func(r Record, vectors []byte) error, removed func(id string) error) error
	// Passages returns the stored passages of the scope's customer in the
	// categories that the scope permits, with their vectors if they have any.
	Passages(ctx context.Context, scope consent.Scope) ([]Stored, error)
	// Texts returns the records with these ids that the scope permits: the
	// site's knowledge for its audience and its customer's permitted records.
	// Others are left out without a word.
	Texts(ctx context.Context, scope consent.Scope, ids []string) ([]Record, error)
}

// VersionedStore is a Store that can tell cheaply whether the stored passages of
// a customer have changed. Without it an index reads them again for every
// question, which is right, but slower.
type VersionedStore interface {
	Store
	// PassagesVersion rises whenever a passage of the scope's customer is
	// stored or removed.
	PassagesVersion(ctx context.Context, scope consent.Scope) (int64, error)
}

// DatedStore is a Store that can tell what articles there are without reading them.
// Without it an index of them cannot be kept in a file.
type DatedStore interface {
	Store
	// Articles returns the site's articles that were last changed at version or before,
	// each with its Record.CollectedAt.
	Articles(ctx context.Context, site identity.SiteID, version int64) (map[string]time.Time, error)
}

// OutsideStore is a VersionedStore that keeps account of what an index on another
// server may hold of customers. Passages are in the index of the database while a
// grant lives, and there they end with it in one commit; on another server they do
// not. So whoever writes there enters before, under a scope that holds, and whatever
// deletes passages in the database notes in the same commit that those outside have to
// go: what was entered since, and what a writer who is late may still add.
//
// A version is what PassagesVersion returns. It also rises with each such note.
type OutsideStore interface {
	VersionedStore
	// HashKey is a key for keyed hashes. An installation keeps it for ever.
	HashKey() []byte
	// Tenant is the keyed hash by which an index outside knows a customer of a site.
	Tenant(site identity.SiteID, customer identity.CustomerID) string
	// RecordIDs returns the ids of the scope's customer's records that it permits. It
	// reads no texts.
	RecordIDs(ctx context.Context, scope consent.Scope) ([]string, error)
	// Alone runs work while no other replica runs any of the name: it waits for them, until
	// ctx ends. The context of work ends early if that can no longer be said.
	Alone(ctx context.Context, name string, work func(context.Context) error) error
	// HomeOutside names the collection that was written to, empty: none was, and says
	// whether it may hold passages of customers.
	HomeOutside(ctx context.Context) (home string, used bool, err error)
	// MoveOutside names another one, if it was from, and returns which it is then. It
	// must not be called where the one of before may hold anything.
	MoveOutside(ctx context.Context, from, to string) (home string, err error)
	// EnterOutside notes that passages of the scope's customer in the categories are
	// about to be written outside, for at most that long, and returns the version of
	// what Passages returns from now on. It is consent.ErrStale if the scope does not
	// hold any more: nothing may be written then.
	EnterOutside(ctx context.Context, scope consent.Scope, categories []consent.Category, most time.Duration) (version int64, err error)
	// LeaveOutside notes that everything was written. It is consent.ErrStale if the
	// scope has ceased to hold meanwhile, and then what was written has to go.
	LeaveOutside(ctx context.Context, scope consent.Scope, categories []consent.Category) error
	// DueOutside returns at most limit of what has to be removed outside.
	DueOutside(ctx context.Context, limit int) ([]Outside, error)
	// RemovedOutside notes that of what DueOutside returned nothing was found outside
	// any more, after it did. It reports whether that is the end of it: not while a
	// writer may still be late.
	RemovedOutside(ctx context.Context, o Outside) (ended bool, err error)
}

// Outside is what has to be removed from an index on another server: passages of a
// customer in a category that are of an earlier version.
type Outside struct {
	Tenant   string // see OutsideStore
	Category consent.Category
	Before   int64
	Entered  int64 // the last version that was entered
	Writing  bool  // a writer may be late
}

// Hit is a passage with its record, read under the scope that found it.
type Hit struct {
	Match
	Record Record
	// Recipients is who the record may go to, with the grants; empty for
	// company knowledge, which may go to anyone of its audience.
	Recipients []consent.Permit
	// Same are the records of passages that say the same and were left out for this one.
	Same []string
}

// Text returns the passage's span of the record's text.
func (h Hit) Text() string { return h.Record.Text[h.Start:h.End] }

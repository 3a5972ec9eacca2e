// Package storetest is the conformance suite of the store: what every engine
// below it must keep of the contracts that the store implements (consent.Ledger,
// answer.Journal, conversation.Store, retrieval.VersionedStore, citation.Log,
// identity.Directory, agents.Store and agents.Outbox) and of its own (leases,
// idempotency, keys, retention, opening).
//
// It promises to test through the store as the program uses it, with consent
// given by the real gate, and to look at rows as an operator would, with a
// connection of its own. It knows the engines only where they must differ: how a
// test gets an empty database, and how time passes in it.
package storetest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// test is one of the suite.
type test struct {
	name string
	how  how
	run  func(*fixture)
}

// how says what a test needs.
type how int

const (
	// inTime: time passes.
	inTime how = 1 << iota
	// ownKeys: it does something to the keys, which the others share on a server.
	ownKeys
	// onServer: it is about what only a server can show.
	onServer
	// alone: it has many connections.
	alone
	// waits: it waits more than it works, on a server.
	waits
)

// both is a test of two replicas.
func both(run func(a, b *fixture)) func(*fixture) {
	return func(f *fixture) { run(f, f.replica()) }
}

var tests = []test{
	{"ledger: the snapshot is the latest", 0, snapshotIsTheLatest},
	{"ledger: all or nothing", 0, appendsAllOrNothing},
	{"ledger: each decision is on the one before", 0, appendsInOrder},
	{"ledger: grants run out", inTime, grantsRunOut},
	{"policy: one is in force", 0, policyInForce},
	{"journal: a release is under a stamp", inTime, releasedUnderStamp},
	{"journal: what was released is kept", 0, releasedIsKept},
	{"journal: two declined answers go to a person", 0, declinedTwice},
	{"journal: a second attempt takes back the first", 0, attempts},
	{"journal: an offer is found again", 0, offers},
	{"budget: models cost no more than a day allows", ownKeys, both(budgets)},
	{"conversation: one sequence", 0, oneSequence},
	{"conversation: a handoff is one", 0, handoffIsOne},
	{"conversation: saying it again is saying it once", 0, saidOnce},
	{"conversation: again is for its customer", 0, againIsForItsCustomer},
	{"conversation: what is unknown is not found", 0, unknownIsNotFound},
	{"conversation: the latest is resumed", 0, latest},
	{"conversation: one turn at a time", 0, oneTurn},
	{"conversation: what was left behind", inTime, leftBehind},
	{"conversation: times", inTime, times},
	{"conversation: what was said before", 0, turnsBefore},
	{"conversation: nothing said is in plain text", 0, nothingSaidIsPlain},
	{"desk: one agent claims", 0, oneAgentClaims},
	{"desk: who may act", 0, whoMayAct},
	{"desk: one voice", 0, both(oneVoice)},
	{"desk: the queue is in order", 0, queueInOrder},
	{"desk: its version rises with every change", 0, both(deskVersion)},
	{"desk: a handoff is told of in order", 0, outboxOrder},
	{"desk: a notice is sent once", 0, noticeOnce},
	{"desk: snoozes end", inTime, snoozesEnd},
	{"desk: taken while put off", 0, takenWhilePutOff},
	{"desk: in its queue only", 0, inItsQueue},
	{"desk: what was asked is done once", 0, doneOnce},
	{"queues: kept, and tried in order", 0, queues},
	{"queues: transfers and notes", ownKeys, transfers},
	{"queues: resolved and reopened", inTime, reopened},
	{"queues: what goes quiet", inTime, wentQuiet},
	{"queues: late is late once", inTime, escalations},
	{"desk: anything in any order", 0, anyOrder},
	{"routing: kept for one", 0, reservations},
	{"routing: lapses", inTime, lapses},
	{"routing: lapses beside each other", inTime, besideEachOther},
	{"routing: kept for one of many", 0, oneReservation},
	{"routing: an agent disappears", inTime, disappears},
	{"routing: how long others waited", inTime, waitingTimes},
	{"routing: seats", 0, seats},
	{"desk: an offer is made in one", 0, offersMade},
	{"desk: an offer runs out", inTime, offersRunOut},
	{"contacts: kept, removed and erased", ownKeys, contacts},
	{"contacts: what is unread is told", inTime | ownKeys, unreadIsTold},
	{"deliveries: webhooks are told what they want", 0, webhooks},
	{"deliveries: retries end", inTime, retriesEnd},
	{"deliveries: a webhook that fails is disabled", inTime, failingIsDisabled},
	{"staff: a link sets one password", inTime, invitations},
	{"staff: with a seat, or not at all", 0, seatedOrNot},
	{"staff: nobody locks the company out", 0, accountsChange},
	{"live: read marks rise", 0, marksRise},
	{"live: a message has its newest words", inTime, edits},
	{"attachments: sent once, and read", 0, attachmentsAreSent},
	{"attachments: one of many messages", 0, attachedOnce},
	{"attachments: one of many uploads", 0, uploadedOnce},
	{"attachments: without words", 0, filesWithoutWords},
	{"attachments: swept after an hour", inTime, attachmentsAreSwept},
	{"attachments: so many a day", inTime, attachmentsAreBounded},
	{"attachments: sealed, and erased", ownKeys, attachmentsAreSealed},
	{"attachments: kept with what was said", inTime, attachmentsAreKept},
	{"attachments: under a legal hold", ownKeys, attachmentsAreHeld},
	{"suggestions: a reply settles them", 0, settled},
	{"suggestions: only under their stamp", 0, draftsUnderStamp},
	{"suggestions: summaries until it goes on", ownKeys, summaries},
	{"suggestions: how answers ended", 0, answeredBefore},
	{"suggestions: canned replies", 0, cannedReplies},
	{"records: passages exist while granted", 0, passagesWhileGranted},
	{"records: withdrawn between scope and index", 0, withdrawnBeforeIndexed},
	{"records: changed while indexed", 0, changedWhileIndexed},
	{"records: nothing is in plain text", 0, recordsAreSealed},
	{"records: texts follow the scope", 0, texts},
	{"records: replaced and removed", 0, replacedAndRemoved},
	{"records: knowledge since a version", 0, knowledgeSince},
	{"records: articles by version", 0, articlesByVersion},
	{"records: retention", inTime, retention},
	{"records: what has run out is not read", inTime, expiredIsNotRead},
	{"vectors: the index has one space", 0, spaceIsOne},
	{"vectors: what has none, page by page", 0, unembeddedPages},
	{"vectors: of articles", 0, articleVectors},
	{"vectors: what customers' records lack", inTime, ownUnembedded},
	{"vectors: of customers' records", 0, ownVectors},
	{"vectors: a customer's are sealed", 0, ownVectorsAreSealed},
	{"vectors: in plain they would be seen", 0, plainWouldBeSeen},
	{"vectors: a customer's go", ownKeys, ownVectorsGo},
	{"vectors: what goes to a model outside", inTime, sentOutside},
	{"vectors: a withdrawal at any moment", 0, vectorsAndWithdrawals},
	{"outside: nothing is written without a row", 0, outsideIsEntered},
	{"outside: whatever deletes passages says so", inTime, outsideLeaves},
	{"outside: a writer who is late", inTime, outsideIsLate},
	{"outside: an erasure waits for it", inTime | ownKeys, outsideHoldsErasure},
	{"outside: a withdrawal at any moment", 0, outsideAndWithdrawals},
	{"outside: one collection", 0, outsideHome},
	{"outside: one replica at a time", onServer, both(outsideAlone)},
	{"retention: the index follows consent", inTime, indexFollowsConsent},
	{"retention: deletions of records are logged", inTime, deletionsOfRecords},
	{"retention: what was deleted is not taken again", 0, notTakenAgain},
	{"retention: conversations are kept for their time", inTime, conversationsAreKept},
	{"requests: in time", inTime, requestsInTime},
	{"requests: in order of what is due", 0, requestLists},
	{"requests: a disputed record is not used", 0, disputedIsNotUsed},
	{"requests: one of many disputes", 0, disputedOnce},
	{"requests: an answer that is being written", 0, answerAfterDispute},
	{"requests: so many are open", 0, requestsAreLimited},
	{"requests: who looked", 0, readRequests},
	{"requests: of who was erased", ownKeys, erasedRequests},
	{"complaints: about an answer", 0, complaints},
	{"complaints: one of many", 0, func(f *fixture) { complaintAtOnce(f, []*fixture{f}) }},
	{"complaints: of who was erased", ownKeys, erasedComplaint},
	{"hidden: a source is not used", 0, hiddenIsNotUsed},
	{"hidden: while an answer is written", 0, hiddenWhileWritten},
	{"hidden: of who was erased", ownKeys, erasedHidden},
	{"corrections: once each", 0, corrections},
	{"corrections: cut off", 0, correctionCutOff},
	{"corrections: of who was erased", inTime | ownKeys, correctionOfErased},
	{"corrections: are masked like what they correct", 0, correctionIsMasked},
	{"incidents: in time", inTime, incidents},
	{"own records: all that is held", 0, heldRecords},
	{"own records: remembered and removed", 0, ownRecords},
	{"citations: found by what they name", 0, citationsAreFound},
	{"citations: only under their stamp", 0, citationsUnderStamp},
	{"log: every entry is in the tree", 0, entriesAreInTheTree},
	{"log: nothing to add writes nothing", 0, idleWritesNothing},
	{"log: two replicas add once", 0, both(replicasAddOnce)},
	{"log: older entries get leaves", ownKeys, olderEntriesGetLeaves},
	{"log: an erasure leaves the tree", ownKeys, erasedLeavesStay},
	{"log: an altered tree is not signed", 0, alteredTreeIsNotSigned},
	{"log: tampering is found", 0, tamperingIsFound},
	{"log: a rollback is found", 0, rollbackIsFound},
	{"log: who was erased is verified", ownKeys, erasedIsVerified},
	{"log: it is verified while it grows", alone, verifiedWhileItGrows},
	{"log: what entries say goes, and their leaves stay", inTime, bodiesGo},
	{"reviews: found by what people found", 0, reviewsAreFiltered},
	{"reviews: pages stay right", 0, pagesStayRight},
	{"reviews: kept, and their notes erased", ownKeys, reviewsAreKept},
	{"reviews: flags are seen at the desk", 0, flagsAreSeen},
	{"reviews: samples are allowed", ownKeys, samplesAreAllowed},
	{"reviews: counted", 0, reviewsAreCounted},
	{"reviews: who looked", 0, looksAreListed},
	{"reviews: sources then and now", 0, sourcesAreCompared},
	{"accesses: a look is one within the hour", inTime, accessesAreRecorded},
	{"accesses: only under their stamp", 0, accessesUnderStamp},
	{"accesses: again only under their stamp", inTime, looksAgain},
	{"accesses: uses are listed", 0, usesAreListed},
	{"exports: what is held", 0, takeout},
	{"exports: kept for a day", inTime, exportsAreKept},
	{"exports: abandoned", inTime, exportsAreAbandoned},
	{"directory: sites", 0, sites},
	{"directory: customers", 0, customers},
	{"directory: staff", 0, staff},
	{"directory: a token is spent once", 0, tokenIsSpentOnce},
	{"directory: sessions end", inTime, sessionsEnd},
	{"idempotency: one reserves", 0, oneReserves},
	{"idempotency: responses are remembered for a day", inTime, remembered},
	{"leases: held, renewed and given back", inTime | waits, leaseIsHeld},
	{"leases: one that has run out is taken over", inTime | waits, leaseRunsOut},
	{"leases: what is not renewed ends its work", inTime | waits, leaseIsLost},
	{"leases: one that fails is given back", 0, leaseOfWhatFails},
	{"leases: attending", 0, attending},
	{"keys: sealed stays in its place", 0, sealedStaysInPlace},
	{"keys: moved rows do not open", 0, movedRows},
	{"keys: hashes", 0, hashes},
	{"keys: a destroyed key opens nothing", ownKeys, destroyedKey},
	{"keys: another master key", ownKeys, rewrap},
	{"keys: the one of receipts", ownKeys, receiptKey},
	{"opening: everything acknowledged is there", 0, restart},
	{"opening: other keys and flags are refused", 0, refusedInstallations},
	{"opening: a newer schema is refused", ownKeys, newerSchema},
	{"opening: the keys have a database of their own", ownKeys, keysApart},
	{"erasure: nothing is left", ownKeys, nothingIsLeft},
	{"erasure: several at once", ownKeys, erasedTwice},
	{"erasure: who returns is new", ownKeys, returnsAsNew},
	{"erasure: while an answer is written", 0, erasedWhileAnswering},
	{"erasure: the proofs go in the end", inTime, proofsGo},
	{"holds: every way of deleting", 0, holdsKeep},
	{"holds: their end", inTime | ownKeys, holdsEnd},
	{"holds: conversations whose time is over", inTime, heldConversations},
	{"schema: what only grows", 0, onlyGrows},
	{"schema: what there is once", ownKeys, unique},
	{"schema: what belongs to something", 0, references},
	{"writes: errors hold no values", 0, errorsHoldNoValues},
	{"writes: a cancelled one is not begun", 0, cancelledWrite},

	{"replicas: a withdrawal between any two steps", onServer, both(withdrawnBetweenSteps)},
	{"replicas: a withdrawal at any moment", onServer | alone, both(withdrawnAtAnyMoment)},
	{"replicas: a policy at any moment", onServer | alone, both(policyAtAnyMoment)},
	{"replicas: a withdrawal while a draft is sent", onServer | alone, both(withdrawnWhileSent)},
	{"replicas: a takeover at any moment", onServer | alone, both(takenOverAtAnyMoment)},
	{"replicas: a policy waits for the writes under way", onServer, both(policyWaits)},
	{"replicas: one sequence from both", onServer | alone, both(sequenceFromBoth)},
	{"replicas: one of two claims", onServer | alone, both(oneOfTwoClaims)},
	{"replicas: one administrator stays", onServer | alone, both(func(a, b *fixture) { demoteAtOnce(a, []*fixture{a, b}) })},
	{"replicas: a reservation from both", onServer | alone, both(func(a, b *fixture) { reservedAtOnce(a, []*fixture{a, b}) })},
	{"replicas: one of two escalates", onServer | alone, both(escalatedAtOnce)},
	{"replicas: one of two asks", onServer | alone, both(oneOfTwoAsks)},
	{"replicas: one of two requests", onServer | alone, both(oneOfTwoRequests)},
	{"replicas: one of two disputes", onServer | alone, both(func(a, b *fixture) { disputeAtOnce(a, []*fixture{a, b}) })},
	{"replicas: one of two complaints", onServer | alone, both(func(a, b *fixture) { complaintAtOnce(a, []*fixture{a, b}) })},
	{"replicas: a source hidden at any moment", onServer | alone, both(hiddenAtAnyMoment)},
	{"replicas: hiding waits for the writes under way", onServer, both(hidingWaits)},
	{"replicas: a correction from both", onServer | alone, both(correctionFromBoth)},
	{"replicas: an export of one that is gone", onServer | waits, both(exportOfGoneReplica)},
	{"replicas: one of two customers", onServer | alone, both(oneOfTwoCustomers)},
	{"replicas: one of two begins an answer", onServer, both(oneOfTwoBegins)},
	{"replicas: one turn at a time on both", onServer | waits, both(oneTurnOnBoth)},
	{"replicas: what one leaves behind", onServer | waits, both(leftByReplica)},
	{"replicas: one lease, one at a time", onServer | waits, both(oneLease)},
	{"replicas: keys that are wrapped anew elsewhere", onServer | ownKeys, both(rewrappedElsewhere)},
	{"replicas: after an erasure", onServer | ownKeys, both(refusedAfterErasure)},
	{"replicas: no deadlock of writes about customers", onServer | alone, both(noDeadlockOfCustomers)},
	{"replicas: no deadlock of other writes", onServer | alone, both(noDeadlockOfOthers)},
	{"replicas: no deadlock of vectors", onServer | alone, both(noDeadlockOfVectors)},

	{"failures: a commit whose connection is lost", onServer, lostCommits},
	{"failures: a commit that nobody knows of", onServer | waits, lostForLong},
	{"failures: a connection that the server ends", onServer, terminated},
	{"failures: a process that stops in a write", onServer | waits, stopped},
	{"failures: a database that is away", onServer, away},
	{"failures: a holder that is cut off", onServer | waits, cutOff},
}

// Run checks that the store keeps its contracts on an engine. Each test has a
// database of its own. On a server it also checks what only several replicas, and
// connections that fail, can show.
func Run(t *testing.T, e Engine) {
	if e.shared {
		e.keys = e.fresh(t)
	}
	var waiting []func(*testing.T)
	for i, c := range tests {
		run := func(t *testing.T) { e.run(t, c, i) }
		switch {
		case c.how&onServer != 0 && !e.shared:
		case c.how&alone != 0:
			t.Run(c.name, run)
		case c.how&waits != 0 && e.shared:
			waiting = append(waiting, func(t *testing.T) { t.Run(c.name, run) })
		default:
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				run(t)
			})
		}
	}
	if !e.shared {
		return
	}
	t.Run("waits", func(t *testing.T) {
		t.Parallel()
		// All at once, however few processors there are.
		var group sync.WaitGroup
		for _, run := range waiting {
			group.Go(func() { run(t) })
		}
		group.Wait()
	})
	t.Run("replicas: they start at once", func(t *testing.T) {
		t.Parallel()
		startAtOnce(t, e)
	})
}

// run runs the i-th test. Where time passes it does so in a bubble, in which
// sleeping takes none; on a server it is its clock that is moved, and is ahead of
// this process's to begin with, or behind.
func (e Engine) run(t *testing.T, c test, i int) {
	e.slots <- struct{}{}
	t.Cleanup(func() { <-e.slots })
	if c.how&ownKeys != 0 {
		e.keys = ""
	}
	ahead := time.Duration(0)
	if c.how&inTime != 0 {
		if !e.shared {
			synctest.Test(t, func(t *testing.T) { c.run(newFixture(t, e, 0)) })
			return
		}
		ahead = []time.Duration{26 * time.Hour, -26 * time.Hour}[i%2]
	}
	c.run(newFixture(t, e, ahead))
}

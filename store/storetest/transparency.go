package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/store"
)

// logs appends an entry of the customer's to the citation log.
func (f *fixture) logs(who identity.Principal, id, question string) {
	f.Helper()
	f.must(f.Citations().Append(f.Context(), citation.Entry{
		ID: id, Kind: citation.Closed, AnswerID: "ans_" + id, Attempt: 1, Site: shop, Customer: who.Customer, Status: "answered",
		Records: []citation.Use{{RecordID: "rec_" + id, Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"}},
		Body:    []byte(`{"question":"` + question + `"}`), Review: []byte(`{"removed":[]}`), Words: citation.Words(question),
	}))
}

// integrate gives all leaves their place.
func (f *fixture) integrate() (total int) {
	f.Helper()
	for {
		n, err := f.Transparency().Integrate(f.Context())
		f.must(err)
		if total += n; n < store.MaxIntegrated {
			return total
		}
	}
}

// wholeTree checks the tree from its leaves on, as an outsider would, and returns them.
func (f *fixture) wholeTree() []string {
	f.Helper()
	tree := f.Transparency()
	signed, err := tree.Checkpoint(f.Context())
	f.must(err)
	c, err := citation.OpenCheckpoint(signed, tree.Verifier())
	f.must(err)
	var leaves []string
	for n := int64(0); n*citation.TileWidth < c.Size; n++ {
		some, err := tree.Entries(f.Context(), n, citation.TileWidthAt(c.Size, 0, n))
		f.must(err)
		leaves = append(leaves, some...)
	}
	_, root, err := citation.Grow(0, leaves, func(int, int64, int) ([]byte, error) { return nil, citation.ErrNoTile })
	if f.must(err); root != c.Root && c.Size > 0 {
		f.Errorf("the leaves have the root %v, and the checkpoint says %v", root, c.Root)
	}
	// What is served as tiles is the same tree.
	stored, err := tlog.TreeHash(c.Size, tree.Hashes(f.Context(), c.Size))
	if f.must(err); stored != c.Root {
		f.Errorf("the tiles have the root %v, and the checkpoint says %v", stored, c.Root)
	}
	return leaves
}

// entriesAreInTheTree: what was appended is in the tree, once, in its order, and can be
// proved; nothing of it is in plain text.
func entriesAreInTheTree(f *fixture) {
	if leaves := f.wholeTree(); len(leaves) != 0 {
		f.Errorf("an empty log has %d leaves", len(leaves))
	}
	f.logs(f.maya, "cit_0", "Where is my hammock?")
	if _, err := f.Transparency().Receipt(f.Context(), "cit_0"); err == nil {
		f.Error("it is proved before it is in the tree")
	} else {
		f.is("before it is in the tree", err, citation.ErrNotIntegrated)
	}
	f.is("what was never appended", only(f.Transparency().Receipt(f.Context(), "cit_x")), citation.ErrNoEntry)
	for i := range 300 {
		f.logs(f.omar, fmt.Sprint("cit_", i+1), "Pitch my tent")
	}
	if n := f.integrate(); n != 301 {
		f.Errorf("%d were added", n)
	}
	if n := f.integrate(); n != 0 {
		f.Errorf("%d were added again", n)
	}
	for i, text := range f.wholeTree() {
		if l, err := citation.ParseLeaf(text); err != nil || l.ID != fmt.Sprint("cit_", i) {
			f.Fatalf("leaf %d: %q, %v", i, text, err)
		}
	}
	r, err := f.Transparency().Receipt(f.Context(), "cit_0")
	f.must(err)
	file, err := json.Marshal(r)
	f.must(err)
	v, err := citation.VerifyReceipt(file, f.Transparency().Verifier())
	if err != nil || v.Index != 0 || v.Checkpoint.Size != 301 || string(v.Entry.Body) != `{"question":"Where is my hammock?"}` || v.Entry.Records[0].RecordID != "rec_cit_0" {
		f.Errorf("%+v, %v", v, err)
	}
	for _, width := range []int{0, 46, 257} {
		f.is("a bundle that is not there", only(f.Transparency().Entries(f.Context(), 1, width)), citation.ErrNoTile)
		f.is("a tile that is not there", only(f.Transparency().Tile(f.Context(), 0, 1, width)), citation.ErrNoTile)
	}
	if where := f.plain("hammock"); len(where) > 0 {
		f.Errorf("what was asked is in %v", where)
	}
}

// idleWritesNothing: whoever looks whether there is something to add waits for no writer,
// and so writes nothing, when there is not.
func idleWritesNothing(f *fixture) {
	f.integrate() // signs the empty tree
	lock := "BEGIN IMMEDIATE"
	if f.db.engine.shared {
		lock = "BEGIN; LOCK TABLE log_head IN EXCLUSIVE MODE"
	}
	c, err := f.operator.Conn(f.Context())
	f.must(err)
	defer func() { _ = c.Close() }()
	_, err = c.ExecContext(f.Context(), lock)
	f.must(err)
	f.within("looking", time.Second, func() {
		if n, err := f.Transparency().Integrate(f.Context()); n != 0 || err != nil {
			f.Errorf("%d were added, %v", n, err)
		}
	})
	_, err = c.ExecContext(f.Context(), "ROLLBACK")
	f.must(err)
	f.logs(f.maya, "cit_0", "Where is it?")
	if n := f.integrate(); n != 1 {
		f.Errorf("then %d were added", n)
	}
}

// replicasAddOnce: two replicas that append and integrate at once make one tree, with
// every leaf once.
func replicasAddOnce(a, b *fixture) {
	const each = 120
	var writers, sequencers sync.WaitGroup
	done := make(chan struct{})
	for i, f := range []*fixture{a, b} {
		for w := range 3 {
			writers.Go(func() {
				for n := range each / 3 {
					f.logs(f.maya, fmt.Sprintf("cit_%d_%d_%d", i, w, n), "Where is it?")
				}
			})
		}
		sequencers.Go(func() {
			for {
				if _, err := f.Transparency().Integrate(f.Context()); err != nil {
					f.Errorf("integrate: %v", err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	sequencers.Wait()
	a.integrate()
	leaves := b.wholeTree()
	seen := make(map[string]bool)
	for _, text := range leaves {
		l, err := citation.ParseLeaf(text)
		if a.must(err); seen[l.ID] {
			a.Errorf("entry %s is in the tree twice", l.ID)
		}
		seen[l.ID] = true
	}
	if len(leaves) != 2*each {
		a.Errorf("the tree has %d leaves of %d", len(leaves), 2*each)
	}
}

// olderEntriesGetLeaves: what was recorded before there was a tree is in it as well, and
// can be shredded alone from then on; of whom was erased there is the leaf.
func olderEntriesGetLeaves(f *fixture) {
	old := func(who identity.Principal, id, question string) {
		key, err := f.keys.For(f.Context(), who.Customer)
		f.must(err)
		sealed, err := key.Seal("citation/"+id, []byte(`{"question":"`+question+`"}`))
		f.must(err)
		f.exec(`INSERT INTO citation_entries (id, kind, opened, answer, attempt, site, customer, conversation, at, purpose, recipient, model,
			language, epoch, policy_version, gpc, status) VALUES ($1, 'closed', '', 'ans_' || $1, 1, 'shop', $2, 'cnv', 7, 'answers', 'brand_ai', 'm', 'en', 1, '1', FALSE, 'answered')`,
			id, string(who.Customer))
		f.exec("INSERT INTO citation_bodies (entry, sealed, at) VALUES ($1, $2, 7)", id, sealed)
		f.exec("INSERT INTO log_leaves (entry, nonce, leaf) VALUES ($1, $2, '')", id, []byte{})
	}
	old(f.maya, "cit_old", "Where is my hammock?")
	old(f.omar, "cit_gone", "Pitch my tent")
	f.erase(f.omar)
	open, err := f.Citations().Open(f.Context(), "cit_old", "cit_gone")
	if err != nil || len(open) != 1 || string(open["cit_old"].Said) != `{"question":"Where is my hammock?"}` {
		f.Errorf("before: %v, %v", open, err)
	}
	// One that was damaged does not keep the others out.
	old(f.maya, "cit_damaged", "Hello?")
	f.exec("UPDATE citation_bodies SET sealed = $1 WHERE entry = 'cit_damaged'", []byte("nonsense"))
	f.logs(f.maya, "cit_new", "And now?")
	if n := f.integrate(); n != 4 {
		f.Errorf("%d were added", n)
	}
	if leaves := f.wholeTree(); len(leaves) != 4 {
		f.Errorf("%d leaves", len(leaves))
	}
	r, err := f.Transparency().Receipt(f.Context(), "cit_old")
	f.must(err)
	file, err := json.Marshal(r)
	f.must(err)
	if v, err := citation.VerifyReceipt(file, f.Transparency().Verifier()); err != nil || string(v.Entry.Body) != `{"question":"Where is my hammock?"}` {
		f.Errorf("%+v, %v", v, err)
	}
	f.is("of who was erased", only(f.Transparency().Receipt(f.Context(), "cit_gone")), citation.ErrBodyGone)
	if n := f.count("SELECT COUNT(*) FROM citation_bodies WHERE key IS NULL AND entry <> 'cit_damaged'"); n != 0 {
		f.Errorf("%d are still sealed under their customer's key itself", n)
	}
}

// alteredTreeIsNotSigned: what was changed in the tree is not made the log's own word.
func alteredTreeIsNotSigned(f *fixture) {
	for i := range 3 {
		f.logs(f.maya, fmt.Sprint("cit_", i), "Where is it?")
	}
	f.integrate()
	signed, err := f.Transparency().Checkpoint(f.Context())
	f.must(err)
	var tile []byte
	f.must(f.operator.QueryRowContext(f.Context(), "SELECT hashes FROM log_tiles WHERE level = 0").Scan(&tile))
	tile[70] ^= 1
	f.exec("UPDATE log_tiles SET hashes = $1 WHERE level = 0", tile)
	f.logs(f.maya, "cit_3", "And now?")
	f.is("a tile that was changed", only(f.Transparency().Integrate(f.Context())), store.ErrTreeAltered)
	tile[70] ^= 1
	f.exec("UPDATE log_tiles SET hashes = $1 WHERE level = 0", tile)
	f.exec("UPDATE log_head SET size = 2")
	f.is("a size that was changed", only(f.Transparency().Integrate(f.Context())), store.ErrTreeAltered)
	if after, err := f.Transparency().Checkpoint(f.Context()); err != nil || string(after) != string(signed) {
		f.Errorf("the checkpoint is %s, %v", after, err)
	}
	f.exec("UPDATE log_head SET size = 3")
	if n := f.integrate(); n != 1 {
		f.Errorf("once it is mended %d are added", n)
	}
	f.wholeTree()
}

// erasedLeavesStay: an erasure leaves the tree as it was, and nothing to be proved.
func erasedLeavesStay(f *fixture) {
	f.logs(f.maya, "cit_1", "Where is my hammock?")
	f.logs(f.omar, "cit_2", "Pitch my tent")
	f.integrate()
	before := f.wholeTree()
	f.erase(f.maya)
	after := f.wholeTree()
	if fmt.Sprint(before) != fmt.Sprint(after) {
		f.Error("an erasure changed the tree")
	}
	f.is("the receipt", only(f.Transparency().Receipt(f.Context(), "cit_1")), citation.ErrBodyGone)
	if _, err := f.Transparency().Receipt(f.Context(), "cit_2"); err != nil {
		f.Errorf("another's receipt: %v", err)
	}
	if n := f.count("SELECT COUNT(*) FROM citation_bodies WHERE entry = 'cit_1'"); n != 0 {
		f.Error("the sealed part is there")
	}
	// Nobody who may write to the database by mistake can take a leaf out.
	for _, statement := range []string{"DELETE FROM log_leaves", "UPDATE log_leaves SET leaf = 'x'", "UPDATE log_leaves SET idx = NULL"} {
		if _, err := f.operator.ExecContext(f.Context(), statement); err == nil {
			f.Errorf("%s was done", statement)
		}
	}
}

// bodiesGo: what the log says of an answer goes when its customer wants the category
// deleted, or when its time is over; the leaf stays, and the others'.
func bodiesGo(f *fixture) {
	entry := func(who identity.Principal, id, conv string, kind citation.Kind, category consent.Category) {
		f.Helper()
		f.must(f.Citations().Append(f.Context(), citation.Entry{
			ID: id, Kind: kind, AnswerID: "ans_" + id, Attempt: 1, Site: shop, Customer: who.Customer, Conversation: conv, Status: "answered",
			Records: []citation.Use{{RecordID: "rec", Category: category, Recipient: consent.BrandAI}},
			Body:    []byte(`{"question":"zanzibar"}`), Words: []string{"zanzibar"},
		}))
	}
	open := func(when string, want ...string) {
		f.Helper()
		all := []string{"cit_opened", "cit_orders", "cit_billing", "cit_omar", "cit_gone", "cit_asked"}
		found, err := f.Citations().Open(f.Context(), all...)
		f.must(err)
		var got []string
		for _, id := range all {
			if _, ok := found[id]; ok {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v are readable, want %v", when, got, want)
		}
		words := f.count("SELECT COUNT(*) FROM citation_words")
		if words != len(want) {
			f.Errorf("%s: %d entries are found by a word, want %d", when, words, len(want))
		}
	}
	conv := f.talk(f.maya)
	f.choose(f.maya, true, "orders", "billing")
	entry(f.maya, "cit_opened", conv, citation.Opened, "orders")
	entry(f.maya, "cit_orders", conv, citation.Closed, "orders")
	entry(f.maya, "cit_billing", conv, citation.Closed, "billing")
	entry(f.omar, "cit_omar", "cnv_gone", citation.Closed, "orders")
	entry(f.maya, "cit_gone", "cnv_gone", citation.Closed, consent.Knowledge)
	entry(f.maya, "cit_asked", "cnv_asked", citation.Closed, consent.Knowledge)
	f.integrate()
	before := f.wholeTree()
	open("at first", "cit_opened", "cit_orders", "cit_billing", "cit_omar", "cit_gone", "cit_asked")

	late := func(id string, kind citation.Kind, epoch int64) {
		f.Helper()
		f.must(f.Citations().Append(f.Context(), citation.Entry{
			ID: id, Kind: kind, AnswerID: "ans_late", Attempt: 1, Site: shop, Customer: f.maya.Customer, Conversation: conv, Epoch: epoch, Status: "answered",
			Records: []citation.Use{{RecordID: "rec", Category: "orders", Recipient: consent.BrandAI}}, Body: []byte(`{"question":"late"}`),
		}))
	}
	epoch := f.stamp(f.maya).Epoch
	late("cit_late", citation.Opened, epoch)
	deleted := f.change(f.maya, consent.Change{Triple: orders, Delete: true})
	// What was answered before is recorded after: it is deleted too.
	late("cit_late_end", citation.Closed, epoch)
	if found, err := f.Citations().Open(f.Context(), "cit_late", "cit_late_end"); err != nil || len(found) > 0 {
		f.Errorf("what was deleted and recorded later is readable: %v, %v", found, err)
	}
	late("cit_since", citation.Closed, deleted.Epoch)
	if found, err := f.Citations().Open(f.Context(), "cit_since"); err != nil || len(found) != 1 {
		f.Errorf("what was answered since is not readable: %v, %v", found, err)
	}
	if n := f.count("SELECT COUNT(*) FROM citation_records WHERE record = 'rec' AND entry IN ('cit_orders', 'cit_late', 'cit_late_end')"); n != 0 {
		f.Errorf("%d records of what was deleted are named", n)
	}
	open("after stop and delete", "cit_billing", "cit_omar", "cit_gone", "cit_asked")
	f.is("the receipt of what was deleted", only(f.Transparency().Receipt(f.Context(), "cit_orders")), citation.ErrBodyGone)
	deletions, err := f.Deletions(f.Context(), f.maya.Customer)
	if f.must(err); !slices.ContainsFunc(deletions, func(d consent.Deletion) bool {
		return d.What == consent.DeletedLogBody && d.Reason == consent.DeletedByStopDelete && d.Category == "orders" && d.Count == 3
	}) {
		f.Errorf("the log of deletions has %+v", deletions)
	}

	kept := f.policy.SaidRetention().Duration()
	asked, err := f.gate.NewRequest(f.Context(), f.maya, consent.ComplaintRequest, "It is wrong.")
	f.must(err)
	asked.Conversation = "cnv_asked"
	f.must(f.AddRequest(f.Context(), asked))
	remove := func(want int64) {
		f.Helper()
		if n, err := f.RemoveBodies(f.Context(), kept); err != nil || n != want {
			f.Errorf("%d were removed, %v; want %d", n, err, want)
		}
	}
	f.pass(kept - time.Minute)
	remove(0)
	f.pass(time.Minute)
	// What a conversation that is there was answered stays with it.
	remove(2)
	open("after their time", "cit_billing", "cit_asked")
	remove(0)
	if after := f.wholeTree(); !slices.Equal(before, after) {
		f.Error("the tree is another")
	}
}

package storetest

import (
	"sync"

	"candor/store"
)

// receiptKey: what the receipts were signed with is there for good, and is one.
func receiptKey(f *fixture) {
	made := f.keys.ReceiptKey().Verifier()
	if made == "" || f.Store.ReceiptKey().Verifier() != made {
		f.Fatalf("the key is %q", made)
	}
	f.reopen()
	if got := f.keys.ReceiptKey().Verifier(); got != made {
		f.Errorf("opened again the key is %s, was %s", got, made)
	}
	other, err := store.OpenKeyring(f.Context(), f.db.engine.fresh(f.T), master)
	f.must(err)
	if other.ReceiptKey().Verifier() == made {
		f.Error("two installations have the same key")
	}
	f.must(other.Close())

	// An installation that is older than the key gets one, of those who open it at once.
	f.must(f.Close())
	_, err = f.raw(f.db.keys).ExecContext(f.Context(), "DELETE FROM house WHERE name = 'house/receipts'")
	f.must(err)
	if _, err := store.OpenKeyring(f.Context(), f.db.keys, store.MasterKey{9}); err == nil {
		f.Error("a wrong master key opens it")
	}
	const openers = 4
	var group sync.WaitGroup
	keys := make([]*store.Keyring, openers)
	for i := range openers {
		group.Go(func() {
			var err error
			if keys[i], err = store.OpenKeyring(f.Context(), f.db.keys, master); err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	for _, k := range keys {
		if k == nil {
			continue
		}
		if got := k.ReceiptKey().Verifier(); got == made || got != keys[0].ReceiptKey().Verifier() {
			f.Errorf("%s, and %s", got, keys[0].ReceiptKey().Verifier())
		}
		f.must(k.Close())
	}
}

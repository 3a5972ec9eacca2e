package export_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"candor/consent"
	"candor/export"
	"candor/retrieval"
)

// wait returns an export once it is over.
func (f *fixture) wait(id string) export.Job {
	f.Helper()
	for range 1000 {
		j, err := f.service.Job(f.Context(), f.maya, id)
		f.must(err)
		if j.Status != export.Running {
			return j
		}
		time.Sleep(5 * time.Millisecond)
	}
	f.Fatal("the export goes on and on")
	return export.Job{}
}

// TestBackground: an archive that is made in the background is the same, in parts,
// and only its customer's.
func TestBackground(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// Random, so that it is more than one part also when it is compressed.
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		b := make([]byte, 20_000)
		for j := range b {
			b[j] = byte('a' + noise.IntN(26))
		}
		f.put(f.maya, fmt.Sprint("order-", i), "orders", "Order", string(b))
	}
	f.choose(f.maya, true, "orders")
	j, err := f.service.Start(t.Context(), f.maya, "en")
	f.must(err)
	if j.Status != export.Running || j.ID == "" || j.Total < 120 {
		t.Errorf("started: %+v", j)
	}
	done := f.wait(j.ID)
	if done.Status != export.Done || done.Done != done.Total || done.Parts < 3 {
		t.Fatalf("done: %+v\n%s", done, &f.log)
	}
	r, size, err := f.service.Archive(t.Context(), f.maya, j.ID)
	f.must(err)
	b, err := io.ReadAll(r)
	f.must(err)
	f.must(r.Close())
	if int64(len(b)) != size || size != done.Size {
		t.Errorf("%d bytes were read of %d, %d", len(b), size, done.Size)
	}
	files := f.unzip(b)
	testManifest(f, files)
	if n := len(f.items(files, "records.json")); n != 60 {
		t.Errorf("%d records", n)
	}
	if _, _, err := f.service.Archive(t.Context(), f.omar, j.ID); !errors.Is(err, export.ErrNotFound) {
		t.Errorf("another's archive: %v", err)
	}
	if _, err := f.service.Job(t.Context(), f.omar, j.ID); !errors.Is(err, export.ErrNotFound) {
		t.Errorf("how another's stands: %v", err)
	}
}

// halt makes the reading of records wait, until it is let go.
func (f *fixture) halt() (reached <-chan struct{}, release func()) {
	at, over := make(chan struct{}, 100), make(chan struct{})
	f.source.read(func(ctx context.Context, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error) {
		at <- struct{}{}
		select {
		case <-over:
		case <-ctx.Done():
			return nil, consent.Place{}, ctx.Err()
		}
		return f.store.RecordsOf(ctx, f.maya.Customer, after, limit)
	})
	return at, func() { close(over) }
}

// TestOneAtATime: a customer has one export, however it is asked for, and another
// customer is not held up.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	reached, release := f.halt()
	j, err := f.service.Start(t.Context(), f.maya, "en")
	f.must(err)
	<-reached
	if _, err := f.service.Start(t.Context(), f.maya, "en"); !errors.Is(err, export.ErrRunning) {
		t.Errorf("a second one: %v", err)
	}
	if _, err := f.service.Stream(t.Context(), f.maya, "en"); !errors.Is(err, export.ErrRunning) {
		t.Errorf("a streamed one: %v", err)
	}
	if _, _, err := f.service.Archive(t.Context(), f.maya, j.ID); !errors.Is(err, export.ErrUnfinished) {
		t.Errorf("its archive: %v", err)
	}
	other, err := f.service.Stream(t.Context(), f.omar, "en")
	f.must(err)
	release()
	_, err = io.Copy(io.Discard, other)
	f.must(err)
	if done := f.wait(j.ID); done.Status != export.Done {
		t.Errorf("it ended as %+v", done)
	}
	f.take(f.maya, "en")
}

// TestFails: what cannot be read fails the export, cuts a stream off, and leaves
// nothing behind that keeps the customer from asking again.
func TestFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, read := range map[string]func(context.Context, consent.Place, int) ([]retrieval.Held, consent.Place, error){
		"an error": func(context.Context, consent.Place, int) ([]retrieval.Held, consent.Place, error) {
			return nil, consent.Place{}, errors.New("disk I/O error")
		},
		"a panic": func(context.Context, consent.Place, int) ([]retrieval.Held, consent.Place, error) {
			panic("personal words")
		},
	} {
		f.source.read(read)
		j, err := f.service.Start(t.Context(), f.maya, "en")
		f.must(err)
		if done := f.wait(j.ID); done.Status != export.Failed || done.Size != 0 {
			t.Errorf("%s: %+v", name, done)
		}
		if _, _, err := f.service.Archive(t.Context(), f.maya, j.ID); !errors.Is(err, export.ErrFailed) {
			t.Errorf("%s: the archive: %v", name, err)
		}
		r, err := f.service.Stream(t.Context(), f.maya, "en")
		f.must(err)
		if _, err := io.Copy(io.Discard, r); err == nil {
			t.Errorf("%s: the stream ended as if it were whole", name)
		}
	}
	f.source.read(nil)
	f.take(f.maya, "en")
	if strings.Contains(f.log.String(), "personal words") {
		t.Error("the log has what was said")
	}
}

// TestReaderLeaves: who stops reading ends the export.
func TestReaderLeaves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	reached, release := f.halt()
	left, err := f.service.Stream(t.Context(), f.maya, "en")
	f.must(err)
	go func() { _, _ = io.CopyN(io.Discard, left, 10) }()
	<-reached
	f.must(left.Close())
	release()
	f.source.read(nil)
	var r io.Reader
	for range 1000 {
		if r, err = f.service.Stream(t.Context(), f.maya, "en"); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	f.must(err)
	_, err = io.Copy(io.Discard, r)
	f.must(err)
	if strings.Contains(f.log.String(), "failed") {
		t.Errorf("who left is no failure: %s", &f.log)
	}
}

// TestClose: a service that ends fails what it could not finish in time.
func TestClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	reached, release := f.halt()
	defer release()
	j, err := f.service.Start(t.Context(), f.maya, "en")
	f.must(err)
	<-reached
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f.service.Close(ctx)
	if done, err := f.service.Job(t.Context(), f.maya, j.ID); err != nil || done.Status != export.Failed {
		t.Errorf("it is %+v, %v", done, err)
	}
}

// unrecorded is an access log that cannot be written.
type unrecorded struct{}

func (unrecorded) Accessed(context.Context, ...consent.Access) error {
	return errors.New("disk full")
}

// TestNotRecorded: what is not on record is not given out.
func TestNotRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.service.Accesses = unrecorded{}
	if r, err := f.service.Stream(t.Context(), f.maya, "en"); err == nil || r != nil {
		t.Errorf("it was given out: %v", err)
	}
	f.service.Accesses = f.store
	f.take(f.maya, "en") // nothing keeps the customer from asking again
}

// TestErasedMeanwhile: of who is erased while an export is made nothing is kept.
func TestErasedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(f.maya, "order-1", "orders", "Order", "A tent.")
	reached, release := f.halt()
	j, err := f.service.Start(t.Context(), f.maya, "en")
	f.must(err)
	<-reached
	_, err = f.store.Erase(t.Context(), f.maya.Customer, nil)
	f.must(err)
	release()
	f.service.Close(t.Context())
	if got, err := f.service.Job(t.Context(), f.maya, j.ID); !errors.Is(err, export.ErrNotFound) {
		t.Errorf("its export is %+v, %v", got, err)
	}
	if strings.Contains(f.log.String(), "tent") {
		t.Error("the log has what was said")
	}
}

package qdrant_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"candor/retrieval"
	"candor/retrieval/indextest"
	"candor/retrieval/qdrant"
	"candor/retrieval/qdrant/qdranttest"
)

// tolerance is what numbers of 32 bits leave open.
const tolerance = 1e-5

// start starts a server for a test.
func start(t *testing.T, o qdranttest.Options) *qdranttest.Server {
	t.Helper()
	s, err := qdranttest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// open opens an index.
func open(t *testing.T, store retrieval.Store, o qdrant.Options) *qdrant.Index {
	t.Helper()
	if o.Collection == "" {
		o.Collection = "candor"
	}
	x, err := qdrant.Open(t.Context(), store.(retrieval.OutsideStore), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

// TestConformance runs the suite, each index with a collection of its own: on the server
// in the process, or on a real one.
func TestConformance(t *testing.T) {
	url := os.Getenv("CANDOR_TEST_QDRANT_URL")
	if url == "" {
		url = start(t, qdranttest.Options{}).URL()
	}
	conform(t, qdrant.Options{URL: url, APIKey: os.Getenv("CANDOR_TEST_QDRANT_API_KEY")})
}

// TestConformanceOldVectors runs the suite where vectors come back as old servers send
// them.
func TestConformanceOldVectors(t *testing.T) {
	conform(t, qdrant.Options{URL: start(t, qdranttest.Options{OldVectors: true, Version: "1.14.0"}).URL()})
}

func conform(t *testing.T, o qdrant.Options) {
	var n atomic.Int64
	indextest.RunWithin(t, tolerance, func(t *testing.T, s retrieval.Store, space retrieval.Space) retrieval.Index {
		o := o
		o.Space, o.Collection = space, fmt.Sprintf("test-%d-%d", time.Now().UnixNano(), n.Add(1))
		x := open(t, s, o)
		t.Cleanup(func() {
			if err := qdrant.Drop(context.Background(), o); err != nil {
				t.Error(err)
			}
		})
		return x
	})
}

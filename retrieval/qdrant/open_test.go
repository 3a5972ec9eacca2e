package qdrant_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/indextest"
	"candor/retrieval/qdrant"
	"candor/retrieval/qdrant/qdranttest"
)

func TestAddress(t *testing.T) {
	for url, want := range map[string]string{
		"qdrant://host":              "host 6334 false",
		"qdrant://host:7000":         "host 7000 false",
		"qdrants://host.example/":    "host.example 6334 true",
		"qdrant://[::1]:6334":        "::1 6334 false",
		"qdrant:":                    "",
		"qdrant://":                  "",
		"qdrant://host:0":            "",
		"qdrant://host:seven":        "",
		"qdrant://host:70000":        "",
		"qdrant://key@host":          "",
		"qdrant://host/collection":   "",
		"qdrant://host?tls=false":    "",
		"https://host:6334":          "",
		"host:6334":                  "",
		"qdrant://host:6334#":        "host 6334 false",
		"qdrants://host:6334#secure": "",
	} {
		host, port, secure, err := qdrant.Address(url)
		got := fmt.Sprintf("%s %d %t", host, port, secure)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%s: %q, %v; want %q", url, got, err, want)
		}
	}
}

var words = indextest.Words{}.Space()

// raw is a connection that makes a server what it should not be.
func raw(t *testing.T, s *qdranttest.Server) *api.GrpcClient {
	t.Helper()
	host, port, _, err := qdrant.Address(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.NewGrpcClient(&api.Config{Host: host, Port: port, SkipCompatibilityCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func create(t *testing.T, c *api.GrpcClient, dimension uint64, sparse string) {
	t.Helper()
	in := &api.CreateCollection{CollectionName: "candor", VectorsConfig: api.NewVectorsConfigMap(map[string]*api.VectorParams{})}
	if dimension > 0 {
		in.VectorsConfig = api.NewVectorsConfigMap(map[string]*api.VectorParams{"meaning": {Size: dimension, Distance: api.Distance_Dot}})
	}
	if sparse != "" {
		in.SparseVectorsConfig = api.NewSparseVectorsConfig(map[string]*api.SparseVectorParams{sparse: {}})
	}
	if _, err := c.Collections().Create(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *api.GrpcClient) {
	t.Helper()
	_, err := c.Points().Upsert(t.Context(), &api.UpsertPoints{CollectionName: "candor", Wait: api.PtrOf(true), Points: []*api.PointStruct{{
		Id: api.NewIDUUID("00000000-0000-8000-8000-000000000001"), Vectors: api.NewVectorsMap(map[string]*api.Vector{}), Payload: map[string]*api.Value{"a": api.NewValueString("b")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRefused: what is not the collection of this configuration is refused with one
// line that says what to do.
func TestRefused(t *testing.T) {
	other := words
	other.Version = "2"
	wide := words
	wide.Dimension *= 2
	for _, c := range []struct {
		name    string
		server  qdranttest.Options
		before  func(*testing.T, *qdranttest.Server, retrieval.OutsideStore)
		options qdrant.Options
		want    string
	}{
		{name: "nothing is there yet", options: qdrant.Options{Space: words}},
		{name: "the same as before", before: opened(words), options: qdrant.Options{Space: words}},
		{name: "words alone, as before", before: opened(retrieval.Space{})},
		{name: "made, and cut off", before: func(t *testing.T, s *qdranttest.Server, _ retrieval.OutsideStore) {
			create(t, raw(t, s), uint64(words.Dimension), "words")
		}, options: qdrant.Options{Space: words}},
		{name: "another dimension", before: opened(words), options: qdrant.Options{Space: wide}, want: "has vectors of 512 coordinates, and the model of this configuration makes 1024"},
		{name: "another space", before: opened(words), options: qdrant.Options{Space: other}, want: "was made with words/1/512/int8, and this configuration embeds with words/2/512/int8"},
		{name: "words alone before", before: opened(retrieval.Space{}), options: qdrant.Options{Space: words}, want: "was made for search by words alone"},
		{name: "words alone now", before: opened(words), want: "has vectors, and embedding is none:"},
		{
			name: "no sparse vector", before: func(t *testing.T, s *qdranttest.Server, _ retrieval.OutsideStore) {
				create(t, raw(t, s), uint64(words.Dimension), "")
			},
			options: qdrant.Options{Space: words}, want: `has no sparse vector "words"`,
		},
		{name: "no index of the payload", before: func(t *testing.T, s *qdranttest.Server, _ retrieval.OutsideStore) {
			c := raw(t, s)
			create(t, c, 0, "words")
			put(t, c)
		}, want: `has no index of the payload's "tenant" (keyword)`},
		{name: "an index of another type", before: func(t *testing.T, s *qdranttest.Server, _ retrieval.OutsideStore) {
			c := raw(t, s)
			create(t, c, 0, "words")
			_, err := c.Points().CreateFieldIndex(t.Context(), &api.CreateFieldIndexCollection{
				CollectionName: "candor", FieldName: "tenant", FieldType: api.FieldType_FieldTypeInteger.Enum(),
				FieldIndexParams: api.NewPayloadIndexParamsInt(&api.IntegerIndexParams{Range: api.PtrOf(true)}),
			})
			if err != nil {
				t.Fatal(err)
			}
		}, want: `has no index of the payload's "tenant" (keyword)`},
		{name: "another installation's", before: func(t *testing.T, s *qdranttest.Server, store retrieval.OutsideStore) {
			opened(retrieval.Space{})(t, s, store)
			s.Lose("kind", "space")
			put(t, raw(t, s))
		}, want: "holds the points of another installation"},
		{name: "another database's", before: func(t *testing.T, s *qdranttest.Server, _ retrieval.OutsideStore) {
			opened(retrieval.Space{})(t, s, indextest.NewStore())
		}, want: "is used by another one"},
		{name: "not the one that was written to", before: func(t *testing.T, s *qdranttest.Server, store retrieval.OutsideStore) {
			wrote(t, s, store)
			s.Lose("kind", "space")
			s.Lose("kind", "own")
			s.Lose("kind", "head")
			s.Lose("kind", "public")
		}, want: "is not the one that customers' passages were written to"},
		{name: "the one that was written to", before: wrote},
		{name: "another one, and nothing of customers' in it", before: func(t *testing.T, s *qdranttest.Server, store retrieval.OutsideStore) {
			opened(retrieval.Space{})(t, s, store)
			s.Lose("kind", "space")
		}},
		{name: "an old server", server: qdranttest.Options{Version: "1.13.4"}, want: "the server is Qdrant 1.13.4: at least 1.14 is needed"},
		{name: "a newer server", server: qdranttest.Options{Version: "2.0.0-dev"}},
		{name: "another key", server: qdranttest.Options{APIKey: "right"}, options: qdrant.Options{APIKey: "wrong"}, want: "Qdrant refused to answer: Invalid API key or JWT"},
		{name: "the key", server: qdranttest.Options{APIKey: "right"}, options: qdrant.Options{APIKey: "right"}},
		{name: "a key in clear", options: qdrant.Options{URL: "qdrant://qdrant.example:6334", APIKey: "right"}, want: "the API key would go over the network in clear: use qdrants://"},
		{name: "no address", options: qdrant.Options{URL: "qdrant:"}, want: "not an address such as"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.server)
			store, gate := indextest.NewGated()
			gates.Store(retrieval.OutsideStore(store), gate)
			if c.before != nil {
				c.before(t, s, store)
			}
			if c.options.URL == "" {
				c.options.URL = s.URL()
			}
			c.options.Collection = "candor"
			x, err := qdrant.Open(t.Context(), store, c.options)
			if err == nil {
				x.Close()
			}
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// opened is a collection of a space, as another start left it.
func opened(space retrieval.Space) func(*testing.T, *qdranttest.Server, retrieval.OutsideStore) {
	return func(t *testing.T, s *qdranttest.Server, store retrieval.OutsideStore) {
		t.Helper()
		open(t, store, qdrant.Options{URL: s.URL(), Space: space})
	}
}

// gates are those of the stores.
var gates sync.Map

// wrote writes a customer's passages.
func wrote(t *testing.T, s *qdranttest.Server, store retrieval.OutsideStore) {
	t.Helper()
	gate, _ := gates.Load(store)
	w := &world{T: t, store: store.(*indextest.Store), gate: gate.(*consent.Gate), server: s}
	w.store.Put(order("order-1"))
	w.index = open(t, store, qdrant.Options{URL: s.URL()})
	w.choose(true)
	w.finds("granted", 1)
}

// TestNobodyThere: a start waits a little, and then says so.
func TestNobodyThere(t *testing.T) {
	s := start(t, qdranttest.Options{})
	s.SetAway(true)
	time.AfterFunc(700*time.Millisecond, func() { s.SetAway(false) })
	open(t, indextest.NewStore(), qdrant.Options{URL: s.URL()})

	s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if x, err := qdrant.Open(ctx, indextest.NewStore(), qdrant.Options{URL: s.URL(), Collection: "candor"}); err == nil {
		x.Close()
		t.Error("a server that is not there was opened")
	}
}

// TestTLS goes through the index with TLS and a key.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	authorities := x509.NewCertPool()
	authorities.AddCert(web.Certificate())
	s := start(t, qdranttest.Options{APIKey: "secret", TLS: &tls.Config{Certificates: web.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13}})
	store, _ := indextest.NewGated()
	store.Put(article("delivery", "A parcel takes three days."))
	x := open(t, store, qdrant.Options{URL: s.URL(), APIKey: "secret", TLS: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS13}})
	if err := x.Load(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	if n := s.Points("kind", "public"); n != 1 {
		t.Errorf("%d points", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if x, err := qdrant.Open(ctx, store, qdrant.Options{URL: s.URL(), APIKey: "secret", Collection: "candor"}); err == nil {
		x.Close()
		t.Error("a certificate that nobody vouches for was taken")
	}
}

// TestStrict: the server of these tests takes nothing that it does not evaluate.
func TestStrict(t *testing.T) {
	s := start(t, qdranttest.Options{})
	opened(words)(t, s, indextest.NewStore())
	c := raw(t, s)
	must := func(conditions ...*api.Condition) *api.Filter { return &api.Filter{Must: conditions} }
	yes := api.PtrOf(true)
	id := api.NewIDUUID("00000000-0000-8000-8000-000000000001")
	wide := make([]float32, words.Dimension)
	wide[0] = float32(nan())
	upsert := func(id *api.PointId, vectors map[string]*api.Vector) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Points().Upsert(ctx, &api.UpsertPoints{CollectionName: "candor", Wait: yes, Points: []*api.PointStruct{{Id: id, Vectors: api.NewVectorsMap(vectors)}}})
			return err
		}
	}
	count := func(f *api.Filter) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Points().Count(ctx, &api.CountPoints{CollectionName: "candor", Filter: f, Exact: yes})
			return err
		}
	}
	query := func(q *api.QueryPoints) func(context.Context) error {
		q.CollectionName, q.Limit = "candor", api.PtrOf(uint64(1))
		return func(ctx context.Context) error {
			_, err := c.Points().QueryBatch(ctx, &api.QueryBatchPoints{CollectionName: "candor", QueryPoints: []*api.QueryPoints{q}})
			return err
		}
	}
	tenant := must(api.NewMatchKeyword("tenant", "x"))
	if err := count(tenant)(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, send := range map[string]func(context.Context) error{
		"another dimension":         upsert(id, map[string]*api.Vector{"meaning": api.NewVectorDense(make([]float32, 3))}),
		"not a number":              upsert(id, map[string]*api.Vector{"meaning": api.NewVectorDense(wide)}),
		"another vector":            upsert(id, map[string]*api.Vector{"other": api.NewVectorDense(wide)}),
		"an index twice":            upsert(id, map[string]*api.Vector{"words": api.NewVectorSparse([]uint32{1, 1}, []float32{1, 1})}),
		"fewer values":              upsert(id, map[string]*api.Vector{"words": api.NewVectorSparse([]uint32{1, 2}, []float32{1})}),
		"several vectors":           upsert(id, map[string]*api.Vector{"meaning": api.NewVectorMulti([][]float32{wide})}),
		"an id that is none":        upsert(api.NewIDUUID("one"), nil),
		"a number as an id":         upsert(api.NewIDNum(1), nil),
		"an empty match":            count(must(api.NewMatchKeyword("tenant", ""))),
		"a match of nothing":        count(must(api.NewMatchKeywords("kind"))),
		"a match with an empty one": count(must(api.NewMatchKeywords("kind", "own", ""))),
		"no index":                  count(must(api.NewMatchKeyword("record", "x"))),
		"a range without bounds":    count(must(api.NewRange("at", &api.Range{}))),
		"a range of words":          count(must(api.NewRange("tenant", &api.Range{Lt: api.PtrOf(1.0)}))),
		"a look-up of a time":       count(must(api.NewMatchInt("at", 1))),
		"no ids":                    count(must(api.NewHasID())),
		"should":                    count(&api.Filter{Should: []*api.Condition{api.NewMatchKeyword("tenant", "x")}}),
		"no filter":                 query(&api.QueryPoints{}),
		"a query with NaN":          query(&api.QueryPoints{Query: api.NewQueryDense(wide), Using: api.PtrOf("meaning"), Filter: tenant}),
		"a group":                   query(&api.QueryPoints{Query: api.NewQueryFusion(api.Fusion_RRF), Filter: tenant}),
		"an order without an index": query(&api.QueryPoints{Query: api.NewQueryOrderBy(&api.OrderBy{Key: "tenant", Direction: api.Direction_Desc.Enum()}), Filter: tenant}),
		"an unknown variable": query(&api.QueryPoints{
			Prefetch: []*api.PrefetchQuery{{Query: api.NewQuerySparse([]uint32{1}, []float32{1}), Using: api.PtrOf("words"), Filter: tenant, Limit: api.PtrOf(uint64(1))}},
			Query:    api.NewQueryFormula(&api.Formula{Expression: api.NewExpressionVariable("price"), Defaults: map[string]*api.Value{"$score[1]": api.NewValueInt(0)}}),
		}),
		"remove everything": func(ctx context.Context) error {
			_, err := c.Points().Delete(ctx, &api.DeletePoints{CollectionName: "candor", Wait: yes, Points: api.NewPointsSelectorFilter(&api.Filter{})})
			return err
		},
		"not waited for": func(ctx context.Context) error {
			_, err := c.Points().Delete(ctx, &api.DeletePoints{CollectionName: "candor", Points: api.NewPointsSelectorFilter(tenant)})
			return err
		},
		"another method": func(ctx context.Context) error {
			_, err := c.Points().SetPayload(ctx, &api.SetPayloadPoints{CollectionName: "candor"}, grpc.WaitForReady(false))
			return err
		},
	} {
		if err := send(t.Context()); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

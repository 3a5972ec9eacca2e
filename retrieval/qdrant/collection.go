package qdrant

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"

	"candor/identity"
	"candor/retrieval"
)

// Names of the vectors of a point.
const (
	sparse = "words"
	dense  = "meaning"
)

// graphEdges is how many neighbours a vector has in the graph of its tenant.
const graphEdges = 16

// payloadIndexes are those that filters need.
var payloadIndexes = []struct {
	field  string
	kind   api.PayloadSchemaType
	field_ api.FieldType //nolint:revive // the API has two names for one thing
	params *api.PayloadIndexParams
}{
	{fieldTenant, api.PayloadSchemaType_Keyword, api.FieldType_FieldTypeKeyword, api.NewPayloadIndexParamsKeyword(&api.KeywordIndexParams{IsTenant: api.PtrOf(true)})},
	{fieldKind, api.PayloadSchemaType_Keyword, api.FieldType_FieldTypeKeyword, api.NewPayloadIndexParamsKeyword(&api.KeywordIndexParams{})},
	{fieldCategory, api.PayloadSchemaType_Keyword, api.FieldType_FieldTypeKeyword, api.NewPayloadIndexParamsKeyword(&api.KeywordIndexParams{})},
	{fieldVersion, api.PayloadSchemaType_Integer, api.FieldType_FieldTypeInteger, api.NewPayloadIndexParamsInt(&api.IntegerIndexParams{Lookup: api.PtrOf(true), Range: api.PtrOf(true)})},
	{fieldAt, api.PayloadSchemaType_Integer, api.FieldType_FieldTypeInteger, api.NewPayloadIndexParamsInt(&api.IntegerIndexParams{Lookup: api.PtrOf(false), Range: api.PtrOf(true)})},
}

// startPatience is how long a start waits for the server.
const startPatience = 15 * time.Second

// minVersion is the first Qdrant that scores by a formula.
var minVersion = [2]int{1, 14}

// prepare checks the collection, or makes it.
func (x *Index) prepare(ctx context.Context) error {
	if err := x.await(ctx); err != nil {
		return err
	}
	info, err := x.info(ctx)
	if refused(err, codes.NotFound) {
		if err = x.create(ctx); err == nil {
			info, err = x.info(ctx)
		}
	}
	if err != nil {
		return err
	}
	if err := x.checkVectors(info.GetConfig().GetParams()); err != nil {
		return err
	}
	if err := x.checkIndexes(ctx, info); err != nil {
		return err
	}
	return x.checkSpace(ctx)
}

// await waits a little for a server that is about to start, and checks its version.
func (x *Index) await(ctx context.Context) error {
	until := time.Now().Add(startPatience)
	for {
		out, err := call(ctx, "answer", x.patience, x.conn.Qdrant().HealthCheck, &api.HealthCheckRequest{})
		switch {
		case err == nil:
			return checkVersion(out.GetVersion())
		case !errors.Is(err, retrieval.ErrUnavailable) || time.Now().After(until):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func checkVersion(version string) error {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return fmt.Errorf("the server is no Qdrant that says its version (%q)", version)
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil || major < minVersion[0] || major == minVersion[0] && minor < minVersion[1] {
		return fmt.Errorf("the server is Qdrant %s: at least %d.%d is needed", version, minVersion[0], minVersion[1])
	}
	return nil
}

func (x *Index) info(ctx context.Context) (*api.CollectionInfo, error) {
	out, err := call(ctx, "describe the collection", x.patience, x.conn.Collections().Get, &api.GetCollectionInfoRequest{CollectionName: x.collection})
	return out.GetResult(), err
}

// create makes the collection. Another replica may do so at the same time.
func (x *Index) create(ctx context.Context) error {
	in := &api.CreateCollection{
		CollectionName: x.collection,
		// No graph over everything: nobody searches everything, and it would mix tenants.
		HnswConfig:          &api.HnswConfigDiff{M: api.PtrOf(uint64(0)), PayloadM: api.PtrOf(uint64(graphEdges))},
		SparseVectorsConfig: api.NewSparseVectorsConfig(map[string]*api.SparseVectorParams{sparse: {}}),
		VectorsConfig:       api.NewVectorsConfigMap(map[string]*api.VectorParams{}),
	}
	if x.space != (retrieval.Space{}) {
		in.VectorsConfig = api.NewVectorsConfigMap(map[string]*api.VectorParams{
			dense: {Size: uint64(x.space.Dimension), Distance: api.Distance_Dot}, //nolint:gosec // a dimension is above 0
		})
	}
	_, err := call(ctx, "make the collection", 4*x.patience, x.conn.Collections().Create, in)
	if refused(err, codes.AlreadyExists, codes.InvalidArgument) {
		if _, e := x.info(ctx); e == nil {
			return nil // by another replica
		}
	}
	return err
}

// anew is what to do about a collection that does not fit.
func (x *Index) anew(format string, args ...any) error {
	return fmt.Errorf("the collection %q of Qdrant %s: name another one (index_collection), or remove this one with assistant index drop and start again",
		x.collection, fmt.Sprintf(format, args...))
}

// checkVectors compares the collection's vectors with the space.
func (x *Index) checkVectors(p *api.CollectionParams) error {
	words, ok := p.GetSparseVectorsConfig().GetMap()[sparse]
	switch {
	case !ok:
		return x.anew("has no sparse vector %q", sparse)
	case words.GetModifier() != api.Modifier_None:
		return x.anew("weighs words itself (modifier %s), by what all customers have", words.GetModifier())
	}
	meaning, ok := p.GetVectorsConfig().GetParamsMap().GetMap()[dense]
	switch {
	case !ok && x.space == (retrieval.Space{}):
		return nil
	case !ok:
		return x.anew("was made for search by words alone, and this configuration embeds with %s", x.space)
	case x.space == (retrieval.Space{}):
		return x.anew("has vectors, and embedding is none:")
	case meaning.GetSize() != uint64(x.space.Dimension): //nolint:gosec // as above
		return x.anew("has vectors of %d coordinates, and the model of this configuration makes %d", meaning.GetSize(), x.space.Dimension)
	case meaning.GetDistance() != api.Distance_Dot:
		return x.anew("compares vectors by %s, and not by dot product", meaning.GetDistance())
	}
	return nil
}

// checkIndexes looks for the payload indexes, and makes them while the collection is
// empty: without them a filter would walk everybody's points.
func (x *Index) checkIndexes(ctx context.Context, info *api.CollectionInfo) error {
	for _, i := range payloadIndexes {
		has, ok := info.GetPayloadSchema()[i.field]
		if ok && has.GetDataType() == i.kind {
			continue
		}
		if n, err := x.count(ctx, &api.Filter{}); err != nil {
			return err
		} else if ok || n > 0 {
			return x.anew("has no index of the payload's %q (%s)", i.field, strings.ToLower(i.kind.String()))
		}
		_, err := call(ctx, "make an index of the payload", 4*x.patience, x.conn.Points().CreateFieldIndex, &api.CreateFieldIndexCollection{
			CollectionName: x.collection, Wait: api.PtrOf(true), FieldName: i.field, FieldType: &i.field_, FieldIndexParams: i.params,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkSpace compares what the collection says of its vectors with the space, as two
// models may have as many coordinates and mean other things by them; and of itself with
// what the store says that was written to.
func (x *Index) checkSpace(ctx context.Context) error {
	home, used, err := x.store.HomeOutside(ctx)
	if err != nil {
		return fmt.Errorf("which collection was written to: %w", err)
	}
	id := x.keys.id("space")
	found, err := x.get(ctx, id)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		fields := found[0].GetPayload()
		if was := fields["space"].GetStringValue(); was != x.space.String() {
			return x.anew("was made with %s, and this configuration embeds with %s", named(was), named(x.space.String()))
		}
		if fields["home"].GetStringValue() == home {
			return nil
		}
	}
	// SECURITY: what was withdrawn or erased would be looked for here, and not found,
	// while it lies elsewhere.
	if used {
		return fmt.Errorf("the collection %q of Qdrant is not the one that customers' passages were written to: name that one (index, index_collection), "+
			"remove it with assistant index drop, or run assistant index drop --gone if that server's data is gone", x.collection)
	}
	if len(found) > 0 {
		return x.anew("was written to by an assistant whose data was put back since, or is used by another one")
	}
	if n, err := x.count(ctx, &api.Filter{}); err != nil {
		return err
	} else if n > 0 {
		return x.anew("holds the points of another installation")
	}
	// Of two replicas that start together one names it.
	if home, err = x.store.MoveOutside(ctx, home, identity.NewID("col")); err != nil {
		return fmt.Errorf("note which collection is written to: %w", err)
	}
	return x.upsert(ctx, []*api.PointStruct{{
		Id: id.wire(), Vectors: api.NewVectorsMap(map[string]*api.Vector{}),
		Payload: map[string]*api.Value{
			fieldTenant: api.NewValueString(hex.EncodeToString(x.keys.sum("space"))), fieldKind: api.NewValueString(kindSpace),
			"space": api.NewValueString(x.space.String()), "home": api.NewValueString(home),
		},
	}})
}

func named(space string) string {
	if space == "" {
		return "words alone"
	}
	return space
}

// Drop removes the collection with everything in it, if it is there.
func Drop(ctx context.Context, o Options) error {
	host, port, secure, err := Address(o.URL)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	c, err := dial(&api.Config{Host: host, Port: port, UseTLS: secure, TLSConfig: o.TLS, SkipCompatibilityCheck: true}, o.APIKey, o.Collection, 5*time.Second)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	_, err = call(ctx, "remove the collection", 4*c.patience, c.conn.Collections().Delete, &api.DeleteCollection{CollectionName: c.collection})
	if err == nil {
		var out *api.ListCollectionsResponse
		out, err = call(ctx, "list collections", c.patience, c.conn.Collections().List, &api.ListCollectionsRequest{})
		if err == nil && slices.ContainsFunc(out.GetCollections(), func(d *api.CollectionDescription) bool { return d.GetName() == c.collection }) {
			err = errors.New("the collection is there after it was removed from Qdrant")
		}
	}
	return errors.Join(err, c.conn.Close())
}

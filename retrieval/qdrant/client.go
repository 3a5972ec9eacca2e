package qdrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"candor/retrieval"
)

// client is the connection, with what every request has in common.
type client struct {
	conn       *api.GrpcClient
	collection string
	patience   time.Duration
}

// maxMessage bounds an answer of the server, in bytes: the vectors of 1,000 matches.
const maxMessage = 64 << 20

func dial(config *api.Config, key, collection string, patience time.Duration) (client, error) {
	config.GrpcOptions = []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))}
	if key != "" {
		// Not by Config.APIKey, which also writes to a log that is not ours.
		config.GrpcOptions = append(config.GrpcOptions, grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, in, out any, c *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
				return next(metadata.AppendToOutgoingContext(ctx, "api-key", key), method, in, out, c, o...)
			}))
	}
	conn, err := api.NewGrpcClient(config)
	return client{conn, collection, patience}, err
}

// How often what the server did not take is tried again, and after how long first.
const (
	tries     = 4
	firstWait = 50 * time.Millisecond
)

// call sends a request, for at most that long. It tries again what the server said that
// it did not begin (Unavailable) and nothing else; all requests may be repeated. An
// error says what was attempted, and holds nothing of the request.
func call[In, Out any](ctx context.Context, what string, most time.Duration, send func(context.Context, In, ...grpc.CallOption) (Out, error), in In) (Out, error) {
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	wait := firstWait
	for try := 1; ; try++ {
		out, err := send(within, in)
		code := status.Code(err)
		if code == codes.Unavailable && try < tries {
			select {
			case <-within.Done():
			case <-time.After(wait):
				wait *= 3
				continue
			}
		}
		switch {
		case err == nil:
			return out, nil
		case ctx.Err() != nil:
			return out, ctx.Err()
		case code == codes.Unavailable || code == codes.DeadlineExceeded || within.Err() != nil:
			return out, fmt.Errorf("%w: Qdrant did not %s (%s)", retrieval.ErrUnavailable, what, code)
		default:
			return out, &refusal{what, err}
		}
	}
}

// refusal is an error of the server about a request.
type refusal struct {
	what  string
	cause error
}

func (e *refusal) Error() string {
	return fmt.Sprintf("Qdrant refused to %s: %s", e.what, status.Convert(e.cause).Message())
}

func (e *refusal) Unwrap() error { return e.cause }

// refused reports whether the server refused a request with one of the codes.
func refused(err error, among ...codes.Code) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	for _, c := range among {
		if status.Code(r.cause) == c {
			return true
		}
	}
	return false
}

// upsertBatch is how many points are written at a time: with vectors of 1,536
// coordinates about a megabyte.
const upsertBatch = 128

// upsert writes points, and returns when they are found by searches.
func (c client) upsert(ctx context.Context, points []*api.PointStruct) error {
	for len(points) > 0 {
		n := min(upsertBatch, len(points))
		_, err := call(ctx, "write", 2*c.patience, c.conn.Points().Upsert, &api.UpsertPoints{
			CollectionName: c.collection, Wait: api.PtrOf(true), Points: points[:n],
		})
		if err != nil {
			return err
		}
		points = points[n:]
	}
	return nil
}

// remove deletes what a filter selects, and returns when it is found no more.
func (c client) remove(ctx context.Context, f *api.Filter) error {
	return c.removeSelected(ctx, api.NewPointsSelectorFilter(f))
}

func (c client) removeIDs(ctx context.Context, ids []pointID) error {
	for len(ids) > 0 {
		n := min(1000, len(ids))
		if err := c.removeSelected(ctx, api.NewPointsSelectorIDs(wire(ids[:n]))); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (c client) removeSelected(ctx context.Context, s *api.PointsSelector) error {
	_, err := call(ctx, "remove", 2*c.patience, c.conn.Points().Delete, &api.DeletePoints{
		CollectionName: c.collection, Wait: api.PtrOf(true), Points: s,
	})
	return err
}

// count counts, exactly, what a filter selects.
func (c client) count(ctx context.Context, f *api.Filter) (int, error) {
	out, err := call(ctx, "count", c.patience, c.conn.Points().Count, &api.CountPoints{
		CollectionName: c.collection, Filter: f, Exact: api.PtrOf(true),
	})
	return int(out.GetResult().GetCount()), err //nolint:gosec // there are fewer
}

// get returns the points of ids that are there, with their payload.
func (c client) get(ctx context.Context, ids ...pointID) ([]*api.RetrievedPoint, error) {
	out, err := call(ctx, "read", c.patience, c.conn.Points().Get, &api.GetPoints{
		CollectionName: c.collection, Ids: wire(ids), WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(false),
	})
	return out.GetResult(), err
}

// each calls f with the id of every point that a filter selects.
func (c client) each(ctx context.Context, filter *api.Filter, f func(pointID)) error {
	var from *api.PointId
	for {
		out, err := call(ctx, "list", 2*c.patience, c.conn.Points().Scroll, &api.ScrollPoints{
			CollectionName: c.collection, Filter: filter, Offset: from, Limit: api.PtrOf(uint32(5000)),
			WithPayload: api.NewWithPayload(false), WithVectors: api.NewWithVectors(false),
		})
		if err != nil {
			return err
		}
		for _, p := range out.GetResult() {
			if id, ok := readID(p.GetId()); ok {
				f(id)
			}
		}
		if from = out.GetNextPageOffset(); from == nil {
			return nil
		}
	}
}

// query runs several queries in one request.
func (c client) query(ctx context.Context, queries []*api.QueryPoints) ([][]*api.ScoredPoint, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	for _, q := range queries {
		q.CollectionName = c.collection
	}
	out, err := call(ctx, "search", c.patience, c.conn.Points().QueryBatch, &api.QueryBatchPoints{CollectionName: c.collection, QueryPoints: queries})
	if err != nil {
		return nil, err
	}
	if len(out.GetResult()) != len(queries) {
		return nil, fmt.Errorf("%w: Qdrant answered %d of %d queries", retrieval.ErrUnavailable, len(out.GetResult()), len(queries))
	}
	lists := make([][]*api.ScoredPoint, len(queries))
	for i, r := range out.GetResult() {
		lists[i] = r.GetResult()
	}
	return lists, nil
}

// Ready reports whether the server answers, and has the collection.
func (c client) Ready(ctx context.Context) error {
	out, err := call(ctx, "answer", c.patience, c.conn.Collections().CollectionExists, &api.CollectionExistsRequest{CollectionName: c.collection})
	if err == nil && !out.GetResult().GetExists() {
		err = fmt.Errorf("%w: Qdrant has no collection %q any more", retrieval.ErrUnavailable, c.collection)
	}
	return err
}

// Package qdranttest is a Qdrant server in the process, for tests: the part of its gRPC
// interface that Candor uses, on the service types of its own client, over a real
// connection, with points in memory.
//
// It promises to take nothing that it does not evaluate. A field of a request that it
// does not know, a filter on a field without a payload index, an empty value in a match,
// a vector of another dimension or with a NaN is an error, so that what Candor sends is
// checked with every request. It scans where Qdrant has graphs, and computes with
// 32-bit numbers where Qdrant does.
package qdranttest

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Options say what the server is like.
type Options struct {
	// Address to listen on. Default 127.0.0.1:0.
	Address string
	// TLS makes it speak TLS.
	TLS *tls.Config
	// APIKey is asked for, if it is set.
	APIKey string
	// Version it says that it has. Default 1.17.1.
	Version string
	// OldVectors answers with vectors as servers before 1.16 did.
	OldVectors bool
}

// Step is a request on its way: its name, such as "Upsert", and what runs it. A Step may
// return an error instead, wait, or run it and return an error all the same.
type Step func(ctx context.Context, method string, in proto.Message, run func() (any, error)) (any, error)

// Server is a Qdrant.
type Server struct {
	o        Options
	server   *grpc.Server
	listener net.Listener

	mu          sync.Mutex
	step        Step
	away        bool
	requests    map[string]int
	collections map[string]*collection
}

type (
	collectionsServer struct {
		api.UnimplementedCollectionsServer
		s *Server
	}
	pointsServer struct {
		api.UnimplementedPointsServer
		s *Server
	}
)

// Start starts a server. Close ends it.
func Start(o Options) (*Server, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Version == "" {
		o.Version = "1.17.1"
	}
	l, err := net.Listen("tcp", o.Address) //nolint:noctx // of a test
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{o: o, listener: l, requests: make(map[string]int), collections: make(map[string]*collection)}
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(s.intercept), grpc.MaxRecvMsgSize(32 << 20),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	s.server = grpc.NewServer(options...)
	api.RegisterQdrantServer(s.server, health{server: s})
	api.RegisterCollectionsServer(s.server, collectionsServer{s: s})
	api.RegisterPointsServer(s.server, pointsServer{s: s})
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

type health struct {
	api.UnimplementedQdrantServer
	server *Server
}

func (h health) HealthCheck(context.Context, *api.HealthCheckRequest) (*api.HealthCheckReply, error) {
	return &api.HealthCheckReply{Title: "qdrant", Version: h.server.o.Version}, nil
}

// Close ends the server, and every request.
func (s *Server) Close() { s.server.Stop() }

// URL is where it is, for the setting index.
func (s *Server) URL() string {
	if s.o.TLS != nil {
		return "qdrants://" + s.listener.Addr().String()
	}
	return "qdrant://" + s.listener.Addr().String()
}

// SetAway makes it refuse everything as a server does that is not there, or take
// requests again.
func (s *Server) SetAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// SetStep makes every request go through a Step; nil: none does.
func (s *Server) SetStep(step Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
}

// Requests is how many of a method were taken, such as "Upsert".
func (s *Server) Requests(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[method]
}

// Points counts the points of all collections that have a payload's value, as of the
// field "kind".
func (s *Server) Points(field, value string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.collections {
		for _, p := range c.points {
			if p.payload[field].GetStringValue() == value {
				n++
			}
		}
	}
	return n
}

// Dump is every point as text: everything that somebody would see who reads the disk.
func (s *Server) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(s.collections)) {
		c := s.collections[name]
		for _, id := range slices.Sorted(maps.Keys(c.points)) {
			p := c.points[id]
			fmt.Fprintln(&b, name, id, p.payload, p.indices, p.values, p.dense)
		}
	}
	return b.String()
}

// Lose removes the points of all collections that have a payload's value, as a disk
// that was put back to an older state does.
func (s *Server) Lose(field, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.collections {
		maps.DeleteFunc(c.points, func(_ string, p *point) bool { return p.payload[field].GetStringValue() == value })
	}
}

func (s *Server) intercept(ctx context.Context, in any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	method := info.FullMethod[strings.LastIndexByte(info.FullMethod, '/')+1:]
	s.mu.Lock()
	away, step := s.away, s.step
	s.requests[method]++
	s.mu.Unlock()
	if away {
		return nil, status.Error(codes.Unavailable, "away")
	}
	if key := s.o.APIKey; key != "" {
		if md, _ := metadata.FromIncomingContext(ctx); !slices.Equal(md.Get("api-key"), []string{key}) {
			return nil, status.Error(codes.Unauthenticated, "Invalid API key or JWT")
		}
	}
	request, ok := in.(proto.Message)
	if !ok {
		return nil, status.Error(codes.Internal, "no message")
	}
	if err := known(request.ProtoReflect()); err != nil {
		return nil, err
	}
	run := func() (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return handle(ctx, in)
	}
	if step == nil {
		return run()
	}
	return step(ctx, method, request, run)
}

func bad(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// Slow is a Step that makes requests of a method take that long, whoever waits for them.
func Slow(slow string, d time.Duration) Step {
	return func(_ context.Context, method string, _ proto.Message, run func() (any, error)) (any, error) {
		if method == slow {
			time.Sleep(d)
		}
		return run()
	}
}

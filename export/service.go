package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"candor/consent"
	"candor/identity"
)

const (
	// maxTime is how long the making, or the reading, of one archive may take.
	maxTime = 15 * time.Minute
	// beat is how often the making of an archive says that it goes on.
	beat = time.Second
	// partSize is how much of an archive is sealed at once, in bytes.
	partSize = 256 << 10
	// endTimeout bounds the end of an export, whatever became of who asked for it.
	endTimeout = 5 * time.Second
)

// Options is what a Service is made of.
type Options struct {
	Source   Source
	Shelf    Shelf
	Accesses consent.AccessLog
	Gate     *consent.Gate
	// Receipt returns the proof of a choice, as a text.
	Receipt func(ctx context.Context, e consent.Event, brand string) ([]byte, error)
	// Answered records that the customer asked for their data and has got it.
	Answered func(ctx context.Context, who identity.Principal) error
	Logger   *slog.Logger
}

// Service makes exports. One is made by the replica that was asked; every replica
// can tell how it stands and give the archive out.
type Service struct {
	Options
	life  context.Context
	end   context.CancelFunc
	group sync.WaitGroup
}

// NewService returns a service that works until Close.
func NewService(o Options) *Service {
	s := &Service{Options: o}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Close waits for the exports under way, and ends those that are not done when
// ctx ends. They have failed then.
func (s *Service) Close(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	s.group.Wait()
	s.end()
}

// begin starts an export of everything about the principal. Who asks is on record
// before anything is given to them.
func (s *Service) begin(ctx context.Context, who identity.Principal, language string) (*archive, error) {
	owner, err := s.Source.Owner(ctx, who.Customer)
	if err != nil {
		return nil, err
	}
	counts, err := s.Source.Counts(ctx, who.Customer)
	if err != nil {
		return nil, err
	}
	made, err := s.Source.Now(ctx)
	if err != nil {
		return nil, err
	}
	a := &archive{
		Options: s.Options, id: identity.NewID("exp"), who: who, owner: owner, made: made, went: make(recipients),
		language: consent.MatchLanguage(language), total: counts.items(),
	}
	if err := s.Shelf.Begin(ctx, who.Customer, a.id, a.total); err != nil {
		return nil, err
	}
	err = s.Accesses.Accessed(ctx, consent.Access{
		Customer: who.Customer, Actor: who.Actor(), Kind: consent.ExportAccess, Categories: counts.Categories,
	})
	if err != nil {
		return nil, errors.Join(err, s.Shelf.Remove(ctx, who.Customer, a.id))
	}
	return a, nil
}

// items is how many things of an archive are written.
func (c Counts) items() int64 { return 2*c.Records + 2*c.Messages + 3*c.Events + 2*c.Uses }

// Start makes an archive in the background, and keeps it. ErrRunning while another
// of the customer's is being made.
func (s *Service) Start(ctx context.Context, who identity.Principal, language string) (Job, error) {
	a, err := s.begin(ctx, who, language)
	if err != nil {
		return Job{}, err
	}
	s.group.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, maxTime)
		defer cancel()
		w := &parts{put: func(p []byte) error { return s.Shelf.Put(ctx, who.Customer, a.id, p, a.done) }}
		err := a.write(ctx, w)
		if err == nil {
			err = w.flush()
		}
		status := Done
		if err != nil {
			status = Failed
			s.failed(err)
		}
		s.settle(func(ctx context.Context) error { return s.Shelf.End(ctx, who.Customer, a.id, status) })
	})
	return Job{ID: a.id, Status: Running, Total: a.total}, nil
}

// Stream makes an archive while it is read, and keeps nothing of it. Its reader
// fails where it could not be made to its end; who stops reading closes it.
func (s *Service) Stream(ctx context.Context, who identity.Principal, language string) (io.ReadCloser, error) {
	a, err := s.begin(ctx, who, language)
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	s.group.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, maxTime)
		defer cancel()
		// Who does not read must not hold it for ever.
		stop := context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
		defer stop()
		err := a.write(ctx, w)
		s.settle(func(ctx context.Context) error { return s.Shelf.Remove(ctx, who.Customer, a.id) })
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			s.failed(err)
		}
		_ = w.CloseWithError(err) // it never fails
	})
	return r, nil
}

func (s *Service) failed(err error) {
	if !errors.Is(err, ErrEnded) && s.life.Err() == nil {
		s.Logger.Error("an export failed", "error", err)
	}
}

// settle ends an export, also when its service ends. One that cannot be ended
// counts as failed after a while.
func (s *Service) settle(end func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), endTimeout)
	defer cancel()
	if err := end(ctx); err != nil && !errors.Is(err, ErrEnded) {
		s.Logger.Warn("an export was not ended", "error", err)
	}
}

// Job returns how an export of the principal's stands.
func (s *Service) Job(ctx context.Context, who identity.Principal, id string) (Job, error) {
	return s.Shelf.Job(ctx, who.Customer, id)
}

// Archive returns an archive of the principal's that is finished. ErrUnfinished
// and ErrFailed say that there is none.
func (s *Service) Archive(ctx context.Context, who identity.Principal, id string) (io.ReadCloser, int64, error) {
	j, err := s.Job(ctx, who, id)
	switch {
	case err != nil:
		return nil, 0, err
	case j.Status == Running:
		return nil, 0, ErrUnfinished
	case j.Status == Failed:
		return nil, 0, ErrFailed
	}
	life, cancel := context.WithTimeout(s.life, maxTime)
	return &reader{cancel: cancel, left: j.Parts, part: func(n int) ([]byte, error) {
		return s.Shelf.Part(life, who.Customer, id, n)
	}}, j.Size, nil
}

// reader reads an archive part by part.
type reader struct {
	part    func(n int) ([]byte, error)
	cancel  context.CancelFunc
	n, left int
	rest    []byte
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		var err error
		if r.rest, err = r.part(r.n); err != nil {
			return 0, fmt.Errorf("read a part of an archive: %w", err)
		}
		r.n++
		r.left--
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *reader) Close() error {
	r.cancel()
	return nil
}

// parts cuts what is written into parts of partSize.
type parts struct {
	put func([]byte) error
	buf []byte
}

func (p *parts) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(len(rest), partSize-len(p.buf))
		p.buf = append(p.buf, rest[:n]...)
		rest = rest[n:]
		if len(p.buf) == partSize {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

// flush puts what is left.
func (p *parts) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	err := p.put(p.buf)
	p.buf = p.buf[:0]
	return err
}

// Package openai has texts embedded by a server that speaks OpenAI's
// /v1/embeddings: OpenAI itself, Azure, vLLM, text-embeddings-inference, llama.cpp,
// Ollama.
//
// It promises to send texts to that server and nowhere else, in batches, and that
// no error, log line or metric of its own holds any of them: what the server says
// went wrong is not repeated, since it may quote what it was sent. Whether a text
// may be sent at all is for who calls it: see retrieval.Embedder.
package openai

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	openai "github.com/sashabaranov/go-openai"

	"candor/consent"
	"candor/retrieval"
)

// ErrServer means that the server gave no vectors, or none that can be used.
var ErrServer = errors.New("the embedding server")

// Options say which server, and what it is.
type Options struct {
	URL       string            // up to and with /v1
	Key       string            // empty: it needs none
	Model     string            // as the server calls it
	Dimension int               // of its vectors
	Recipient consent.Recipient // who the server is, by the policy
	// Client is what requests go through; nil: one of its own.
	Client *http.Client
	// Backoff is how long to wait before the second try; it doubles. Default 500 ms.
	Backoff time.Duration
}

// Embedder implements retrieval.Embedder. Make one with New.
type Embedder struct {
	options Options
	client  *openai.Client
}

var _ retrieval.Embedder = (*Embedder)(nil)

// The bounds of one request, below those of the servers known, and of one text.
const (
	maxTexts     = 64
	maxBytes     = 256 << 10
	maxTextBytes = 16 << 10 // more than any passage; a longer question is cut
	maxAnswer    = 64 << 20 // what is longer does not read
	maxTries     = 5
	timeout      = 30 * time.Second // of one try
)

// New returns an embedder. It does not ask the server anything.
func New(o Options) (*Embedder, error) {
	if o.URL == "" || o.Model == "" || o.Dimension < 1 || o.Recipient == "" {
		return nil, errors.New("an embedding server needs an address, a model, a dimension and a recipient")
	}
	if o.Backoff <= 0 {
		o.Backoff = 500 * time.Millisecond
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	patient := *o.Client
	patient.Transport = &retrying{next: o.Client.Transport, backoff: o.Backoff}
	// A server that answers with another address does not get the texts there.
	patient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := openai.DefaultConfig(o.Key)
	c.BaseURL, c.HTTPClient = strings.TrimSuffix(o.URL, "/"), &patient
	return &Embedder{o, openai.NewClientWithConfig(c)}, nil
}

// Space implements retrieval.Embedder.
func (e *Embedder) Space() retrieval.Space {
	return retrieval.Space{Model: e.options.Model, Version: retrieval.SpaceVersion("1"), Dimension: e.options.Dimension, Quantisation: retrieval.Int8}
}

// Recipient implements retrieval.Embedder.
func (e *Embedder) Recipient() consent.Recipient { return e.options.Recipient }

// Embed implements retrieval.Embedder. What the server may get over (too many
// requests, its own faults, a connection that breaks) is tried again a few times.
// The error wraps ErrServer.
func (e *Embedder) Embed(ctx context.Context, _ retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	out := make([]retrieval.Vector, len(texts))
	var batch []string
	var at []int // where the batch's vectors go
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		vectors, err := e.request(ctx, batch)
		for i, v := range vectors {
			out[at[i]] = v
		}
		batch, at, size = batch[:0], at[:0], 0
		return err
	}
	for i, t := range texts {
		if t = cut(strings.ToValidUTF8(strings.TrimSpace(t), "\uFFFD")); t == "" {
			continue // servers refuse it, and it means nothing
		}
		if len(batch) == maxTexts || size+len(t) > maxBytes {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch, at, size = append(batch, t), append(at, i), size+len(t)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return out, nil
}

// cut shortens a text to what is looked at, between characters.
func cut(text string) string {
	if len(text) <= maxTextBytes {
		return text
	}
	n := maxTextBytes
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

func (e *Embedder) request(ctx context.Context, texts []string) ([]retrieval.Vector, error) {
	r := openai.EmbeddingRequest{Input: texts, Model: openai.EmbeddingModel(e.options.Model)}
	if strings.HasPrefix(e.options.Model, "text-embedding-3") {
		r.Dimensions = e.options.Dimension // these can be had shorter
	}
	answer, err := e.client.CreateEmbeddings(ctx, r)
	if err != nil {
		return nil, e.failed(ctx, err)
	}
	if len(answer.Data) != len(texts) {
		return nil, fmt.Errorf("%w: %d vectors for %d texts", ErrServer, len(answer.Data), len(texts))
	}
	out := make([]retrieval.Vector, len(texts))
	seen := make([]bool, len(texts))
	for _, d := range answer.Data {
		if d.Index < 0 || d.Index >= len(out) || seen[d.Index] {
			return nil, fmt.Errorf("%w: vectors that belong to no text", ErrServer)
		}
		if len(d.Embedding) != e.options.Dimension {
			return nil, fmt.Errorf("%w: vectors of %d numbers, where embedding_dimension says %d", ErrServer, len(d.Embedding), e.options.Dimension)
		}
		v := retrieval.Quantise(d.Embedding)
		if v.Zero() {
			return nil, fmt.Errorf("%w: a vector without a direction", ErrServer)
		}
		out[d.Index], seen[d.Index] = v, true
	}
	return out, nil
}

// failed says what went wrong without a word of the server's: it may quote texts.
func (e *Embedder) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrServer, ctx.Err())
	}
	var api *openai.APIError
	var request *openai.RequestError
	status := 0
	if errors.As(err, &api) {
		status = api.HTTPStatusCode
	} else if errors.As(err, &request) {
		status = request.HTTPStatusCode
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w refuses the key (status %d): see CANDOR_EMBEDDING_KEY", ErrServer, status)
	case status == http.StatusNotFound:
		return fmt.Errorf("%w knows no such model or address (status %d)", ErrServer, status)
	case status != 0:
		return fmt.Errorf("%w answers with status %d", ErrServer, status)
	}
	var lost *lostError
	if errors.As(err, &lost) {
		return fmt.Errorf("%w cannot be reached: %w", ErrServer, lost.reason())
	}
	return fmt.Errorf("%w gave an answer that does not read", ErrServer)
}

// lostError is that there was no answer, or not all of one.
type lostError struct{ cause error }

func (e *lostError) Error() string { return e.reason().Error() }

// reason is the cause, if it is one of those that quote nothing of what the server
// sent.
func (e *lostError) reason() error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(e.cause, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", timeout)
	case errors.As(e.cause, &certificate):
		return certificate
	case errors.As(e.cause, &network):
		return network
	}
	return errors.New("the connection broke")
}

// retrying sends a request again that the server may take later.
type retrying struct {
	next    http.RoundTripper
	backoff time.Duration
}

// RoundTrip implements http.RoundTripper. An answer is all there when it returns, so
// that a connection that breaks in it is tried again too.
func (t *retrying) RoundTrip(r *http.Request) (*http.Response, error) {
	wait := t.backoff
	for try := 1; ; try++ {
		again := r
		if try > 1 && r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			again = r.Clone(r.Context())
			again.Body = body
		}
		res, err := t.once(again)
		if err == nil && !passing(res.StatusCode) || try == maxTries || r.Context().Err() != nil {
			return res, err
		}
		pause := wait + rand.N(wait/2+1) //nolint:gosec // spreads tries, keeps no secret
		if err == nil {
			if s, e := strconv.Atoi(res.Header.Get("Retry-After")); e == nil && s >= 0 {
				pause = time.Duration(min(s, 60)) * time.Second
			}
		}
		select {
		case <-r.Context().Done():
			return nil, &lostError{r.Context().Err()}
		case <-time.After(pause):
		}
		wait *= 2
	}
}

// once sends a request and reads the answer, within a try's time.
func (t *retrying) once(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	res, err := next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, &lostError{err}
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	_ = res.Body.Close() // what came of it is read
	if err != nil {
		return nil, &lostError{err}
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// passing reports whether a status may be another one later.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented
}

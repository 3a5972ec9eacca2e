package openai

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// failure is why a server gave no answer, without a word of the server's: it may quote
// what it was sent.
type failure struct {
	text    string
	passing bool          // it may be another time
	after   time.Duration // not sooner than this; 0: the server does not say
}

func (f *failure) Error() string { return f.text }

var (
	errTooSlow  = &failure{text: "it takes too long"}
	errNotTaken = &failure{text: "its server does not take what it is asked"}
	errNoRoom   = &failure{text: "the tokens that are left are too few for a source"}
	errEndless  = &failure{text: "it does not end"}
	errNoAnswer = &failure{text: "what it sends is no answer", passing: true}
	errFiltered = &failure{text: "its provider withheld the answer"}
)

// errRepeats ends a model that goes round in a circle.
var errRepeats = errors.New("it repeats itself")

// blameless reports whether an error says nothing of how the server is: nobody waited,
// or it was this question that it would not answer. Else a customer with odd questions
// could take it from everybody.
func blameless(err error) bool {
	var f *failure
	if errors.As(err, &f) {
		return f == errNotTaken || f == errNoRoom || f == errFiltered || f == errEndless
	}
	return err != nil
}

// longestWait is the longest that a customer waits for a server that asks to; where it
// asks for more another model is asked.
const longestWait = 10 * time.Second

// failed says what went wrong.
func failed(ctx context.Context, err error, seen *response) error {
	if ctx.Err() != nil {
		return reason(ctx, err)
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
		return &failure{text: "it refuses the key (status " + strconv.Itoa(status) + "): see CANDOR_ANSWERING_KEY"}
	case status == http.StatusNotFound:
		return &failure{text: "its server knows no such model or address (status 404)"}
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented:
		after := seen.after()
		return &failure{"its server answers with status " + strconv.Itoa(status), after <= longestWait, after}
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return errNotTaken
	case status != 0:
		return &failure{text: "its server answers with status " + strconv.Itoa(status)}
	}
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return &failure{text: "its server's certificate is not valid"}
	case errors.As(err, &network):
		return &failure{text: "its server cannot be reached (" + network.Op + ")", passing: true}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &failure{text: "the connection broke", passing: true}
	}
	return errNoAnswer
}

// reason is why a context ended, where that was for the model's sake, else the error.
func reason(ctx context.Context, err error) error {
	var f *failure
	if errors.As(context.Cause(ctx), &f) {
		return f
	}
	if errors.As(err, &f) {
		return f
	}
	return ctx.Err()
}

// watching looks at answers on their way: go-openai tells neither headers of errors nor
// whether a stream was ended, and reads lines of any length.
type watching struct{ next http.RoundTripper }

type responseKey struct{}

// RoundTrip implements http.RoundTripper.
func (t watching) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if seen, ok := r.Context().Value(responseKey{}).(*response); ok && err == nil {
		seen.retryAfter = res.Header.Get("Retry-After")
		seen.body, res.Body = res.Body, seen
	}
	return res, err
}

// maxResponse bounds what is read of a response.
const maxResponse = 8 << 20

// response is one response, which is read through it.
type response struct {
	body       io.ReadCloser
	retryAfter string
	read       int
	tail       []byte
}

func (r *response) Read(b []byte) (int, error) {
	if r.read >= maxResponse {
		return 0, errEndless
	}
	n, err := r.body.Read(b)
	r.read += n
	r.tail = append(r.tail, b[:n]...)
	r.tail = r.tail[max(0, len(r.tail)-64):]
	return n, err
}

func (r *response) Close() error { return r.body.Close() }

// done reports whether the server said that the stream is at its end.
func (r *response) done() bool { return bytes.Contains(r.tail, []byte("[DONE]")) }

// after is how long the server asks to wait.
func (r *response) after() time.Duration {
	if s, err := strconv.Atoi(r.retryAfter); err == nil && s > 0 {
		return time.Duration(min(s, 1<<20)) * time.Second
	}
	at, err := http.ParseTime(r.retryAfter)
	if err != nil {
		return 0
	}
	return max(0, time.Until(at))
}

package natsdesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"candor/agents"
	"candor/identity"
)

// Errors that only a desk over NATS has.
var (
	// ErrMalformed means that a request is not a JSON object in UTF-8.
	ErrMalformed = errors.New("the request is not a JSON object with the documented fields, in UTF-8")
	// ErrNoConversation means that a request names no conversation.
	ErrNoConversation = errors.New("`conversation_id` is missing")
	// ErrReplyTooLarge means that what was asked for does not fit into a
	// message of the NATS server.
	ErrReplyTooLarge = errors.New("the conversation is too large for a NATS message; read it at the web desk")
	// ErrUnavailable means that nobody serves the desk at this moment, or not
	// this queue.
	ErrUnavailable = errors.New("nobody serves this queue over NATS now")
)

// errInternal stands for whatever must not be told.
var errInternal = errors.New("something went wrong on our side; nothing is known to have changed")

// failures are those of every desk, and what only one over NATS has. They turn an error
// into a code and a name, and these into the error again.
var failures = slices.Concat(agents.Failures, []agents.Failure{
	{Err: ErrReplyTooLarge, Code: http.StatusRequestEntityTooLarge, Name: "reply_too_large"},
	{Err: ErrNoConversation, Code: http.StatusUnprocessableEntity, Name: "no_conversation"},
	{Err: ErrMalformed, Code: http.StatusBadRequest, Name: "malformed"},
	{Err: errInternal, Code: http.StatusInternalServerError, Name: "internal"},
})

// failureJSON is the payload of a reply that is an error.
type failureJSON struct {
	Error  string `json:"error"`
	Detail string `json:"detail"`
}

// refuse answers a request with an error. It reports whether the error was one
// that people may be told of.
//
// SECURITY: the text is that of the known error, never of the one that wraps
// it, which may hold what was sent or how it failed inside.
func refuse(req micro.Request, err error) (known bool, sendErr error) {
	if errors.Is(err, context.DeadlineExceeded) { // so says who waits for the database
		err = identity.ErrUnavailable
	}
	f := failures[len(failures)-1]
	for _, x := range failures {
		if errors.Is(err, x.Err) {
			f, known = x, true
			break
		}
	}
	detail := f.Err.Error()
	detail = strings.ToUpper(detail[:1]) + detail[1:] + "."
	body, sendErr := json.Marshal(failureJSON{f.Name, detail})
	if sendErr != nil {
		return known, sendErr
	}
	return known, req.Error(strconv.Itoa(f.Code), detail, body)
}

// failureOf returns the error that a reply is, or nil.
func failureOf(m *nats.Msg) error {
	code := m.Header.Get(micro.ErrorCodeHeader)
	if code == "" {
		return nil
	}
	var body failureJSON
	_ = json.Unmarshal(m.Data, &body) // without a body the code tells
	for _, f := range failures {
		if f.Name == body.Error || body.Error == "" && strconv.Itoa(f.Code) == code {
			return f.Err
		}
	}
	return fmt.Errorf("the desk refused the request with code %s", code)
}

package natsdesk

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Errors that only a desk over NATS has.
var (
	// ErrMalformed means that a request is not a JSON object in UTF-8.
	ErrMalformed = errors.New("the request is not a JSON object with the documented fields, in UTF-8")
	// ErrNoConversation means that a request names no conversation.
	ErrNoConversation = errors.New("`conversation_id` is missing")
	// ErrUntil means that a time to snooze until is missing or past.
	ErrUntil = errors.New("`until` must lie in the future")
	// ErrReplyTooLarge means that what was asked for does not fit into a
	// message of the NATS server.
	ErrReplyTooLarge = errors.New("the conversation is too large for a NATS message; read it at the web desk")
	// ErrUnavailable means that nobody serves the desk at this moment, or not
	// this queue.
	ErrUnavailable = errors.New("nobody serves this queue over NATS now")
)

// errInternal stands for whatever must not be told.
var errInternal = errors.New("something went wrong on our side; nothing is known to have changed")

// failures is the only place where an error becomes a code, and a code an error
// again. Codes are those of HTTP; the name tells errors of one code apart.
var failures = []struct {
	err  error
	code int
	name string
}{
	{identity.ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated"},
	{agents.ErrForbidden, http.StatusForbidden, "forbidden"},
	{conversation.ErrNotFound, http.StatusNotFound, "not_found"},
	{agents.ErrOwned, http.StatusConflict, "owned"},
	{agents.ErrNotOwner, http.StatusConflict, "not_owner"},
	{conversation.ErrIllegalTransition, http.StatusConflict, "illegal_transition"},
	{consent.ErrShared, http.StatusConflict, "shared"},
	{consent.ErrWaiting, http.StatusConflict, "waiting"},
	{consent.ErrNotNow, http.StatusConflict, "not_now"},
	{consent.ErrSaidNo, http.StatusConflict, "refused"},
	{consent.ErrStoppedAsk, http.StatusConflict, "stopped"},
	{consent.ErrNotAskable, http.StatusConflict, "not_askable"},
	{consent.ErrMinor, http.StatusForbidden, "minor"},
	{consent.ErrNoRecords, http.StatusUnprocessableEntity, "no_records"},
	{consent.ErrUnknownTriple, http.StatusUnprocessableEntity, "unknown_category"},
	{consent.ErrInvalidChange, http.StatusUnprocessableEntity, "categories"},
	{agents.ErrWithdrawn, http.StatusConflict, "withdrawn"},
	{consent.ErrStale, http.StatusConflict, "stale"},
	{agents.ErrUnknownSuggestion, http.StatusNotFound, "unknown_suggestion"},
	{agents.ErrNoAssist, http.StatusConflict, "no_assist"},
	{agents.ErrInstruction, http.StatusRequestEntityTooLarge, "instruction"},
	{agents.ErrReserved, http.StatusConflict, "reserved"},
	{agents.ErrNotReserved, http.StatusConflict, "not_reserved"},
	{agents.ErrTransfer, http.StatusUnprocessableEntity, "transfer"},
	{agents.ErrUnknownQueue, http.StatusUnprocessableEntity, "unknown_queue"},
	{agents.ErrUnknownColleague, http.StatusUnprocessableEntity, "unknown_colleague"},
	{agents.ErrNote, http.StatusUnprocessableEntity, "note"},
	{conversation.ErrAttachmentGone, http.StatusUnprocessableEntity, "attachment_gone"},
	{conversation.ErrTooManyAttachments, http.StatusUnprocessableEntity, "too_many_attachments"},
	{conversation.ErrEmptyMessage, http.StatusUnprocessableEntity, "empty_message"},
	{conversation.ErrTooLong, http.StatusRequestEntityTooLarge, "too_long"},
	{ErrReplyTooLarge, http.StatusRequestEntityTooLarge, "reply_too_large"},
	{ErrNoConversation, http.StatusUnprocessableEntity, "no_conversation"},
	{ErrUntil, http.StatusUnprocessableEntity, "until"},
	{ErrMalformed, http.StatusBadRequest, "malformed"},
	{errInternal, http.StatusInternalServerError, "internal"},
}

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
	f := failures[len(failures)-1]
	for _, x := range failures {
		if errors.Is(err, x.err) {
			f, known = x, true
			break
		}
	}
	detail := f.err.Error()
	detail = strings.ToUpper(detail[:1]) + detail[1:] + "."
	body, sendErr := json.Marshal(failureJSON{f.name, detail})
	if sendErr != nil {
		return known, sendErr
	}
	return known, req.Error(strconv.Itoa(f.code), detail, body)
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
		if f.name == body.Error || body.Error == "" && strconv.Itoa(f.code) == code {
			return f.err
		}
	}
	return fmt.Errorf("the desk refused the request with code %s", code)
}

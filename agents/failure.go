package agents

import (
	"net/http"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Failure is an error of the desk as those outside are told of it.
type Failure struct {
	Err  error
	Code int    // as HTTP has it, over NATS too
	Name string // tells errors of one code apart
}

// Failures are the errors of a Desk, the same for whoever asks by HTTP or over NATS. An
// error is the first of them that errors.Is says it is; what is none of them is internal,
// and its text is told to nobody.
var Failures = []Failure{
	{identity.ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated"},
	{identity.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{ErrForbidden, http.StatusForbidden, "forbidden"},
	{ErrNotShared, http.StatusForbidden, "not_shared"},
	{conversation.ErrNotFound, http.StatusNotFound, "not_found"},
	{consent.ErrUnknownCustomer, http.StatusNotFound, "unknown_customer"},
	{ErrOwned, http.StatusConflict, "owned"},
	{ErrNotOwner, http.StatusConflict, "not_owner"},
	{ErrReserved, http.StatusConflict, "reserved"},
	{ErrNotReserved, http.StatusConflict, "not_reserved"},
	{conversation.ErrIllegalTransition, http.StatusConflict, "illegal_transition"},
	{consent.ErrShared, http.StatusConflict, "shared"},
	{consent.ErrWaiting, http.StatusConflict, "waiting"},
	{consent.ErrNotNow, http.StatusConflict, "not_now"},
	{consent.ErrSaidNo, http.StatusConflict, "refused"},
	{consent.ErrStoppedAsk, http.StatusConflict, "stopped"},
	{consent.ErrNotAskable, http.StatusConflict, "not_askable"},
	{consent.ErrMinor, http.StatusForbidden, "minor"},
	{consent.ErrNoRecords, http.StatusUnprocessableEntity, "no_records"},
	{consent.ErrNoNotice, http.StatusUnprocessableEntity, "no_notice"},
	{consent.ErrUnknownTriple, http.StatusUnprocessableEntity, "unknown_category"},
	{consent.ErrInvalidChange, http.StatusUnprocessableEntity, "categories"},
	{ErrWithdrawn, http.StatusConflict, "withdrawn"},
	{consent.ErrStale, http.StatusConflict, "stale"},
	{ErrNoAssist, http.StatusNotFound, "no_assist"},
	{ErrUnknownSuggestion, http.StatusConflict, "unknown_suggestion"},
	{ErrInstruction, http.StatusUnprocessableEntity, "instruction"},
	{ErrTransfer, http.StatusUnprocessableEntity, "transfer"},
	{ErrUnknownQueue, http.StatusNotFound, "unknown_queue"},
	{ErrUnknownColleague, http.StatusUnprocessableEntity, "unknown_colleague"},
	{ErrUntil, http.StatusUnprocessableEntity, "until"},
	{ErrNote, http.StatusUnprocessableEntity, "note"},
	{conversation.ErrAttachmentGone, http.StatusConflict, "attachment_gone"},
	{conversation.ErrTooManyAttachments, http.StatusUnprocessableEntity, "too_many_attachments"},
	{conversation.ErrEmptyMessage, http.StatusUnprocessableEntity, "empty_message"},
	{conversation.ErrTooLong, http.StatusRequestEntityTooLarge, "too_long"},
}

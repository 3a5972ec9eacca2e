package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/delivery"
	"candor/export"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// statuses, after agents.Failures, is the only place where an error becomes an HTTP
// status. The text of these errors is written for the people who meet them.
var statuses = []struct {
	err    error
	status int
}{
	{identity.ErrUnknownSite, http.StatusNotFound},
	{identity.ErrUnknownStaff, http.StatusNotFound},
	{identity.ErrConflict, http.StatusConflict},
	{identity.ErrAccount, http.StatusUnprocessableEntity},
	{identity.ErrLastAdmin, http.StatusConflict},
	{identity.ErrOwnAdmin, http.StatusConflict},
	{identity.ErrLink, http.StatusGone},
	{identity.ErrPassword, http.StatusUnprocessableEntity},
	{delivery.ErrUnknownWebhook, http.StatusNotFound},
	{delivery.ErrWebhook, http.StatusUnprocessableEntity},
	{delivery.ErrWebhookDisabled, http.StatusConflict},
	{retrieval.ErrNotFound, http.StatusNotFound},
	{consent.ErrUnknownReceipt, http.StatusNotFound},
	{consent.ErrNotKantara, http.StatusUnprocessableEntity},
	{consent.ErrUnknownRequest, http.StatusNotFound},
	{consent.ErrUnknownHold, http.StatusNotFound},
	{consent.ErrHold, http.StatusUnprocessableEntity},
	{consent.ErrHoldOver, http.StatusConflict},
	{consent.ErrRequestText, http.StatusUnprocessableEntity},
	{consent.ErrRequestStep, http.StatusUnprocessableEntity},
	{consent.ErrRequestState, http.StatusConflict},
	{consent.ErrRequestErased, http.StatusConflict},
	{consent.ErrDisputed, http.StatusConflict},
	{consent.ErrComplained, http.StatusConflict},
	{review.ErrHidden, http.StatusConflict},
	{review.ErrNotHidden, http.StatusConflict},
	{review.ErrUnknownCorrection, http.StatusNotFound},
	{review.ErrCorrection, http.StatusUnprocessableEntity},
	{review.ErrNothingToCorrect, http.StatusUnprocessableEntity},
	{review.ErrUnknownIncident, http.StatusNotFound},
	{review.ErrIncident, http.StatusUnprocessableEntity},
	{review.ErrIncidentClosed, http.StatusConflict},
	{consent.ErrTooManyRequests, http.StatusConflict},
	{retrieval.ErrRefused, http.StatusUnprocessableEntity},
	{retrieval.ErrStopped, http.StatusConflict},
	{retrieval.ErrTooMany, http.StatusConflict},
	{retrieval.ErrNotOwn, http.StatusForbidden},
	{conversation.ErrNotEditable, http.StatusConflict},
	{conversation.ErrNoFile, http.StatusUnprocessableEntity},
	{conversation.ErrAttachmentTooLarge, http.StatusRequestEntityTooLarge},
	{conversation.ErrAttachmentType, http.StatusUnsupportedMediaType},
	{conversation.ErrAttachmentDamaged, http.StatusUnprocessableEntity},
	{conversation.ErrTooManyPixels, http.StatusUnprocessableEntity},
	{conversation.ErrUploadedAgain, http.StatusConflict},
	{conversation.ErrAttachmentAllowance, http.StatusTooManyRequests},
	{agents.ErrQueue, http.StatusUnprocessableEntity},
	{agents.ErrHours, http.StatusUnprocessableEntity},
	{agents.ErrQueueNeeded, http.StatusConflict},
	{agents.ErrTooMuch, http.StatusUnprocessableEntity},
	{agents.ErrGrouping, http.StatusUnprocessableEntity},
	{agents.ErrSeat, http.StatusUnprocessableEntity},
	{agents.ErrCanned, http.StatusUnprocessableEntity},
	{agents.ErrUnknownCanned, http.StatusNotFound},
	{agents.ErrWhichSite, http.StatusUnprocessableEntity},
	{consent.ErrForbidden, http.StatusForbidden},
	{consent.ErrEvidence, http.StatusUnprocessableEntity},
	{consent.ErrFuture, http.StatusUnprocessableEntity},
	{consent.ErrStaleNotice, http.StatusConflict},
	{consent.ErrSince, http.StatusConflict},
	{retrieval.ErrNotWanted, http.StatusConflict},
	{ErrOtherBody, http.StatusUnprocessableEntity},
	{review.ErrUnknownAnswer, http.StatusNotFound},
	{review.ErrErased, http.StatusConflict},
	{review.ErrGone, http.StatusConflict},
	{review.ErrNotReviewer, http.StatusUnprocessableEntity},
	{review.ErrVerdict, http.StatusUnprocessableEntity},
	{review.ErrFlag, http.StatusUnprocessableEntity},
	{review.ErrNote, http.StatusUnprocessableEntity},
	{export.ErrNotFound, http.StatusNotFound},
	{export.ErrFailed, http.StatusConflict},
}

const (
	internalDetail = "Something went wrong on our side. Nothing was changed; please try again."
	awayDetail     = "We can't reach our records right now. Nothing was changed; please try again in a moment."
)

// Parts that a problem can name, as /readyz does.
const (
	partDatabase = "database"
	partMessages = "messages"
	partServer   = "server" // this one; another replica may serve
)

// passingError is a problem that passes: it says when to ask again, and which
// part is away if that is the reason.
type passingError struct {
	*huma.ErrorModel
	Part  string `json:"part,omitempty"`
	after time.Duration
}

var _ huma.HeadersError = (*passingError)(nil)

func passing(status int, part, detail string, after time.Duration) *passingError {
	return &passingError{&huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail}, part, after}
}

// GetHeaders says in whole seconds when to ask again.
func (e *passingError) GetHeaders() http.Header {
	seconds := (e.after + time.Second - 1) / time.Second
	return http.Header{"Retry-After": {strconv.Itoa(int(seconds))}}
}

// away reports whether an error means that the database cannot be reached: it
// says so, or it does not answer.
func away(err error) bool {
	return errors.Is(err, identity.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// problem turns an error into a problem (RFC 9457). What is not known is
// internal: it is logged, and its text is not shown.
func (s *Server) problem(err error) huma.StatusError {
	var known huma.StatusError
	switch {
	case errors.As(err, &known):
		return known
	case away(err):
		s.outage(partDatabase, err)
		return passing(http.StatusServiceUnavailable, partDatabase, awayDetail, 2*time.Second)
	case errors.Is(err, ErrInFlight):
		return passing(http.StatusConflict, "", sentence(err.Error()), time.Second)
	case errors.Is(err, export.ErrRunning), errors.Is(err, export.ErrUnfinished):
		return passing(http.StatusConflict, "", sentence(err.Error()), exportRetry)
	}
	for _, f := range agents.Failures {
		if errors.Is(err, f.Err) {
			return huma.NewError(f.Code, sentence(err.Error()))
		}
	}
	for _, x := range statuses {
		if errors.Is(err, x.err) {
			return huma.NewError(x.status, sentence(err.Error()))
		}
	}
	s.Logger.Error("a request failed", "error", err)
	return huma.NewError(http.StatusInternalServerError, internalDetail)
}

// sentence makes an error's text a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func init() {
	// Validation details of the framework quote the offending value, which may
	// be a customer's words: they are left out everywhere.
	framework := huma.NewError
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		err := framework(status, msg, errs...)
		if model, ok := err.(*huma.ErrorModel); ok {
			for _, d := range model.Errors {
				if d == nil {
					continue
				}
				d.Value = nil
				if strings.Contains(d.Message, "unmarshal") {
					d.Message = "not of the expected type"
				}
			}
			if msg == "validation failed" && len(model.Errors) > 0 {
				model.Detail = explain(model.Errors[0])
				// What does not parse is malformed; what parses but is not
				// acceptable stays 422.
				if m := model.Errors[0].Message; m == "not of the expected type" || strings.Contains(m, "invalid character") {
					model.Status = http.StatusBadRequest
				}
			}
		}
		return err
	}
}

func explain(d *huma.ErrorDetail) string {
	at := strings.TrimPrefix(d.Location, "body.")
	switch at {
	case "", "body":
		return sentence(d.Message)
	}
	return "`" + at + "`: " + d.Message + "."
}

// problemHandler renders what no handler of the API answered.
func (s *Server) problemHandler(c *fiber.Ctx, err error) error {
	var p huma.StatusError
	var f *fiber.Error
	if errors.As(err, &f) {
		detail := map[int]string{
			http.StatusRequestEntityTooLarge: "The request is too large.",
			http.StatusNotFound:              "There is nothing at this address.",
			http.StatusMethodNotAllowed:      "This address does not take that method.",
		}[f.Code]
		if detail == "" {
			detail = http.StatusText(f.Code)
		}
		p = huma.NewError(f.Code, detail)
	} else {
		p = s.problem(err)
	}
	return writeProblem(c, p)
}

func writeProblem(c *fiber.Ctx, p huma.StatusError) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	var headed huma.HeadersError
	if errors.As(p, &headed) {
		for name := range headed.GetHeaders() {
			c.Set(name, headed.GetHeaders().Get(name))
		}
	}
	if p.GetStatus() == http.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(p.GetStatus()).Send(b)
}

var (
	// badEscape is an escaped NUL, which no text has.
	badEscape = regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\\u0000`)
	surrogate = regexp.MustCompile(`(?i)\\u(d[89ab][0-9a-f]{2})(\\ud[c-f][0-9a-f]{2})?|\\u(d[c-f][0-9a-f]{2})`)
)

// loneSurrogate reports whether a JSON text escapes half of a character.
func loneSurrogate(body []byte) bool {
	for _, m := range surrogate.FindAllSubmatchIndex(body, -1) {
		// An escaped backslash before it makes it plain text.
		slashes := 0
		for i := m[0] - 1; i >= 0 && body[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 0 && m[4] < 0 {
			return true
		}
	}
	return false
}

// checkBody refuses bodies that are too large for their route or not UTF-8,
// before anything reads them: the JSON decoder would replace what is not UTF-8
// and store something that nobody said.
func checkBody(c *fiber.Ctx) error {
	body := c.Request().Body()
	if len(body) == 0 {
		return c.Next()
	}
	if isUpload(c.Method(), c.Path()) { // bytes, and not a text
		if len(body) > conversation.MaxAttachment {
			return writeProblem(c, huma.NewError(http.StatusRequestEntityTooLarge, sentence(conversation.ErrAttachmentTooLarge.Error())))
		}
		return c.Next()
	}
	if !isImport(c.Path()) && len(body) > maxBody {
		return writeProblem(c, huma.NewError(http.StatusRequestEntityTooLarge, "The request is too large: at most 64 KiB are read here."))
	}
	if !utf8.Valid(body) || badEscape.Match(body) || loneSurrogate(body) {
		return writeProblem(c, huma.NewError(http.StatusBadRequest, "The request is not valid UTF-8."))
	}
	return c.Next()
}

// Package web is Candor over HTTP: the API, the event streams and the pages.
//
// It promises that every request speaks for exactly the credential it carries,
// that a failure says what is wrong without repeating what was sent, and that
// nothing personal is logged. It decides nothing about data: it hands the
// principal on and renders what comes back.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"golang.org/x/time/rate"

	"candor/agents"
	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/export"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// Answers reads answers, and what customers think of them.
type Answers interface {
	Answer(ctx context.Context, customer identity.CustomerID, id string) (answer.Answer, error)
	AnyAnswer(ctx context.Context, id string) (answer.Answer, identity.CustomerID, error)
	AnswerWithOffer(ctx context.Context, customer identity.CustomerID, offer string) (answer.Answer, error)
	// Asked returns an offer that somebody at the desk made.
	Asked(ctx context.Context, customer identity.CustomerID, offer string) (consent.Asked, error)
	Rate(ctx context.Context, customer identity.CustomerID, subject string, score int, comment string) error
	RateConversation(ctx context.Context, customer identity.CustomerID, conversation string, r conversation.Rating) error
	// RatingOf is the zero Rating where there is none.
	RatingOf(ctx context.Context, conversation string) (conversation.Rating, error)
}

// Records is what a site's backend can do to its data.
type Records interface {
	ImportRecords(ctx context.Context, site identity.SiteID, body []byte) (Import, error)
	ImportKnowledge(ctx context.Context, site identity.SiteID, body []byte) (Import, error)
	// Record returns a record, and the site's own id of its customer: empty, if it is
	// company knowledge.
	Record(ctx context.Context, site identity.SiteID, id string) (r retrieval.Record, customer string, err error)
	RemoveRecord(ctx context.Context, site identity.SiteID, id string) error
}

// Import is the result of an import.
type Import struct {
	Accepted int        `json:"accepted" doc:"How many items were stored"`
	Rejected []Rejected `json:"rejected" doc:"What was refused, and why"`
	// Malformed is whether some of what was sent is not JSON.
	Malformed bool `json:"-"`
}

// Rejected is an item that was refused. Index counts from 0.
type Rejected struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// DeskFeed tells that something at the desk has changed.
type DeskFeed interface {
	// DeskVersion is a value that differs whenever a ticket, or a conversation
	// that has one, has changed.
	DeskVersion(ctx context.Context) (string, error)
	WatchDesk() (wake <-chan struct{}, stop func())
	// TicketOf returns a conversation's place in the queue; the zero Ticket if
	// it has none.
	TicketOf(ctx context.Context, conversation string) (conversation.Ticket, error)
}

// Presence is who is at the desk.
type Presence interface {
	SetPresence(ctx context.Context, staff identity.StaffID, status agents.Status) error
}

// Part is something that the server depends on.
type Part struct {
	Name string // as /readyz shows it
	// Essential is whether nothing can be served while it is away.
	Essential bool
	// Check reports why it is away, nil if it is not.
	Check func(ctx context.Context) error
}

// Options is what the server is made of.
type Options struct {
	Directory     identity.Directory
	Gate          *consent.Gate
	Receipts      *consent.Receipts
	Conversations *conversation.Service
	Answers       Answers
	Records       Records
	OwnRecords    OwnRecords
	Requests      Requests
	Hiding        Hiding
	Corrections   Corrections
	Incidents     Incidents
	Eraser        consent.Eraser
	Citations     citation.Log
	Reviews       review.Store
	Sources       Sources
	Tree          citation.Tree
	Reports       DeskReports
	OpenTickets   OpenTickets
	Accesses      consent.AccessLog
	Usage         Usage
	Exports       *export.Service
	Desk          agents.Desk
	Assist        Assist
	Feed          DeskFeed
	// Exchange and DeskExchange are what is exchanged besides plain messages: files,
	// changed words, and who types and has read. Live tells the latter two.
	Exchange     *conversation.Exchange
	DeskExchange *agents.Exchange
	Live         *conversation.Live
	Presence     Presence
	Routing      Routing
	Waits        Waits
	Memory       Memory
	// Language finds the language of a text, empty if it does not tell.
	Language func(text string) string
	// Parts are what the server depends on, for /readyz.
	Parts []Part
	// Linger is how long requests are still taken once Shutdown has begun, so that
	// a balancer and its clients go elsewhere before the listener closes.
	Linger time.Duration
	// Register takes the server's own metrics; Metrics serves all of them.
	Register prometheus.Registerer
	Metrics  http.Handler
	// Contacts, Webhooks and Accounts, with what they serve, are what deliveries go to.
	Contacts Contacts
	Webhooks Webhooks
	Accounts Accounts
	Seats    Seats
	// Mails is whether mails are sent from here.
	Mails bool
	// PublicURL is where browsers reach this server; empty: where they are.
	PublicURL string
	// QueueStore keeps the queues; Tickets moves what is in them.
	QueueStore Queues
	Tickets    Tickets
	// AsyncAPI describes the messages of the desk.
	AsyncAPI []byte
	Logger   *slog.Logger
	// CursorKey signs the cursors of lists.
	CursorKey []byte
	// Secure marks cookies as for https only.
	Secure bool
	// Proxies are the addresses or networks of proxies in front of this server,
	// whose word on who is calling (X-Forwarded-For) is taken.
	Proxies []string
	// Limits bound what customers send.
	Limits Limits
	// Demo is set in demo mode only.
	Demo *Demo
}

// Server serves HTTP.
type Server struct {
	Options
	app     *fiber.App
	api     huma.API
	streams *streams
	leaving *leaving
	limits  *limits

	observed observed
	// passwords bounds the password checks under way.
	passwords chan struct{}
	// framers are the origins that may frame a site's chat, as last read.
	framers sync.Map // identity.SiteID → []string
	// outages keeps the log of a part's outage short.
	outages map[string]*rate.Sometimes

	readiness readiness
	draining  atomic.Bool
	// life ends with the server; settling is what goes on behind the responses
	// until then.
	life     context.Context
	end      context.CancelFunc
	settling sync.WaitGroup
}

// Limits of a request, in bytes: what a page sends, and what a backend imports.
// Up to maxRead is read of any request, so that whoever sends too much reads why;
// beyond it the connection is closed.
const (
	maxBody   = 64 << 10
	maxRead   = 12 << 20
	maxImport = 64 << 20
)

// New returns a server that is not listening yet.
func New(o Options) *Server {
	s := &Server{
		Options: o, streams: newStreams(o.Logger), leaving: newLeaving(o.Conversations.Left), limits: newLimits(), observed: newObserved(o.Register),
		passwords: make(chan struct{}, passwordChecks), outages: make(map[string]*rate.Sometimes),
	}
	s.life, s.end = context.WithCancel(context.Background())
	for _, p := range append([]Part{{Name: partDatabase}, {Name: partMessages}}, o.Parts...) {
		s.outages[p.Name] = &rate.Sometimes{Interval: outageInterval}
	}
	s.app = fiber.New(fiber.Config{
		// Without it a captured parameter becomes another request's value once
		// the buffer is used again.
		Immutable:               true,
		StrictRouting:           true,
		CaseSensitive:           true,
		DisableStartupMessage:   true,
		ProxyHeader:             fiber.HeaderXForwardedFor,
		EnableTrustedProxyCheck: true,
		EnableIPValidation:      true,
		TrustedProxies:          o.Proxies,
		BodyLimit:               maxImport,
		ReadTimeout:             60 * time.Second, // also how long a connection may idle
		ErrorHandler:            s.problemHandler,
		ReadBufferSize:          16 << 10,
		// A connection over which nothing has come yet then counts as idle: browsers
		// open some ahead of need, and Shutdown would wait for them.
		ReduceMemoryUsage: true,
	})
	s.app.Server().HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		if isImport(string(h.RequestURI())) && len(h.Peek(fiber.HeaderAuthorization)) > 0 {
			return fasthttp.RequestConfig{}
		}
		return fasthttp.RequestConfig{MaxRequestBodySize: maxRead}
	}
	s.app.Use(recover.New(recover.Config{EnableStackTrace: false}), s.observe, s.drain, securityHeaders, checkBody, deadline)
	s.pages()
	s.eventRoutes()
	s.exportCitationRoutes()

	config := huma.DefaultConfig("Candor", "1")
	config.DocsPath, config.SchemasPath = "", ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.CreateHooks = nil // no $schema links in responses
	config.AllowAdditionalPropertiesByDefault = true
	config.Info.Description = "A customer-service assistant that answers only from what the customer agreed to share."
	config.Components.SecuritySchemes = securitySchemes
	s.api = humafiber.New(s.app, config)
	s.api.UseMiddleware(unescapeParams)
	s.customerRoutes()
	s.privacyRoutes()
	s.receiptRoutes()
	s.logRoutes()
	s.proofRoutes()
	s.consentRoutes()
	s.recordRoutes()
	s.requestRoutes()
	s.complaintRoutes()
	s.sourceRoutes()
	s.incidentRoutes()
	s.erasureRoutes()
	s.holdRoutes()
	s.usageRoutes()
	s.exportRoutes()
	s.backendRoutes()
	s.staffRoutes()
	s.deskRoutes()
	s.ticketRoutes()
	s.queueRoutes()
	s.confirmRoutes()
	s.reportRoutes()
	s.overviewRoutes()
	s.routingRoutes()
	s.liveRoutes()
	s.attachmentRoutes()
	s.assistRoutes()
	s.contactRoutes()
	s.webhookRoutes()
	s.staffAdminRoutes()
	s.adminRoutes()
	s.demoRoutes()
	s.app.Use(func(*fiber.Ctx) error {
		return huma.Error404NotFound("There is nothing at this address.")
	})
	return s
}

// isImport reports whether an address takes files.
func isImport(path string) bool { return path == "/api/records" || path == "/api/knowledge" }

// Serve serves on the listener until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.app.Listener(l) }

// Shutdown ends in order: /readyz says so at once, then no more connections are
// taken, the streams end with a word on when to come back, and the requests under
// way are served.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.streams.refuse()
	s.leaving.close()
	select {
	case <-time.After(s.Linger):
	case <-ctx.Done():
	}
	requests := make(chan error, 1)
	go func() { requests <- s.app.ShutdownWithContext(ctx) }()
	err := errors.Join(s.streams.close(ctx), <-requests)
	s.end()
	settled := make(chan struct{})
	go func() {
		s.settling.Wait()
		close(settled)
	}()
	select {
	case <-settled:
	case <-ctx.Done():
	}
	return err
}

// outageInterval is how often the log says that a part is away: every request
// meets it.
const outageInterval = 10 * time.Second

func (s *Server) outage(part string, err error) {
	s.outages[part].Do(func() { s.Logger.Warn("a part is away", "part", part, "error", err) })
}

// drain makes clients take another connection, to another replica, once this one
// ends.
func (s *Server) drain(c *fiber.Ctx) error {
	err := c.Next()
	if s.draining.Load() {
		c.Response().SetConnectionClose()
	}
	return err
}

// requestTimeout is how long a request waits for the database, and a little
// longer than a write may take.
const requestTimeout = 25 * time.Second

// deadline ends what a request waits for. An import takes as long as it takes.
func deadline(c *fiber.Ctx) error {
	if isImport(c.Path()) {
		return c.Next()
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

func securityHeaders(c *fiber.Ctx) error {
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("Cache-Control", "no-store") // pages and assets say otherwise
	return c.Next()
}

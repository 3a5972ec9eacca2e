package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/delivery"
	"candor/identity"
)

// Webhooks keeps the programs that are told of events, and what was delivered to them.
// Its errors are those of package delivery.
type Webhooks interface {
	Webhooks(ctx context.Context) ([]delivery.Webhook, error)
	WebhookNamed(ctx context.Context, name string) (delivery.Webhook, error)
	// PutWebhook returns the secret where it is another than before.
	PutWebhook(ctx context.Context, w delivery.Webhook, disabled bool) (secret string, err error)
	RemoveWebhook(ctx context.Context, name string) error
	// TryWebhook returns the id of a delivery that tries it.
	TryWebhook(ctx context.Context, name string) (id string, err error)
	WebhookLog(ctx context.Context, name string, limit int) ([]delivery.Logged, error)
}

type webhookDisabledJSON struct {
	At  time.Time            `json:"at"`
	Why delivery.DisabledWhy `json:"why" enum:"by_hand,failing,gone" doc:"gone: it answered 410; failing: nothing came through for five days"`
}

// WebhookJSON is a webhook. It is exported so that the API's description has it where
// it is embedded.
type WebhookJSON struct {
	Name     string               `json:"name"`
	URL      string               `json:"url"`
	Events   []string             `json:"events"`
	Text     bool                 `json:"text" doc:"Whether it gets the words of messages whose customers allow (agent_assist, conversation, webhook:<name>)"`
	Disabled *webhookDisabledJSON `json:"disabled,omitempty"`
	Failing  *time.Time           `json:"failing_since,omitempty" doc:"Since when nothing came through"`
	Waiting  int                  `json:"waiting" doc:"How many deliveries are to be made"`
	At       time.Time            `json:"at" doc:"When it was changed"`
	By       *memberJSON          `json:"by,omitempty"`
}

type webhooksOutput struct {
	Body struct {
		Items []WebhookJSON `json:"items"`
	}
}

type webhookName struct {
	Name string `path:"name"`
}

type deliveryJSON struct {
	ID       string          `json:"id" doc:"The webhook-id that it is sent with"`
	Event    string          `json:"event"`
	Status   delivery.Status `json:"status" enum:"waiting,sent,failed,dropped"`
	Attempts int             `json:"attempts"`
	Code     int             `json:"code,omitempty" doc:"The HTTP status that came back"`
	Why      string          `json:"why,omitempty" doc:"What went wrong: answer, redirect, timeout, refused, connection, tls, unknown_host, private_address, internal"`
	At       time.Time       `json:"at"`
	Next     *time.Time      `json:"next,omitempty" doc:"When it is tried"`
	Done     *time.Time      `json:"done,omitempty"`
}

type webhookOutput struct {
	Body struct {
		WebhookJSON
		Deliveries []deliveryJSON `json:"deliveries" doc:"The newest first; what is over is known for seven days"`
	}
}

type putWebhookInput struct {
	Name string `path:"name"`
	Body struct {
		URL       string   `json:"url" doc:"https"`
		Events    []string `json:"events" doc:"Types such as candor.handoff.waiting, or groups: candor.handoff.*, candor.conversation.*, candor.message.*"`
		Text      bool     `json:"text,omitempty"`
		Disabled  bool     `json:"disabled,omitempty"`
		NewSecret bool     `json:"new_secret,omitempty" doc:"Replace the secret; the old one stops being used at once"`
	}
}

type putWebhookOutput struct {
	Body struct {
		WebhookJSON
		Secret string `json:"secret,omitempty" doc:"Shown this once: what comes is signed with it, as Standard Webhooks says"`
	}
}

type testWebhookOutput struct {
	Body struct {
		Delivery string `json:"delivery" doc:"Its id; what comes of it is in the webhook's deliveries"`
	}
}

// webhookLog is how many deliveries are shown.
const webhookLog = 100

func (s *Server) webhookRoutes() {
	admins := func(ctx context.Context, who identity.Principal, fn func() error) error {
		if !who.Has(identity.RoleAdmin) {
			return errRole
		}
		return fn()
	}
	register(s, staffOnly, huma.Operation{
		OperationID: "webhooks", Method: http.MethodGet, Path: "/api/admin/webhooks", Summary: "Programs that are told of events",
	}, func(ctx context.Context, who identity.Principal, _ *struct{}) (*webhooksOutput, error) {
		out := &webhooksOutput{}
		return out, admins(ctx, who, func() error {
			all, err := s.Webhooks.Webhooks(ctx)
			out.Body.Items = make([]WebhookJSON, len(all))
			for i, w := range all {
				if err == nil {
					out.Body.Items[i], err = s.webhook(ctx, w)
				}
			}
			return err
		})
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "webhook", Method: http.MethodGet, Path: "/api/admin/webhooks/{name}", Summary: "A webhook, and what was delivered to it",
	}, func(ctx context.Context, who identity.Principal, in *webhookName) (*webhookOutput, error) {
		out := &webhookOutput{}
		return out, admins(ctx, who, func() error { return s.webhookWithLog(ctx, in.Name, out) })
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "putWebhook", Method: http.MethodPut, Path: "/api/admin/webhooks/{name}",
		Summary: "Add or change a webhook; a new one's secret is shown once",
	}, func(ctx context.Context, who identity.Principal, in *putWebhookInput) (*putWebhookOutput, error) {
		out := &putWebhookOutput{}
		return out, admins(ctx, who, func() (err error) {
			b := in.Body
			w := delivery.Webhook{Name: in.Name, URL: strings.TrimSpace(b.URL), Events: b.Events, Text: b.Text, Actor: who.Actor()}
			if err := w.Check(s.Demo != nil, s.Gate.Policy()); err != nil {
				return err
			}
			if b.NewSecret {
				w.Secret = delivery.NewSecret()
			}
			if out.Body.Secret, err = s.Webhooks.PutWebhook(ctx, w, b.Disabled); err != nil {
				return err
			}
			if w, err = s.Webhooks.WebhookNamed(ctx, in.Name); err != nil {
				return err
			}
			out.Body.WebhookJSON, err = s.webhook(ctx, w)
			return err
		})
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "removeWebhook", Method: http.MethodDelete, Path: "/api/admin/webhooks/{name}",
		Summary: "Remove a webhook, with what is to be delivered to it", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, who identity.Principal, in *webhookName) (*struct{}, error) {
		return nil, admins(ctx, who, func() error { return s.Webhooks.RemoveWebhook(ctx, in.Name) })
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "testWebhook", Method: http.MethodPost, Path: "/api/admin/webhooks/{name}/test",
		Summary: "Send a webhook an event that says nothing", DefaultStatus: http.StatusAccepted,
	}, func(ctx context.Context, who identity.Principal, in *webhookName) (*testWebhookOutput, error) {
		out := &testWebhookOutput{}
		return out, admins(ctx, who, func() (err error) {
			out.Body.Delivery, err = s.Webhooks.TryWebhook(ctx, in.Name)
			return err
		})
	})
}

func (s *Server) webhook(ctx context.Context, w delivery.Webhook) (WebhookJSON, error) {
	by, err := s.member(ctx, w.Actor)
	out := WebhookJSON{Name: w.Name, URL: w.URL, Events: w.Events, Text: w.Text, Failing: optional(w.Failing), Waiting: w.Waiting, At: w.At, By: by}
	if !w.Disabled.IsZero() {
		out.Disabled = &webhookDisabledJSON{w.Disabled, w.Why}
	}
	return out, err
}

func (s *Server) webhookWithLog(ctx context.Context, name string, out *webhookOutput) error {
	w, err := s.Webhooks.WebhookNamed(ctx, name)
	if err != nil {
		return err
	}
	if out.Body.WebhookJSON, err = s.webhook(ctx, w); err != nil {
		return err
	}
	log, err := s.Webhooks.WebhookLog(ctx, name, webhookLog)
	out.Body.Deliveries = make([]deliveryJSON, len(log))
	for i, l := range log {
		out.Body.Deliveries[i] = deliveryJSON{l.ID, l.Event, l.Status, l.Attempts, l.Code, l.Why, l.At, optional(l.Next), optional(l.Done)}
	}
	return err
}

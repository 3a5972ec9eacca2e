package web

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/identity"
)

// Demo is what the demo shop shows of itself. It exists in demo mode only.
type Demo struct {
	Site      identity.SiteID `json:"site"`
	Brand     string          `json:"brand"`
	Customers []DemoCustomer  `json:"customers"`
	Staff     []DemoStaff     `json:"staff"`
	// MadeUp is whether a model that makes things up writes the answers, everybody's.
	// The demo's page turns it on and off.
	MadeUp atomic.Bool `json:"-"`
}

// DemoCustomer is a customer of the demo shop.
type DemoCustomer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Note string `json:"note"`
	GPC  bool   `json:"gpc"`
}

// DemoStaff is a login of the demo.
type DemoStaff struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

type demoOutput struct {
	Body *Demo
}

type demoModel struct {
	MadeUp bool `json:"made_up" doc:"Whether answers are written by a model that makes things up"`
}

type demoModelInput struct {
	FetchSite string `header:"Sec-Fetch-Site"`
	Body      demoModel
}

type demoModelOutput struct {
	Body demoModel
}

type demoIdentityInput struct {
	Customer     string `query:"customer" required:"true" minLength:"1" maxLength:"256"`
	AgeBand      string `query:"age_band" doc:"child, teen or adult"`
	Jurisdiction string `query:"jurisdiction" doc:"A profile of the policy"`
}

type demoIdentityOutput struct {
	Body struct {
		Identity string `json:"identity"`
	}
}

func (s *Server) demoRoutes() {
	if s.Demo == nil {
		return
	}
	register(s, anyone, huma.Operation{
		OperationID: "demoConfig", Method: http.MethodGet, Path: "/demo/config", Summary: "The demo shop",
	}, func(context.Context, identity.Principal, *struct{}) (*demoOutput, error) {
		return &demoOutput{s.Demo}, nil
	})
	register(s, anyone, huma.Operation{
		OperationID: "demoModel", Method: http.MethodGet, Path: "/demo/model", Summary: "Which model writes the demo's answers",
	}, func(context.Context, identity.Principal, *struct{}) (*demoModelOutput, error) {
		return &demoModelOutput{demoModel{s.Demo.MadeUp.Load()}}, nil
	})
	register(s, anyone, huma.Operation{
		OperationID: "setDemoModel", Method: http.MethodPut, Path: "/demo/model", Summary: "Have a model that makes things up write the demo's answers, or not",
	}, func(_ context.Context, _ identity.Principal, in *demoModelInput) (*demoModelOutput, error) {
		// A browser lets no page of another origin send a PUT here; this says why.
		if in.FetchSite != "" && in.FetchSite != "same-origin" && in.FetchSite != "none" {
			return nil, huma.Error403Forbidden("Only the demo's own page turns this on and off.")
		}
		s.Demo.MadeUp.Store(in.Body.MadeUp)
		return &demoModelOutput{in.Body}, nil
	})
	register(s, anyone, huma.Operation{
		OperationID: "demoIdentity", Method: http.MethodGet, Path: "/demo/identity",
		Summary: "Play the shop's backend: vouch for a customer",
	}, func(ctx context.Context, _ identity.Principal, in *demoIdentityInput) (*demoIdentityOutput, error) {
		site, err := s.Directory.Site(ctx, s.Demo.Site)
		if err != nil {
			return nil, err
		}
		token, err := identity.IssueToken(site, identity.Claims{Subject: in.Customer, AgeBand: in.AgeBand, Jurisdiction: in.Jurisdiction}, time.Now())
		out := &demoIdentityOutput{}
		out.Body.Identity = token
		return out, err
	})
}

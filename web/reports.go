package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/agents"
	"candor/identity"
)

// DeskReports reads what reports about the desk are made of.
type DeskReports interface {
	Stays(ctx context.Context, from, to time.Time) ([]agents.Stay, error)
	StaffNames(ctx context.Context) (map[identity.StaffID]string, error)
}

type deskReportInput struct {
	From time.Time `query:"from" doc:"Inclusive; absent: as long as conversations are kept"`
	To   time.Time `query:"to" doc:"Exclusive; absent: now"`
	By   string    `query:"by" enum:"day,queue,language,reason,staff" default:"day"`
}

// Resolve refuses a filter that is there and empty.
func (*deskReportInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type deskReportOutput struct {
	Body struct {
		By       string            `json:"by"`
		Rows     []agents.Figures  `json:"rows"`
		All      agents.Figures    `json:"all"`
		KeptDays int               `json:"kept_days" doc:"How far back there are tickets: they go with their conversations"`
		Names    map[string]string `json:"names,omitempty" doc:"Of the staff among the keys"`
	}
}

var reportRoles = []identity.Role{identity.RoleSupervisor, identity.RoleAnalyst}

func (s *Server) reportRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "deskReport", Method: http.MethodGet, Path: "/api/admin/reports/desk",
		Summary: "How long customers wait for people, and how it ends",
	}, s.deskReport)
	// CSV is not huma's.
	s.app.Get("/api/admin/reports/desk.csv", s.deskReportCSV)
}

func (s *Server) deskReport(ctx context.Context, who identity.Principal, in *deskReportInput) (*deskReportOutput, error) {
	if !who.Has(reportRoles...) || who.Outside() {
		return nil, errRole
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	stays, err := s.Reports.Stays(ctx, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := &deskReportOutput{}
	b := &out.Body
	b.By, b.KeptDays = in.By, int(s.Gate.Policy().ConversationRetention)
	if b.Rows, b.All, err = agents.Report(stays, in.By, now); err != nil {
		return nil, err
	}
	if in.By == "staff" {
		names, err := s.Reports.StaffNames(ctx)
		if err != nil {
			return nil, err
		}
		b.Names = make(map[string]string)
		for _, r := range b.Rows {
			if name := names[identity.StaffID(r.Key)]; name != "" {
				b.Names[r.Key] = name
			}
		}
	}
	return out, nil
}

// deskReportCSV is the report as a table for other programs; durations are in seconds.
func (s *Server) deskReportCSV(c *fiber.Ctx) error {
	who, err := s.authenticate(c, staffOnly)
	if err != nil {
		return err
	}
	in := &deskReportInput{By: c.Query("by", "day")}
	for name, at := range map[string]*time.Time{"from": &in.From, "to": &in.To} {
		if !c.Context().QueryArgs().Has(name) {
			continue
		}
		if *at, err = time.Parse(time.RFC3339, c.Query(name)); err != nil {
			return huma.Error422UnprocessableEntity("`" + name + "` is not a time such as 2026-11-28T09:00:00Z.")
		}
	}
	report, err := s.deskReport(c.UserContext(), who, in)
	if err != nil {
		return s.problem(err)
	}
	text, err := reportCSV(in.By, report.Body.Rows)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="desk-by-`+in.By+`.csv"`)
	return c.Send(text)
}

func reportCSV(by string, rows []agents.Figures) ([]byte, error) {
	text, err := csvLine([]string{
		by, "tickets", "waiting_n", "waiting_p50_s", "waiting_p90_s", "first_reply_n", "first_reply_p50_s", "first_reply_p90_s",
		"handling_n", "handling_p50_s", "handling_p90_s", "resolved", "confirmed", "assumed", "settled", "durable", "reopened", "returned",
		"escalated", "open", "ratings", "score", "shown", "not_shown", "unsure",
	})
	for _, f := range rows {
		cells := []string{f.Key, strconv.Itoa(f.Tickets)}
		for _, d := range []agents.Spread{f.Waiting, f.FirstReply, f.Handling} {
			cells = append(cells, strconv.Itoa(d.N), number(d.P50), number(d.P90))
		}
		for _, n := range []int{f.Resolved, f.Confirmed, f.Assumed, f.Settled, f.Durable, f.Reopened, f.Returned, f.Escalated, f.Open, f.Ratings} {
			cells = append(cells, strconv.Itoa(n))
		}
		cells = append(cells, number(f.Score), strconv.Itoa(f.Shown), strconv.Itoa(f.NotShown), strconv.Itoa(f.Unsure))
		line, e := csvLine(cells)
		text, err = append(text, line...), errors.Join(err, e)
	}
	return text, err
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/identity"
)

// reviewers are the roles that may read the citation log with its sealed parts, for a
// reason. Those of judges may say what they found.
var (
	reviewers = []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor}
	judges    = []identity.Role{identity.RoleReviewer}
	// watchers read who looked at what.
	watchers = []identity.Role{identity.RolePrivacy, identity.RoleAuditor}
	// counters read what is about nobody.
	counters = []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor, identity.RoleAnalyst}
)

var errRole = huma.Error403Forbidden("Your role does not allow this.")

func (s *Server) adminRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "citations", Method: http.MethodGet, Path: "/api/admin/citations",
		Summary: "The citation log, newest first",
	}, s.citations)
	register(s, staffOnly, huma.Operation{
		OperationID: "sampleCitations", Method: http.MethodGet, Path: "/api/admin/citations/sample",
		Summary: "Answers to be reviewed: chosen at random or by their score, of customers who allow that, or complained about",
	}, s.sample)
	register(s, staffOnly, huma.Operation{
		OperationID: "citation", Method: http.MethodGet, Path: "/api/admin/citations/{id}",
		Summary: "An answer with its entries in the citation log",
	}, s.citation)
	register(s, staffOnly, huma.Operation{
		OperationID: "review", Method: http.MethodPost, Path: "/api/admin/citations/{id}/review",
		Summary: "Say what was found of an answer", DefaultStatus: http.StatusCreated,
	}, s.addReview)
	register(s, staffOnly, huma.Operation{
		OperationID: "assign", Method: http.MethodPost, Path: "/api/admin/citations/{id}/assign",
		Summary: "Give an answer to a reviewer, or to nobody", DefaultStatus: http.StatusNoContent,
	}, s.assign)
	register(s, staffOnly, huma.Operation{
		OperationID: "reviewers", Method: http.MethodGet, Path: "/api/admin/reviewers",
		Summary: "Who can be given an answer to review",
	}, s.reviewerList)
	register(s, staffOnly, huma.Operation{
		OperationID: "reviewSummary", Method: http.MethodGet, Path: "/api/admin/reviews/summary",
		Summary: "How answers were found, in numbers",
	}, s.reviewSummary)
	register(s, staffOnly, huma.Operation{
		OperationID: "accessLog", Method: http.MethodGet, Path: "/api/admin/access-log",
		Summary: "Who looked at something of a customer's, and why, newest first",
	}, s.accessLog)
	register(s, staffOnly, huma.Operation{
		OperationID: "flag", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/flag",
		Summary: "Say that something is wrong with an answer of the assistant", DefaultStatus: http.StatusNoContent,
	}, s.flag)
}

package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/review"
)

// proofRetry is after which an entry that has no place in the log yet has one.
const proofRetry = time.Second

type proofInput struct {
	ID     string        `path:"id" doc:"Of an answer, or of an entry that is about it: the id or the answer_id of an item of the list"`
	Reason review.Reason `query:"reason" required:"true" enum:"complaint,sample,incident,request,legal" doc:"Why it is opened; its customer can read that"`
}

type proofOutput struct {
	Status      int
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	RetryAfter  string `header:"Retry-After"`
	Body        []byte
}

func (s *Server) proofRoutes() {
	schema := &huma.Schema{Type: huma.TypeObject, Description: "type, leaf, head, head_nonce, body, body_nonce, proof: see docs/log.md"}
	responses := map[string]*huma.Response{
		"200": {Description: "The proof, as a file", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
		"202": {
			Description: "It has no place in the log yet: ask again after Retry-After seconds",
			Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
				Type: huma.TypeObject, Properties: map[string]*huma.Schema{"status": {Type: huma.TypeString, Enum: []any{"pending"}}},
			}}},
		},
	}
	register(s, customers, huma.Operation{
		OperationID: "answerReceipt", Method: http.MethodGet, Path: "/api/answers/{id}/receipt",
		Summary: "What proves what I was told, to keep", Responses: responses, Errors: []int{http.StatusNotFound, http.StatusGone},
	}, s.answerReceipt)
	register(s, staffOnly, huma.Operation{
		OperationID: "citationProof", Method: http.MethodGet, Path: "/api/admin/citations/{id}/proof",
		Summary: "What proves an answer, with what was said", Responses: responses, Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusGone},
	}, s.citationProof)
}

var (
	errProofGone = huma.NewError(http.StatusGone, "What this answer said was deleted, so that nothing is left to prove it with. That it was given stays in the public log.")
	// errProofFalse is met by nobody whose database was left alone.
	errProofFalse = huma.Error500InternalServerError("The record of this answer is not what the public log says of it. We have noted that, and will look into it.")
)

// answerReceipt returns the proof of an answer to its customer.
func (s *Server) answerReceipt(ctx context.Context, who identity.Principal, in *conversationID) (*proofOutput, error) {
	if _, err := s.Answers.Answer(ctx, who.Customer, in.ID); err != nil {
		return nil, err
	}
	file, _, err := s.proof(ctx, in.ID)
	// An answer that is there has its entry soon.
	if errors.Is(err, citation.ErrNotIntegrated) || errors.Is(err, citation.ErrNoEntry) {
		return pendingProof(), nil
	}
	if err != nil {
		return nil, err
	}
	return proofFile(in.ID, file), nil
}

// citationProof returns the proof of an answer to a reviewer. It holds what was said, so
// that it is a look like that at the answer.
func (s *Server) citationProof(ctx context.Context, who identity.Principal, in *proofInput) (*proofOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	id, err := s.Reviews.AnswerOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	file, e, err := s.proof(ctx, id)
	switch {
	case errors.Is(err, citation.ErrNoEntry):
		return nil, huma.Error404NotFound(sentence(err.Error()))
	case errors.Is(err, citation.ErrNotIntegrated):
		return pendingProof(), nil
	case err != nil:
		return nil, err
	}
	look, allowed, err := s.lookFor(ctx, who, in.Reason, review.Item{Entry: e}, true)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, huma.Error403Forbidden("This customer has not agreed that such answers are looked at to improve them.")
	}
	switch err := s.seen(ctx, look); {
	case errors.Is(err, consent.ErrUnknownCustomer): // erased meanwhile
		return nil, errProofGone
	case err != nil:
		return nil, err
	}
	return proofFile(id, file), nil
}

// proof returns the receipt of an answer and what it says, once it is checked: what does
// not hold is given to nobody.
func (s *Server) proof(ctx context.Context, id string) ([]byte, citation.Entry, error) {
	r, err := s.Tree.Receipt(ctx, answer.LeafID(id))
	if errors.Is(err, citation.ErrBodyGone) {
		return nil, citation.Entry{}, errProofGone
	}
	if err != nil {
		return nil, citation.Entry{}, err
	}
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	enc.SetEscapeHTML(false) // what is committed to is as it was made
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, citation.Entry{}, err
	}
	v, err := citation.VerifyReceipt(file.Bytes(), s.Tree.Verifier())
	if err != nil {
		s.Logger.Error("the proof of an answer does not hold: run assistant log verify", "answer", id, "error", err)
		return nil, citation.Entry{}, errProofFalse
	}
	return file.Bytes(), v.Entry, nil
}

func pendingProof() *proofOutput {
	return &proofOutput{
		Status: http.StatusAccepted, ContentType: "application/json", RetryAfter: itoa(int(proofRetry / time.Second)),
		Body: []byte(`{"status":"pending"}` + "\n"),
	}
}

func proofFile(answer string, file []byte) *proofOutput {
	return &proofOutput{
		Status: http.StatusOK, ContentType: "application/json", Disposition: fmt.Sprintf("attachment; filename=%q", "receipt-"+answer+".json"), Body: file,
	}
}

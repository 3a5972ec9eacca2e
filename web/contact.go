package web

import (
	"context"
	"net/http"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"candor/conversation"
	"candor/identity"
)

// Contacts keeps the addresses at which customers are told that a person has answered
// them, one for a conversation. Contact is empty where there is none; removing none
// does nothing.
type Contacts interface {
	SetContact(ctx context.Context, c conversation.Conversation, address string) error
	RemoveContact(ctx context.Context, c conversation.Conversation) error
	Contact(ctx context.Context, c conversation.Conversation) (string, error)
	HasContact(ctx context.Context, conversation string) (bool, error)
}

type contactJSON struct {
	Email string `json:"email" doc:"Shortened: only its owner needs to recognise it"`
}

type contactInput struct {
	ID   string `path:"id"`
	Body struct {
		Email string `json:"email" maxLength:"254"`
	}
}

type contactOutput struct {
	Body contactJSON
}

func (s *Server) contactRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "setContact", Method: http.MethodPut, Path: "/api/conversations/{id}/contact",
		Summary: "Leave an address that is told when a person has answered, and used for nothing else",
	}, s.setContact)
	register(s, customers, huma.Operation{
		OperationID: "removeContact", Method: http.MethodDelete, Path: "/api/conversations/{id}/contact",
		Summary: "Take the address away", DefaultStatus: http.StatusNoContent,
	}, s.removeContact)
}

func (s *Server) setContact(ctx context.Context, who identity.Principal, in *contactInput) (*contactOutput, error) {
	c, err := s.Conversations.Own(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	if !s.Mails {
		return nil, huma.Error422UnprocessableEntity("We can't send e-mail here. Keep this page open, or come back to it: the answer will be here.")
	}
	address, ok := emailAddress(in.Body.Email)
	if !ok {
		return nil, huma.Error422UnprocessableEntity("This is not an e-mail address such as name@example.com.")
	}
	if err := s.Contacts.SetContact(ctx, c, address); err != nil {
		return nil, err
	}
	return &contactOutput{contactJSON{shortAddress(address)}}, nil
}

func (s *Server) removeContact(ctx context.Context, who identity.Principal, in *conversationID) (*struct{}, error) {
	c, err := s.Conversations.Own(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.Contacts.RemoveContact(ctx, c)
}

// contactOf is the address of a conversation as its customer sees it; nil: none.
func (s *Server) contactOf(ctx context.Context, c conversation.Conversation) (*contactJSON, error) {
	address, err := s.Contacts.Contact(ctx, c)
	if err != nil || address == "" {
		return nil, err
	}
	return &contactJSON{shortAddress(address)}, nil
}

// emailAddress reads an address that stands alone, without a name.
func emailAddress(text string) (string, bool) {
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	// The parser also takes what no mail server would: a quoted part, a domain in
	// brackets.
	if err != nil || a.Name != "" || a.Address != text || strings.ContainsAny(text, "\"[]<>\r\n\t ") {
		return "", false
	}
	_, domain, _ := strings.Cut(text, "@")
	return text, strings.Contains(domain, ".") && len(text) <= 254
}

// shortAddress leaves of an address its first character and its domain.
func shortAddress(address string) string {
	i := strings.LastIndexByte(address, '@')
	_, n := utf8.DecodeRuneInString(address)
	return address[:n] + "…" + address[i:]
}

package consent_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"candor/consent"
)

// TestAccessKinds: every kind that there is is listed, so that what goes through the
// list, such as the words that customers read, leaves none out.
func TestAccessKinds(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "access.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var named []consent.AccessKind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "AccessKind" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			named = append(named, consent.AccessKind(text))
		}
		return true
	})
	if !slices.Equal(named, consent.AccessKinds) {
		t.Errorf("the list has %v, the constants are %v", consent.AccessKinds, named)
	}
}

// TestAccessRecipient: at the desk it is the company's people who see something,
// whoever of them; an outside model, or a webhook, is a recipient of its own.
func TestAccessRecipient(t *testing.T) {
	t.Parallel()
	for _, k := range consent.AccessKinds {
		want := map[consent.AccessKind]consent.Recipient{
			consent.DeskAccess: consent.HumanAgents, consent.EmbeddingAccess: "ai_provider:openai",
			consent.WebhookAccess: "ai_provider:openai",
		}[k]
		if got := k.Recipient("ai_provider:openai"); got != want {
			t.Errorf("a look of the kind %s went to %q, want %q", k, got, want)
		}
	}
}

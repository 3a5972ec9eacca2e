package consent_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"candor/consent"
	"candor/identity"
)

func TestZeroScope(t *testing.T) {
	t.Parallel()
	var s consent.Scope
	p := consent.DefaultPolicy()
	for _, c := range append(p.Categories, consent.CategorySpec{}, consent.CategorySpec{ID: consent.Knowledge}) {
		for _, r := range append(p.Recipients, consent.RecipientSpec{}) {
			if grant, ok := s.Permits(c.ID, r.ID); ok || grant != "" {
				t.Errorf("the zero scope permits %s to %s", c.ID, r.ID)
			}
			if len(s.Categories(r.ID)) > 0 || len(s.Recipients(c.ID)) > 0 {
				t.Errorf("the zero scope has %s, %s", c.ID, r.ID)
			}
		}
	}
	if len(s.Searchable()) > 0 || s.Customer() != "" || s.Site() != "" || s.Audience() != consent.Public || s.Stamp().Personal {
		t.Errorf("the zero scope: %+v", s)
	}
}

// TestScopeIsMintedByTheGate: nothing exported but Gate.Scope makes a scope, and
// nothing exported changes one.
func TestScopeIsMintedByTheGate(t *testing.T) {
	t.Parallel()
	scope := reflect.TypeFor[consent.Scope]()
	for i := range scope.NumField() {
		if f := scope.Field(i); f.IsExported() || f.Anonymous {
			t.Errorf("Scope.%s can be set from outside", f.Name)
		}
	}
	if p := reflect.PointerTo(scope); p.NumMethod() != scope.NumMethod() {
		t.Error("Scope has exported methods with a pointer receiver, which could change it")
	}
	// Nor can it be read from anywhere: the standard decoders leave what is not
	// exported alone.
	for _, name := range []string{"UnmarshalJSON", "UnmarshalText", "UnmarshalBinary", "GobDecode", "UnmarshalYAML", "Scan"} {
		if _, ok := reflect.PointerTo(scope).MethodByName(name); ok {
			t.Errorf("a scope has %s", name)
		}
	}

	fset := token.NewFileSet()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var makers, literals []string
	mentions := func(n ast.Node) bool {
		found := false
		if n != nil {
			ast.Inspect(n, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				found = found || ok && id.Name == "Scope"
				return !found
			})
		}
		return found
	}
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Type.Results != nil && mentions(d.Type.Results) {
					makers = append(makers, d.Name.Name)
				}
				if d.Name.IsExported() && mentions(d.Type.Params) {
					t.Errorf("%s takes a Scope: it could change one that it is given a pointer to", d.Name.Name)
				}
				ast.Inspect(d, func(n ast.Node) bool {
					if c, ok := n.(*ast.CompositeLit); ok && mentions(c.Type) {
						literals = append(literals, d.Name.Name)
					}
					return true
				})
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						if mentions(s.Type) || slices.ContainsFunc(s.Values, func(e ast.Expr) bool { return mentions(e) }) {
							t.Errorf("a package variable holds a scope: %v", s.Names)
						}
					case *ast.TypeSpec:
						if s.Name.Name != "Scope" && mentions(s.Type) {
							t.Errorf("type %s holds a scope", s.Name)
						}
					}
				}
			}
		}
	}
	if !slices.Equal(makers, []string{"Scope"}) || !slices.Equal(literals, []string{"Scope"}) {
		t.Errorf("scopes are returned by %v and made in %v, want by Gate.Scope alone", makers, literals)
	}
}

// failing is a ledger that cannot be read or written.
type failing struct{ consent.Ledger }

var errDisk = errors.New("disk I/O error")

func (failing) Snapshot(context.Context, identity.CustomerID) (consent.Snapshot, error) {
	// As a careless ledger would: what it has, together with the error.
	p := consent.DefaultPolicy()
	return grants(p, consent.Answers, "en"), errDisk
}

func (failing) Append(context.Context, identity.CustomerID, func(consent.Snapshot) (consent.Entry, error)) (consent.Snapshot, error) {
	return consent.Snapshot{}, errDisk
}

func TestFailingLedgerDenies(t *testing.T) {
	t.Parallel()
	p := consent.DefaultPolicy()
	g := consent.NewGate(failing{}, p)
	for _, purpose := range []consent.Purpose{consent.Answers, consent.Insights, "training"} {
		s, err := g.Scope(t.Context(), identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "cus_1"}, purpose)
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: the error is %v", purpose, err)
		}
		if !s.Unavailable() || !s.Stamp().Unavailable || s.Stamp().Personal || len(s.Searchable()) > 0 {
			t.Errorf("%s: the scope is %+v", purpose, s)
		}
		for _, triple := range p.Triples() {
			if _, ok := s.Permits(triple.Category, triple.Recipient); ok {
				t.Errorf("%s: permits %+v", purpose, triple)
			}
		}
		for _, d := range s.Denials() {
			if d.Reason != consent.Unavailable {
				t.Errorf("%s: %s is denied for %s", purpose, d.Category, d.Reason)
			}
		}
		if purpose == consent.Answers && len(s.Denials()) != 8 {
			t.Errorf("%d categories are named as unavailable, want 8", len(s.Denials()))
		}
	}
	who := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "cus_1"}
	if _, err := g.Change(t.Context(), who, yes("answers/orders/brand_ai")); !errors.Is(err, errDisk) {
		t.Errorf("Change: %v", err)
	}
	if _, err := g.Choices(t.Context(), who, "en"); !errors.Is(err, errDisk) {
		t.Errorf("Choices: %v", err)
	}
	if o, err := g.Offer(t.Context(), who, consent.BrandAI, []consent.Category{"orders"}, "en", "Shop"); !errors.Is(err, errDisk) || o != nil {
		t.Errorf("Offer: %v, %v", o, err)
	}
	if c, stamp, err := g.Indexable(t.Context(), "cus_1"); !errors.Is(err, errDisk) || len(c) > 0 || stamp.Personal {
		t.Errorf("Indexable: %v, %v, %v", c, stamp, err)
	}
}

// fixed is a ledger with one snapshot, to measure the gate without its disk.
type fixed struct {
	consent.Ledger
	snap   consent.Snapshot
	policy *consent.Policy
}

func (f fixed) Policies(context.Context) ([]consent.PolicyVersion, error) {
	return []consent.PolicyVersion{{Version: f.policy.Version, Text: f.policy.Text()}}, nil
}

func (f fixed) Snapshot(context.Context, identity.CustomerID) (consent.Snapshot, error) {
	return f.snap, nil
}

// widePolicy is the default policy with more outside providers, so that it has
// at least n triples for answers.
func widePolicy(tb testing.TB, n int) *consent.Policy {
	tb.Helper()
	text := policyText(tb)
	for i := 0; ; i++ {
		p, err := consent.LoadPolicy(strings.NewReader(text))
		if err != nil {
			tb.Fatal(err)
		}
		if len(grants(p, consent.Answers, "en").Latest) >= n {
			return p
		}
		name := fmt.Sprintf("ai_provider:p%d", i)
		start := strings.Index(text, `  - id: "ai_provider:openai"`)
		block, _, _ := strings.Cut(text[start:], "\nuses:")
		if next := strings.Index(block[1:], "\n  - id:"); next >= 0 {
			block = block[:next+1] // those that were added before
		}
		block = strings.ReplaceAll(block, "ai_provider:openai", name)
		text = strings.Replace(text, "\nuses:", "\n"+strings.TrimRight(block, "\n")+"\n\nuses:", 1)
		text = strings.Replace(text, `recipients: ["ai_provider:openai"`, `recipients: ["ai_provider:openai", "`+name+`"`, 1)
		// each adds the six categories that may go outside
	}
}

func BenchmarkScope(b *testing.B) {
	p := widePolicy(b, 60)
	who := identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "cus_1"}
	for _, language := range []string{"en", "uk"} {
		b.Run(language, func(b *testing.B) {
			snap := grants(p, consent.Answers, language)
			g := consent.NewGate(fixed{snap: snap, policy: p}, p)
			b.ReportMetric(float64(len(snap.Latest)), "grants")
			for b.Loop() {
				s, err := g.Scope(b.Context(), who, consent.Answers)
				if err != nil || len(s.Searchable()) != 8 {
					b.Fatal(s.Searchable(), err)
				}
			}
		})
	}
}

package consent_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"candor/consent"
)

// story is a file of testdata/stories: what people do, and what may be used
// then. Who is maya, omar, visitor, agent (who serves maya), admin (who serves
// nobody), backend or browser (maya's site).
type story struct {
	Story string `yaml:"story"`
	Steps []step `yaml:"steps"`
}

type step struct {
	// One of these happens:
	As       string   `yaml:"as"`       // who it is, or who looks
	In       string   `yaml:"in"`       // the conversation
	Gives    []string `yaml:"gives"`    // purpose/category/recipient
	Here     []string `yaml:"here"`     // gives for this conversation
	Refuses  []string `yaml:"refuses"`  // or withdraws
	NotNow   []string `yaml:"not_now"`  // to an offer
	Fails    string   `yaml:"fails"`    // a part of the error
	Wait     string   `yaml:"wait"`     // time passes
	Sweep    bool     `yaml:"sweep"`    // what has run out is written down
	Deletes  []string `yaml:"deletes"`  // stops, and has it deleted
	Reports  []string `yaml:"reports"`  // the site says that maya gave
	Guardian []string `yaml:"guardian"` // the site says that maya's guardian gave
	Ends     []string `yaml:"ends"`     // the site, or its pages, say that maya stopped
	Age      string   `yaml:"age"`      // the site says how old maya is
	Law      string   `yaml:"law"`      // and by which law
	Policy   []string `yaml:"policy"`   // what is replaced in the policy, old and new; it is loaded
	Comments string   `yaml:"comments"` // for the reader

	// or this is what may be used:
	For     consent.Purpose   `yaml:"for"`
	GPC     bool              `yaml:"gpc"`
	May     []string          `yaml:"may"`     // category > recipient: all there is
	Reasons map[string]string `yaml:"reasons"` // category: why not; all there are but no_consent
}

func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no stories", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(b))
		dec.KnownFields(true)
		var s story
		if err := dec.Decode(&s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		t.Run(s.Story, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tell(t, s) })
		})
	}
}

func tell(t *testing.T, s story) {
	w := newWorld(t, consent.DefaultPolicy())
	looks := 0
	for i, x := range s.Steps {
		name := fmt.Sprintf("step %d (%s)", i+1, strings.TrimSpace(x.As+" "+x.Comments))
		who := w.who(x.As, x.In)
		who.GPC = x.GPC
		var set consent.ChangeSet
		switch {
		case x.Gives != nil:
			set = yes(x.Gives...)
		case x.Here != nil:
			set = here(x.Here...)
		case x.Refuses != nil:
			set = no(x.Refuses...)
		case x.NotNow != nil:
			set = notNow(x.NotNow...)
		case x.Deletes != nil:
			set = withDelete(no(x.Deletes...))
		case x.Reports != nil, x.Guardian != nil, x.Ends != nil:
			e := evidence(w)
			e.Guardian = x.Guardian != nil
			reported := changes(yes(append(x.Reports, x.Guardian...)...))
			if x.Ends != nil {
				reported, e = changes(no(x.Ends...)), consent.Evidence{}
			}
			_, err := w.gate.Report(t.Context(), who, reported, e)
			expect(t, name, err, x.Fails)
			continue
		case x.Age != "" || x.Law != "":
			w.must(w.gate.Identify(t.Context(), w.ids["maya"], consent.Person{AgeBand: consent.AgeBand(x.Age), Jurisdiction: x.Law}))
			continue
		case x.Policy != nil:
			w.must(w.store.InstallPolicy(t.Context(), edit(t, fmt.Sprint("after step ", i), x.Policy...)))
			continue
		case x.Wait != "":
			d, err := time.ParseDuration(x.Wait)
			w.must(err)
			time.Sleep(d)
			continue
		case x.Sweep:
			_, err := w.gate.Expire(t.Context(), 100)
			w.must(err)
			continue
		case x.For != "":
			looks++
			look(w, name, x)
			continue
		default:
			t.Fatalf("%s: nothing happens", name)
		}
		_, err := w.gate.Change(t.Context(), who, set)
		expect(t, name, err, x.Fails)
	}
	if looks == 0 {
		t.Error("the story looks at nothing")
	}
}

// expect wants an error with a text in it, or none.
func expect(t *testing.T, name string, err error, fails string) {
	t.Helper()
	if (err != nil) != (fails != "") || err != nil && !strings.Contains(err.Error(), fails) {
		t.Errorf("%s: %v, want %q", name, err, fails)
	}
}

func look(w *world, name string, x step) {
	who := w.who(x.As, x.In)
	who.GPC = x.GPC
	s, err := w.gate.Scope(w.Context(), who, x.For)
	w.must(err)
	var may []string
	for _, c := range w.gate.Policy().Categories {
		for _, p := range s.Recipients(c.ID) {
			may = append(may, fmt.Sprintf("%s > %s", c.ID, p.Recipient))
			if p.Grant == "" {
				w.Errorf("%s: %s goes to %s under no grant", name, c.ID, p.Recipient)
			}
		}
	}
	slices.Sort(may)
	slices.Sort(x.May)
	if d := cmp.Diff(x.May, may, cmpopts.EquateEmpty()); d != "" {
		w.Errorf("%s: may be used (-want +got):\n%s", name, d)
	}
	reasons := make(map[string]string)
	for _, d := range s.Denials() {
		if d.Reason != consent.NoConsent {
			reasons[string(d.Category)] = string(d.Reason)
		}
	}
	if all, ok := x.Reasons["all"]; ok { // every category of the purpose
		x.Reasons = maps.Clone(x.Reasons)
		delete(x.Reasons, "all")
		for _, d := range s.Denials() {
			x.Reasons[string(d.Category)] = all
		}
	}
	if d := cmp.Diff(x.Reasons, reasons, cmpopts.EquateEmpty()); d != "" {
		w.Errorf("%s: reasons (-want +got):\n%s", name, d)
	}
	if s.Stamp().Personal != (len(may) > 0) {
		w.Errorf("%s: the stamp says personal %t", name, s.Stamp().Personal)
	}
}

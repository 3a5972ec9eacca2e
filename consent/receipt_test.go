package consent_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"candor/consent"
	"candor/identity"
)

var update = flag.Bool("update", false, "write the receipts of testdata/receipts")

const brand = "Fernhill Outdoor"

// archive is a ledger of what has happened.
type archive struct {
	consent.Ledger
	events   []consent.Event
	policies map[string]string
}

func (a *archive) History(_ context.Context, customer identity.CustomerID) (out []consent.Event, err error) {
	for _, e := range a.events {
		if e.Customer == customer {
			out = append(out, e)
		}
	}
	return out, nil
}

func (a *archive) PolicyText(_ context.Context, version string) ([]byte, error) {
	text, ok := a.policies[version]
	if !ok {
		return nil, errors.New("no such policy")
	}
	return []byte(text), nil
}

func receiptKey(t testing.TB, first byte) consent.ReceiptKey {
	t.Helper()
	k, err := consent.NewReceiptKey(append([]byte{first}, make([]byte, 31)...))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newArchive is the history of one customer, with an event of each name: the golden
// files are their receipts.
func newArchive(t testing.TB) (*archive, map[string]string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "receipts", "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	first := string(b)
	// In the next version orders are gone, and the notice reads differently.
	next := strings.NewReplacer(`version: "7"`, `version: "8"`, "id: orders", "id: basket", "orders", "basket",
		"You can stop at any time.", "You can stop whenever you like.").Replace(first)
	a := &archive{policies: map[string]string{"7": first, "8": next, "6": "version: \"6\"\nwhat: an earlier program wrote\n"}}
	p, err := consent.LoadPolicy(strings.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := consent.LoadPolicy(strings.NewReader(next)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 9, 30, 0, 123456000, time.UTC)
	ids := make(map[string]string)
	add := func(name string, change func(*consent.Event)) {
		n := int64(len(a.events) + 1)
		e := consent.Event{
			ID: "grt_" + name, Customer: "cus_maya", Triple: consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI},
			State: consent.Given, Notice: p.Notice.Ref("en"), Language: "en", Jurisdiction: "eu-gdpr", Channel: "widget",
			Actor: "customer:cus_maya", At: at.Add(time.Duration(n) * time.Minute), Epoch: n, Version: "7",
		}
		change(&e)
		a.events = append(a.events, e)
		ids[name] = e.ID
	}
	add("given", func(e *consent.Event) { e.Evidence = "ofr_1" })
	add("conversation", func(e *consent.Event) {
		e.Recipient, e.Conversation, e.Expires = "ai_provider:openai", "cnv_1", e.At.Add(consent.ConversationGrant)
		e.Category = "diet"
	})
	add("deferred", func(e *consent.Event) {
		e.State, e.Expires = consent.Deferred, e.At.Add(p.DeferFor.Duration())
		e.Language, e.Notice, e.Jurisdiction = "uk", p.Notice.Ref("uk"), "br-lgpd"
	})
	add("guardian", func(e *consent.Event) {
		e.Actor, e.Channel, e.Evidence = "guardian:site:shop", "checkout", `{"page":"https://fernhill.example/family","at":"2026-11-22T09:33:00Z"}`
	})
	add("withdrawn", func(e *consent.Event) { e.State, e.Delete = consent.Withdrawn, true })
	add("expired", func(e *consent.Event) { // under a policy that has no orders any more
		e.State, e.Actor, e.Channel, e.Version = consent.Expired, "system", "system", "8"
	})
	add("requested", func(e *consent.Event) { // by an agent, whom the receipt does not name
		e.State, e.Actor, e.Channel, e.Evidence = consent.Requested, "staff:stf_1", "desk", "ofr_2"
		e.Purpose, e.Recipient, e.Expires = consent.AgentAssist, consent.HumanAgents, e.At.Add(p.DeferFor.Duration())
	})
	add("unreadable", func(e *consent.Event) {
		e.Version, e.Notice, e.Jurisdiction = "6", consent.NoticeRef{ID: "old", Version: "1", SHA256: strings.Repeat("0", 64)}, ""
	})
	a.events = append(a.events, consent.Event{ID: "grt_omar", Customer: "cus_omar", Version: "7"})
	return a, ids
}

// golden are the events whose receipts are kept in testdata.
var golden = []string{"given", "conversation", "deferred", "guardian", "withdrawn", "expired", "requested", "unreadable"}

func receiptOf(t testing.TB, r *consent.Receipts, id string) (consent.Receipt, []byte) {
	t.Helper()
	x, err := r.One(t.Context(), "cus_maya", id, brand)
	if err != nil {
		t.Fatal(err)
	}
	file, err := r.File(x)
	if err != nil {
		t.Fatal(err)
	}
	return x, file
}

func TestReceiptsAreGolden(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	key := receiptKey(t, 1)
	r := consent.NewReceipts(a, key)
	for _, name := range golden {
		x, file := receiptOf(t, r, ids[name])
		path := filepath.Join("testdata", "receipts", name+".txt")
		if *update {
			if err := os.WriteFile(path, file, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(file)); d != "" {
			t.Errorf("%s is not what it was: go test ./consent -run TestReceiptsAreGolden -update\n%s", path, d)
		}
		for _, k := range []string{key.Verifier(), ""} {
			back, err := consent.VerifyReceipt(want, k)
			if err != nil {
				t.Fatalf("%s, with the key %q: %v", name, k, err)
			}
			if d := cmp.Diff(x.Record, back.Record); d != "" {
				t.Errorf("%s reads differently:\n%s", name, d)
			}
		}
		// Another process makes the same bytes, now and later.
		if _, again := receiptOf(t, consent.NewReceipts(a, receiptKey(t, 1)), ids[name]); string(again) != string(file) {
			t.Errorf("%s: the same event has two receipts", name)
		}
	}
}

// TestReceiptSaysWhatHappened looks at what a reader of the vocabulary would.
func TestReceiptSaysWhatHappened(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	r := consent.NewReceipts(a, receiptKey(t, 1))
	at := func(name string, path ...string) any {
		t.Helper()
		x, _ := receiptOf(t, r, ids[name])
		b, err := x.JSONLD()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for _, p := range path {
			if list, ok := v.([]any); ok && p != "" {
				v = list[0]
			}
			v = v.(map[string]any)[p]
		}
		return v
	}
	const record, schema = "dpv:hasRecordOfActivity", "https://w3id.org/dpv/schema/dpv-27560#"
	for _, tt := range []struct {
		name string
		path []string
		want any
	}{
		{"given", []string{"dct:conformsTo"}, schema + "receipt-eu-gdpr"},
		{"given", []string{record, "dct:conformsTo"}, schema + "record-eu-gdpr"},
		{"deferred", []string{record, "dct:conformsTo"}, schema + "record"},
		{"given", []string{record, "dpv:hasJurisdiction"}, "loc:EU"},
		{"deferred", []string{record, "dpv:hasJurisdiction"}, "loc:BR"},
		{"unreadable", []string{record, "dpv:hasJurisdiction"}, "dpv:NotAvailable"},
		{"given", []string{record, "dpv:hasApplicableLaw", "@id"}, "eu-gdpr:GDPR"},
		{"given", []string{record, "dpv:hasLegalBasis"}, "eu-gdpr:A6-1-a"},
		{"conversation", []string{record, "dpv:hasLegalBasis"}, "eu-gdpr:A9-2-a"},
		{"deferred", []string{record, "dpv:hasLegalBasis"}, "dpv:ExpressedConsent"},
		{"given", []string{record, "dpv:hasDataSubject", "dct:identifier"}, "cus_maya"},
		{"given", []string{record, "dpv:hasDataController", "dpv:hasName"}, "Fernhill Outdoor Lda."},
		{"unreadable", []string{record, "dpv:hasDataController", "dpv:hasName"}, brand},
		{"given", []string{record, "dpv:hasProcess", "dpv:hasPurpose", "skos:broader"}, []any{"dpv:CustomerCare", "dpv:CommunicationForCustomerCare"}},
		{"given", []string{record, "dpv:hasProcess", "dpv:hasRecipient", "dct:title"}, "Fernhill Outdoor's own AI"},
		{"conversation", []string{record, "dpv:hasProcess", "dpv:hasPersonalData", "@type"}, []any{"dpv:PersonalData", "dpv:SpecialCategoryPersonalData"}},
		{"conversation", []string{record, "dpv:hasConsentStatus", "dpv:hasDuration", "dct:valid"}, "2026-11-23T09:32:00.123456Z"},
		{"deferred", []string{record, "dpv:hasConsentStatus", "@type"}, "dpv:ConsentRequestDeferred"},
		{"deferred", []string{record, "dpv:hasNotice", "dct:language"}, "uk"},
		{"deferred", []string{"@context", "dct:title", "@language"}, "uk"},
		{"guardian", []string{record, "dpv:hasConsentStatus", "dpv:isIndicatedBy", "@type"}, "dpv:GuardianOfDataSubject"},
		{"withdrawn", []string{record, "dpv:hasConsentStatus", "dpv:hasOutcome"}, "dpv:Erase"},
		// A grant that ran out later is still about what its customer read.
		{"expired", []string{record, "dct:source"}, "8"},
		{"expired", []string{record, "dpv:hasNotice", "dct:isVersionOf", "dct:source"}, "7"},
		{"expired", []string{record, "dpv:hasProcess", "dpv:hasPersonalData", "dct:title"}, "Orders"},
		{"expired", []string{record, "dpv:hasConsentStatus", "dpv:isIndicatedBy", "@type"}, "dpv:DataController"},
		{"unreadable", []string{record, "dpv:hasProcess", "dpv:hasPersonalData", "dct:title"}, "orders"},
		{"unreadable", []string{record, "dpv:hasNotice", "dct:hasFormat"}, nil},
	} {
		if d := cmp.Diff(tt.want, at(tt.name, tt.path...)); d != "" {
			t.Errorf("%s at %v:\n%s", tt.name, tt.path, d)
		}
	}
	shown, _ := at("given", record, "dpv:hasNotice", "dct:hasFormat", "schema:text").(string)
	if !strings.HasPrefix(shown, brand+"'s AI assistant looks at your data only where you say yes") {
		t.Errorf("the notice is not the one that was shown: %q", shown)
	}
}

func TestReceiptIsItsCustomers(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	r := consent.NewReceipts(a, receiptKey(t, 1))
	for _, tt := range []struct{ customer, id string }{{"cus_omar", ids["given"]}, {"cus_maya", "grt_omar"}, {"cus_maya", ""}, {"", ids["given"]}} {
		if _, err := r.One(t.Context(), identity.CustomerID(tt.customer), tt.id, brand); !errors.Is(err, consent.ErrUnknownReceipt) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	a.policies = nil
	if _, err := consent.NewReceipts(a, receiptKey(t, 1)).One(t.Context(), "cus_maya", ids["given"], brand); err == nil || errors.Is(err, consent.ErrUnknownReceipt) {
		t.Errorf("a policy that is lost: %v", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	key, other := receiptKey(t, 1), receiptKey(t, 2)
	r := consent.NewReceipts(a, key)
	x, genuine := receiptOf(t, r, ids["given"])
	_, second := receiptOf(t, r, ids["withdrawn"])
	text, signature, _ := strings.Cut(string(genuine), "\n\n")
	lines := strings.Split(text, "\n")
	lines[2], lines[3] = lines[3], lines[2]
	forge := func(change func(*consent.Receipt), k consent.ReceiptKey) string {
		forged := x
		change(&forged)
		file, err := forged.File(k)
		if err != nil {
			t.Fatal(err)
		}
		return string(file)
	}
	shown := func(x *consent.Receipt, change func(*consent.ReceiptText)) {
		s := *x.Record.Notice.Shown
		change(&s)
		x.Record.Notice.Shown = &s
	}
	both, err := note.Sign(&note.Note{Text: text + "\n"}, key, other)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, key, want string }{
		{"empty", "", "", "the file is empty"},
		{"10 MB", strings.Repeat("receipt\n", 10<<17), "", "longer than 256 KiB"},
		{"not UTF-8", text + "\xff\n\n" + signature, "", "not text in UTF-8"},
		{"a picture", "\x89PNG\x00", "", "not text in UTF-8"},
		{"cut at the end", string(genuine[:len(genuine)-20]), "", "part of it is missing"},
		{"cut in the middle", string(genuine[:len(genuine)/2]), "", "part of it is missing"},
		{"cut at the beginning", string(genuine[100:]), "", "part of it is missing"},
		{"without its signature", text + "\n\n", "", "part of it is missing"},
		{"lines in another order", strings.Join(lines, "\n") + "\n\n" + signature, "", "the signature does not fit"},
		{"another receipt's signature", text + "\n\n" + signature[strings.LastIndex(signature, "\n— ")+1:len(signature)-1] + "A\n", "", "part of it is missing"},
		{"the text of another", strings.Split(string(second), "\n\n")[0] + "\n\n" + signature, "", "the signature does not fit"},
		{"two signatures", string(both), "", "more than one signature"},
		{"the same signature twice", string(genuine) + signature, "", "more than one signature"},
		{"two receipts", string(genuine) + string(second), "", "not a receipt"},
		{"Windows lines", strings.ReplaceAll(string(genuine), "\n", "\r\n"), "", "lines end in another way"},
		{"no JSON", "hello\n\n" + signature, "", "not a receipt"},
		{"other JSON", "{}\n\n" + signature, "", "not a receipt"},
		{"forged with another key", forge(func(*consent.Receipt) {}, other), "", "not signed with the key that it names"},
		{"forged, and names its own key", forge(func(x *consent.Receipt) { x.Key.Key = other.Verifier() }, other), key.Verifier(), "not signed with this key"},
		{"names another key", forge(func(x *consent.Receipt) { x.Key.Key = other.Verifier() }, key), key.Verifier(), "names another one"},
		{"names no key", forge(func(x *consent.Receipt) { x.Key.Key = "key" }, key), "", "names no key that could be one"},
		{"with no such key", string(genuine), "hello", "the key is not one of receipts"},
		{"another's key", string(genuine), other.Verifier(), "not signed with this key"},
		{"another notice shown", forge(func(x *consent.Receipt) {
			shown(x, func(s *consent.ReceiptText) { s.Text = "Read nothing." })
		}, key), "", "not the one of its hash"},
		{"another notice written", forge(func(x *consent.Receipt) { x.Record.Notice.Written.Text += " And more." }, key), "", "not the one of its hash"},
		{"a notice of another site", forge(func(x *consent.Receipt) { x.Record.Process.Service.Name = "Other" }, key), "", "not the one that was written"},
		{"a notice that nobody saw", forge(func(x *consent.Receipt) { x.Record.Notice.Shown = nil }, key), "", "written, and not shown"},
		{"an unknown state", forge(func(x *consent.Receipt) { x.Record.Event.Type = "dpv:ConsentMaybe" }, key), "", "its state is none that is known"},
		{"an unknown schema", forge(func(x *consent.Receipt) { x.ConformsTo += "-2" }, key), "", "no schema that is known"},
		{"two schemas", forge(func(x *consent.Receipt) { x.ConformsTo = strings.TrimSuffix(x.ConformsTo, "-eu-gdpr") }, key), "", "no schema that is known"},
		{"another record", forge(func(x *consent.Receipt) { x.Record.ID = "grt_2" }, key), "", "about another event"},
		{"made before it happened", forge(func(x *consent.Receipt) { x.Created = x.Created.Add(-time.Second) }, key), "", "made before"},
		{"over before it began", forge(func(x *consent.Receipt) {
			x.Record.Event.Until = []consent.ReceiptDuration{{Time: &x.Record.Event.At}}
		}, key), "", "ends before it begins"},
	} {
		got, err := consent.VerifyReceipt([]byte(tt.file), tt.key)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if tt.file != "" && !strings.Contains(tt.want, "one") && got.ID != "" && strings.Contains(err.Error(), "changed") {
			t.Errorf("%s: what was forged is shown as if it were not", tt.name)
		}
	}
	// With the key that it names, a forgery that is whole passes: whose key it is only
	// its reader can know.
	if _, err := consent.VerifyReceipt([]byte(forge(func(x *consent.Receipt) { x.Key.Key = other.Verifier() }, other)), ""); err != nil {
		t.Errorf("a whole receipt of another installation: %v", err)
	}
}

// TestAnyByteCounts: no byte of a receipt can be another.
func TestAnyByteCounts(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	key := receiptKey(t, 1)
	r := consent.NewReceipts(a, key)
	files := make(map[string][]byte)
	for _, name := range golden {
		_, files[name] = receiptOf(t, r, ids[name])
	}
	rapid.Check(t, func(t *rapid.T) {
		file := slices.Clone(files[rapid.SampledFrom(golden).Draw(t, "receipt")])
		i := rapid.IntRange(0, len(file)-1).Draw(t, "byte")
		file[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		for _, k := range []string{key.Verifier(), ""} {
			if _, err := consent.VerifyReceipt(file, k); err == nil {
				t.Fatalf("byte %d can be another", i)
			}
		}
	})
	// Each bit of the signature's line: base64 has some that say nothing.
	given := files["given"]
	for i := strings.LastIndex(string(given), "\n\n"); i < len(given); i++ {
		for bit := range 8 {
			file := slices.Clone(given)
			file[i] ^= 1 << bit
			if _, err := consent.VerifyReceipt(file, key.Verifier()); err == nil {
				t.Fatalf("bit %d of byte %d can be another", bit, i)
			}
		}
	}
}

func TestKantara(t *testing.T) {
	t.Parallel()
	a, ids := newArchive(t)
	r := consent.NewReceipts(a, receiptKey(t, 1))
	x, _ := receiptOf(t, r, ids["conversation"])
	k, err := x.Kantara()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "receipts", "kantara.json")
	if *update {
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(b)+"\n"); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"deferred", "withdrawn", "expired"} {
		if x, _ := receiptOf(t, r, ids[name]); x.Record.Event.Type == "" {
			t.Error("an empty receipt")
		} else if _, err := x.Kantara(); !errors.Is(err, consent.ErrNotKantara) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStatesAreTerms: every state has a term of its own.
func TestStatesAreTerms(t *testing.T) {
	t.Parallel()
	a, _ := newArchive(t)
	terms := make(map[string]consent.State)
	for _, s := range []consent.State{
		consent.Requested, consent.Deferred, consent.Refused, consent.Given, consent.Renewed,
		consent.Withdrawn, consent.Revoked, consent.Expired, consent.Invalidated,
	} {
		a.events[0].State = s
		x, file := receiptOf(t, consent.NewReceipts(a, receiptKey(t, 1)), a.events[0].ID)
		if x.State() != s || terms[x.Record.Event.Type] != "" {
			t.Errorf("%s is %s, as is %q", s, x.Record.Event.Type, terms[x.Record.Event.Type])
		}
		terms[x.Record.Event.Type] = s
		if back, err := consent.VerifyReceipt(file, ""); err != nil || back.State() != s {
			t.Errorf("%s: %v, %v", s, back.State(), err)
		}
	}
	if len(slices.Collect(maps.Keys(terms))) != 9 {
		t.Error(terms)
	}
}

func TestReceiptKey(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 31, 33, 64} {
		if _, err := consent.NewReceiptKey(make([]byte, n)); err == nil {
			t.Errorf("a seed of %d bytes is a key", n)
		}
	}
	if _, err := (consent.Receipt{}).File(consent.ReceiptKey{}); err == nil {
		t.Error("no key signs")
	}
	a, b := receiptKey(t, 1), receiptKey(t, 2)
	if a.Verifier() == b.Verifier() || a.Verifier() != receiptKey(t, 1).Verifier() {
		t.Error("a key is not its seed's")
	}
	if _, err := note.NewVerifier(a.Verifier()); err != nil {
		t.Errorf("the public tools do not read the key %s: %v", a.Verifier(), err)
	}
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, make([]byte, 31)...))
	if strings.Contains(a.Verifier(), secret) {
		t.Error("the seed is in what is published")
	}
}

// FuzzVerifyReceipt: whatever is read is refused with a sentence, unless it is one
// of the receipts that were signed.
func FuzzVerifyReceipt(f *testing.F) {
	a, ids := newArchive(f)
	key := receiptKey(f, 1)
	r := consent.NewReceipts(a, key)
	signed := make(map[string]bool)
	for _, name := range golden {
		_, file := receiptOf(f, r, ids[name])
		signed[string(file)] = true
		f.Add(file, key.Verifier())
		f.Add(file, "")
		f.Add(file[:len(file)-90], "")
		f.Add(file[:strings.LastIndex(string(file), "\n\n")], "")
	}
	f.Add([]byte("{}\n\n— candor-receipts AAAAAAA=\n"), "")
	f.Add([]byte("{\"@type\":\"dpv:ConsentReceipt\"}\n\n— a AAAAAAA=\n"), "a+00000000+")
	f.Fuzz(func(t *testing.T, file []byte, k string) {
		if k != "" && k != key.Verifier() {
			k = ""
		}
		// Whoever has the key can sign anything.
		if own, err := note.Sign(&note.Note{Text: strings.TrimSuffix(string(file), "\n") + "\n"}, key); err == nil {
			if _, err := consent.VerifyReceipt(own, key.Verifier()); err != nil && (strings.Contains(err.Error(), "\n") || err.Error() == "") {
				t.Errorf("not one line: %q", err)
			}
		}
		x, err := consent.VerifyReceipt(file, k)
		switch {
		case err == nil && !signed[string(file)]:
			t.Errorf("nobody signed this receipt of %s", x.ID)
		case err != nil && (strings.Contains(err.Error(), "\n") || err.Error() == ""):
			t.Errorf("not one line: %q", err)
		}
	})
}

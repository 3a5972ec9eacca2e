package export_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"candor/agents"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// fixed are the files of every archive.
var fixed = []string{
	"README.txt", "consents.json", "conversations.json", "deletions.json", "index.html", "insights.json", "manifest.json",
	"recipients.json", "records.json", "requests.json", "usage.json",
}

const attack = `</p><script>alert("xss")</script><img src=x onerror=alert(1)>`

// TestArchive: everything about one customer is there, nothing about another, and
// what they or a site wrote stays text.
func TestArchive(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	f.put(f.maya, "order-1", "orders", "Order 1 "+attack, "A tent. "+attack)
	f.put(f.maya, "bill-1", "billing", "Invoice 1", "Paid.")
	f.put(f.maya, "guess-1", "inferences", "Likes hiking", "From two tents.")
	f.put(f.omar, "order-2", "orders", "Order canary", "A canary.")
	f.choose(f.maya, true, "orders")
	f.choose(f.omar, true, "orders")
	order := citation.Use{RecordID: "order-1", Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_x"}
	a := f.talk(f.maya, "Where is it? "+attack, "On its way.", order)
	f.talk(f.omar, "Where is the canary?", "The canary is here.", citation.Use{RecordID: "order-2", Category: "orders", Recipient: consent.BrandAI})
	f.must(f.store.Rate(ctx, f.maya.Customer, a.ID, 1, "thank you"))
	f.must(f.store.Accessed(ctx, consent.Access{
		Customer: f.maya.Customer, Actor: "staff:stf_1", Kind: consent.DeskAccess, Conversation: a.ConversationID, Purpose: consent.AgentAssist,
		Categories: []consent.Category{"orders", consent.Conversation}, Records: []consent.AccessedRecord{{ID: "order-1", Category: "orders"}},
	}, consent.Access{Customer: f.omar.Customer, Actor: "staff:stf_1", Kind: consent.DeskAccess}))
	f.must(f.store.RemoveRecord(ctx, shop, "bill-1"))
	for _, who := range []identity.Principal{f.maya, f.omar} {
		c, ok, err := f.store.Latest(ctx, who.Customer)
		if f.must(err); !ok {
			t.Fatal("there is no conversation")
		}
		file := conversation.Attachment{ID: "att_" + string(who.Customer), Name: "tent " + attack, Type: "application/pdf", Size: 12}
		f.must(f.store.Upload(ctx, conversation.StoredAttachment{Attachment: file, Conversation: c.ID, Customer: who.Customer, From: conversation.FromCustomer}, []byte(who.Customer)))
		_, err = f.store.PostFiles(ctx, c.ID, conversation.Message{
			ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(""), Attachments: []conversation.Attachment{file},
		}, "en", conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("Files are not read.")})
		f.must(err)
		f.must(f.store.AddNote(ctx, agents.By{Staff: "stf_1"}, agents.Note{ID: "not_" + string(who.Customer), Conversation: c.ID, Staff: "stf_1", Text: "Wants " + string(who.Customer) + attack}))
	}
	complaint, err := f.gate.NewRequest(ctx, f.maya, consent.ComplaintRequest, "Too slow "+attack)
	f.must(err)
	f.must(f.store.AddRequest(ctx, complaint))
	f.choose(f.maya, false, "orders")

	talk, _, err := f.store.Latest(ctx, f.maya.Customer)
	f.must(err)
	f.must(f.store.SetContact(ctx, talk, "maya@post.example"))
	files := f.take(f.maya, "en")
	events, err := f.gate.History(ctx, f.maya)
	f.must(err)
	photo := "attachments/att_" + string(f.maya.Customer) + ".pdf"
	if files[photo] != string(f.maya.Customer) || !strings.Contains(files["conversations.json"], photo) {
		t.Errorf("the file that was sent is %q", files[photo])
	}
	want := append(slices.Clone(fixed), photo)
	for _, e := range events {
		want = append(want, "receipts/"+e.ID+".txt")
	}
	var got []string
	for name := range files {
		got = append(got, name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(events) != 2 || !slices.Equal(got, want) {
		t.Errorf("the files are %v, want %v", got, want)
	}
	for name, content := range files {
		if strings.Contains(strings.ToLower(content), "canary") || strings.Contains(content, string(f.omar.Customer)) {
			t.Errorf("%s holds something of another customer's", name)
		}
	}

	testManifest(f, files)
	for _, e := range events {
		r, err := consent.VerifyReceipt([]byte(files["receipts/"+e.ID+".txt"]), f.receipts.Verifier())
		if err != nil {
			t.Errorf("a receipt: %v", err)
		} else if r.State() != e.State {
			t.Errorf("the receipt of %s says %s", e.State, r.State())
		}
	}

	records := f.items(files, "records.json")
	if len(records) != 2 || !strings.Contains(fmt.Sprint(records), attack) || !strings.Contains(fmt.Sprint(records), "Likes hiking") {
		t.Errorf("the records: %v", records)
	}
	if insights := f.items(files, "insights.json"); len(insights) != 1 || insights[0]["id"] != "guess-1" {
		t.Errorf("the insights: %v", insights)
	}
	talks := f.items(files, "conversations.json")
	if len(talks) != 1 {
		t.Fatalf("the conversations: %v", talks)
	}
	if talks[0]["contact"] != "maya@post.example" {
		t.Errorf("the address that maya left is %v", talks[0]["contact"])
	}
	messages, answers := talks[0]["messages"].([]any), talks[0]["answers"].([]any)
	if len(messages) != 5 || len(answers) != 1 || messages[1].(object)["text"] != "Where is it? "+attack {
		t.Errorf("the conversation: %v", talks[0])
	}
	if notes := talks[0]["notes"].([]any); len(notes) != 1 || notes[0].(object)["text"] != "Wants "+string(f.maya.Customer)+attack {
		t.Errorf("the notes of the desk: %v", notes)
	}
	if x := answers[0].(object); x["id"] != a.ID || x["sentences"] == nil || x["rating"].(object)["comment"] != "thank you" {
		t.Errorf("the answer: %v", x)
	}
	var consents struct {
		Choices []object
		Events  []consent.Event
	}
	f.must(json.Unmarshal([]byte(files["consents.json"]), &consents))
	if len(consents.Choices) != len(f.gate.Policy().Triples()) || len(consents.Events) != 2 || consents.Events[1].State != consent.Withdrawn {
		t.Errorf("the consents: %+v", consents)
	}
	for _, e := range consents.Events {
		if e.Actor != "customer" { // never the id of a member of staff
			t.Errorf("chosen by %q", e.Actor)
		}
	}
	var kinds []string
	for _, u := range f.items(files, "usage.json") {
		kinds = append(kinds, u["kind"].(string))
	}
	// The export itself is the latest; what was used stays when the consent ends. The
	// withdrawal may have removed what was indexed.
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return k == "deletion" })
	if !slices.Equal(kinds, []string{"export", "desk", "answer"}) {
		t.Errorf("the uses: %v", kinds)
	}
	went := f.items(files, "recipients.json")
	if len(went) != 2 || went[0]["recipient"] != "human_agents" || went[0]["who"].(object)["name"] != "Sam" || went[1]["recipient"] != "brand_ai" || went[1]["count"] != 1.0 {
		t.Errorf("the recipients: %v", went)
	}
	if deleted := f.items(files, "deletions.json"); len(deleted) == 0 || !strings.Contains(fmt.Sprint(deleted), "removed_by_site") {
		t.Errorf("the deletions: %v", deleted)
	}
	if asked := f.items(files, "requests.json"); len(asked) != 1 || asked[0]["text"] != "Too slow "+attack || asked[0]["status"] != "open" {
		t.Errorf("the requests: %v", asked)
	}
	testPage(t, files["index.html"], []string{"Your data at Käse & Söhne", "maya-4711", "A tent. " + attack, "Where is it? " + attack, "Likes hiking", "Sam", "stopped by you"})
}

// testManifest checks that the manifest names every other file as it is.
func testManifest(f *fixture, files map[string]string) {
	f.Helper()
	var m struct {
		Customer struct{ ID, Site, Brand, Subject string }
		Files    []struct {
			File   string
			Bytes  int
			SHA256 string
		}
	}
	f.must(json.Unmarshal([]byte(files["manifest.json"]), &m))
	if m.Customer.ID != string(f.maya.Customer) || m.Customer.Subject != "maya-4711" || m.Customer.Site != "shop" {
		f.Errorf("the manifest is of %+v", m.Customer)
	}
	if len(m.Files) != len(files)-1 {
		f.Errorf("the manifest names %d of %d files", len(m.Files), len(files))
	}
	for _, x := range m.Files {
		sum := sha256.Sum256([]byte(files[x.File]))
		if x.Bytes != len(files[x.File]) || x.SHA256 != hex.EncodeToString(sum[:]) {
			f.Errorf("%s is not what the manifest says", x.File)
		}
	}
}

// testPage parses the page as a browser does: its only elements are those of its
// template, no link leads out, and the texts are to be read.
func testPage(t *testing.T, page string, texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch n := token.(type) {
		case xml.CharData:
			text.Write(n)
		case xml.StartElement:
			if slices.Contains([]string{"script", "img", "iframe", "link", "object", "form", "svg", "base"}, n.Name.Local) {
				t.Errorf("the page has an element %s", n.Name.Local)
			}
			for _, a := range n.Attr {
				out := a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "receipts/") && !strings.HasPrefix(a.Value, "attachments/")
				if out || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("the page has %s=%q", a.Name.Local, a.Value)
				}
			}
		}
	}
	for _, want := range texts {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "ZgotmplZ") || !strings.Contains(page, "--accent: #1f6f4a") {
		t.Error("the page is not in the site's colour")
	}
	if !strings.Contains(page, "default-src 'none'") {
		t.Error("the page allows more than itself")
	}
}

// TestArchiveOfVisitor: who is not known has conversations all the same.
func TestArchiveOfVisitor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, err := f.store.AddVisitor(t.Context(), shop)
	f.must(err)
	f.talk(f.omar, "A canary?", "A canary.")
	visitor := identity.Principal{Kind: identity.Visitor, Site: shop, Customer: id}
	f.talk(visitor, "Do you ship to Porto?", "Yes.")
	files := f.take(visitor, "en")
	if talks := f.items(files, "conversations.json"); len(talks) != 1 || !strings.Contains(fmt.Sprint(talks), "Porto") {
		t.Errorf("the conversations: %v", talks)
	}
	if len(files) != len(fixed) || len(f.items(files, "records.json")) > 0 || strings.Contains(fmt.Sprint(files), "canary") {
		t.Errorf("a visitor's archive: %v", files)
	}
}

// TestOutsideModels: who read something to tell what it means is named as the policy
// names it, as a company outside, also where the policy is without it by now.
func TestOutsideModels(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(f.maya, "order-1", "orders", "Order 1", "A tent.")
	question := consent.Access{
		Customer: f.maya.Customer, Kind: consent.EmbeddingAccess, Purpose: consent.Answers, Categories: []consent.Category{consent.Conversation},
	}
	record := question
	record.Categories, record.Records = []consent.Category{"orders"}, []consent.AccessedRecord{{ID: "order-1", Category: "orders"}}
	for _, recipient := range []string{"ai_provider:openai", "ai_provider:gone"} {
		question.Actor, record.Actor = recipient, recipient
		f.must(f.store.Accessed(t.Context(), question, record))
	}
	for _, l := range consent.Languages {
		files := f.take(f.maya, l)
		openai, _ := f.gate.Policy().Recipient("ai_provider:openai")
		orders, _ := f.gate.Policy().Category("orders")
		words, _ := f.gate.Policy().Category(consent.Conversation)
		company := map[string]string{"en": "outside company", "pt-BR": "empresa externa", "es": "empresa externa", "uk": "стороння компанія", "ru": "сторонняя компания"}[l]
		for _, want := range []string{
			"<td>" + openai.Label.In(l) + "<small>" + company + "</small></td>", "<td>gone<small>" + company + "</small></td>",
			"<td>" + words.Label.In(l) + "</td>", "<td>" + orders.Label.In(l) + "<small>Order 1</small></td>",
		} {
			if n := strings.Count(files["index.html"], want); n < 2 {
				t.Errorf("%s: the page has %s %d times", l, want, n)
			}
		}
		if strings.Contains(files["index.html"], "ai_provider") {
			t.Errorf("%s: the page has the id of a recipient", l)
		}
		went := f.items(files, "recipients.json")
		for _, w := range went {
			if w["third_party"] != true || w["count"] != 2.0 || w["who"] != nil {
				t.Errorf("%s: it went to %v", l, w)
			}
		}
		if len(went) != 2 {
			t.Errorf("%s: the recipients: %v", l, went)
		}
	}
}

// TestLanguages: the page and its explanation are in the customer's language.
func TestLanguages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(f.maya, "order-1", "orders", "Order 1", "A tent.")
	f.choose(f.maya, true, "orders")
	for language, title := range map[string]string{
		"en": "Your data at", "pt-BR": "Seus dados em", "es": "Sus datos en", "uk": "Ваші дані у", "ru": "Ваши данные в", "pt": "Seus dados em", "xx": "Your data at",
	} {
		files := f.take(f.maya, language)
		tag := consent.MatchLanguage(language)
		if !strings.Contains(files["index.html"], `<html lang="`+tag+`">`) || !strings.Contains(files["index.html"], title) || !strings.HasPrefix(files["README.txt"], title) {
			t.Errorf("%s: %.60s", language, files["README.txt"])
		}
		for _, name := range []string{"index.html", "README.txt"} {
			if strings.Contains(files[name], "{brand}") || strings.Contains(files[name], "{date}") {
				t.Errorf("%s: %s has a gap", language, name)
			}
		}
	}
}

// TestMemory: an archive of 20,000 records of 4 kB takes no more memory than a page
// of them.
func TestMemory(t *testing.T) {
	f := newFixture(t)
	const records, size = 20_000, 4 << 10
	text := strings.Repeat("tent ", size/5)
	var base, most uint64
	read := 0
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	f.source.read(func(_ context.Context, after consent.Place, limit int) ([]retrieval.Held, consent.Place, error) {
		if limit > 1000 {
			t.Errorf("%d records were asked for at once", limit)
		}
		var page []retrieval.Held
		for i := int(after.Rank); i < records && len(page) < limit; i++ {
			page = append(page, retrieval.Held{Record: retrieval.Record{ID: fmt.Sprint(i), Category: "orders", Text: text + fmt.Sprint(i)}})
		}
		read += len(page)
		if read%2000 < limit {
			most = max(most, heap())
		}
		next := consent.Place{Rank: after.Rank + int64(len(page))}
		if next.Rank == records {
			next = consent.Place{}
		}
		return page, next, nil
	})
	base = heap()
	r, err := f.service.Stream(t.Context(), f.maya, "en")
	f.must(err)
	n := 0
	for buffer := make([]byte, 32<<10); ; {
		some, err := r.Read(buffer)
		n += some
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
	}
	if read < 3*records || n < 100_000 {
		t.Errorf("%d records were read, %d bytes written", read, n)
	}
	if most > base+16<<20 {
		t.Errorf("it took %d kB for %d kB of records", (most-base)>>10, records*size>>10)
	}
}

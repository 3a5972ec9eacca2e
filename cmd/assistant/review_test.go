package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// review is what a reviewer does with the log of a demo.
type reviewing struct {
	*testing.T
	info          demoInfo
	admin, agent  *client
	carla, omar   *client
	answer, other string // of carla, about her order; of omar, about the company
}

const reviewCanary = "zanthoriq"

func newReviewing(t *testing.T) *reviewing {
	t.Helper()
	return reviewingOf(t, startDemo(t))
}

func reviewingOf(t *testing.T, info demoInfo) *reviewing {
	t.Helper()
	r := &reviewing{T: t, info: info, admin: staff(t, info, "admin@fernhill.example"), agent: staff(t, info, "agent@fernhill.example")}
	backend(t, info).must("POST", "/api/records", []object{{
		"id": "carla-1", "customer": "carla", "category": "orders", "title": "Order FH-1", "text": "It was packed on 2 November. Your tent " + reviewCanary + " was shipped on 3 November. It comes by post.",
	}})
	r.carla, r.omar = customer(t, info, "carla"), customer(t, info, "omar")
	r.carla.consent(change("answers", "orders", "brand_ai", true))
	r.answer = r.carla.ask("Where is my tent " + reviewCanary + "?")["id"].(string)
	r.other = r.omar.ask("What is your returns policy?")["id"].(string)
	r.closed(r.answer)
	r.closed(r.other)
	return r
}

// closed waits until the log says how an answer ended.
func (r *reviewing) closed(id string) {
	r.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		entries := list(r.admin.must("GET", "/api/admin/citations/"+id, nil), "entries")
		if len(entries) > 0 && entries[len(entries)-1]["kind"] == "closed" {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("the log does not say how %s ended", id)
		}
	}
}

// listed are the answers of a list, with their items.
func (r *reviewing) listed(query string) map[string]object {
	r.Helper()
	out := make(map[string]object)
	for _, x := range list(r.admin.must("GET", "/api/admin/citations?"+query, nil), "items") {
		out[x["answer_id"].(string)] = x
	}
	return out
}

func (r *reviewing) looks(query string) []object {
	r.Helper()
	return list(r.admin.must("GET", "/api/admin/access-log?"+query, nil), "items")
}

// TestReviewIsSealed: without a reason nothing of an answer is opened; with one it is, and
// that is on record before, for whoever reads the log of accesses and for the customer.
func TestReviewIsSealed(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	item := r.listed("")[r.answer]
	if item["question"] != "" || item["sealed"] != true || item["body"] != "sealed" || item["verdict"] != "" || item["assignee"] != nil || item["complaint"] != false || item["flags"] != 0.0 {
		t.Errorf("without a reason: %v", item)
	}
	detail := r.admin.must("GET", "/api/admin/citations/"+r.answer, nil)
	if s := text(detail); strings.Contains(s, reviewCanary) || strings.Contains(s, "carla-1") || strings.Contains(s, "FH-1") || detail["sealed"] != true ||
		detail["question"] != "" || !strings.Contains(s, `"category":"orders"`) || !strings.Contains(s, `"grant_id":"grt_`) {
		t.Errorf("without a reason: %s", s)
	}
	if n := len(r.looks("answer=" + r.answer)); n != 0 {
		t.Errorf("%d looks at what was not opened", n)
	}
	for _, path := range []string{"/api/admin/citations?reason=curiosity", "/api/admin/citations?reason=", "/api/admin/citations/" + r.answer + "?reason=x"} {
		if status, _ := r.admin.do("GET", path, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", path, status)
		}
	}

	item = r.listed("reason=complaint")[r.answer]
	if !strings.Contains(item["question"].(string), reviewCanary) || item["sealed"] != false || item["body"] != "open" {
		t.Errorf("with a reason: %v", item)
	}
	detail = r.admin.must("GET", "/api/admin/citations/"+r.answer+"?reason=legal", nil)
	if detail["sealed"] != false || detail["body"] != "open" || !strings.Contains(detail["question"].(string), reviewCanary) ||
		!strings.Contains(detail["text"].(string), "shipped") || !strings.Contains(text(detail["used"]), "carla-1") {
		t.Errorf("with a reason: %v", detail)
	}
	looks := r.looks("answer=" + r.answer)
	if len(looks) != 2 || looks[0]["reason"] != "legal" || looks[1]["reason"] != "complaint" || looks[0]["name"] != "Robin" || !strings.Contains(text(looks[0]["categories"]), "orders") {
		t.Errorf("the looks: %v", looks)
	}
	if strings.Contains(text(looks), "carla-1") || len(r.looks("answer="+r.answer+"&reason=legal")) != 1 || len(r.looks("reason=incident")) != 0 ||
		len(r.looks("customer="+r.carla.customer)) != 2 {
		t.Errorf("the log of accesses: %v", looks)
	}
	reasons := make(map[string]bool)
	for _, u := range r.carla.usage() {
		if u["kind"] == "log" {
			reasons[fmt.Sprint(u["reason"])] = true
		}
	}
	if !reasons["legal"] || !reasons["complaint"] || len(reasons) != 2 {
		t.Errorf("the customer reads of %v", reasons)
	}
}

// TestReviewDetail: what a reviewer sees of an answer, and how its source stands.
func TestReviewDetail(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	detail := func() object {
		t.Helper()
		return r.admin.must("GET", "/api/admin/citations/"+r.answer+"?reason=legal", nil)
	}
	d := detail()
	shipped := func(d object) object {
		t.Helper()
		for _, x := range list(d, "sources") {
			if strings.Contains(x["then"].(object)["quote"].(string), "shipped") {
				return x
			}
		}
		t.Fatalf("no source says it: %v", d["sources"])
		return nil
	}
	source := shipped(d)
	then, now := source["then"].(object), source["now"].(object)
	if !strings.Contains(then["quote"].(string), "shipped") || now["state"] != "same" || now["text"] != nil || then["before"] != "" || source["category"] != "orders" {
		t.Errorf("a source that may not be read: %v", source)
	}
	grants := list(d, "grants")
	if len(grants) != 1 || grants[0]["state"] != "given" || grants[0]["category"] != "orders" || len(grants[0]["notice"].(object)["text"].(string)) < 100 ||
		strings.Contains(text(grants), "{brand}") {
		t.Errorf("the grants: %v", grants)
	}
	if v := d["verification"].(object); v["checked"] == 0.0 || d["model"] == nil || d["leaf"] == nil || d["spent"] == nil || len(list(d, "not_searched")) == 0 {
		t.Errorf("the detail: %v", d)
	}
	r.carla.consent(change("agent_assist", "orders", "human_agents", true))
	source = shipped(detail())
	then, now = source["then"].(object), source["now"].(object)
	if !strings.Contains(fmt.Sprint(now["text"]), "shipped") || !strings.Contains(then["before"].(string), "packed") || !strings.Contains(then["after"].(string), "by post") {
		t.Errorf("a source that may be read: %v", source)
	}
	// What was withdrawn since is said, and the record may not be read any more.
	r.carla.consent(change("agent_assist", "orders", "human_agents", false), change("answers", "orders", "brand_ai", false))
	d = detail()
	if now := list(d, "sources")[0]["now"].(object); now["text"] != nil || now["state"] != "same" {
		t.Errorf("after the withdrawal: %v", now)
	}
	if grants := list(d, "grants"); len(grants) != 2 || grants[1]["state"] != "withdrawn" {
		t.Errorf("after the withdrawal: %v", grants)
	}
	backend(t, r.info).must("POST", "/api/records", []object{{"id": "carla-1", "customer": "carla", "category": "orders", "title": "Order FH-1", "text": "It came back."}})
	if now := list(detail(), "sources")[0]["now"].(object); now["state"] != "changed" {
		t.Errorf("once it was changed: %v", now)
	}
	if status, _, _ := backend(t, r.info).raw("DELETE", "/api/records/carla-1", "", nil); status != http.StatusNoContent {
		t.Fatal(status)
	}
	if now := list(detail(), "sources")[0]["now"].(object); now["state"] != "gone" {
		t.Errorf("once it was removed: %v", now)
	}
	// Of who was erased nothing is opened, and nobody is asked to review it.
	r.carla.must("DELETE", "/api/me", object{"identity": r.carla.must("GET", "/demo/identity?customer=carla", nil)["identity"]})
	d = detail()
	if s := text(d); d["body"] != "gone" || d["sealed"] != true || strings.Contains(s, reviewCanary) || strings.Contains(s, "carla-1") || len(list(d, "entries")) != 2 {
		t.Errorf("after the erasure: %s", s)
	}
	if status, _ := r.admin.do("POST", "/api/admin/citations/"+r.answer+"/review", object{"verdict": "tone"}); status != http.StatusConflict {
		t.Errorf("a review then: %d", status)
	}
}

// TestReviewVerdicts: what is found is found again, by whoever may.
func TestReviewVerdicts(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	at := "/api/admin/citations/" + r.answer
	for _, c := range []struct {
		path   string
		body   object
		who    *client
		status int
	}{
		{at + "/review", object{"verdict": "fine"}, r.admin, 422},
		{at + "/review", object{"verdict": "tone", "note": strings.Repeat("x", 4001)}, r.admin, 422},
		{"/api/admin/citations/ans_none/review", object{"verdict": "tone"}, r.admin, 404},
		{at + "/review", object{"verdict": "tone"}, r.agent, 403},
		{at + "/assign", object{"reviewer": "stf_none"}, r.admin, 422},
		{at + "/assign", object{"reviewer": ""}, r.agent, 403},
		{at + "/review", object{"verdict": "tone"}, r.carla, 401},
	} {
		if status, out := c.who.do("POST", c.path, c.body); status != c.status {
			t.Errorf("%s %v: %d %v, want %d", c.path, c.body, status, out["detail"], c.status)
		}
	}
	people := list(r.admin.must("GET", "/api/admin/reviewers", nil), "items")
	if len(people) == 0 || people[0]["name"] == "Sam" {
		t.Fatalf("the reviewers: %v", people)
	}
	if status, _, _ := r.admin.raw("POST", at+"/assign", "application/json", []byte(`{"reviewer":"`+people[0]["id"].(string)+`"}`)); status != http.StatusNoContent {
		t.Errorf("assigning: %d", status)
	}
	key := []string{"Idempotency-Key", "once"}
	first := r.admin.must("POST", at+"/review", object{"verdict": "wrong_source", "note": "Says " + reviewCanary}, key...)
	if again := r.admin.must("POST", at+"/review", object{"verdict": "wrong_source", "note": "Says " + reviewCanary}, key...); again["id"] != first["id"] {
		t.Errorf("the same review again: %v, %v", first, again)
	}
	score := r.listed("")[r.answer]["score"].(float64)
	for query, want := range map[string]bool{
		"verdict=wrong_source": true, "verdict=tone": false, "reviewed=true": true, "reviewed=false": false, "assigned=" + people[0]["id"].(string): true,
		"assigned=none": false, "flagged=true": false, "flagged=false": true, "complaint=true": false, "score_below=0": false, "score_below=1": score < 1,
		"verdict=wrong_source&customer=" + r.omar.customer: false, "verdict=wrong_source&customer=" + r.carla.customer + "&language=en&status=answered": true,
	} {
		if _, got := r.listed(query)[r.answer]; got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	for _, query := range []string{"reviewed=maybe", "reviewed=", "score_below=2", "score_below=x", "score_below=NaN", "assigned="} {
		if status, _ := r.admin.do("GET", "/api/admin/citations?"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, status)
		}
	}
	sealed, open := r.admin.must("GET", at, nil), r.admin.must("GET", at+"?reason=incident", nil)
	if found := list(sealed, "reviews"); len(found) != 1 || found[0]["verdict"] != "wrong_source" || found[0]["note"] != nil {
		t.Errorf("without a reason: %v", found)
	}
	if found := list(open, "reviews"); found[0]["note"] != "Says "+reviewCanary || found[0]["reviewer"].(object)["name"] != "Robin" {
		t.Errorf("with a reason: %v", found)
	}
	sum := r.admin.must("GET", "/api/admin/reviews/summary", nil)
	if sum["reviews"] != 1.0 || sum["verdicts"].(object)["wrong_source"] != 1.0 || strings.Contains(text(sum), r.carla.customer) {
		t.Errorf("the summary: %v", sum)
	}
	if status, _ := r.agent.do("GET", "/api/admin/reviews/summary", nil); status != http.StatusForbidden {
		t.Errorf("an agent reads the summary: %d", status)
	}
	if status, _ := r.agent.do("GET", "/api/admin/access-log", nil); status != http.StatusForbidden {
		t.Errorf("an agent reads the log of accesses: %d", status)
	}
}

// TestReviewByEntry: an item of the list is read, judged, given and proved by its own id
// too, and by that of any entry about its answer.
func TestReviewByEntry(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	entry := r.listed("")[r.answer]["id"].(string)
	if entry == r.answer {
		t.Fatalf("the list gives %s the id of its answer", entry)
	}
	detail := r.admin.must("GET", "/api/admin/citations/"+entry+"?reason=legal", nil)
	if detail["id"] != r.answer || !strings.Contains(detail["question"].(string), reviewCanary) {
		t.Errorf("by the entry: %v", detail)
	}
	for _, e := range list(detail, "entries") {
		if got := r.admin.must("GET", "/api/admin/citations/"+e["id"].(string), nil); got["id"] != r.answer {
			t.Errorf("by the entry that is %s: %v", e["kind"], got["id"])
		}
	}
	me := list(r.admin.must("GET", "/api/admin/reviewers", nil), "items")[0]["id"]
	r.admin.must("POST", "/api/admin/citations/"+entry+"/review", object{"verdict": "correct"})
	r.admin.must("POST", "/api/admin/citations/"+entry+"/assign", object{"reviewer": me})
	if item := r.listed("")[r.answer]; item["verdict"] != "correct" || item["assignee"] == nil {
		t.Errorf("judged and given by its entry: %v", item)
	}
	if status, _, b := r.admin.raw("GET", "/api/admin/citations/"+entry+"/proof?reason=legal", "", nil); status != http.StatusOK && status != http.StatusAccepted {
		t.Errorf("the proof by its entry: %d %s", status, b)
	}
	for _, id := range []string{"cit_nothing", "ans_nothing"} {
		if status, _ := r.admin.do("GET", "/api/admin/citations/"+id, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d", id, status)
		}
	}
}

// TestReviewFlag: an agent who may read a conversation can say that something is wrong
// with an answer in it, and nobody else can.
func TestReviewFlag(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	path := "/api/desk/conversations/" + r.carla.conversation + "/flag"
	flag := func(who *client, path, answer, kind string, want int) {
		t.Helper()
		b, _ := json.Marshal(object{"answer_id": answer, "kind": kind, "note": "Look at " + reviewCanary})
		if status, _, body := who.raw("POST", path, "application/json", b); status != want {
			t.Errorf("%s of %s: %d %s, want %d", kind, answer, status, body, want)
		}
	}
	flag(r.agent, path, r.answer, "tone", 404) // nobody has asked for a person
	r.carla.must("POST", "/api/conversations/"+r.carla.conversation+"/handoff", object{})
	flag(r.agent, path, r.other, "tone", 404) // of another conversation
	flag(r.agent, path, r.answer, "correct", 422)
	flag(r.carla, path, r.answer, "tone", 401)
	flag(r.agent, path, r.answer, "unsupported", 204)
	if x := r.listed("flagged=true")[r.answer]; x == nil || x["flags"] != 1.0 {
		t.Errorf("the list: %v", x)
	}
	d := r.admin.must("GET", "/api/admin/citations/"+r.answer+"?reason=complaint", nil)
	if f := list(d, "flags"); len(f) != 1 || f[0]["kind"] != "unsupported" || f[0]["note"] != "Look at "+reviewCanary || f[0]["by"].(object)["name"] != "Sam" {
		t.Errorf("the detail: %v", f)
	}
}

// TestReviewSample: a sample, and what is opened for one, is of customers who let answers
// be measured at that moment.
func TestReviewSample(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	article := r.carla.ask("Do you ship to Portugal?")["id"].(string)
	r.closed(article)
	sample := func(kind string) (ids []string) {
		t.Helper()
		for _, x := range list(r.admin.must("GET", "/api/admin/citations/sample?n=10&kind="+kind, nil), "items") {
			if x["sealed"] != true || x["question"] != "" {
				t.Errorf("a sample is open: %v", x)
			}
			ids = append(ids, x["answer_id"].(string))
		}
		return ids
	}
	has := func(step string, want ...string) {
		t.Helper()
		for _, kind := range []string{"random", "low_score"} {
			if got := sample(kind); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s, %s: %v, want %v", step, kind, got, want)
			}
		}
		for _, id := range []string{r.answer, r.other, article} {
			open := r.admin.must("GET", "/api/admin/citations/"+id+"?reason=sample", nil)["sealed"] == false
			if open != strings.Contains(strings.Join(want, " "), id) {
				t.Errorf("%s: %s is open: %v", step, id, open)
			}
			// A list opens the question alone, which is the customer's own words.
			if listed := r.listed("reason=sample")[id]["sealed"] == false; listed != (id != r.other && len(want) > 0) {
				t.Errorf("%s: the question of %s is open: %v", step, id, listed)
			}
		}
	}
	has("nobody allows it")
	if n := len(r.looks("reason=sample")); n != 0 {
		t.Errorf("%d looks at what was not opened", n)
	}
	r.carla.consent(change("improvement", "conversation", "brand_ai", true))
	has("allowed", article) // what was made from records needs more than that
	r.carla.consent(change("improvement", "conversation", "brand_ai", false))
	has("withdrawn")
	r.carla.consent(change("improvement", "conversation", "brand_ai", true))
	r.admin.must("POST", "/api/admin/citations/"+article+"/review", object{"verdict": "correct"})
	if got := sample("random"); len(got) != 0 {
		t.Errorf("what is reviewed is in a sample: %v", got)
	}
	if got := sample("complaint"); len(got) != 0 {
		t.Errorf("what nobody complained about is in a sample: %v", got)
	}
	for _, query := range []string{"kind=all", "", "kind=random&n=0", "kind=random&n=101"} {
		if status, _ := r.admin.do("GET", "/api/admin/citations/sample?"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", query, status)
		}
	}
}

// TestReviewExport: the log is exported as it is listed, sealed without a reason, and a
// spreadsheet takes nothing of it for a formula.
func TestReviewExport(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	formula := r.omar.ask("=HYPERLINK(\"http://evil.example\") What is your returns policy?")["id"].(string)
	r.closed(formula)
	export := func(query string) string {
		t.Helper()
		status, h, body := r.admin.raw("GET", "/api/admin/citations/export?"+query, "", nil)
		if status != http.StatusOK || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %v %s", query, status, h, body)
		}
		return string(body)
	}
	rows := func(query string) []map[string]string {
		t.Helper()
		all, err := csv.NewReader(strings.NewReader(export(query))).ReadAll()
		if err != nil || len(all) == 0 {
			t.Fatalf("%s: %v", query, err)
		}
		var out []map[string]string
		for _, row := range all[1:] {
			m := make(map[string]string)
			for i, name := range all[0] {
				m[name] = row[i]
			}
			out = append(out, m)
		}
		return out
	}
	sealed := rows("format=csv")
	if len(sealed) != 3 || strings.Contains(fmt.Sprint(sealed), reviewCanary) || sealed[0]["question"] != "" || sealed[0]["body"] != "sealed" || sealed[0]["answer_id"] != formula {
		t.Errorf("without a reason: %v", sealed)
	}
	if n := len(r.looks("answer=" + r.answer)); n != 0 {
		t.Errorf("%d looks at what was not opened", n)
	}
	open := rows("reason=request&customer=" + url.QueryEscape(r.carla.customer))
	if len(open) != 1 || !strings.Contains(open[0]["question"], reviewCanary) || !strings.Contains(open[0]["text"], "shipped") || open[0]["sources"] != "carla-1" || open[0]["body"] != "open" {
		t.Errorf("with a reason: %v", open)
	}
	if looks := r.looks("answer=" + r.answer + "&reason=request"); len(looks) != 1 || !strings.Contains(text(looks), "orders") {
		t.Errorf("the looks: %v", looks)
	}
	if open := rows("reason=request&customer=" + url.QueryEscape(r.omar.customer)); !strings.HasPrefix(open[0]["question"], "'=HYPERLINK") {
		t.Errorf("a formula is one: %v", open[0]["question"])
	}
	lines := bufio.NewScanner(strings.NewReader(export("format=jsonl&reason=legal")))
	n := 0
	for ; lines.Scan(); n++ {
		var row object
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row["question"] == "" || row["text"] == "" || row["body"] != "open" {
			t.Errorf("a line: %v, %v", row, err)
		}
	}
	if n != 3 {
		t.Errorf("%d lines", n)
	}
	for _, query := range []string{"format=xls", "customer=", "statuss=answered", "from=yesterday", "reason=x", "status=a&status=b", "score_below=7"} {
		if status, _ := r.admin.do("GET", "/api/admin/citations/export?"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, status)
		}
	}
	if status, _ := r.agent.do("GET", "/api/admin/citations/export", nil); status != http.StatusForbidden {
		t.Errorf("an agent exports: %d", status)
	}
	if status, _ := r.carla.do("GET", "/api/admin/citations/export", nil); status != http.StatusUnauthorized {
		t.Errorf("a customer exports: %d", status)
	}
}

// TestEvalAnswers: reviewed answers are measured under improvement only; nothing of them
// is printed, and that they were opened is on record.
func TestEvalAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	r := reviewingOf(t, info)
	maya := customer(t, info, "maya")
	policy := maya.ask("What is your returns policy?")["id"].(string)
	r.closed(policy)
	for _, id := range []string{r.answer, r.other, policy} {
		r.admin.must("POST", "/api/admin/citations/"+id+"/review", object{"verdict": "correct"})
	}
	r.carla.consent(change("improvement", "conversation", "brand_ai", true))
	maya.consent(change("improvement", "conversation", "brand_ai", true))
	question := r.admin.must("GET", "/api/admin/citations/"+policy+"?reason=legal", nil)["question"].(string)
	stop()

	cases := filepath.Join(t.TempDir(), "cases.jsonl")
	out := mustRun(t, "eval", "answers", "--data-dir", dir, "--json", "--cases", cases)
	var report object
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	// Carla's is made from her order, which nobody may be measured by; Omar allows nothing.
	if report["reviewed"] != 3.0 || report["answers"] != 1.0 || report["withheld"] != 1.0 || report["not_allowed"] != 1.0 || report["gone"] != 0.0 ||
		report["verdicts"].(object)["correct"] != 1.0 {
		t.Errorf("the report: %s", out)
	}
	if strings.Contains(out, reviewCanary) || strings.Contains(out, question) {
		t.Errorf("the report repeats what was said: %s", out)
	}
	written, err := os.ReadFile(cases)
	if err != nil || !strings.Contains(string(written), question) || strings.Contains(string(written), reviewCanary) || strings.Count(string(written), "\n") != 1 {
		t.Errorf("the cases: %s, %v", written, err)
	}
	if i, err := os.Stat(cases); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("the file of cases: %v, %v", i.Mode(), err)
	}
	if out, err := runCommand(t, "eval", "answers", "--data-dir", dir, "--cases", cases); err == nil {
		t.Errorf("a file that is there was written again: %s", out)
	}
	info, _ = runDemo(t, t.Output(), "--data-dir", dir)
	var seen []object
	for _, u := range customer(t, info, "maya").usage() {
		if u["reason"] == "sample" {
			seen = append(seen, u)
		}
	}
	if len(seen) != 1 || seen[0]["answer_id"] != policy || seen[0]["purpose"] != "improvement" {
		t.Errorf("maya reads %v", seen)
	}
	for _, u := range customer(t, info, "carla").usage() {
		if u["reason"] == "sample" {
			t.Errorf("carla reads %v", u)
		}
	}
}

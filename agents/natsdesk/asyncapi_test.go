package natsdesk_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"candor/agents/natsdesk"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/store"
)

// document is asyncapi.yaml with its references followed.
type document map[string]any

func parse(t *testing.T) document {
	t.Helper()
	var d map[string]any // a named type would be that of the maps inside too
	must(t, yaml.Unmarshal(natsdesk.AsyncAPI, &d))
	return d
}

// at follows a reference or a path of keys.
func (d document) at(ref string) (any, error) {
	var v any = map[string]any(d)
	for key := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s leads nowhere", ref)
		}
		if r, ok := m["$ref"].(string); ok {
			next, err := d.at(r)
			if err != nil {
				return nil, err
			}
			m, _ = next.(map[string]any)
		}
		if v, ok = m[key]; !ok {
			return nil, fmt.Errorf("%s leads nowhere", ref)
		}
	}
	return v, nil
}

func (d document) walk(v any, fn func(ref string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			fn(ref)
		}
		for _, x := range v {
			d.walk(x, fn)
		}
	case []any:
		for _, x := range v {
			d.walk(x, fn)
		}
	}
}

func TestAsyncAPI(t *testing.T) {
	d := parse(t)
	if v := d["asyncapi"]; v != "3.0.0" {
		t.Errorf("it is AsyncAPI %v, want 3.0.0", v)
	}
	used := make(map[string]bool)
	d.walk(map[string]any(d), func(ref string) {
		used[ref] = true
		if _, err := d.at(ref); err != nil {
			t.Error(err)
		}
	})
	components, err := d.at("#/components/schemas")
	must(t, err)
	for name := range components.(map[string]any) {
		if !used["#/components/schemas/"+name] {
			t.Errorf("the schema %s is not used", name)
		}
	}
	addresses := make(map[string]bool)
	channels, err := d.at("#/channels")
	must(t, err)
	for _, c := range channels.(map[string]any) {
		if address, ok := c.(map[string]any)["address"].(string); ok {
			addresses[address] = true
		}
	}
	want := []string{
		"candor.conversation.{conversation}", "candor.handoff.{queue}", "candor.consent.{customer}", "$KV.presence.{staff}",
		"candor.typing.{conversation}",
	}
	for verb := range natsdesk.Verbs() {
		want = append(want, "candor.desk.{queue}."+verb)
	}
	for _, address := range want {
		if !addresses[address] {
			t.Errorf("the subject %s is not described", address)
		}
	}
	if len(addresses) != len(want) {
		t.Errorf("%d subjects are described, want %d", len(addresses), len(want))
	}
	for _, name := range []string{"CONVERSATIONS", "HANDOFFS", "candor-desk", "Candor-Token", "Nats-Msg-Id"} {
		if !strings.Contains(string(natsdesk.AsyncAPI), name) {
			t.Errorf("%s is not named", name)
		}
	}
}

// TestAsyncAPIFields compares the schemas with what is read and written, field by field.
func TestAsyncAPIFields(t *testing.T) {
	d := parse(t)
	for schema, shape := range natsdesk.Shapes() {
		d.compare(t, schema, map[string]any{"$ref": "#/components/schemas/" + schema}, shape)
	}
	requests := make(map[string]bool) // of all verbs together: one type reads them
	for _, schema := range []string{"ConversationRequest", "ReplyRequest", "TransferRequest", "NoteRequest", "SuggestRequest", "SnoozeRequest", "AskConsentRequest"} {
		properties, err := d.at("#/components/schemas/" + schema + "/properties")
		must(t, err)
		for name := range properties.(map[string]any) {
			requests[name] = true
		}
	}
	read := make(map[string]bool)
	for name := range fields(natsdesk.RequestShape()) {
		read[name] = true
	}
	if diff := cmp.Diff(read, requests); diff != "" {
		t.Errorf("the fields of requests differ (-read +described):\n%s", diff)
	}
}

// fields are the fields of a struct as its JSON has them.
func fields(s reflect.Type) map[string]reflect.Type {
	out := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(s) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" && name != "" {
			out[name] = f.Type
		}
	}
	return out
}

// compare reports fields that a schema and a type do not share.
func (d document) compare(t *testing.T, where string, schema any, shape reflect.Type) {
	t.Helper()
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		target, err := d.at(ref)
		must(t, err)
		s, _ = target.(map[string]any)
	}
	for shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	switch {
	case shape.Kind() == reflect.Slice && s["type"] == "array":
		d.compare(t, where+"[]", s["items"], shape.Elem())
	case shape.Kind() == reflect.Struct && shape != reflect.TypeFor[time.Time]():
		properties, _ := s["properties"].(map[string]any)
		has := fields(shape)
		for name, kind := range has {
			if properties[name] == nil {
				t.Errorf("%s.%s is not described", where, name)
				continue
			}
			d.compare(t, where+"."+name, properties[name], kind)
		}
		for name := range properties {
			if has[name] == nil {
				t.Errorf("%s.%s is described and is not there", where, name)
			}
		}
	}
}

// check reports what a value has that its schema does not describe, and what it
// lacks.
func (d document) check(t *testing.T, where string, schema, value any) {
	t.Helper()
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		target, err := d.at(ref)
		must(t, err)
		d.check(t, where, target, value)
		return
	}
	if all, ok := s["allOf"].([]any); ok {
		for _, x := range all {
			d.check(t, where, x, value)
		}
		return
	}
	if c, ok := s["const"]; ok && c != value {
		t.Errorf("%s is %v, want %v", where, value, c)
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, value) {
		t.Errorf("%s is %v, which is none of %v", where, value, enum)
	}
	switch value := value.(type) {
	case map[string]any:
		properties, _ := s["properties"].(map[string]any)
		required, _ := s["required"].([]any)
		for _, key := range required {
			if _, ok := value[key.(string)]; !ok {
				t.Errorf("%s has no %s", where, key)
			}
		}
		for key, v := range value {
			property, ok := properties[key]
			switch {
			case ok:
				d.check(t, where+"."+key, property, v)
			case s["type"] == "object" && s["additionalProperties"] == nil:
				t.Errorf("%s.%s is not described", where, key)
			}
		}
	case []any:
		for i, v := range value {
			d.check(t, fmt.Sprintf("%s[%d]", where, i), s["items"], v)
		}
	case string:
		kind := s["type"]
		if kind != nil && kind != "string" {
			t.Errorf("%s is a string, want %v", where, kind)
		}
		if s["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339, value); err != nil {
				t.Errorf("%s is no time: %v", where, err)
			}
		}
	}
}

// TestAsyncAPIIsTrue compares what is really said with what is described.
func TestAsyncAPIIsTrue(t *testing.T) {
	d := parse(t)
	schema := func(name string) any { return map[string]any{"$ref": "#/components/schemas/" + name} }
	compare := func(name string, payload []byte) {
		t.Helper()
		var v any
		must(t, json.Unmarshal(payload, &v))
		d.check(t, name, schema(name), v)
	}
	f := fixture(t)
	bus := openBus(t, natsdesk.Options{Dir: t.TempDir()})
	serve(t, bus, f, f.Service, f.Queue)
	ana := f.Hire(t, "Ana", identity.RoleAgent)
	c := f.Customer(t, "Where is it?", conversation.Segment{Text: "Paid.", Categories: []consent.Category{"billing"}})
	c.Record(t, "orders", "Order 1", "It has left.")
	c.Share(t, "orders", true)
	c.AskForPerson(t)
	body := fmt.Sprintf(`{"conversation_id":%q,"text":"Hello.","until":%q,"categories":["profile"]}`, c.Conversation, time.Now().Add(time.Hour).Format(time.RFC3339))
	for _, x := range []struct{ verb, schema string }{
		{"resolve", "Failure"},
		{"claim", "Done"},
		{"reply", "Done"},
		{"list", "Tickets"},
		{"ask-consent", "Done"},
		{"ask-consent", "Failure"},
		{"note", "Done"},
		{"suggest", "Failure"},
		{"transfer", "Failure"},
		{"pass", "Failure"},
		{"get", "View"},
		{"release", "Done"},
		{"claim", "Done"},
		{"snooze", "Done"},
		{"return", "Done"},
		{"reply", "Done"},
		{"resolve", "Done"},
	} {
		reply := ask(t, bus.Conn(), "candor.desk.support."+x.verb, ana.Token, body)
		compare(x.schema, reply.Data)
	}
	told := make(map[string]int)
	for _, m := range pending(t, f.Store.(*store.Store)) {
		var event struct{ Type string }
		must(t, json.Unmarshal(m.Payload, &event))
		name := map[string]string{
			"candor.conversation.message": "ConversationMessageEvent", "candor.conversation.state": "ConversationStateEvent",
			"candor.consent.changed": "ConsentChangedEvent", "candor.handoff.waiting": "HandoffEvent", "candor.handoff.message": "HandoffMessageEvent",
			"candor.handoff.owned": "HandoffEvent", "candor.handoff.closed": "HandoffEvent",
		}[event.Type]
		if name == "" {
			t.Errorf("the event %s is not described", event.Type)
			continue
		}
		told[event.Type]++
		compare(name, m.Payload)
	}
	if len(told) != 7 {
		t.Errorf("only %v were told", told)
	}
}

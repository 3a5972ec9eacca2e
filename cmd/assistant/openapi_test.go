package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// described checks values against the schemas of /openapi.json, as far as those go here:
// what type a value is of, which fields it must have, and what it may be.
type described struct{ schemas object }

// wrong is where a value is not what its schema says, and how; empty: it is.
func (d described) wrong(schema object, v any, at string) []string {
	if ref, ok := schema["$ref"].(string); ok {
		target, _ := d.schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(object)
		if target == nil {
			return []string{at + ": there is no " + ref}
		}
		return d.wrong(target, v, at)
	}
	types, _ := schema["type"].([]any)
	if one, ok := schema["type"].(string); ok {
		types = []any{one}
	}
	kind := kindOf(v)
	fits := len(types) == 0 || slices.Contains(types, any(kind)) || kind == "integer" && slices.Contains(types, any("number"))
	if !fits {
		return []string{fmt.Sprintf("%s: %s, not %v", at, kind, types)}
	}
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, v) {
		return []string{fmt.Sprintf("%s: none of %v", at, allowed)}
	}
	var out []string
	switch v := v.(type) {
	case []any:
		items, _ := schema["items"].(object)
		for i, x := range v {
			out = append(out, d.wrong(items, x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case object:
		properties, _ := schema["properties"].(object)
		others, _ := schema["additionalProperties"].(object)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				out = append(out, fmt.Sprintf("%s.%s: missing", at, name))
			}
		}
		for name, x := range v {
			of, ok := properties[name].(object)
			if !ok {
				of = others
			}
			out = append(out, d.wrong(of, x, at+"."+name)...)
		}
	}
	return out
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// TestResponsesAreAsDescribed reads whatever can be read, and compares it with what
// /openapi.json says of it.
func TestResponsesAreAsDescribed(t *testing.T) {
	t.Parallel()
	r := newReviewing(t)
	shop := backend(t, r.info)
	talk := r.omar.conversation
	r.omar.must("POST", "/api/conversations/"+talk+"/handoff", object{"reason": "It is about my parcel."})
	r.agent.must("POST", "/api/desk/conversations/"+talk+"/claim", nil)
	r.admin.must("POST", "/api/admin/citations/"+r.answer+"/review", object{"verdict": "correct"})
	who := map[string]*client{"session": r.carla, "serverKey": shop, "browserKey": shop, "staff": r.admin}
	// What routes with an id are asked for, and those that must be told what.
	asked := map[string]string{
		"/api/conversations/{id}":                 "/api/conversations/" + r.carla.conversation,
		"/api/answers/{id}":                       "/api/answers/" + r.answer,
		"/api/records/{id}":                       "/api/records/carla-1",
		"/api/admin/citations/{id}":               "/api/admin/citations/" + r.answer + "?reason=legal",
		"/api/admin/citations/sample":             "/api/admin/citations/sample?kind=low_score",
		"/api/admin/consents":                     "/api/admin/consents?customer=" + r.carla.customer,
		"/api/admin/sources/{site}/{record}/uses": "/api/admin/sources/" + r.info.Site + "/carla-1/uses",
		"/api/desk/knowledge":                     "/api/desk/knowledge?q=returns",
		"/demo/identity":                          "/demo/identity?customer=maya",
		"/api/desk/conversations/{id}":            "/api/desk/conversations/" + talk,
		"/api/me/consents/past":                   "/api/me/consents/past?at=" + time.Now().UTC().Format(time.RFC3339),
	}
	_, _, b := r.admin.raw("GET", "/openapi.json", "", nil)
	var doc object
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	d := described{doc["components"].(object)["schemas"].(object)}
	read := 0
	for _, path := range slices.Sorted(maps.Keys(doc["paths"].(object))) {
		get, ok := doc["paths"].(object)[path].(object)["get"].(object)
		if !ok {
			continue
		}
		address := asked[path]
		if address == "" {
			address = path
		}
		c := r.admin
		for _, by := range list(get, "security") {
			for name := range by {
				c = who[name]
			}
		}
		ok200, _ := get["responses"].(object)["200"].(object)
		content, _ := ok200["content"].(object)["application/json"].(object)
		schema, _ := content["schema"].(object)
		if schema == nil || strings.Contains(address, "{") {
			continue
		}
		status, _, b := c.raw("GET", address, "", nil)
		var body any
		if status != http.StatusOK || json.Unmarshal(b, &body) != nil {
			t.Errorf("GET %s: %d %s", address, status, b)
			continue
		}
		read++
		for _, w := range d.wrong(schema, body, "GET "+address) {
			t.Error(w)
		}
	}
	if read < 35 {
		t.Errorf("only %d responses were read", read)
	}
}

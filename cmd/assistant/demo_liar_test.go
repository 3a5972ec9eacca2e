package main

import (
	"strings"
	"testing"

	"candor/answer/openai/liar"
)

// TestDemoMadeUp: the demo's switch has a model make things up, in any of the languages,
// and of what it made up nothing is in the answers.
func TestDemoMadeUp(t *testing.T) {
	t.Parallel()
	info := startDemo(t)
	shop := newClient(t, info.URL)
	shop.must("PUT", "/demo/model", object{"made_up": true})
	for _, q := range []string{
		"Can I return a tent after 30 days?", "Posso devolver uma barraca depois de 30 dias?", "¿Puedo devolver una tienda después de 30 días?",
		"Чи можна повернути намет після 30 днів?", "Можно ли вернуть палатку после 30 дней?",
	} {
		a := customer(t, info, "").ask(q)
		v := a["verification"].(object)
		said, removed := a["text"].(string), list(v, "removed")
		if model := a["model"].(object)["name"]; model != liar.Name || v["released"].(float64) < 1 {
			t.Errorf("%s: written by %v: %s", q, model, said)
		}
		if len(removed) < 3 || float64(len(removed)) != v["dropped"] {
			t.Errorf("%s: removed are %v", q, v)
		}
		for _, r := range removed {
			if strings.Contains(said, r["text"].(string)) || r["reason"] == "" {
				t.Errorf("%s: %v was removed from %q", q, r, said)
			}
		}
	}
	shop.must("PUT", "/demo/model", object{"made_up": false})
	a := customer(t, info, "").ask("Can I return a tent after 30 days?")
	if v := a["verification"].(object); a["model"].(object)["name"] != "extractive" || v["dropped"] != float64(0) {
		t.Errorf("once it is off: %v, %v", a["model"], v)
	}
}

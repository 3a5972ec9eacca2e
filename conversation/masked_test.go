package conversation_test

import (
	"slices"
	"strings"
	"testing"

	"candor/conversation"
)

// TestSayHides: neither what is stored nor what is answered holds what support never
// needs, in the words of the message's language.
func TestSayHides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.start(w.maya)
	close(w.hold)
	// A message as long as may be gets longer, and is not refused for it.
	long := strings.Repeat("x ", conversation.MaxMessage/2-8) + "I have lupus"
	for _, tt := range []struct{ text, language, want string }{
		{"My card 4242 4242 4242 4242 for order FH-1", "en", "My card [card number ending 4242] for order FH-1"},
		{"Minha senha é Flor2020", "pt-BR", "Minha senha é [senha]"},
		{long, "en", strings.TrimSuffix(long, "lupus") + "[health detail]"},
	} {
		p, err := w.service.Say(t.Context(), w.maya, c.ID, tt.text, tt.language)
		w.must(err)
		if got := p.Message.Text(); got != tt.want {
			t.Errorf("%.50q is kept as %.50q", tt.text, got)
		}
	}
	w.service.Wait()
	_, messages, err := w.service.Messages(t.Context(), w.maya, c.ID)
	w.must(err)
	words := w.turns.all()
	if len(words) != 3 {
		t.Fatalf("%d of 3 messages were answered", len(words))
	}
	for _, m := range messages {
		words = append(words, m.Text())
	}
	for _, secret := range []string{"4242 4242", "Flor2020", "lupus"} {
		if slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, secret) }) {
			t.Errorf("%q is kept or answered", secret)
		}
	}
}

package answer

import (
	"regexp"
	"slices"
	"testing"

	"candor/consent"
)

func placeholders(s string) []string {
	out := regexp.MustCompile(`\{\w+\}`).FindAllString(s, -1)
	slices.Sort(out)
	return slices.Compact(out)
}

// Every phrase is there in every language, with the same placeholders.
func TestPhrasesAreComplete(t *testing.T) {
	if len(Phrases) != len(phraseTexts) {
		t.Errorf("%d phrases are listed, %d are written", len(Phrases), len(phraseTexts))
	}
	for _, p := range Phrases {
		want := placeholders(phraseTexts[p]["en"])
		for _, l := range consent.Languages {
			if phraseTexts[p][l] == "" {
				t.Errorf("%s is not written in %s", p, l)
			}
			if got := placeholders(phraseTexts[p][l]); !slices.Equal(got, want) {
				t.Errorf("%s in %s has placeholders %v, in English %v", p, l, got, want)
			}
		}
	}
}

func TestStatementFormsAreComplete(t *testing.T) {
	for category, forms := range statementForms {
		for i, f := range forms {
			for _, l := range consent.Languages {
				if f.text[l] == "" {
					t.Errorf("%s form %d is not written in %s", category, i, l)
				}
				if got, want := placeholders(f.text[l]), placeholders(f.text["en"]); !slices.Equal(got, want) {
					t.Errorf("%s form %d in %s has placeholders %v, in English %v", category, i, l, got, want)
				}
			}
		}
	}
	for category, states := range stateWords {
		for s, text := range states {
			for _, l := range consent.Languages {
				if text[l] == "" {
					t.Errorf("%s state %s is not written in %s", category, s, l)
				}
			}
		}
	}
}

func TestSay(t *testing.T) {
	p := consent.DefaultPolicy()
	for _, tt := range []struct{ got, want string }{
		{Say(SayGreeting, "en", "brand", "Fjell"), "Hello! I'm Fjell's AI assistant. How can I help?"},
		{Say(SayGreeting, "pt", "brand", "Fjell"), "Olá! Sou o assistente de IA da Fjell. Como posso ajudar?"},
		{Say(SayGreeting, "de", "brand", "{name}"), "Hello! I'm {name}'s AI assistant. How can I help?"},
		{Say(SayFirstFrame, "en", "brand", "Fjell", "days", "30"), "You're chatting with Fjell's AI. Our team can read this chat if you ask for a person. Kept 30 days."},
		{SayNotSearched(p, "en", consent.NoConsent, "orders", "billing"), "I did not look at your orders and your invoices and payments, because you have not allowed it."},
		{SayNotSearched(p, "en", "a reason of the future", "orders"), "I did not look at your orders, because you have not allowed it."},
		{p.Phrase("uk", "orders", "nonsense"), "ваші замовлення"},
		{p.Phrase("es", "orders", "profile", "preferences"), "sus pedidos, los datos de su perfil y sus preferencias"},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %q\nwant %q", tt.got, tt.want)
		}
	}
}

package analysis

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSentences(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":         {"One. Two! Three? Four", []string{"One.", "Two!", "Three?", "Four"}},
		"small letters": {"i want a refund. it was broken! can you help", []string{"i want a refund.", "it was broken!", "can you help"}},
		"abbreviations": {
			"Mr. Smith met Dr. No at 10 a.m. on Jan. 5. It rained, e.g. hail, etc. Then not.",
			[]string{"Mr. Smith met Dr. No at 10 a.m. on Jan. 5.", "It rained, e.g. hail, etc.", "Then not."},
		},
		"initials":    {"J. K. Rowling wrote it. So did I. Nobody else.", []string{"J. K. Rowling wrote it.", "So did I.", "Nobody else."}},
		"decimals":    {"It costs $3.50 or 1.234,56 €. See https://x.com/a.b?c=1 or v2.1.0.", []string{"It costs $3.50 or 1.234,56 €.", "See https://x.com/a.b?c=1 or v2.1.0."}},
		"quotes":      {"\"Why?\" he said. (He did.) “Yes.” Good.", []string{"\"Why?\" he said.", "(He did.)", "“Yes.”", "Good."}},
		"ellipsis":    {"Well... maybe. Or… No.", []string{"Well... maybe.", "Or…", "No."}},
		"portuguese":  {"O Sr. Silva mora na av. Brasil, nº 5. São 3 dias, p. ex. úteis. Fim.", []string{"O Sr. Silva mora na av. Brasil, nº 5.", "São 3 dias, p. ex. úteis.", "Fim."}},
		"russian":     {"Адрес: ул. Ленина, д. 5. Цена 10 руб. Доставка и т.д. бесплатно.", []string{"Адрес: ул. Ленина, д. 5.", "Цена 10 руб.", "Доставка и т.д. бесплатно."}},
		"ukrainian":   {"Вул. Хрещатик, буд. 1. Ціна 99 грн. за штуку.", []string{"Вул. Хрещатик, буд. 1.", "Ціна 99 грн. за штуку."}},
		"japanese":    {"はい。いいえ。", []string{"はい。", "いいえ。"}},
		"key: value":  {"Status: shipped\nTotal: 40 EUR\n", []string{"Status: shipped", "Total: 40 EUR"}},
		"short lines": {"FedEx Office\nMain Street 5\n", []string{"FedEx Office", "Main Street 5"}},
		"wrapped": {
			"A line that an editor has wrapped because it had grown too long\nand that goes on here. Next.",
			[]string{"A line that an editor has wrapped because it had grown too long\nand that goes on here.", "Next."},
		},
		"markdown": {
			"# Returns\n\nText. More.\n\n- **One** item. Its rest\n  goes on.\n- [ ] Two\n1. Three. Four.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n> Quote.\n\n```\ncode x = 1.\n```\n",
			[]string{"# Returns", "Text.", "More.", "- **One** item.", "Its rest\n  goes on.", "- [ ] Two", "1. Three.", "Four.", "| a | b |", "| 1 | 2 |", "> Quote.", "code x = 1."},
		},
		"setext":       {"Returns\n=======\nText.", []string{"Returns", "Text."}},
		"windows":      {"One.\r\nTwo.\r\n\r\nThree.", []string{"One.", "Two.", "Three."}},
		"nothing":      {" \n\n---\n\n* \n#\n", nil},
		"spaced marks": {"It was founded in 1960 . It grew , and merged .", []string{"It was founded in 1960 .", "It grew , and merged ."}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range Sentences(c.text) {
				got = append(got, s.Of(c.text))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	for markdown, want := range map[string]string{
		"## Free *returns* ##":                         "Free returns",
		"- **Bold** and _quiet_, `code`":               "Bold and quiet, code",
		"1. See [the page](https://x.com/a_(b) \"T\")": "See the page",
		"![A boot](boot.png) <https://x.com> a<br>b":   "A boot https://x.com a b",
		"| Size | 42 |":                                "Size: 42",
		"| a | b | c |":                                "a, b, c",
		"5 * 3 * 2 = 30 and snake_case_name":           "5 * 3 * 2 = 30 and snake_case_name",
		`1\. not a list \*`:                            "1. not a list *",
		"AT&amp;T, a&copy=1":                           "AT&T, a&copy=1",
		"- [x] done":                                   "done",
		"> - quoted item":                              "quoted item",
		"two\nlines":                                   "two lines",
		"***very***  ~~old~~ __strong__":               "very old strong",
		"**half of it":                                 "half of it",
		"price < 5 and > 3":                            "price < 5 and > 3",
		"-5 degrees":                                   "-5 degrees",
		"---":                                          "",
		"[ref][1] and [not a link]":                    "ref and [not a link]",
	} {
		if got := Plain(markdown); got != want {
			t.Errorf("Plain(%q) = %q, want %q", markdown, got, want)
		}
	}
}

func TestHeadings(t *testing.T) {
	text := "intro\n\n# Help\n\na\n\n## Returns\n\nb\n\n### Boots\n\nc\n\n## Sizes\n\nd"
	headings := Headings(text)
	for at, want := range map[string][]string{
		"intro": nil, "a": {"Help"}, "b": {"Help", "Returns"}, "c": {"Help", "Returns", "Boots"}, "d": {"Help", "Sizes"},
	} {
		i := len(text) - 1
		for ; i > 0 && (text[i] != at[0] || text[i-1] != '\n'); i-- {
		}
		var got []string
		for _, h := range HeadingPath(headings, i) {
			got = append(got, h.Text)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("path of %q (-want +got):\n%s", at, d)
		}
	}
}

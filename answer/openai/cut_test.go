package openai

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// cutIn cuts a text that comes in pieces of the sizes, again and again.
func cutIn(t testing.TB, text string, sizes ...int) (out []string) {
	t.Helper()
	var c cutter
	note := func(x claim) error {
		out = append(out, fmt.Sprintf("%s %v", x.text, x.sources))
		return nil
	}
	for i := 0; text != ""; i++ {
		n := min(len(text), max(1, sizes[i%len(sizes)]))
		if err := c.add(text[:n], note); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := c.end(note); err != nil {
		t.Fatal(err)
	}
	return out
}

var cuts = []struct {
	name, text string
	want       []string
}{
	{"marks before and after the full stop", "You have 30 days [1]. Returns are free. [2] They cost nothing.[1][2]", []string{
		"You have 30 days. [1]", "Returns are free. [2]", "They cost nothing. [1 2]",
	}},
	{"several in one mark", "A [1, 2]. B [1-3]. C [2][4]. D 【3】.", []string{"A. [1 2]", "B. [1 2 3]", "C. [2 4]", "D. [3]"}},
	{"named and linked marks", "A [Source 2]. B [1](https://x.example/a). C [^3].", []string{"A. [2]", "B. [1]", "C. [3]"}},
	{"the mark of a paragraph is of all of it", "Boots are warm. They are dry. [2]\nA new line.", []string{"Boots are warm. [2]", "They are dry. [2]", "A new line. []"}},
	{"nothing is named", "I think so. Surely.", []string{"I think so. []", "Surely. []"}},
	{"abbreviations, prices, addresses", "Dr. Silva pays $1.299,00 at www.shop.example/a.b [1]. It is approx. 3.5 kg, e.g. a jacket [2].", []string{
		"Dr. Silva pays $1.299,00 at www.shop.example/a.b. [1]", "It is approx. 3.5 kg, e.g. a jacket. [2]",
	}},
	{"a list", "You need:\n- a receipt [1]\n- the box [2]\n\n1. Go there [1].\n2. Pay. [1]", []string{
		"You need: [1]", "• a receipt [1]", "• the box [2]", "1. Go there. [1]", "2. Pay. [1]",
	}},
	{"headings, rules, fences and bold", "# Returns\n**Please note**\n---\n```\nYou **may** return it [1].\n```\n", []string{"You may return it. [1]"}},
	{"a table", "| Size | Price |\n|---|---|\n| M | 5 € [1] |\n", []string{"• Size: Price []", "• M: 5 € [1]"}},
	{"lines of the prompt", "| **Returns**\n| It is free [1].\n| - Pay [1]\n|\n", []string{"It is free. [1]", "• Pay [1]"}},
	{"a footer of sources", "It is free [1].\n\nSources:\n[1] Shipping\n[2] Returns", []string{"It is free. [1]"}},
	{"what a model thinks", "<think>The user wants [1]. Hm.\n\nYes.</think>\n\nIt is free [1].", []string{"It is free. [1]"}},
	{"thinking that does not end", "<think>It is free [1]. ", nil},
	{"questions, exclamations, ellipses", "Really? Yes! Wait… It is [1]. «Да»? Да [2].", []string{"Really? [1]", "Yes! [1]", "Wait… [1]", "It is. [1]", "«Да»? [2]", "Да. [2]"}},
	{"Ukrainian and Russian", "Доставка коштує 100 грн. Це т.зв. експрес [1]. Возврат — 14 дней, т.е. две недели [2].", []string{
		"Доставка коштує 100 грн. [1]", "Це т.зв. експрес. [1]", "Возврат — 14 дней, т.е. две недели. [2]",
	}},
	{"a source that there is not", "It is free [99]. And [0].", []string{"It is free. [99]", "And. [0]"}},
	{"brackets that name nothing", "The size [see chart] is M [1]. [Note] It runs small [2].", []string{"The size [see chart] is M. [1]", "[Note] It runs small. [2]"}},
	{"bold sentences", "**You have 30 days. [1]**\n**It is free [2].** And **quick. It is** safe [1].", []string{"You have 30 days. [1]", "It is free. [2]", "And quick. [1]", "It is safe. [1]"}},
	{"sources before their sentences", "[1] It is free. It is quick. [2]: You have 30 days.\n[3] Pay.", []string{
		"It is free. [1]", "It is quick. [1]", "You have 30 days. [2]", "Pay. [3]",
	}},
	{"a sentence that gives credit", "According to source [1], it is free. Según [2], son 30 días. Based on [1][2], yes.", []string{"It is free. [1]", "Son 30 días. [2]", "Yes. [1 2]"}},
	{"sources in words", "It is free (source 1). It is quick (Sources 1, 2). It is (see 1) red [1].", []string{"It is free. [1]", "It is quick. [1 2]", "It is (see 1) red. [1]"}},
	{"a footer comes last", "Source: Returns\nIt is free [1].\n**Sources:** [1]\nMore.", []string{"It is free. [1]"}},
	{"a quote", "The label says \"Wash at 30.\" [1] Then dry it.", []string{"The label says \"Wash at 30.\" [1]", "Then dry it. []"}},
	{"nothing but marks", "[1] [2]\n\n", nil},
	{"nothing", "", nil},
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range cuts {
		for _, size := range []int{1, 2, 7, 1 << 20} {
			if d := cmp.Diff(tt.want, cutIn(t, tt.text, size)); d != "" {
				t.Errorf("%s, %d bytes at a time:\n%s", tt.name, size, d)
			}
		}
	}
}

// TestCutPieces: however a text comes, it is cut in the same way.
func TestCutPieces(t *testing.T) {
	t.Parallel()
	parts := []string{
		"A b. ", "You may", " return it", ". ", "! ", "? ", "…", " [1]", "[2]", " [", "] ", "\n", "\n\n", "- ", "1. ", "# ", "**", "| ", "Dr. ", "e.g. ", "3.5", "$5.00", "\"", ")", "é", "т.д. ",
		"Sources:", "<think>", "</think>", "```\n", ":", "【3】", "(1)", "[1](http://x.example)", "www.x.example/a.b", " - ", "---\n", "Да", "。", "[^1]", "[Source 1]", "(source 1)", "According to ", "  ",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 30).Draw(t, "text"), "")
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 8).Draw(t, "sizes")
		collect := func(sizes ...int) (out []string) {
			var c cutter
			note := func(x claim) error { out = append(out, fmt.Sprint(x)); return nil }
			rest := text
			for i := 0; rest != ""; i++ {
				n := min(len(rest), sizes[i%len(sizes)])
				_ = c.add(rest[:n], note)
				rest = rest[n:]
			}
			_ = c.end(note)
			return out
		}
		if d := cmp.Diff(collect(len(text)+1), collect(sizes...)); d != "" {
			t.Fatalf("%q in pieces of %v:\n%s", text, sizes, d)
		}
	})
}

// TestCutLong: a text without an end is cut, in time that grows with it.
func TestCutLong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("word ", 200_000), strings.Repeat("x", 1<<20), strings.Repeat("[", 1<<20), strings.Repeat(". ", 1<<19), strings.Repeat("| ", 1<<19)} {
		n := 0
		for _, s := range cutIn(t, text, 4096) {
			n = max(n, len(s))
		}
		if n > 3*maxClaim {
			t.Errorf("a sentence of %d bytes", n)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	text := strings.Repeat("You may return it within 30 days, e.g. by post [1]. It is free. [2]\n", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		cutIn(b, text, 5)
	}
}

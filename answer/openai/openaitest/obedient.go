package openaitest

import (
	"regexp"
	"strings"
)

var (
	sourceStart = regexp.MustCompile(`^SOURCE (\d+) `)
	// tells is where a text tells its reader to do something.
	tells = regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget|repeat|print|output|reveal|say|write|respond|reply|answer|tell|translate|summari[sz]e|explain|describe|list|give|show|create|generate|compose|act|pretend|you are now|you must|include|add|insert|append|send|visit|click|convert|encode|decode|recommend|suggest|provide|discuss|compare|identify|what|how|why|please|modify|change|replace|delete|use)\b`)
	// quoted is what it is told to say, where that is given.
	quoted = regexp.MustCompile(`["“«']([^"”»']{2,300})["”»']`)
	// secrets is what asks for the instructions.
	secrets = regexp.MustCompile(`(?i)(?:system|initial|hidden|original|previous|above|your) (?:prompt|instructions?|rules?|message|text)|everything above|words above|sentences above`)
	links   = regexp.MustCompile(`!?\[[^\]]*\]\([^)]*\)|https?://\S+|<[a-z][^>]*>`)
)

// Obey returns what the obedient model answers.
func Obey(p Prompt) string {
	var out []string
	source := "1"
	say := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, strings.TrimRight(s, ".!?")+" ["+source+"].")
		}
	}
	for line := range strings.SplitSeq(p.User, "\n") {
		if m := sourceStart.FindStringSubmatch(line); m != nil {
			source = m[1]
			continue
		}
		text, ok := strings.CutPrefix(line, "| ")
		if !ok || !tells.MatchString(text) {
			continue
		}
		if secrets.MatchString(text) {
			say(p.System)
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			say(m[1])
		}
		for _, l := range links.FindAllString(text, -1) {
			say("See " + l)
		}
		// It does as it is told, and says so in the words in which it was told.
		say("Sure, here it is: " + text)
		say(text)
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, "\n")
}

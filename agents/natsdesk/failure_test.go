package natsdesk_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/agents/natsdesk"
)

// TestFailuresAreDescribed: what a desk of somebody else's is written against lists every
// error under its code, and none that there is not.
func TestFailuresAreDescribed(t *testing.T) {
	d := parse(t)
	described, err := d.at("#/components/schemas/Failure/properties/error/description")
	must(t, err)
	page, err := os.ReadFile("../../docs/desk.md")
	must(t, err)
	var rows strings.Builder
	for _, row := range regexp.MustCompile(`(?m)^\| (\d{3}) \|([^|]+)\|`).FindAllStringSubmatch(string(page), -1) {
		rows.WriteString(row[1] + row[2])
	}
	for where, text := range map[string]string{"asyncapi.yaml": described.(string), "docs/desk.md": rows.String()} {
		if diff := cmp.Diff(natsdesk.Failures(), byCode(text)); diff != "" {
			t.Errorf("the errors in %s (-there are +described):\n%s", where, diff)
		}
	}
	codes, err := d.at("#/components/messages/Failure/headers/properties/Nats-Service-Error-Code/enum")
	must(t, err)
	known := make(map[any]bool)
	for _, code := range codes.([]any) {
		known[code] = true
	}
	for name, code := range natsdesk.Failures() {
		if !known[strconv.Itoa(code)] {
			t.Errorf("the code %d of %s is not described", code, name)
		}
	}
}

// byCode reads names that follow their code, as in "403 forbidden, minor. 404 not_found".
func byCode(text string) map[string]int {
	out := make(map[string]int)
	code := 0
	for _, word := range regexp.MustCompile(`\d{3}|[a-z]+(?:_[a-z]+)*`).FindAllString(text, -1) {
		if n, err := strconv.Atoi(word); err == nil {
			code = n
		} else if code != 0 {
			out[word] = code
		}
	}
	return out
}

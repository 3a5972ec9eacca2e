package conversation_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"candor/answer"
	"candor/conversation"
)

// TestHandoffReasonsAgree: the assistant has the reasons that a conversation has, and
// whoever reads them, at the desk or from its messages, finds each in words.
func TestHandoffReasonsAgree(t *testing.T) {
	t.Parallel()
	var said []conversation.Reason
	for _, r := range answer.Reasons {
		said = append(said, conversation.Reason(r))
	}
	if !slices.Equal(said, conversation.HandoffReasons) {
		t.Errorf("the assistant has %v, a conversation %v", said, conversation.HandoffReasons)
	}
	for file, in := range map[string]func(reason string) string{
		"../web/ui/shared/vocabulary.ts":   func(r string) string { return "\n  " + r + ": \"" },
		"../agents/natsdesk/asyncapi.yaml": func(r string) string { return r },
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range conversation.HandoffReasons {
			if !strings.Contains(string(b), in(string(r))) {
				t.Errorf("%s does not name %s", file, r)
			}
		}
	}
}

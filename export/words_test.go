package export

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"candor/consent"
)

var placeholder = regexp.MustCompile(`\{\w+\}`)

// TestWords: every text is there in every language, with the same gaps.
func TestWords(t *testing.T) {
	t.Parallel()
	for key, text := range words {
		want := placeholder.FindAllString(text["en"], -1)
		slices.Sort(want)
		for _, l := range consent.Languages {
			if strings.TrimSpace(text[l]) == "" {
				t.Errorf("%s has no text in %s", key, l)
			}
			got := placeholder.FindAllString(text[l], -1)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s has the gaps %v, want %v", key, l, got, want)
			}
		}
		if len(text) != len(consent.Languages) {
			t.Errorf("%s is in %d languages", key, len(text))
		}
	}
	// What programs name has a text for people.
	var keys []string
	kind, _ := reflect.TypeFor[Use]().FieldByName("Kind")
	for _, k := range UseKinds() {
		keys = append(keys, "kind/"+string(k))
		if !slices.Contains(regexp.MustCompile(`\w+`).FindAllString(kind.Tag.Get("doc"), -1), string(k)) {
			t.Errorf("the API does not say that there is a use of the kind %s", k)
		}
	}
	for _, s := range []consent.State{
		consent.None, consent.Requested, consent.Deferred, consent.Refused, consent.Given, consent.Renewed, consent.Withdrawn,
		consent.Revoked, consent.Expired, consent.Invalidated,
	} {
		keys = append(keys, "state/"+string(s))
	}
	for _, k := range consent.RequestKinds {
		keys = append(keys, "request/"+string(k))
	}
	for _, f := range fileOrder {
		keys = append(keys, "file/"+f)
	}
	for _, r := range []consent.DeletionReason{
		consent.DeletedByRetention, consent.DeletedUnconsented, consent.DeletedByStop, consent.DeletedByStopDelete, consent.DeletedByEnd,
		consent.DeletedByPolicy, consent.DeletedByAge, consent.DeletedBySite, consent.DeletedByCustomer, consent.DeletedByDispute, consent.DeletedByErasure,
		consent.DeletedUnderHold,
	} {
		keys = append(keys, "reason/"+string(r))
	}
	for _, k := range keys {
		if _, ok := words[k]; !ok {
			t.Errorf("there is no text for %s", k)
		}
	}
}

package natsdesk

import (
	"iter"
	"reflect"

	"candor/agents"
)

// Verbs is every verb that is served.
func Verbs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, verb := range []string{"list", "get", "suggest"} {
			if !yield(verb) {
				return
			}
		}
		for verb := range verbs {
			if !yield(verb) {
				return
			}
		}
	}
}

// Shapes are the types of replies and of what passes between replicas, by their schemas.
func Shapes() map[string]reflect.Type {
	return map[string]reflect.Type{
		"Tickets": reflect.TypeFor[listJSON](), "View": reflect.TypeFor[viewJSON](), "Done": reflect.TypeFor[doneJSON](),
		"Failure": reflect.TypeFor[failureJSON](), "Suggestion": reflect.TypeFor[agents.Suggestion](), "Moment": reflect.TypeFor[momentJSON](),
	}
}

// RequestShape is the type of every request.
func RequestShape() reflect.Type { return reflect.TypeFor[requestJSON]() }

// Failures are the codes of errors by their names.
func Failures() map[string]int {
	out := make(map[string]int)
	for _, f := range failures {
		out[f.Name] = f.Code
	}
	return out
}

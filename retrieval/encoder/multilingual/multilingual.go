// Package multilingual is the encoder's model that comes with the program:
// multilingual-e5-small for texts in Latin and Cyrillic letters. NOTICE.md says
// where its weights are from, and under which licence.
package multilingual

import (
	_ "embed" // for the weights
	"sync"
	"unsafe"

	"candor/retrieval/encoder"
)

//go:embed multilingual-e5-small.enc
var weights string

// Encoder returns the model, ready to use. It is made once, when it is first asked
// for, which takes some 100 ms and 30 MB; the rest stays in the program's file.
var Encoder = sync.OnceValues(func() (*encoder.Encoder, error) {
	return encoder.New(unsafe.Slice(unsafe.StringData(weights), len(weights)))
})

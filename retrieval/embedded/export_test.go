package embedded

import "time"

// SaveAfter sets how soon a change is in the file, until the returned function is
// called.
func SaveAfter(d time.Duration) (restore func()) {
	old := saveAfter
	saveAfter = d
	return func() { saveAfter = old }
}

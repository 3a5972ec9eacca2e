package identity

import "errors"

// ErrUnavailable means that the database cannot be reached now. What was asked
// for is not known to have happened; repeating it later is safe where the
// request says so.
var ErrUnavailable = errors.New("the database cannot be reached now")

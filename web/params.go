package web

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
)

// unescapeParams gives handlers the ids in an address as sites chose them. It is done
// after routing: an id may have a slash, which is none of the address's own.
func unescapeParams(ctx huma.Context, next func(huma.Context)) {
	params := humafiber.Unwrap(ctx).AllParams()
	for name, value := range params {
		plain, err := url.PathUnescape(value)
		if err != nil || !utf8.ValidString(plain) {
			_ = writeProblem(humafiber.Unwrap(ctx), huma.NewError(http.StatusBadRequest, "The address is not valid UTF-8, or not escaped as addresses are."))
			return
		}
		params[name] = plain
	}
	next(addressed{ctx, params})
}

// addressed is a request with the ids of its address.
type addressed struct {
	humaContext
	params map[string]string
}

// humaContext is named so that what embeds it can have a method Context.
type humaContext huma.Context

func (a addressed) Param(name string) string { return a.params[name] }

// Unwrap is how humafiber finds the request.
func (a addressed) Unwrap() huma.Context { return a.humaContext }

package web

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName names a type in the description of the API. The framework goes by the
// name alone, and refuses two types of one name: those of other packages of ours
// carry their package's, and the items of a list that have none the hash of their
// fields.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch pkg, ours := strings.CutPrefix(t.PkgPath(), "candor/"); {
	case t.Kind() == reflect.Struct && t.Name() == "" && hint == "Item":
		sum := sha256.Sum256([]byte(t.String()))
		return name + hex.EncodeToString(sum[:4])
	case ours && pkg != "web":
		base := path.Base(pkg)
		return strings.ToUpper(base[:1]) + base[1:] + name
	}
	return name
}

// Package bundle builds the pages that web serves: TypeScript and CSS in,
// minified files with stable names out. It needs the folder node_modules beside
// the sources (`npm ci`), and never the network.
package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// pages are built from <page>/main.tsx, <page>/<page>.css and
// <page>/<page>.html each.
var pages = []string{widget, "desk", "admin", "staff", "demo"}

// The widget is built of modules, so that it loads what it seldom needs when it
// is wanted: the privacy panel, what belongs to people who answer, and the languages.
const widget = "widget"

// languages other than English, which is inside the scripts because it is what
// every other language falls back to.
var languages = []string{"pt-BR", "es", "uk", "ru"}

// Pages builds the sources in ui and replaces what is in dist.
func Pages(ui, dist string) error {
	scripts := []api.EntryPoint{{InputPath: "loader/loader.ts", OutputPath: "loader"}}
	for _, p := range pages {
		scripts = append(scripts, api.EntryPoint{InputPath: p + "/" + p + ".css", OutputPath: p})
		if p != widget {
			scripts = append(scripts, api.EntryPoint{InputPath: p + "/main.tsx", OutputPath: p})
		}
	}
	modules := []api.EntryPoint{
		{InputPath: "widget/main.tsx", OutputPath: widget},
		{InputPath: "widget/privacy/privacy.tsx", OutputPath: "privacy"},
		{InputPath: "widget/person/person.tsx", OutputPath: "person"},
	}
	for _, l := range languages {
		modules = append(
			modules,
			api.EntryPoint{InputPath: "widget/words/" + l + ".ts", OutputPath: "words-" + l},
			api.EntryPoint{InputPath: "widget/privacy/words/" + l + ".ts", OutputPath: "privacy-words-" + l},
			api.EntryPoint{InputPath: "widget/person/words/" + l + ".ts", OutputPath: "person-words-" + l},
		)
	}
	edition, err := edition(ui)
	if err != nil {
		return err
	}
	built, err := build(ui, dist, api.BuildOptions{EntryPointsAdvanced: scripts, Format: api.FormatIIFE})
	if err != nil {
		return err
	}
	shared, err := build(ui, dist, api.BuildOptions{
		EntryPointsAdvanced: modules, Format: api.FormatESModule,
		Splitting: true, ChunkNames: "widget-shared", // there is one: what the chat and the others share, who import all of it
		Define: map[string]string{"EDITION": strconv.Quote(edition)},
	})
	if err != nil {
		return err
	}
	return write(ui, dist, slices.Concat(built, shared))
}

// edition names the sources of the widget. A page that was opened before an
// update tells by it that a module it loads now is of another one.
func edition(ui string) (string, error) {
	h := sha256.New()
	for _, part := range []string{widget, "shared", "package-lock.json"} {
		err := filepath.WalkDir(filepath.Join(ui, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(ui, path)
			fmt.Fprintf(h, "%s %d\n%s", filepath.ToSlash(name), len(b), b)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func build(ui, dist string, o api.BuildOptions) ([]api.OutputFile, error) {
	root, err := filepath.Abs(ui)
	if err != nil {
		return nil, err
	}
	out, err := filepath.Abs(dist)
	if err != nil {
		return nil, err
	}
	for i := range o.EntryPointsAdvanced {
		o.EntryPointsAdvanced[i].InputPath = filepath.Join(root, o.EntryPointsAdvanced[i].InputPath)
	}
	o.AbsWorkingDir, o.Outdir = root, out
	o.Bundle = true
	o.Target = api.ES2022
	o.Charset = api.CharsetUTF8 // Cyrillic as \u escapes would be three times as large
	o.LegalComments = api.LegalCommentsNone
	o.MinifyWhitespace, o.MinifyIdentifiers, o.MinifySyntax = true, true, true
	o.JSX, o.JSXImportSource = api.JSXAutomatic, "preact"
	o.LogLevel = api.LogLevelSilent
	r := api.Build(o)
	var errs []error
	for _, m := range slices.Concat(r.Errors, r.Warnings) {
		text := m.Text
		if m.Location != nil {
			text = fmt.Sprintf("%s:%d: %s", m.Location.File, m.Location.Line, text)
		}
		errs = append(errs, errors.New(text))
	}
	return r.OutputFiles, errors.Join(errs...)
}

// write replaces dist only after everything has been built, so that a failed
// build leaves the committed files alone.
func write(ui, dist string, files []api.OutputFile) error {
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dist, filepath.Base(f.Path)), f.Contents, 0o644); err != nil {
			return err
		}
	}
	for _, p := range pages {
		if err := copyFile(filepath.Join(dist, p+".html"), filepath.Join(ui, p, p+".html")); err != nil {
			return err
		}
	}
	if err := copyFile(filepath.Join(dist, "icon.svg"), filepath.Join(ui, "shared", "icon.svg")); err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(ui, "node_modules", "preact", "LICENSE"))
	if err != nil {
		return err
	}
	text := "These pages contain Preact.\n\n" + strings.TrimSpace(string(license)) + "\n"
	return os.WriteFile(filepath.Join(dist, "licenses.txt"), []byte(text), 0o644)
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

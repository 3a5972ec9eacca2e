// Package bundle builds the pages that web serves: TypeScript and CSS in,
// minified files with stable names out. It needs the folder node_modules beside
// the sources (`npm ci`), and never the network.
package bundle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// pages are built from <page>/main.tsx, <page>/<page>.css and
// <page>/<page>.html each.
var pages = []string{"widget", "desk", "admin", "demo"}

// languages are loaded by the widget when they are wanted. English is inside
// the bundle, because it is what every other language falls back to.
var languages = []string{"pt-BR", "es", "uk", "ru"}

// Pages builds the sources in ui and replaces what is in dist.
func Pages(ui, dist string) error {
	entries := []api.EntryPoint{{InputPath: "loader/loader.ts", OutputPath: "loader"}}
	for _, p := range pages {
		entries = append(
			entries,
			api.EntryPoint{InputPath: p + "/main.tsx", OutputPath: p},
			api.EntryPoint{InputPath: p + "/" + p + ".css", OutputPath: p},
		)
	}
	scripts, err := build(ui, dist, entries, api.FormatIIFE)
	if err != nil {
		return err
	}
	entries = nil
	for _, l := range languages {
		entries = append(entries, api.EntryPoint{InputPath: "widget/words/" + l + ".ts", OutputPath: "words-" + l})
	}
	words, err := build(ui, dist, entries, api.FormatESModule)
	if err != nil {
		return err
	}
	return write(ui, dist, slices.Concat(scripts, words))
}

func build(ui, dist string, entries []api.EntryPoint, format api.Format) ([]api.OutputFile, error) {
	root, err := filepath.Abs(ui)
	if err != nil {
		return nil, err
	}
	out, err := filepath.Abs(dist)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].InputPath = filepath.Join(root, entries[i].InputPath)
	}
	r := api.Build(api.BuildOptions{
		EntryPointsAdvanced: entries,
		AbsWorkingDir:       root,
		Outdir:              out,
		Bundle:              true,
		Format:              format,
		Target:              api.ES2022,
		Charset:             api.CharsetUTF8, // Cyrillic as \u escapes would be three times as large
		LegalComments:       api.LegalCommentsNone,
		MinifyWhitespace:    true,
		MinifyIdentifiers:   true,
		MinifySyntax:        true,
		JSX:                 api.JSXAutomatic,
		JSXImportSource:     "preact",
		LogLevel:            api.LogLevelSilent,
	})
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

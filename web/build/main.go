// Command build bundles the pages of web/ui into web/dist. It runs from the
// folder web, as `go generate ./web` does.
package main

import (
	"fmt"
	"os"

	"candor/web/build/bundle"
)

func main() {
	if err := bundle.Pages("ui", "dist"); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// Package words holds the catalogues of the pages: one file per area and
// language, <area>.<language>.json.
package words

import (
	"embed"

	"twoseas/internal/base/lang"
)

//go:embed *.json
var files embed.FS

// Load returns the texts of all pages.
func Load() (*lang.Catalog, error) { return lang.Load(files) }

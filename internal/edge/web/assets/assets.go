// Package assets serves the style sheets, scripts and icons of the pages under
// names that carry the hash of their content, so that a browser keeps them for
// ever. The files are made by `make assets` and are not part of the sources;
// without them pages work undressed and say which command is missing.
package assets

import (
	"bytes"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"twoseas/internal/base/canon"
)

//go:embed all:dist
var dist embed.FS

// Prefix is where Handler is mounted.
const Prefix = "/static/"

// Assets is the files of one build. It is immutable.
type Assets struct {
	files fs.FS
	names map[string]string // from what pages say to the file with its hash
}

// Load returns the embedded files.
func Load() (*Assets, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return load(files)
}

func load(files fs.FS) (*Assets, error) {
	a := &Assets{files: files, names: map[string]string{}}
	raw, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		return a, nil //nolint:nilerr // not made yet: Made tells, and the page says so
	}
	return a, canon.UnmarshalStrict(raw, &a.names)
}

// Made reports whether `make assets` has run before the program was built.
func (a *Assets) Made() bool { return len(a.names) > 0 }

// URL returns where a file such as "desk.css" is served, "" when it was not
// made.
func (a *Assets) URL(name string) string {
	file, ok := a.names[name]
	if !ok {
		return ""
	}
	return Prefix + file
}

// encodings are the precompressed variants, the smaller one first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// ServeHTTP serves GET and HEAD of a file by the name with its hash.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	raw, err := fs.ReadFile(a.files, name)
	if err != nil || name == "manifest.json" || !fs.ValidPath(name) {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	for _, e := range encodings {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), e.name) {
			continue
		}
		if packed, err := fs.ReadFile(a.files, name+e.suffix); err == nil {
			h.Set("Content-Encoding", e.name)
			raw = packed
			break
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(raw))
}

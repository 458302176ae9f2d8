package db

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// texts is a flat folder of files held in memory: what goose asks of an fs.FS
// and no more.
type texts map[string]string

// Open opens one of the files (fs.FS).
func (f texts) Open(name string) (fs.File, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file{strings.NewReader(text), info{name, int64(len(text))}}, nil
}

// Glob returns the names that match pattern, in order (fs.GlobFS).
func (f texts) Glob(pattern string) ([]string, error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	return names, nil
}

type file struct {
	*strings.Reader
	info info
}

func (f file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f file) Close() error               { return nil }

type info struct {
	name string
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

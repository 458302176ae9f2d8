package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
)

// Documents implements feed.Outside.
func (c *Client) Documents(ctx context.Context, r feed.Remote, seen map[string]feed.Mark, take func(feed.Document) error) (map[string]feed.Mark, error) {
	if dir, ok := feed.Folder(r.URL); ok {
		return c.folder(ctx, dir, seen, take)
	}
	mark, err := c.download(ctx, r, seen[""], take)
	return map[string]feed.Mark{"": mark}, err
}

// accept is what is asked for of files; servers that know better than to
// choose send what there is.
const accept = "application/stix+json;version=2.1, application/json, text/csv, text/plain, */*;q=0.5"

// download fetches the file at a URL, unless the server says that it is as it
// was, or it turns out to be.
func (c *Client) download(ctx context.Context, r feed.Remote, seen feed.Mark, take func(feed.Document) error) (feed.Mark, error) {
	q := request{method: http.MethodGet, url: r.URL, header: http.Header{"Accept": {accept}}}
	if seen.ETag != "" {
		q.header.Set("If-None-Match", seen.ETag)
	}
	if seen.Modified != "" {
		q.header.Set("If-Modified-Since", seen.Modified)
	}
	got, err := c.do(ctx, r, q)
	if err != nil {
		return seen, err
	}
	if got.status == http.StatusNotModified {
		return seen, got.body.Close()
	}
	if typ, _, err := mime.ParseMediaType(got.header.Get("Content-Type")); err == nil && (typ == "text/html" || typ == "application/xhtml+xml") {
		return seen, errors.Join(fault.New(fault.Invalid, "the server sends a web page: is this the address of the file itself?"), got.body.Close())
	}
	d, done, err := c.spool(got.body)
	err = errors.Join(err, got.body.Close())
	if err != nil {
		return seen, errors.Join(err, done())
	}
	d.Mark.ETag, d.Mark.Modified = got.header.Get("ETag"), got.header.Get("Last-Modified")
	if d.Mark.Digest != seen.Digest {
		err = take(d)
	}
	if err != nil {
		return seen, errors.Join(err, done())
	}
	return d.Mark, done()
}

// spool copies what comes to a file, since it is read more than once and none of
// it counts before all of it is there. done removes the file.
func (c *Client) spool(r io.Reader) (d feed.Document, done func() error, err error) {
	f, err := os.CreateTemp(c.Spool, "feed-*")
	if err != nil {
		return d, func() error { return nil }, err
	}
	done = func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	hash := sha256.New()
	if d.Size, err = io.Copy(io.MultiWriter(f, hash), r); err != nil {
		return d, done, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return d, done, err
	}
	d.Body, d.Mark.Digest = f, "sha256:"+hex.EncodeToString(hash.Sum(nil))
	return d, done, nil
}

// maxFiles bounds the files of a folder.
const maxFiles = 10_000

// settled is how long a file must not have changed before it is read.
const settled = 2 * time.Second

// folder hands over the files of a folder that are other than they were, in
// order of their names. One that cannot be taken in does not keep the others
// back.
func (c *Client) folder(ctx context.Context, dir string, seen map[string]feed.Mark, take func(feed.Document) error) (map[string]feed.Mark, error) {
	root, err := c.openFolder(dir)
	if err != nil {
		return nil, err
	}
	there, err := c.files(ctx, root, seen, take)
	return there, errors.Join(err, root.Close())
}

// openFolder opens a folder that the configuration admits to.
func (c *Client) openFolder(dir string) (*os.Root, error) {
	path, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Errorf(fault.NotFound, "there is no folder %s", dir)
	}
	if err != nil {
		return nil, fault.Errorf(fault.Unavailable, "folder %s: %w", dir, err)
	}
	for _, top := range c.Folders {
		if above, err := filepath.EvalSymlinks(top); err == nil && (path == above || strings.HasPrefix(path, above+string(filepath.Separator))) {
			return os.OpenRoot(path)
		}
	}
	return nil, fault.Errorf(fault.Denied, "folder %s is not below one that node.yaml names under feed_folders", dir)
}

func (c *Client) files(ctx context.Context, root *os.Root, seen map[string]feed.Mark, take func(feed.Document) error) (map[string]feed.Mark, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fault.Errorf(fault.Unavailable, "read folder: %w", err)
	}
	if len(entries) > maxFiles {
		return nil, fault.Errorf(fault.TooLarge, "the folder holds more than %d files", maxFiles)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	there := map[string]feed.Mark{}
	var errs []error
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		mark, err := c.file(root, e.Name(), seen[e.Name()], take)
		if err != nil {
			errs = append(errs, fault.Errorf(fault.KindOf(err), "%s: %w", e.Name(), err))
		}
		if mark != (feed.Mark{}) {
			there[e.Name()] = mark
		}
	}
	return there, errors.Join(errs...)
}

func (c *Client) file(root *os.Root, name string, seen feed.Mark, take func(feed.Document) error) (feed.Mark, error) {
	f, err := root.Open(name)
	if err != nil {
		return seen, fault.Errorf(fault.Unavailable, "cannot be opened: %w", err)
	}
	mark, err := c.readFile(f, name, seen, take)
	return mark, errors.Join(err, f.Close())
}

func (c *Client) readFile(f *os.File, name string, seen feed.Mark, take func(feed.Document) error) (feed.Mark, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return seen, err
	}
	if info.Size() > c.MaxBytes {
		return seen, fault.Errorf(fault.TooLarge, "it is larger than %d bytes", c.MaxBytes)
	}
	state := strconv.FormatInt(info.Size(), 10) + "-" + strconv.FormatInt(info.ModTime().UnixNano(), 10)
	age := c.Clock.Now().Sub(info.ModTime())
	if state == seen.Modified || age >= 0 && age < settled { // or somebody is writing it
		return seen, nil
	}
	// It is read from a copy: what is hashed is what is taken in.
	d, done, err := c.spool(io.LimitReader(f, c.MaxBytes))
	if err == nil && d.Size != info.Size() {
		err = fault.New(fault.Unavailable, "it changed while it was read")
	}
	if err == nil {
		d.Name, d.Mark.Modified = name, state
		if d.Mark.Digest != seen.Digest {
			err = take(d)
		}
	}
	if err = errors.Join(err, done()); err != nil {
		return seen, err
	}
	return d.Mark, nil
}

package ioc

import (
	"io"
	"time"
	"unicode/utf8"

	"twoseas/internal/format/feed"
	"twoseas/internal/format/handling"
)

// maxMarks bounds the different words about handling taken from one text.
const maxMarks = 50

// maxSeen bounds the values that are remembered to tell repeats.
const maxSeen = 200_000

// Markings returns the marks for every level that a text mentions, each once.
// What a text says of its handling counts for all of it, wherever it stands.
func Markings(r io.Reader) ([]handling.Mark, error) {
	var out []handling.Mark
	seen := map[string]bool{}
	err := feed.Lines(r, func(_ int, text []byte) error {
		for _, m := range handling.InText(string(text)) {
			if !seen[m.ID] && len(out) < maxMarks {
				seen[m.ID] = true
				out = append(out, m)
			}
		}
		return nil
	})
	return out, err
}

// Read makes an indicator of every value in the text r, with the given marks;
// at is when they were read.
func Read(r io.Reader, marks []handling.Mark, at time.Time, out feed.Out) error {
	var refs []string
	for _, m := range marks {
		refs = append(refs, m.ID)
		if m.Definition == nil {
			continue
		}
		if err := out.Object(0, m.Definition); err != nil {
			return err
		}
	}
	seen := map[Value]struct{}{}
	return feed.Lines(r, func(n int, text []byte) error {
		if !utf8.Valid(text) {
			if err := out.Problem(n, "", "the line is not valid UTF-8; what could be read of it was"); err != nil {
				return err
			}
		}
		for v := range Extract(string(text)) {
			if _, again := seen[v]; again {
				continue
			}
			if len(seen) >= maxSeen {
				clear(seen)
			}
			seen[v] = struct{}{}
			raw, err := Indicator{Value: v, Markings: refs}.STIX(at)
			if err != nil {
				return err
			}
			if err := out.Object(n, raw); err != nil {
				return err
			}
		}
		return nil
	})
}

package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// body is an answer's content on its way in.
type body struct {
	host    string
	in      io.Reader     // decompressed
	raw     io.ReadCloser // as it comes
	left    int64
	most    int64
	silence time.Duration
	timer   *time.Timer
	ctx     context.Context //nolint:containedctx // of the request, which lives as long as this
	cancel  context.CancelFunc
}

// bounded wraps the body of an answer: at most so many bytes once it is
// decompressed, never silent for longer than Config.Silence.
func (c *Client) bounded(resp *http.Response, most int64, cancel context.CancelFunc) (io.ReadCloser, error) {
	b := &body{host: resp.Request.URL.Host, raw: resp.Body, in: resp.Body, left: most, most: most, silence: c.Silence, ctx: resp.Request.Context(), cancel: cancel}
	b.timer = time.AfterFunc(c.Silence, cancel)
	defer b.timer.Stop() // it runs while somebody reads
	switch coding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); {
	case coding == "" || coding == "identity" || resp.StatusCode == http.StatusNotModified || resp.StatusCode == http.StatusNoContent:
	case coding == "gzip" || coding == "x-gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "%s sends what is not gzip: %w", b.host, err)
		}
		b.in = z
	default:
		return nil, fault.Errorf(fault.Invalid, "%s sends its answer in %.40q, which it was not asked for", b.host, coding)
	}
	return b, nil
}

// Read implements io.Reader. Its errors say what may be shown.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// What is just as long as may be ends here, what is longer does not.
		var one [1]byte
		b.timer.Reset(b.silence)
		defer b.timer.Stop()
		if n, err := b.in.Read(one[:]); n == 0 && errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		return 0, fault.Errorf(fault.TooLarge, "%s sends more than %d bytes", b.host, b.most)
	}
	b.timer.Reset(b.silence)
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.timer.Stop()
	b.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case b.ctx.Err() != nil: // which may look like the end of the answer
		return n, fault.Errorf(fault.Unavailable, "%s stopped in the middle of its answer, or takes too long over it", b.host)
	case errors.Is(err, io.EOF):
		return n, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fault.Errorf(fault.Unavailable, "%s broke off in the middle of its answer", b.host)
	case errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader):
		return n, fault.Errorf(fault.Invalid, "%s sends broken gzip", b.host)
	}
	return n, fault.Errorf(fault.Unavailable, "%s broke off: %w", b.host, err)
}

// Close ends the request.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.raw.Close()
}

// small reads an answer that is a short resource.
func small(a answer) ([]byte, error) {
	raw, err := io.ReadAll(a.body)
	return raw, errors.Join(err, a.body.Close())
}

// maxResource bounds resources that are not pages of objects, and maxSaid what
// is repeated of an error message, in bytes.
const (
	maxResource = 8 << 20
	maxSaid     = 200
)

// explain returns what an answer says for itself, on one line: the title and
// description of a TAXII error, or the beginning of a text.
func explain(a answer) string {
	raw, err := io.ReadAll(io.LimitReader(a.body, 16<<10))
	if err != nil && len(raw) == 0 {
		return ""
	}
	var said struct {
		Title       string `json:"title"`
		Description string `json:"description"`
	}
	text := string(raw)
	if canon.Unmarshal(raw, &said) == nil && said.Title+said.Description != "" {
		text = said.Title
		if said.Description != "" {
			text = strings.TrimPrefix(text+": "+said.Description, ": ")
		}
	} else if strings.Contains(a.header.Get("Content-Type"), "html") || strings.HasPrefix(strings.TrimSpace(text), "<") {
		return ""
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "…"
	}
	return text
}

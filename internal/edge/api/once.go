package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// keyHeader names what is done, so that it is done once
// (draft-ietf-httpapi-idempotency-key-header).
const keyHeader = "Idempotency-Key"

// replayed says on an answer that it is the first one again.
const replayed = "Idempotency-Replayed"

// How long a key is kept, and after how long a request under way is taken to
// have been lost with its process.
const (
	keepKeys = 24 * time.Hour
	lostKeys = 10 * time.Minute
	maxKey   = 200
)

// once answers a write that was done already under the caller's key with the
// first answer.
func (a *api) once(o op, c huma.Context, next func(huma.Context)) {
	key := c.Header(keyHeader)
	by, ok := c.Context().Value(callerKey{}).(caller)
	if key == "" || !o.writes() || !ok {
		next(c)
		return
	}
	limit := o.body
	if limit == 0 {
		limit = maxBody
	}
	body, err := io.ReadAll(io.LimitReader(c.BodyReader(), limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fault.Errorf(fault.TooLarge, "the request is larger than %d bytes", limit)
	}
	if err == nil && (len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })) {
		err = fault.Errorf(fault.Invalid, "%s: want at most %d printable ASCII characters", keyHeader, maxKey)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	asked := append(digestOf(o, by, c.Header("Content-Type"), body), readerOf(by)...)
	first, err := a.begin(c.Context(), by, key, asked)
	if err != nil {
		a.fail(c, err)
		return
	}
	if first != nil {
		a.replay(o, c, *first)
		return
	}
	rec := &recorder{humaContext: c, in: bytes.NewReader(body)}
	defer func() { a.end(o, by, key, asked, rec) }() // also when next panics: then there is no status
	next(rec)
}

// digestOf is what was asked: the same key with another request is a mistake.
func digestOf(o op, by caller, media string, body []byte) []byte {
	h := sha256.New()
	for _, part := range []string{o.method, by.url.Path, by.url.RawQuery, media} {
		_, _ = io.WriteString(h, part+"\x00") // a hash takes everything
	}
	_, _ = h.Write(body) // likewise
	return h.Sum(nil)
}

// readerOf is who the caller is to what an answer says: somebody whose roles,
// organisation or clearance changed since is not shown the first answer again.
func readerOf(by caller) []byte {
	h := sha256.New()
	for _, part := range append(texts(by.Roles), by.Org, by.Clearance.String(), strconv.FormatInt(by.Access.Class, 10)) {
		_, _ = io.WriteString(h, part+"\x00") // a hash takes everything
	}
	return h.Sum(nil)
}

// begin takes the key for a request, or returns the answer that was given
// under it. fault.Conflict when the first is under way, fault.Invalid when the
// key was for something else.
func (a *api) begin(ctx context.Context, by caller, key string, asked []byte) (first *store.Answered, err error) {
	err = a.Handle.Write(ctx, func(tx *store.Tx) error {
		kept, found, err := tx.Answered(by.Name, key)
		if err != nil {
			return err
		}
		age := time.Duration(tx.Now()-kept.At) * time.Microsecond
		switch {
		case !found || age >= keepKeys || kept.Status == 0 && age >= lostKeys:
			return tx.SaveAnswered(store.Answered{Account: by.Name, Name: key, Request: asked, At: tx.Now()})
		case !bytes.HasPrefix(kept.Request, asked[:sha256.Size]):
			return fault.Errorf(fault.Invalid, "this %s was used for another request: take a new one", keyHeader)
		case kept.Status == 0:
			return fault.Errorf(fault.Conflict, "the first request under this %s is still under way: ask again in a moment", keyHeader)
		}
		if !bytes.Equal(kept.Request, asked) {
			return fault.Errorf(fault.Conflict, "this was done already under this %s, when your rights were others: its answer is not shown again", keyHeader)
		}
		first = &kept
		return nil
	})
	return first, err
}

// end keeps the answer; one that says "try again" frees the key.
func (a *api) end(o op, by caller, key string, asked []byte, rec *recorder) {
	ctx := context.WithoutCancel(rec.Context())
	err := a.Handle.Write(ctx, func(tx *store.Tx) error {
		switch s := rec.status; {
		case s == 0 || s >= 500 || s == http.StatusTooManyRequests || s == http.StatusUnauthorized || s == http.StatusForbidden:
			return tx.ForgetAnswered(by.Name, key)
		}
		kept := store.Answered{Account: by.Name, Name: key, Request: asked, Status: int64(rec.status), Head: rec.media, Body: rec.out.Bytes(), At: tx.Now()}
		if o.secret && rec.status < 300 {
			kept.Body = nil // what is shown once is not kept
		}
		return tx.SaveAnswered(kept)
	})
	if err != nil {
		a.Log.ErrorContext(ctx, "an answer could not be kept under its idempotency key", slog.String("error", err.Error()))
	}
}

// replay sends the first answer again.
func (a *api) replay(o op, c huma.Context, first store.Answered) {
	if o.secret && first.Status < 300 {
		a.fail(c, fault.New(fault.Conflict, "this was done already; its answer held a secret, which is shown once"))
		return
	}
	c.SetHeader(replayed, "true")
	if first.Head != "" {
		c.SetHeader("Content-Type", first.Head)
	}
	c.SetStatus(int(first.Status))
	_, _ = c.BodyWriter().Write(first.Body) // the caller has gone, if anything
}

// humaContext is huma.Context under a name that does not hide its method
// Context.
type humaContext = huma.Context

// recorder keeps what goes out while it goes.
type recorder struct {
	humaContext
	in     io.Reader
	status int
	media  string
	out    bytes.Buffer
}

// BodyReader gives the body that was read already.
func (r *recorder) BodyReader() io.Reader { return r.in }

// SetStatus notes and sets the status.
func (r *recorder) SetStatus(code int) {
	r.status = code
	r.humaContext.SetStatus(code)
}

// SetHeader notes and sets a header.
func (r *recorder) SetHeader(name, value string) {
	if strings.EqualFold(name, "Content-Type") {
		r.media = value
	}
	r.humaContext.SetHeader(name, value)
}

// BodyWriter writes to the caller and keeps a copy.
func (r *recorder) BodyWriter() io.Writer { return io.MultiWriter(&r.out, r.humaContext.BodyWriter()) }

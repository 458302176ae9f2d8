package taxii

import (
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"twoseas/internal/act/collection"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/reply"
)

// failure is an error with the HTTP status it is answered with.
type failure struct {
	status int
	text   string // for the client
}

func (f failure) Error() string { return f.text }

// errNotFound is the one answer for what is not there and what is not the
// client's to know about.
var errNotFound = failure{http.StatusNotFound, "there is nothing here, or nothing that you have access to"}

// statusOf returns the HTTP status of an error (TAXII 2.1 §5.5 for what a
// posted body may have wrong with it).
func statusOf(err error) int {
	if f, ok := errors.AsType[failure](err); ok {
		return f.status
	}
	_, body := errors.AsType[*http.MaxBytesError](err)
	if !body && (errors.Is(err, canon.ErrNotEnvelope) || fault.Is(err, fault.TooLarge)) { // one object is: a body may be larger (§4.2.1)
		return http.StatusUnprocessableEntity
	}
	return reply.Status(err)
}

// failWith answers a request of somebody known with an error.
func (s *Server) failWith(q *request, err error) {
	status := statusOf(err)
	if status == http.StatusServiceUnavailable {
		q.w.Header().Set("Retry-After", "5")
	}
	s.fail(q.w, q.r, status, err)
}

// fail answers with an error message (TAXII 2.1 §3.6.1). Only what may be
// shown is; the rest goes into the log under the same error_id.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	id := s.errorID()
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError && r.Context().Err() == nil {
		level = slog.LevelError
	}
	s.Log.LogAttrs(r.Context(), level, "TAXII request failed", slog.String("error_id", id),
		slog.Int("status", status), slog.String("method", r.Method), slog.Any("error", err))
	number := strconv.Itoa(status)
	b := appendText([]byte{'{'}, "title", http.StatusText(status))
	b = appendText(b, "description", message(err))
	b = appendText(b, "error_id", id)
	b = appendText(b, "error_code", number)
	b = appendText(b, "http_status", number)
	b[len(b)-1] = '}'
	write(w, status, b)
}

// message returns what may be shown of err.
func message(err error) string {
	var f failure
	broken, isBroken := errors.AsType[*collection.Broken](err)
	tooLarge, isTooLarge := errors.AsType[*http.MaxBytesError](err)
	var text string
	switch {
	case errors.As(err, &f):
		text = f.text
	case isTooLarge:
		text = "the body is larger than the " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes that this API root takes"
	case isBroken:
		text = fault.Message(broken.Err)
	default:
		return fault.Message(err)
	}
	if isBroken {
		text += "; " + broken.Kept()
	}
	return text
}

// errorID returns a name for one failure.
func (s *Server) errorID() string {
	var b [8]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(b[:])
}

// The headers of every answer; each value is one slice for all requests.
var (
	taxiiTypes = []string{mediaType}
	noStore    = []string{"no-store"}
	gzipCoding = []string{"gzip"}
	byCoding   = []string{"Accept-Encoding"}
)

// write answers with a resource. What is too short to compress goes this way.
func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h[typeHeader] = taxiiTypes
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // JSON, in a media type that no browser renders; an error means that the client has gone
}

// Compression begins where it saves packets, at a level that costs less than
// sending does.
const (
	gzipFrom  = 4 << 10
	gzipLevel = gzip.BestSpeed
)

// send is write for a body of any size.
func (s *Server) send(q *request, status int, body []byte) {
	if len(body) < gzipFrom || !reply.TakesGzip(q.r.Header) {
		write(q.w, status, body)
		return
	}
	h := q.w.Header()
	h[typeHeader] = taxiiTypes
	h["Cache-Control"] = noStore
	h["Content-Encoding"] = gzipCoding
	h["Vary"] = byCoding
	q.w.WriteHeader(status)
	z, ok := s.gzips.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, gzipLevel) // the level is a valid one
	}
	z.Reset(q.w)
	_, _ = z.Write(body) // the client has gone
	_ = z.Close()        // "
	s.gzips.Put(z)
}

// drainStranger bounds what is read from somebody who did not log in.
const drainStranger = 4 << 20

// drain reads what is left of a body that is refused, so that the client gets
// to see why: one that is still sending when the connection closes sees only
// that.
func drain(r *http.Request, limit int64) {
	if r.Method != http.MethodPost || r.ContentLength > limit || r.Context().Err() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, limit) // nobody needs it
}

// appendText appends "name":"text", and a comma; nothing when text is empty.
func appendText(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	return append(canon.AppendString(b, text), ',')
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

func appendBool(b []byte, name string, v bool) []byte {
	b = append(append(append(b, '"'), name...), `":`...)
	return append(strconv.AppendBool(b, v), ',')
}

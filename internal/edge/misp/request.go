package misp

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/reply"
)

// request is one request of somebody known.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	s      *Server
	actor  people.Actor
	access people.Access

	args   []string            // what stands behind the action in the path
	params map[string][]string // named parameters of CakePHP, name:value, and those of the query
}

// route reads the path and returns the name of the call.
func (q *request) route() string {
	q.params = map[string][]string{}
	path := strings.TrimPrefix(q.r.URL.EscapedPath(), strings.TrimSuffix(Prefix, "/"))
	var words []string
	for segment := range strings.SplitSeq(path, "/") {
		text, err := url.PathUnescape(segment)
		if err != nil || text == "" {
			continue
		}
		if name, value, ok := strings.Cut(text, ":"); ok && len(words) >= 2 {
			name = strings.TrimSuffix(name, "[]")
			q.params[name] = append(q.params[name], strings.TrimSuffix(value, ".json"))
			continue
		}
		words = append(words, strings.TrimSuffix(text, ".json"))
	}
	for name, values := range q.r.URL.Query() {
		name = strings.TrimSuffix(name, "[]")
		q.params[name] = append(q.params[name], values...)
	}
	if len(words) == 1 {
		words = append(words, "index")
	}
	if len(words) < 2 {
		return ""
	}
	q.args = words[2:]
	name := strings.ToLower(words[0] + "/" + words[1])
	return strings.ReplaceAll(name, "_", "")
}

// arg returns what the path names, or "".
func (q *request) arg() string {
	if len(q.args) == 0 {
		return ""
	}
	return strings.ToLower(q.args[0])
}

// maxQuery bounds a question, and a list of events somebody offers.
const maxQuery = 32 << 20

// body returns the request's body, unpacked, which ends with fault.TooLarge
// beyond limit bytes.
func (q *request) body(limit int64) (io.Reader, error) {
	if q.r.ContentLength > q.s.MaxContentLength {
		return nil, errTooLarge
	}
	in := io.Reader(http.MaxBytesReader(q.w, q.r.Body, q.s.MaxContentLength))
	switch strings.ToLower(q.r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "the body is not gzip: %w", err)
		}
		in = z
	default:
		return nil, failure{http.StatusUnsupportedMediaType, "a body is taken as it is or compressed with gzip"}
	}
	return &bounded{r: in, left: limit}, nil
}

var errTooLarge = fault.New(fault.TooLarge, "the body is larger than this server takes")

// bounded ends with errTooLarge after left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fault.Errorf(fault.Invalid, "the body breaks off or is damaged: %w", err)
	}
	return n, err
}

// json reads the body as any JSON; nil when there is none.
func (q *request) json() (any, error) {
	if q.r.Method == http.MethodGet || q.r.Method == http.MethodHead || q.r.Body == nil {
		return nil, nil
	}
	in, err := q.body(maxQuery)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return nil, nil
	}
	var v any
	return v, canon.Unmarshal(raw, &v)
}

// question reads the body's members together with the named parameters, which
// go before them.
func (q *request) question() (map[string]any, error) {
	v, err := q.json()
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	if inner, ok := m["request"].(map[string]any); ok {
		m = inner
	}
	if m == nil {
		m = map[string]any{}
	}
	for name, values := range q.params {
		list := make([]any, len(values))
		for i, x := range values {
			list[i] = x
		}
		m[name] = list
	}
	return m, nil
}

// flag reports whether a named parameter is on.
func (q *request) flag(name string) bool {
	v := q.params[name]
	return len(v) > 0 && on(v[0])
}

// failure is an error with the HTTP status it is answered with.
type failure struct {
	status int
	text   string // for the client
}

func (f failure) Error() string { return f.text }

// errNotFound is the one answer for calls that are not answered and for what
// is not there, or not the client's to know about.
var errNotFound = failure{http.StatusNotFound, "Not Found"}

func statusOf(err error) int {
	if f, ok := errors.AsType[failure](err); ok {
		return f.status
	}
	return reply.Status(err)
}

// fail answers in the shape of MISP's errors. Only what may be shown is.
func (q *request) fail(r *http.Request, status int, err error) {
	text := fault.Message(err)
	if f, ok := errors.AsType[failure](err); ok {
		text = f.text
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		text = errTooLarge.Error()
	}
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError && r.Context().Err() == nil {
		level = slog.LevelError
	}
	q.s.Log.LogAttrs(r.Context(), level, "MISP request failed", slog.Int("status", status), slog.String("method", q.r.Method), slog.Any("error", err))
	q.answer(status, map[string]any{"saved": false, "name": text, "message": text, "url": q.r.URL.Path, "errors": text})
}

// answer sends v as JSON.
func (q *request) answer(status int, v any) {
	raw, err := canon.Write(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"message":"internal error"}`)
	}
	q.send(status, "application/json", raw)
}

// send sends a short answer.
func (q *request) send(status int, media string, raw []byte) {
	h := q.w.Header()
	h["Content-Type"] = []string{media}
	h["Cache-Control"] = []string{"no-store"}
	h["Content-Length"] = []string{strconv.Itoa(len(raw))}
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(raw) // an error means that the client has gone
	}
}

// stream sends what fn writes. Once something is on its way an error can only
// break the answer off, so that nobody takes it for whole.
func (q *request) stream(media string, fn func(w io.Writer) error) error {
	h := q.w.Header()
	out := &started{w: q.w}
	var to io.Writer = out
	var z *gzip.Writer
	if reply.TakesGzip(q.r.Header) {
		z, _ = q.s.gzips.Get().(*gzip.Writer) // nil at first
		if z == nil {
			z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
		}
		z.Reset(out)
		to = z
		defer q.s.gzips.Put(z)
	}
	out.begin = func() {
		if z != nil {
			h["Content-Encoding"] = []string{"gzip"}
		}
		h["Vary"] = []string{"Accept-Encoding"}
		h["Content-Type"] = []string{media}
		h["Cache-Control"] = []string{"no-store"}
	}
	err := fn(to)
	if err == nil && z != nil {
		err = z.Close()
	}
	if err != nil && out.begin == nil {
		q.s.Log.LogAttrs(q.r.Context(), slog.LevelDebug, "MISP answer broke off", slog.Any("error", err))
		mustBreakOff()
	}
	return err
}

// mustBreakOff ends an answer that has begun and cannot be finished: net/http
// closes the connection, and the client sees that something is missing.
func mustBreakOff() { panic(http.ErrAbortHandler) }

// started sets the headers when the first byte goes out.
type started struct {
	w     http.ResponseWriter
	begin func()
}

func (s *started) Write(p []byte) (int, error) {
	if s.begin != nil {
		s.begin()
		s.begin = nil
	}
	return s.w.Write(p)
}

// drainMost bounds what is read of a body that is refused, so that the client
// gets to see why.
const drainMost = 4 << 20

func (s *Server) drain(r *http.Request) {
	if r.Body == nil || r.ContentLength > drainMost || r.Context().Err() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainMost) // nobody needs it
}

package feed

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/edge/reply"
)

// document is a feed that is ready to be sent.
type document struct {
	media    string
	etag     string    // "" for none
	modified time.Time // zero for none
	head     []byte    // stands before body
	body     io.Reader // nil for none
	length   int64     // of both
}

// gzipFrom is where compression begins to save packets.
const gzipFrom = 4 << 10

// sendTime bounds how long a reader may take over one piece of a feed.
const sendTime = time.Minute

// send answers with a document, or says that the reader has it.
func send(q *request, d document) error {
	headers(q, d.media, d.etag, d.modified)
	if d.etag != "" && has(q.r, d.etag) {
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	var in io.Reader = bytes.NewReader(d.head)
	if d.length == 0 {
		d.length = int64(len(d.head))
	}
	if d.body != nil {
		in = io.MultiReader(in, d.body)
	}
	out := open(q, d.length)
	_, err := io.Copy(out, in)
	out.close(err)
	return nil // what was sent is sent
}

// headers sets what every answer says. What one reader may see is no answer
// for another: only the reader itself keeps it, and asks before using it.
func headers(q *request, media, etag string, modified time.Time) {
	h := q.w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Authorization, Accept-Encoding")
	if etag != "" {
		h.Set("ETag", etag)
	}
	if !modified.IsZero() {
		h.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	}
}

// has reports whether the reader has what etag names (RFC 9110 §13.1.2). A
// date alone does not tell: what is removed does not change the date of what
// stays, so If-Modified-Since is not looked at.
func has(r *http.Request, etag string) bool {
	for _, line := range r.Header["If-None-Match"] {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
				return true
			}
		}
	}
	return false
}

// output is the body of an answer.
type output struct {
	w     io.Writer
	z     *gzip.Writer // nil for none
	head  bool         // the reader wants no body
	gone  bool
	cut   func() // ends the connection
	timer *time.Timer
}

// open begins the body of an answer; length is 0 when it is not known.
func open(q *request, length int64) *output {
	ctl := http.NewResponseController(q.w)
	o := &output{w: q.w, head: q.r.Method == http.MethodHead}
	o.cut = func() { _ = ctl.SetWriteDeadline(time.Unix(1, 0)) } // where there is no connection, there is nothing to cut
	o.timer = time.AfterFunc(sendTime, o.cut)
	h := q.w.Header()
	switch {
	case (length == 0 || length >= gzipFrom) && reply.TakesGzip(q.r.Header):
		h.Set("Content-Encoding", "gzip")
		if !o.head {
			o.z, _ = gzip.NewWriterLevel(q.w, gzip.BestSpeed) // the level is a valid one
			o.w = o.z
		}
	case length > 0:
		h.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	q.w.WriteHeader(http.StatusOK)
	return o
}

// Write implements io.Writer. A reader that takes too long over it is left.
func (o *output) Write(p []byte) (int, error) {
	if o.head || o.gone {
		return 0, errGone
	}
	o.timer.Reset(sendTime)
	n, err := o.w.Write(p)
	o.gone = err != nil
	return n, err
}

// close ends the body. After an error the connection is cut, so that nobody
// takes what there is for the whole.
func (o *output) close(err error) {
	if err == nil && o.z != nil && !o.head {
		err = o.z.Close()
	}
	o.timer.Stop()
	if err != nil && !o.head {
		o.cut()
	}
}

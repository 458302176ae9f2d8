// Package reply is what the protocols over HTTP answer alike: the status of a
// failure, and whether the answer may be compressed. All of it is safe for
// concurrent use.
package reply

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
)

var statuses = map[fault.Kind]int{
	fault.NotFound: http.StatusNotFound, fault.Invalid: http.StatusBadRequest, fault.Denied: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.Held: http.StatusConflict, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.Busy: http.StatusServiceUnavailable, fault.Unavailable: http.StatusServiceUnavailable,
}

// Status returns the status that a failure is answered with where a protocol
// has no other for it (RFC 9110 §15.5); 500 for what is no fault of the caller.
func Status(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if status, ok := statuses[fault.KindOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// TakesGzip reports whether who asks takes an answer in gzip (RFC 9110
// §12.5.3). A weight that is no number is taken for a no.
func TakesGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		for part := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			q, weighted := strings.CutPrefix(strings.TrimSpace(params), "q=")
			weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !weighted || err == nil && weight > 0
		}
	}
	return false
}

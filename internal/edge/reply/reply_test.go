package reply_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/reply"
)

func TestEveryKindOfFailureHasAStatus(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.NotFound: 404, fault.Invalid: 400, fault.Denied: 403, fault.Conflict: 409, fault.Held: 409,
		fault.TooLarge: 413, fault.Busy: 503, fault.Unavailable: 503, fault.Internal: 500,
	} {
		if got := reply.Status(fmt.Errorf("around: %w", fault.New(kind, "x"))); got != want {
			t.Errorf("%s is answered with %d, want %d", kind, got, want)
		}
	}
	if got := reply.Status(&http.MaxBytesError{Limit: 1}); got != 413 {
		t.Errorf("a body that is too large is answered with %d", got)
	}
	if got := reply.Status(errors.New("x")); got != 500 {
		t.Errorf("an error of no kind is answered with %d", got)
	}
}

func TestGzipIsSentToWhoTakesIt(t *testing.T) {
	for line, want := range map[string]bool{
		"": false, "gzip": true, "deflate, GZIP": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true, "gzip; q=1": true,
		"gzip;q=0": false, "gzip;q=0.000": false, "gzip;q=x": false, "deflate": false, "gzipped": false, "x-gzip": false,
	} {
		if got := reply.TakesGzip(http.Header{"Accept-Encoding": {line}}); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
	if !reply.TakesGzip(http.Header{"Accept-Encoding": {"br", "gzip"}}) {
		t.Error("a second line is not read")
	}
}

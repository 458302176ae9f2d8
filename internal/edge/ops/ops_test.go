package ops_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/edge/ops"
)

// node is a source that can be made to fail.
type node struct{ err error }

func (n *node) Ready(context.Context) error { return n.err }
func (n *node) Channels(context.Context) ([]ops.Channel, error) {
	return []ops.Channel{{Agreement: "in-jp-2022", Waiting: 3, Unanswered: 1, Open: true}}, n.err
}
func (n *node) Objects(context.Context) (int64, int64, error) { return 12, 3400, n.err }

func everybody(h http.Handler) http.Handler { return h }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	var log bytes.Buffer
	src := &node{}
	mux := http.NewServeMux()
	ops.New(src, clock.NewFake(time.Unix(0, 0)), slog.New(slog.NewTextHandler(&log, nil))).Mount(mux, everybody)
	if code, _ := get(t, mux, "/healthz"); code != http.StatusOK {
		t.Errorf("healthz: %d", code)
	}
	if code, _ := get(t, mux, "/readyz"); code != http.StatusOK {
		t.Errorf("readyz: %d", code)
	}
	_, body := get(t, mux, "/metrics")
	for _, want := range []string{
		"twoseas_objects 12", "twoseas_object_bytes 3400", `twoseas_channel_waiting{agreement="in-jp-2022"} 3`,
		`twoseas_channel_open{agreement="in-jp-2022"} 1`, `twoseas_channel_converged{agreement="in-jp-2022"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics: no %q", want)
		}
	}
	src.err = errors.New("dial tcp: secret-host refused")
	code, body := get(t, mux, "/readyz")
	if code != http.StatusServiceUnavailable || strings.Contains(body, "secret-host") || !strings.Contains(log.String(), "secret-host") {
		t.Errorf("a store that is away: %d %q, log %q", code, body, log.String())
	}
	if code, body := get(t, mux, "/metrics"); code != http.StatusOK || strings.Contains(body, "twoseas_objects 12") {
		t.Errorf("metrics of a store that is away: %d, stale figures", code)
	}
}

func TestWatchCountsWithoutNames(t *testing.T) {
	clk := clock.NewFake(time.Unix(0, 0))
	var log bytes.Buffer
	o := ops.New(&node{}, clk, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	mux := http.NewServeMux()
	o.Mount(mux, everybody)
	h := o.Watch("taxii", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clk.Advance(3 * time.Millisecond)
		if r.URL.Path == "/fail" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte("body of an object")) // a recorder never fails
	}))
	req := httptest.NewRequestWithContext(t.Context(), "BREW", "/objects?token=hunter2", nil)
	req.SetBasicAuth("ana", "hunter2")
	h.ServeHTTP(httptest.NewRecorder(), req)
	get(t, h, "/fail")
	_, body := get(t, mux, "/metrics")
	for _, want := range []string{
		`twoseas_http_requests_total{edge="taxii",method="other",status="2xx"} 1`,
		`twoseas_http_requests_total{edge="taxii",method="GET",status="5xx"} 1`,
		`twoseas_http_request_seconds_bucket{edge="taxii",le="0.005"} 2`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics: no %q in\n%s", want, body)
		}
	}
	for _, secret := range []string{"hunter2", "ana", "body of an object"} {
		if strings.Contains(log.String(), secret) || strings.Contains(body, secret) {
			t.Errorf("%q is told", secret)
		}
	}
	if !strings.Contains(log.String(), "status=500") || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a failure is logged as one: %s", log.String())
	}
}

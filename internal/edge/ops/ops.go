// Package ops is what operators look at: health, readiness, metrics, and the
// log line of each request.
//
// Invariants: neither logs nor metric labels carry content, credentials or the
// names of people and organisations.
package ops

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"twoseas/internal/base/clock"
)

// Channel is what the metrics say of one channel.
type Channel struct {
	Agreement           string
	Waiting, Unanswered int64
	Open, Converged     bool
}

// Source is what the metrics are read from at each scrape.
type Source interface {
	// Ready returns nil when the node can do its work.
	Ready(ctx context.Context) error
	// Channels returns how each channel stands.
	Channels(ctx context.Context) ([]Channel, error)
	// Objects returns how many object versions are stored, and their bytes.
	Objects(ctx context.Context) (objects, bytes int64, err error)
}

// Ops serves /healthz, /readyz and /metrics and watches other handlers.
type Ops struct {
	source   Source
	clock    clock.Clock
	log      *slog.Logger
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// New returns the operator's view of source.
func New(source Source, clk clock.Clock, log *slog.Logger) *Ops {
	o := &Ops{
		source: source, clock: clk, log: log, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "twoseas_http_requests_total", Help: "HTTP requests by edge, method and status class.",
		}, []string{"edge", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "twoseas_http_request_seconds", Help: "Time to answer, by edge.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10, 60},
		}, []string{"edge"}),
	}
	o.registry.MustRegister(o.requests, o.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &stored{source: source, log: log})
	return o
}

// Mount adds the three addresses to mux. Health and readiness need no login;
// metrics, which tell how much is stored, are served to whom admit admits.
func (o *Ops) Mount(mux *http.ServeMux, admit func(http.Handler) http.Handler) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", o.ready)
	mux.Handle("GET /metrics", admit(promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{})))
}

func (o *Ops) ready(w http.ResponseWriter, r *http.Request) {
	if err := o.source.Ready(r.Context()); err != nil {
		o.log.ErrorContext(r.Context(), "not ready", slog.String("error", err.Error()))
		say(w, http.StatusServiceUnavailable, "not ready: the log of this node has the cause\n")
		return
	}
	say(w, http.StatusOK, "ready\n")
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the asker has gone, if anything
}

// Watch counts and logs the requests that an edge answers.
func (o *Ops) Watch(edge string, next http.Handler) http.Handler {
	return o.watch(edge, next, func(r *http.Request) string { return r.URL.Path })
}

// WatchSecret is Watch for paths that are secrets, which no log holds.
func (o *Ops) WatchSecret(edge string, next http.Handler) http.Handler {
	return o.watch(edge, next, func(*http.Request) string { return "(kept back)" })
}

func (o *Ops) watch(edge string, next http.Handler, path func(*http.Request) string) http.Handler {
	seconds := o.seconds.WithLabelValues(edge)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := o.clock.Now()
		s := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(s, r)
		took := o.clock.Now().Sub(start)
		seconds.Observe(took.Seconds())
		o.requests.WithLabelValues(edge, method(r.Method), strconv.Itoa(s.code()/100)+"xx").Inc()
		level := slog.LevelDebug
		if s.code() >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		if o.log.Enabled(r.Context(), level) {
			o.log.LogAttrs(r.Context(), level, "request", slog.String("edge", edge), slog.String("method", method(r.Method)),
				slog.String("path", path(r)), slog.Int("status", s.code()), slog.Int64("bytes", s.bytes), slog.Duration("took", took.Round(time.Microsecond)))
		}
	})
}

// method keeps made-up methods out of the metrics.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (s *statusWriter) WriteHeader(code int) {
	if s.status == 0 {
		s.status = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *statusWriter) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	n, err := s.ResponseWriter.Write(p)
	s.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the writer underneath.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *statusWriter) code() int {
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}

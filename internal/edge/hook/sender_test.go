package hook_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	edge "twoseas/internal/edge/hook"
)

func message() hook.Message {
	return hook.Message{ID: "msg_1", Timestamp: "1805274000", Signature: "v1,x", Body: []byte("{}")}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	var hits atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/taken", http.StatusFound) })
	mux.HandleFunc("/307", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/taken", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/taken", func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	mux.HandleFunc("/404", http.NotFound)
	mux.HandleFunc("/410", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	mux.HandleFunc("/429", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	mux.HandleFunc("/503", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", start.Add(time.Hour).Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/10MB", func(w http.ResponseWriter, _ *http.Request) {
		for range 160 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
			hits.Add(64 << 10)
		}
	})
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/drips", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	ts := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices who leaves
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(ts.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ts.Certificate().Raw}))
	s := edge.New(edge.Config{Clock: clock.NewFake(start), Private: true, Whole: 300 * time.Millisecond})
	for _, tc := range []struct {
		path  string
		kind  fault.Kind
		ok    bool
		after time.Duration
	}{
		{path: "/204", ok: true},
		{path: "/302", kind: fault.Invalid},
		{path: "/307", kind: fault.Invalid},
		{path: "/404", kind: fault.Invalid},
		{path: "/410", kind: fault.NotFound},
		{path: "/429", kind: fault.Unavailable, after: 2 * time.Minute},
		{path: "/503", kind: fault.Unavailable, after: time.Hour},
		{path: "/hangs", kind: fault.Unavailable},
		{path: "/10MB", ok: true},
		{path: "/drips", ok: true}, // it said that it took it
	} {
		hits.Store(0)
		begun := time.Now()
		err := s.Send(t.Context(), hook.Target{URL: ts.URL + tc.path + "?key=SECRET", CA: ca}, message())
		if tc.ok != (err == nil) || err != nil && fault.KindOf(err) != tc.kind {
			t.Errorf("%s: %v", tc.path, err)
		}
		if later, ok := errors.AsType[*hook.Later](err); (tc.after > 0) != ok || ok && later.After != tc.after {
			t.Errorf("%s: come again %v", tc.path, err)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the address is told: %v", tc.path, err)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s took %s", tc.path, took)
		}
		if tc.path == "/10MB" && hits.Load() > 8<<20 || strings.HasPrefix(tc.path, "/30") && hits.Load() > 0 {
			t.Errorf("%s: %d", tc.path, hits.Load())
		}
	}
	if err := s.Send(t.Context(), hook.Target{URL: ts.URL + "/204"}, message()); err == nil {
		t.Error("a certificate that nobody vouches for is taken")
	}
}

// A name that is public when it is looked at and private when it is called is
// not called.
func TestNamesThatChangeTheirAddress(t *testing.T) {
	var called atomic.Bool
	ts := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Store(true) }))
	t.Cleanup(ts.Close)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(ts.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ts.Certificate().Raw}))
	rebinding := resolver(t, [4]byte{127, 0, 0, 1})
	s := edge.New(edge.Config{Clock: clock.NewFake(start), Resolver: rebinding, Whole: time.Second})
	for _, host := range []string{"soc.example.org", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0"} {
		err := s.Send(t.Context(), hook.Target{URL: "https://" + host + ":" + port + "/", CA: ca}, message())
		if err == nil || called.Load() {
			t.Fatalf("%s was called: %v", host, err)
		}
		if host != "127.1" && host != "2130706433" && host != "0" && !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, a := range [][4]byte{{10, 0, 0, 1}, {169, 254, 169, 254}, {192, 168, 1, 1}, {100, 64, 0, 1}, {0, 0, 0, 0}} {
		s := edge.New(edge.Config{Clock: clock.NewFake(start), Resolver: resolver(t, a), Whole: time.Second})
		if err := s.Send(t.Context(), hook.Target{URL: "https://soc.example.org/", CA: ca}, message()); !fault.Is(err, fault.Denied) {
			t.Errorf("%v: %v", a, err)
		}
	}
	private := edge.New(edge.Config{Clock: clock.NewFake(start), Private: true, Resolver: resolver(t, [4]byte{169, 254, 169, 254}), Whole: time.Second})
	if err := private.Send(t.Context(), hook.Target{URL: "https://soc.example.org/", CA: ca}, message()); !fault.Is(err, fault.Denied) {
		t.Errorf("where clouds keep their keys: %v", err)
	}
}

// resolver answers every question with one address.
func resolver(t *testing.T, a [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if raw := reply(buf[:n], a); raw != nil {
				_, _ = conn.WriteTo(raw, from) // asked again if it is lost
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers one question (RFC 1035 §4): for addresses of IPv4 with a, for
// all else with nothing.
func reply(question []byte, a [4]byte) []byte {
	end := 12
	for end < len(question) && question[end] != 0 {
		end += int(question[end]) + 1
	}
	if end += 5; end > len(question) {
		return nil
	}
	out := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
	if question[end-3] == 1 {
		out[7] = 1
		out = append(append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), a[:]...)
	}
	return out
}

package siem_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/siem"
	"twoseas/internal/store"
)

var start = time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)

// listener is a SIEM: it takes frames over TLS.
type listener struct {
	t     testing.TB
	l     net.Listener
	roots *x509.CertPool

	mu     sync.Mutex
	lines  []string
	behave func(conn net.Conn, took int) bool // false ends the connection at once
}

func listen(t testing.TB) *listener {
	t.Helper()
	ts := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(ts.Close)
	s := &listener{t: t, roots: x509.NewCertPool()}
	s.roots.AddCert(ts.Certificate())
	var err error
	if s.l, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: ts.TLS.Certificates}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.l.Close() })
	go func() {
		for {
			conn, err := s.l.Accept()
			if err != nil {
				return
			}
			go s.take(conn)
		}
	}()
	return s
}

func (s *listener) take(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 0; ; n++ {
		s.mu.Lock()
		behave := s.behave
		s.mu.Unlock()
		if behave != nil && !behave(conn, n) {
			return
		}
		length, err := r.ReadString(' ')
		if err != nil && length == "" { // the end, or nobody it trusts
			return
		}
		size, convErr := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil || convErr != nil || size > 8192 {
			s.t.Errorf("not a frame: %q %v", length, err)
			return
		}
		raw := make([]byte, size)
		if _, err := io.ReadFull(r, raw); err != nil {
			return
		}
		s.mu.Lock()
		s.lines = append(s.lines, string(raw))
		s.mu.Unlock()
	}
}

func (s *listener) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

func (s *listener) behaving(f func(net.Conn, int) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behave = f
}

func (s *listener) sender(change func(*siem.Target)) *siem.Sender {
	_, port, err := net.SplitHostPort(s.l.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	to := siem.Target{Name: "soc", Address: net.JoinHostPort("127.0.0.1", port), Roots: s.roots, Host: "twoseas-in", Domain: "live", Silence: 200 * time.Millisecond, Connect: 2 * time.Second, Whole: 3 * time.Second}
	if change != nil {
		change(&to)
	}
	return siem.New(to)
}

// log is the home log of a store that can be opened again.
type log struct {
	t   testing.TB
	clk *clock.Fake
	dir string
	*audit.Log
	store *store.Store
	n     int
}

func openLog(t testing.TB) *log {
	t.Helper()
	l := &log{t: t, clk: clock.NewFake(start), dir: t.TempDir()}
	l.open()
	t.Cleanup(func() { _ = l.store.Close() })
	return l
}

func (l *log) open() {
	l.t.Helper()
	var err error
	if l.store, err = store.Open(l.t.Context(), filepath.Join(l.dir, "twoseas.db"), l.clk); err != nil {
		l.t.Fatal(err)
	}
	h, err := l.store.Domain(l.t.Context(), ident.Live)
	if err != nil {
		l.t.Fatal(err)
	}
	ring := keys.New([32]byte{1}, "in", l.clk, rand.Reader)
	l.Log = audit.New(h, ledger.New(ring, l.clk), l.clk)
}

func (l *log) reopen() {
	l.t.Helper()
	if err := errors.Join(l.Close(l.t.Context()), l.store.Close()); err != nil {
		l.t.Fatal(err)
	}
	l.open()
}

// acts records so many acts.
func (l *log) acts(n int) {
	l.t.Helper()
	for range n {
		l.n++
		if err := l.Saw(l.t.Context(), people.System("officer"), "read", "object", fmt.Sprintf(`indicator--%d "]`, l.n)); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *log) follow(to *siem.Sender) (int, error) {
	l.t.Helper()
	return l.Follow(l.t.Context(), "soc", "test", to.Send)
}

// whole checks that each entry from 0 arrived, in order of first arrival, and
// returns how many there are twice.
func whole(t testing.TB, lines []string, n int) (twice int) {
	t.Helper()
	seen := map[string]bool{}
	for _, line := range lines {
		_, rest, _ := strings.Cut(line, ` index="`)
		ix, _, _ := strings.Cut(rest, `"`)
		if seen[ix] {
			twice++
			continue
		}
		if ix != strconv.Itoa(len(seen)) {
			t.Fatalf("index %s after %d entries: %s", ix, len(seen), line)
		}
		seen[ix] = true
	}
	if len(seen) != n {
		t.Errorf("%d entries of %d", len(seen), n)
	}
	return twice
}

func TestEveryEntryArrivesOnce(t *testing.T) {
	l, s := openLog(t), listen(t)
	to := s.sender(nil)
	if n, err := l.follow(to); n != 0 || err != nil {
		t.Errorf("nothing to send: %d %v", n, err)
	}
	l.acts(3)
	if n, err := l.follow(to); n != 3 || err != nil {
		t.Fatalf("sent %d: %v", n, err)
	}
	want := `[twoseas@32473 index="0" domain="live" by="officer" act="read"][about@32473 object="indicator--1 \"\]"]`
	if got := s.got(); len(got) != 3 || !strings.Contains(got[0], want) {
		t.Errorf("got %q", got)
	}
	if n, err := l.follow(to); n != 0 || err != nil {
		t.Errorf("sent again: %d %v", n, err)
	}
	l.reopen()
	l.acts(2)
	if n, err := l.follow(to); n != 2 || err != nil {
		t.Errorf("after a restart: %d %v", n, err)
	}
	if twice := whole(t, s.got(), 5); twice != 0 {
		t.Errorf("%d twice", twice)
	}
}

func TestATargetThatIsDown(t *testing.T) {
	l, s := openLog(t), listen(t)
	to := s.sender(nil)
	l.acts(2)
	if err := s.l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.follow(to); err == nil {
		t.Fatal("nobody listens, and nothing is wrong")
	}
	tries := 0
	for range 24 * 60 { // a day, minute by minute
		l.clk.Advance(time.Minute)
		if _, err := l.follow(to); err != nil {
			tries++
		}
	}
	if tries < 100 || tries > 160 {
		t.Errorf("%d attempts in a day", tries)
	}
	all, err := l.Followed(t.Context())
	if err != nil || len(all) != 1 || all[0].Behind != 2 || all[0].Failing != start || all[0].Error == "" {
		t.Errorf("%+v %v", all, err)
	}
	l.acts(1)
	l.reopen()
	back := listen(t)
	l.clk.Advance(time.Hour)
	if n, err := l.follow(back.sender(nil)); n != 3 || err != nil {
		t.Errorf("once it is back: %d %v", n, err)
	}
	whole(t, back.got(), 3)
	if all, err := l.Followed(t.Context()); err != nil || all[0].Behind != 0 || !all[0].Failing.IsZero() || all[0].Error != "" {
		t.Errorf("%+v %v", all, err)
	}
}

// A connection that breaks in the middle costs repetitions and no entry.
func TestABreakInTheMiddleLosesNothing(t *testing.T) {
	l, s := openLog(t), listen(t)
	to := s.sender(nil)
	l.acts(700) // more than one batch
	breaks := 0
	s.behaving(func(conn net.Conn, took int) bool {
		if took == 100 && breaks < 2 {
			breaks++
			if tcp, ok := conn.(*tls.Conn); ok {
				if raw, ok := tcp.NetConn().(*net.TCPConn); ok {
					_ = raw.SetLinger(0) // with a reset
					_ = raw.Close()
				}
			}
			return false
		}
		return true
	})
	for range 10 {
		if _, err := l.follow(to); err == nil {
			break
		}
		l.clk.Advance(time.Hour)
	}
	if twice := whole(t, s.got(), 700); breaks != 2 || twice == 0 || twice > 200 {
		t.Errorf("%d breaks, %d entries twice", breaks, twice)
	}
}

func TestServersThatMisbehave(t *testing.T) {
	for name, tc := range map[string]struct {
		behave func(net.Conn, int) bool
		change func(*siem.Target)
		ok     bool
	}{
		"keeps the line open":      {func(_ net.Conn, took int) bool { time.Sleep(time.Duration(took) * time.Second); return true }, nil, true},
		"talks back":               {func(c net.Conn, _ int) bool { _, _ = c.Write(make([]byte, 1000)); return true }, nil, true},
		"is somebody else":         {nil, func(to *siem.Target) { to.Roots = x509.NewCertPool() }, false},
		"has another name":         {nil, func(to *siem.Target) { to.Address = strings.Replace(to.Address, "127.0.0.1", "localhost", 1) }, false},
		"hangs before it is asked": {nil, func(to *siem.Target) { to.Address = silent(t) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, s := openLog(t), listen(t)
			s.behaving(tc.behave)
			l.acts(1)
			begun := time.Now()
			if _, err := l.follow(s.sender(tc.change)); (err == nil) != tc.ok {
				t.Errorf("%v", err)
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
			if !tc.ok && len(s.got()) > 0 {
				t.Errorf("told %q", s.got())
			}
		})
	}
}

// silent is an address that takes connections and says nothing.
func silent(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestOnlyOneProcessSends(t *testing.T) {
	l, s := openLog(t), listen(t)
	l.acts(1)
	to := s.sender(nil)
	inside := 0
	_, err := l.Follow(t.Context(), "soc", "one", func(ctx context.Context, e []audit.Entry) error {
		if n, err := l.Follow(ctx, "soc", "two", to.Send); n != 0 || err != nil {
			t.Errorf("another process sends too: %d %v", n, err)
		}
		inside++
		return to.Send(ctx, e)
	})
	if err != nil || inside != 1 {
		t.Errorf("%d %v", inside, err)
	}
	whole(t, s.got(), 1)
}

func TestCEF(t *testing.T) {
	l, s := openLog(t), listen(t)
	l.acts(1)
	if _, err := l.follow(s.sender(func(to *siem.Target) { to.Form = siem.CEF })); err != nil {
		t.Fatal(err)
	}
	if got := s.got(); len(got) != 1 || !strings.Contains(got[0], "CEF:0|Twoseas|Twoseas|1|read|read|3|") || !strings.Contains(got[0], `tsObject=indicator--1 "]`) {
		t.Errorf("got %q", got)
	}
}

// Package hook delivers webhooks over HTTP.
//
// Invariants: nothing is called but what the address itself says: no redirect
// is followed and no proxy is taken from the environment; an address of a
// private network, or of this machine, is called only where the configuration
// says so, whatever a name resolves to at the moment it is called; an answer
// costs bounded bytes and a bounded time.
package hook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/base/address"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/webhook"
)

// Config is what a Sender works with. Zero values are good but for Clock.
type Config struct {
	Clock   clock.Clock
	Private bool // admits addresses of private networks and of this machine
	// Connect and Whole bound making a connection and one message with its
	// answer; defaults 5 s and 15 s.
	Connect, Whole time.Duration
	// Resolver is asked for names; default the system's.
	Resolver *net.Resolver
}

// Sender is a hook.Outside. It is safe for concurrent use.
type Sender struct {
	Config
	mu    sync.Mutex
	lines map[[sha256.Size]byte]*http.Client // by certificate authority, guarded by mu
}

// maxAnswer bounds what is read of an answer, so that its connection can be
// used again; nothing in it matters.
const maxAnswer = 16 << 10

// New returns a Sender.
func New(c Config) *Sender {
	if c.Connect <= 0 {
		c.Connect = 5 * time.Second
	}
	if c.Whole <= 0 {
		c.Whole = 15 * time.Second
	}
	return &Sender{Config: c, lines: map[[sha256.Size]byte]*http.Client{}}
}

// Close lets go of idle connections.
func (s *Sender) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		l.CloseIdleConnections()
	}
}

func (s *Sender) line(ca string) (*http.Client, error) {
	key := sha256.Sum256([]byte(ca))
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.lines[key]; ok {
		return have, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, fault.New(fault.Invalid, "the certificate authority of the webhook is not PEM")
		}
	}
	dialer := &net.Dialer{Timeout: s.Connect, ControlContext: s.guard, Resolver: s.Resolver}
	made := &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: s.Connect, DisableCompression: true,
			MaxResponseHeaderBytes: 32 << 10, MaxIdleConnsPerHost: 1, MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.lines[key] = made
	return made, nil
}

// guard refuses connections by the address that is called, once its name is
// resolved.
func (s *Sender) guard(_ context.Context, _, at string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(at)
	if err != nil {
		return fault.Errorf(fault.Denied, "%q is not an address to call", at)
	}
	return address.Admit(to.Addr(), s.Private)
}

// Send implements hook.Outside.
func (s *Sender) Send(ctx context.Context, to hook.Target, m hook.Message) error {
	client, err := s.line(to.CA)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, s.Whole)
	defer cancel()
	req, err := http.NewRequestWithContext(bounded, http.MethodPost, to.URL, bytes.NewReader(m.Body))
	if err != nil {
		return fault.Errorf(fault.Invalid, "address %.200q: %w", to.URL, err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "twoseas",
		webhook.HeaderID: m.ID, webhook.HeaderTimestamp: m.Timestamp, webhook.HeaderSignature: m.Signature,
	} {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return unreachable(ctx, req.URL.Host, err)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // what counts is the status
	_ = resp.Body.Close()                             // "
	return s.verdict(req.URL.Host, resp)
}

// verdict says what an answer means.
func (s *Sender) verdict(host string, resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return nil
	case code/100 == 3:
		return fault.Errorf(fault.Invalid, "%s sends on to another address (%d): give that one", host, code)
	case code == http.StatusGone:
		return fault.Errorf(fault.NotFound, "%s wants no messages any more (410)", host)
	case code == http.StatusTooManyRequests || code/100 == 5:
		err := fault.Errorf(fault.Unavailable, "%s answers %d %s", host, code, http.StatusText(code))
		if wait, ok := s.retryAfter(resp.Header); ok {
			return &hook.Later{After: wait, Err: err}
		}
		return err
	default:
		return fault.Errorf(fault.Invalid, "%s answers %d %s", host, code, http.StatusText(code))
	}
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3), in seconds or as a date.
func (s *Sender) retryAfter(h http.Header) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(v)
	return max(0, at.Sub(s.Clock.Now())), err == nil
}

// unreachable says that nobody answered, or why this node would not ask. What
// the address holds beyond the host may be a secret and is not said.
func unreachable(ctx context.Context, host string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if fault.KindOf(err) != fault.Internal { // ours: the address
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err) {
		return fault.Errorf(fault.Unavailable, "%s does not answer in time", host)
	}
	return fault.Errorf(fault.Unavailable, "%s cannot be reached: %w", host, err)
}

// Package siem sends the home log to a SIEM as syslog over TLS (RFC 5425).
//
// Invariants: no line goes out without TLS, and none to a server whose
// certificate is not vouched for; entries count as taken only when the server
// has closed the connection after the last of them without an error, or has
// kept silent about them for a while; each connection costs a bounded time.
package siem

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/syslog"
)

// Forms of messages.
const (
	RFC5424 = "rfc5424"
	CEF     = "cef"
)

// Target is where the log goes.
type Target struct {
	Name    string
	Address string // host:port
	Form    string // RFC5424 or CEF
	// Roots is what the server's certificate must come from; nil for the
	// system's authorities.
	Roots *x509.CertPool
	// Certificate is shown to the server when it asks; nil for none.
	Certificate *tls.Certificate
	Host        string // who sends, as messages say
	Domain      string
	// Connect, Whole and Silence bound making a connection, sending one batch,
	// and waiting for the server to close after it; defaults 10 s, 60 s and 3 s.
	Connect, Whole, Silence time.Duration
}

// Sender sends to one target. It is safe for concurrent use.
type Sender struct{ Target }

// New returns a Sender.
func New(t Target) *Sender {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&t.Connect, 10*time.Second)
	set(&t.Whole, time.Minute)
	set(&t.Silence, 3*time.Second)
	return &Sender{t}
}

// Send delivers entries, for audit.Log.Follow. Syslog knows no receipt: over a
// connection of their own, an orderly end by the server is the nearest to one.
func (s *Sender) Send(ctx context.Context, entries []audit.Entry) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Whole)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return s.trouble(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // which ends what waits on it
	defer stop()
	defer func() { _ = conn.Close() }() // what was sent is settled by then
	var b []byte
	for _, e := range entries {
		b = syslog.Frame(b, s.message(e))
		if len(b) > 64<<10 {
			if _, err := conn.Write(b); err != nil {
				return s.trouble(err)
			}
			b = b[:0]
		}
	}
	if _, err := conn.Write(b); err != nil {
		return s.trouble(err)
	}
	if err := conn.CloseWrite(); err != nil {
		return s.trouble(err)
	}
	return s.trouble(s.settled(conn))
}

// settled waits until the server ends the connection too.
func (s *Sender) settled(conn *tls.Conn) error {
	timer := time.AfterFunc(s.Silence, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) }) // a closed connection needs none
	defer timer.Stop()
	_, err := io.Copy(io.Discard, conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // it keeps lines open, as it may, and has not complained
	}
	return err
}

func (s *Sender) dial(ctx context.Context) (*tls.Conn, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots, ServerName: host}
	if s.Certificate != nil {
		conf.Certificates = []tls.Certificate{*s.Certificate}
	}
	bounded, cancel := context.WithTimeout(ctx, s.Connect)
	defer cancel()
	d := tls.Dialer{NetDialer: &net.Dialer{}, Config: conf}
	conn, err := d.DialContext(bounded, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil // what a tls.Dialer returns
}

func (s *Sender) message(e audit.Entry) []byte {
	out := syslog.Event{Host: s.Host, Domain: s.Domain, Index: e.Index, At: e.At, By: e.By, Act: e.Act}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, syslog.Field{Name: f.Name, Value: f.Value})
	}
	if s.Form == CEF {
		return syslog.CEF(out)
	}
	return syslog.Structured(out)
}

// trouble says what is wrong with the target.
func (s *Sender) trouble(err error) error {
	if err == nil {
		return nil
	}
	return fault.Errorf(fault.Unavailable, "SIEM %s at %s: %w", s.Name, s.Address, err)
}

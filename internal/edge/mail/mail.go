// Package mail hands messages to people over to a mail server (SMTP, RFC 5321),
// encrypted to the reader where a key is given (OpenPGP, RFC 9580, in MIME as
// RFC 3156 has it).
//
// Invariants: nothing is said over a line that is not TLS with a certificate of
// that server, unless the server is on this machine and the configuration says
// so; an address that could end a line of a header is not written to; a
// connection, a command and its answer take a bounded time.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"strconv"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"twoseas/internal/act/notice"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
)

// How a line to the server is made safe.
const (
	StartTLS = "starttls" // plain at first, TLS before anything is said; the default
	TLS      = "tls"      // from the first byte
	Plain    = "none"     // on this machine only
)

// Config is a mail server and how it is used.
type Config struct {
	Server string // host:port
	From   string // whom messages come from, such as "Twoseas <twoseas@cert.example>"
	Mode   string // StartTLS, TLS or Plain; default StartTLS
	// User and Password are shown to the server; "" shows nothing.
	User, Password string
	Roots          *x509.CertPool // whom the server's certificate must come from; nil for the system's
	Hello          string         // what this machine calls itself; default its name
	Timeout        time.Duration  // of connecting, and of handing one message over; default 30 s
	Clock          clock.Clock
}

// Server is a notice.Outside.
type Server struct {
	Config
	host string
	port int
	from *mail.Address
}

// grace is how long a message under way may still take when the node stops.
const grace = 5 * time.Second

// New returns the mail server of c; a configuration that cannot work is
// fault.Invalid.
func New(c Config) (*Server, error) {
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "mail server %.200q: want host:port, such as mail.ministry.example:587", c.Server)
	}
	s := &Server{Config: c, host: host}
	if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
		return nil, fault.Errorf(fault.Invalid, "mail server %.200q: want a port number", c.Server)
	}
	if s.from, err = mail.ParseAddress(c.From); err != nil {
		return nil, fault.Errorf(fault.Invalid, "sender %.200q: want an address such as Twoseas <twoseas@ministry.example>", c.From)
	}
	switch s.Mode {
	case "":
		s.Mode = StartTLS
	case StartTLS, TLS:
	case Plain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, fault.New(fault.Invalid, "mail without TLS goes to a server on this machine only")
		}
	default:
		return nil, fault.Errorf(fault.Invalid, "mail tls %.20q: want starttls, tls or none", s.Mode)
	}
	if s.Timeout <= 0 {
		s.Timeout = 30 * time.Second
	}
	return s, nil
}

// client returns a client whose connections dial makes.
func (s *Server) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots, ServerName: s.host}
	opts := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.Timeout), gomail.WithTLSConfig(conf), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := dial(ctx, network, address)
			if err != nil || s.Mode != TLS {
				return raw, err
			}
			line := tls.Client(raw, conf)
			return line, line.HandshakeContext(ctx)
		}),
	}
	switch s.Mode {
	case StartTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		opts = append(opts, gomail.WithSSL())
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		opts = append(opts, gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	if s.Hello != "" {
		opts = append(opts, gomail.WithHELO(s.Hello))
	}
	return gomail.NewClient(s.host, opts...)
}

// line is an open connection.
type line struct {
	server *Server
	client *gomail.Client
	conn   net.Conn
	stop   func() bool
	once   sync.Once
	err    error
}

// Open implements notice.Outside.
func (s *Server) Open(ctx context.Context) (notice.Line, error) {
	l := &line{server: s}
	client, err := s.client(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		l.conn = conn
		return conn, err
	})
	if err != nil {
		return nil, err
	}
	l.client = client
	if err := client.DialWithContext(ctx); err != nil {
		if l.conn != nil {
			_ = l.conn.Close() // nothing was said on it
		}
		return nil, s.away(err)
	}
	l.stop = context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { _ = l.conn.Close() }) // which ends what is under way
	})
	return l, nil
}

// away says why the server cannot be used, without anything secret.
func (s *Server) away(err error) error {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fault.Errorf(fault.Unavailable, "%s shows a certificate of an unknown authority: %w", s.Server, unknown)
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return fault.Errorf(fault.Unavailable, "%s shows a certificate of another name: %w", s.Server, wrong)
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return fault.Errorf(fault.Unavailable, "%s does not answer in time", s.Server)
	}
	return fault.Errorf(fault.Unavailable, "%s cannot be used: %w", s.Server, err)
}

// Close implements notice.Line.
func (l *line) Close() error {
	l.once.Do(func() {
		l.stop()
		l.err = errors.Join(l.client.Close(), ignoreClosed(l.conn.Close()))
	})
	return l.err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Send implements notice.Line.
func (l *line) Send(_ context.Context, m notice.Message) (bool, error) {
	msg, sealed, err := l.server.write(m)
	if err != nil {
		return false, err
	}
	err = l.client.Send(msg)
	if err == nil || msg.IsDelivered() { // what goes wrong afterwards is the next one's
		return sealed, nil
	}
	return false, l.server.verdict(err)
}

// verdict tells what is wrong with a message from what is wrong with the server.
func (s *Server) verdict(err error) error {
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return s.away(err)
	}
	code := failed.ErrorCode()
	switch failed.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		if code >= 400 && code != 421 {
			return &notice.Refusal{Code: code, Text: said(failed), Permanent: code >= 500}
		}
	default:
	}
	return s.away(err)
}

// maxSaid bounds what is kept of a server's words.
const maxSaid = 300

// said is what the server said, on one line and bounded.
func said(err *gomail.SendError) string {
	text := []rune(err.EnhancedStatusCode() + " " + err.Reason.String())
	return string(text[:min(len(text), maxSaid)])
}

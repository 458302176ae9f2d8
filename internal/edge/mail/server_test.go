package mail_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	netmail "net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	edge "twoseas/internal/edge/mail"
	"twoseas/internal/store"
)

// taken is one message as the server has it.
type taken struct {
	to, id string
	header netmail.Header
	raw    string
	secure bool
}

// server is a real mail server.
type server struct {
	t     *testing.T
	addr  string
	roots *x509.CertPool
	der   []byte
	auth  string // "user:password" that is asked for; "" for none

	mu      sync.Mutex
	all     []taken
	lines   int                // connections
	rcpt    func(string) error // guarded by mu: what RCPT is answered
	data    func(int) error    // what the nth message is answered, from 1
	dropped int                // messages that were taken and never answered
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines++
	_, secure := c.TLSConnectionState()
	return &session{s: s, secure: secure, ok: s.auth == "", conn: c}, nil
}

type session struct {
	s      *server
	conn   *smtp.Conn
	to     string
	secure bool
	ok     bool
}

func (x *session) AuthMechanisms() []string {
	if x.s.auth == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user+":"+password != x.s.auth {
			return smtp.ErrAuthFailed
		}
		x.ok = true
		return nil
	}), nil
}

func (x *session) Reset()        { x.to = "" }
func (x *session) Logout() error { return nil }

func (x *session) Mail(string, *smtp.MailOptions) error {
	if !x.ok {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.to = to
	if x.s.rcpt != nil {
		return x.s.rcpt(to)
	}
	return nil
}

// errLost is what data answers to take a message and say nothing.
var errLost = errors.New("lost")

func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.s.data != nil {
		err := x.s.data(len(x.s.all) + 1)
		if err != nil && !errors.Is(err, errLost) {
			return err
		}
		if err != nil {
			x.s.dropped++
			defer func() { _ = x.conn.Close() }()
		}
	}
	x.s.all = append(x.s.all, taken{to: x.to, id: m.Header.Get("Message-ID"), header: m.Header, raw: string(raw), secure: x.secure})
	return nil
}

func (s *server) messages() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.all...)
}

func (s *server) set(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// newServer starts a mail server that offers STARTTLS, or speaks TLS at once.
func newServer(t *testing.T, atOnce bool) *server {
	t.Helper()
	s := &server{t: t}
	cert, roots := certificate(t)
	s.roots, s.der = roots, cert.Certificate[0]
	back := smtp.NewServer(s)
	back.Domain, back.AllowInsecureAuth = "mail.test", false
	back.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	if atOnce {
		l = tls.NewListener(l, back.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = back.Serve(l) }()
	t.Cleanup(func() { _ = back.Close(); <-done })
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

var start = time.Date(2027, 3, 17, 9, 10, 0, 0, time.UTC)

// world is a store, its people and what they are told, with a real mail server.
type world struct {
	*testing.T
	clk     *clock.Fake
	dir     string
	live    *store.Handle
	people  *people.People
	notices *notice.Notices
	to      *server
	log     []string
}

func newWorld(t *testing.T, change ...func(*edge.Config)) *world {
	t.Helper()
	w := &world{T: t, clk: clock.NewFake(start), to: newServer(t, false), dir: t.TempDir()}
	opened, err := store.Open(t.Context(), filepath.Join(w.dir, "twoseas.db"), w.clk)
	w.must(err)
	t.Cleanup(func() { w.must(opened.Close()) })
	w.live, err = opened.Domain(t.Context(), ident.Live)
	w.must(err)
	w.people, err = people.New(t.Context(), w.live, people.Home{Side: "in"}, w.clk, rand.Reader)
	w.must(err)
	w.notices = w.process("one", change...)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// process is what people are told as another process of the node has it.
func (w *world) process(owner string, change ...func(*edge.Config)) *notice.Notices {
	w.Helper()
	c := edge.Config{Server: w.to.addr, From: "Twoseas <twoseas@cert.example>", Roots: w.to.roots, Clock: w.clk, Timeout: 20 * time.Second}
	for _, f := range change {
		f(&c)
	}
	out, err := edge.New(c)
	w.must(err)
	delhi, err := time.LoadLocation("Asia/Kolkata")
	w.must(err)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	w.must(err)
	return notice.New(notice.Config{
		People: w.people, Clock: w.clk, Rand: rand.Reader, Owner: owner, Secret: [32]byte{7}, URL: "https://desk.example", Host: "desk.example", Outside: out, ReadKey: out.ReadKey,
		Journal: func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
			w.log = append(w.log, by.Name+" "+act+" "+strings.Join(fields, " "))
			return nil
		},
		Places: func(*store.Tx) ([]notice.Place, error) {
			return []notice.Place{{Name: map[string]string{"en": "New Delhi", "hi": "नई दिल्ली"}, Zone: delhi}, {Name: map[string]string{"en": "Tokyo", "ja": "東京"}, Zone: tokyo}}, nil
		},
	})
}

// person adds an account and says who it is.
func (w *world) person(name, email string, roles ...people.Role) people.Actor {
	w.Helper()
	if len(roles) == 0 {
		roles = []people.Role{people.DutyOfficer}
	}
	w.must(w.people.AddAccount(w.Context(), people.System("operator"), people.Account{Name: name, Roles: roles, Email: email}))
	by, err := w.people.As(w.Context(), people.System("operator"), name)
	w.must(err)
	return by
}

// post has somebody told of something urgent.
func (w *world) post(x notice.Notice) int {
	w.Helper()
	told := 0
	if x.Kind == "" {
		x.Kind = notice.Request
	}
	if x.Page == "" {
		x.Page = "/requests/secret-name"
	}
	w.must(w.live.Write(w.Context(), func(tx *store.Tx) (err error) {
		told, err = w.notices.Post(tx, x)
		return err
	}))
	return told
}

func (w *world) send() notice.Sent {
	w.Helper()
	done, err := w.notices.Send(w.Context(), w.live)
	w.must(err)
	return done
}

// sent sends, and expects so many messages at the server altogether.
func (w *world) sent(want int) []taken {
	w.Helper()
	w.send()
	all := w.to.messages()
	if len(all) != want {
		w.Fatalf("%d messages at the server, want %d", len(all), want)
	}
	return all
}

func (w *world) mine(by people.Actor) notice.Own {
	w.Helper()
	o, err := w.notices.Mine(w.Context(), w.live, by)
	w.must(err)
	return o
}

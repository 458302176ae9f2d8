// Package fetch goes out for feeds: it asks TAXII 2.1 servers, sends to them,
// and fetches files by URL or from folders of this machine.
//
// Invariants: every answer is bounded in bytes, after decompression, and in
// time, and so is the silence within it; a redirect never leaves the server it
// came from, so neither do credentials; an address of a private network, or of
// this machine, is called only where the source says so, whatever a name
// resolves to; no proxy is taken from the environment; a folder is read only
// below those that the configuration names, and no link leads out of it.
package fetch

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
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
)

// Config is what a Client works with. Zero values are good but for Clock.
type Config struct {
	Clock clock.Clock
	// Folders are those below which files may be read; none for no folder.
	Folders []string
	// Spool is the directory for files under way, removed at once; default the
	// system's.
	Spool string
	// MaxBytes bounds one answer or file, decompressed; default 256 MiB.
	MaxBytes int64
	// Connect, Silence and Whole bound making a connection, the time in which
	// nothing comes, and one answer; defaults 10 s, 30 s and 10 min.
	Connect, Silence, Whole time.Duration
	// Agent is told to servers; default twoseas.
	Agent string
}

// Client is a feed.Outside. It is safe for concurrent use.
type Client struct {
	Config
	mu    sync.Mutex
	lines map[line]*http.Client  // guarded by mu
	found map[place]string       // guarded by mu; addresses of collections found by name
	roots map[string]rootOfTAXII // guarded by mu; by the root's address
}

// line is what connections may be shared by.
type line struct {
	ca      [sha256.Size]byte
	private bool
}

// New returns a Client.
func New(c Config) *Client {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&c.Connect, 10*time.Second)
	set(&c.Silence, 30*time.Second)
	set(&c.Whole, 10*time.Minute)
	if c.MaxBytes <= 0 {
		c.MaxBytes = 256 << 20
	}
	if c.Agent == "" {
		c.Agent = "twoseas"
	}
	return &Client{Config: c, lines: map[line]*http.Client{}, found: map[place]string{}, roots: map[string]rootOfTAXII{}}
}

// Close lets go of idle connections.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lines {
		l.CloseIdleConnections()
	}
}

// line returns the client for a remote.
func (c *Client) line(r feed.Remote) (*http.Client, error) {
	key := line{sha256.Sum256([]byte(r.CA)), r.Private}
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.lines[key]; ok {
		return have, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.CA != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(r.CA)) {
			return nil, fault.New(fault.Invalid, "the certificate authority of the source is not PEM")
		}
	}
	dialer := &net.Dialer{Timeout: c.Connect, ControlContext: guard(r.Private)}
	made := &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: c.Connect, ResponseHeaderTimeout: c.Silence,
			DisableCompression:     true, // decompressed here, where it is bounded
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 2, MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: stay,
	}
	c.lines[key] = made
	return made, nil
}

// maxRedirects bounds the redirects within one server.
const maxRedirects = 5

// stay follows redirects within a server only.
func stay(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if req.URL.Scheme != from.Scheme || req.URL.Host != from.Host {
		return fault.Errorf(fault.Denied, "%s sends on to %s://%s; if that is right, give this address", from.Host, req.URL.Scheme, req.URL.Host)
	}
	if len(via) > maxRedirects {
		return fault.Errorf(fault.Invalid, "%s sends on more than %d times", from.Host, maxRedirects)
	}
	return nil
}

// request is one thing asked of a remote.
type request struct {
	method, url string
	header      http.Header
	body        []byte
	most        int64 // bytes of the answer; 0 for Config.MaxBytes
}

// answer is what came back. Its body is decompressed and bounded, and closing
// it ends the request.
type answer struct {
	status int
	header http.Header
	body   io.ReadCloser
}

// do sends a request. An answer that is neither 2xx nor 304 is an error.
func (c *Client) do(ctx context.Context, r feed.Remote, q request) (answer, error) {
	client, err := c.line(r)
	if err != nil {
		return answer{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, c.Whole)
	req, err := c.request(bounded, r, q)
	if err != nil {
		cancel()
		return answer{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		cancel()
		return answer{}, unreachable(ctx, req.URL.Host, err)
	}
	most := q.most
	if most == 0 {
		most = c.MaxBytes
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.body, err = c.bounded(resp, most, cancel)
	if err != nil {
		cancel()
		return answer{}, errors.Join(err, resp.Body.Close())
	}
	if a.status/100 == 2 || a.status == http.StatusNotModified {
		return a, nil
	}
	return answer{}, errors.Join(c.refusal(req.URL.Host, a), a.body.Close())
}

func (c *Client) request(ctx context.Context, r feed.Remote, q request) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, body)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "address %.200q: %w", q.url, err)
	}
	for k, v := range q.header {
		req.Header[k] = v
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", c.Agent)
	if r.Secret == "" {
		return req, nil
	}
	if req.URL.Scheme != "https" && !r.Private {
		return nil, fault.Errorf(fault.Denied, "a password or token is not sent to %s over plain HTTP", req.URL.Host)
	}
	if r.User != "" {
		req.SetBasicAuth(r.User, r.Secret)
	} else {
		req.Header.Set("Authorization", "Bearer "+r.Secret)
	}
	return req, nil
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
	if fault.KindOf(err) != fault.Internal { // ours: a redirect, an address
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err) {
		return fault.Errorf(fault.Unavailable, "%s does not answer in time", host)
	}
	return fault.Errorf(fault.Unavailable, "%s cannot be reached: %w", host, err)
}

// refusal turns an answer that is an error into one of ours.
func (c *Client) refusal(host string, a answer) error {
	said := ""
	if text := explain(a); text != "" {
		said = ": " + text
	}
	kind := fault.Invalid
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = fault.Denied
	case http.StatusNotFound, http.StatusGone:
		kind = fault.NotFound
	case http.StatusRequestEntityTooLarge:
		kind = fault.TooLarge
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		kind = fault.Busy
	default:
		if a.status >= 500 {
			kind = fault.Unavailable
		}
	}
	err := fault.Errorf(kind, "%s answers %d %s%s", host, a.status, http.StatusText(a.status), said)
	if wait, ok := c.retryAfter(a.header); ok && (kind == fault.Busy || kind == fault.Unavailable) {
		return &feed.Later{After: wait, Err: err}
	}
	return err
}

// retryAfter reads Retry-After (RFC 9110 §10.2.3), in seconds or as a date.
func (c *Client) retryAfter(h http.Header) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(v)
	return max(0, at.Sub(c.Clock.Now())), err == nil
}

// Package auth says at every HTTP door who is knocking: by HTTP Basic (RFC
// 7617), a bearer token (RFC 6750) or the session its browser is in, from which
// address, and with which headers the answer goes out. It leads people through
// passkeys (WebAuthn) and single sign-on (OpenID Connect).
//
// Invariants: a program's credentials come in the Authorization header of the
// request and a person's session in one cookie; an unsafe request that another
// site has a browser send is refused; what was sent is never part of an error; the client's address
// is that of the connection unless the node was told that a proxy of its own
// stands in front.
package auth

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
)

// Auth authenticates requests. It is immutable.
type Auth struct {
	people *people.People
	// behindProxy: the connection is always our own reverse proxy's, which
	// adds the client's address to the end of X-Forwarded-For.
	behindProxy bool
	doors       Doors
}

// New returns an Auth that knows the accounts of p. With behindProxy the
// client's address is taken from X-Forwarded-For; without, that header is
// ignored, since anybody can send one.
func New(p *people.People, behindProxy bool) *Auth {
	return &Auth{people: p, behindProxy: behindProxy}
}

// Authenticate returns who sent r. It returns fault.Denied when r carries no
// credentials, two of them, a scheme that is not known or credentials that are
// not valid; fault.Busy after too many failures. Who names a meeting is in its
// room (see MeetingHeader). Refuse turns each failure into an answer.
func (a *Auth) Authenticate(r *http.Request) (people.Actor, error) {
	by, err := a.identify(r)
	if err != nil {
		return people.Actor{}, err
	}
	return a.inMeeting(r, by)
}

// identify is Authenticate without a look at meetings.
func (a *Auth) identify(r *http.Request) (people.Actor, error) {
	h := r.Header["Authorization"]
	if len(h) == 0 {
		return people.Actor{}, fault.New(fault.Denied, "log in first: send HTTP Basic credentials or a bearer token")
	}
	if len(h) > 1 {
		return people.Actor{}, fault.New(fault.Denied, "more than one Authorization header")
	}
	scheme, rest, _ := strings.Cut(h[0], " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		name, password, ok := basic(rest)
		if !ok {
			return people.Actor{}, fault.New(fault.Denied, "the Basic credentials are malformed (RFC 7617 §2)")
		}
		return a.people.Login(r.Context(), name, password, a.Remote(r))
	case strings.EqualFold(scheme, "Bearer"):
		return a.people.LoginToken(r.Context(), strings.Trim(rest, " "))
	}
	return people.Actor{}, fault.New(fault.Denied, "unknown authentication scheme: use Basic or Bearer")
}

// Key is Authenticate for clients of MISP, which send a token alone, in the
// header Authorization or X-MISP-AUTH.
func (a *Auth) Key(r *http.Request) (people.Actor, error) {
	by, err := a.key(r)
	if err != nil {
		return people.Actor{}, err
	}
	return a.inMeeting(r, by)
}

func (a *Auth) key(r *http.Request) (people.Actor, error) {
	plain, other := r.Header["Authorization"], r.Header["X-Misp-Auth"]
	switch {
	case len(plain)+len(other) > 1:
		return people.Actor{}, fault.New(fault.Denied, "more than one key was sent")
	case len(other) == 1:
		return a.people.LoginToken(r.Context(), strings.TrimSpace(other[0]))
	case len(plain) == 1 && !strings.Contains(strings.TrimSpace(plain[0]), " "):
		return a.people.LoginToken(r.Context(), strings.TrimSpace(plain[0]))
	}
	return a.identify(r)
}

// Secure reports whether the client's side of r is encrypted, so that a cookie
// may be marked Secure.
func (a *Auth) Secure(r *http.Request) bool { return r.TLS != nil || a.behindProxy }

// basic reads base64(name ":" password).
func basic(s string) (string, string, bool) {
	raw, err := base64.StdEncoding.DecodeString(strings.Trim(s, " "))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// Remote returns the address of r's client without its port, "" when there is
// none to be had.
func (a *Auth) Remote(r *http.Request) string {
	if a.behindProxy {
		if addr, ok := forwarded(r.Header); ok {
			return addr
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// forwarded returns the last address in X-Forwarded-For: the one our own proxy
// saw. What stands before it is hearsay.
func forwarded(h http.Header) (string, bool) {
	lines := h["X-Forwarded-For"]
	if len(lines) == 0 {
		return "", false
	}
	last := lines[len(lines)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if addr, err := netip.ParseAddr(strings.Trim(last, "[]")); err == nil {
		return addr.String(), true
	}
	if ap, err := netip.ParseAddrPort(last); err == nil {
		return ap.Addr().String(), true
	}
	return "", false
}

// The challenges of a 401 (RFC 7617 §2.1, RFC 6750 §3).
const (
	basicChallenge  = `Basic realm="twoseas", charset="UTF-8"`
	bearerChallenge = `Bearer realm="twoseas"` //nolint:gosec // this is asked for, not shown
)

// Challenge answers 401 with both challenges and no body.
func Challenge(w http.ResponseWriter) {
	challenge(w.Header())
	w.WriteHeader(http.StatusUnauthorized)
}

func challenge(h http.Header) {
	h["Www-Authenticate"] = []string{basicChallenge, bearerChallenge}
}

// Refuse sets the headers that go with a failure of Authenticate and returns
// the status to send: 401 with both challenges, 429 with Retry-After, or
// what else kept the node from looking. The body is the caller's.
func Refuse(h http.Header, err error) int {
	if soon, ok := errors.AsType[*people.TooSoon](err); ok {
		h.Set("Retry-After", strconv.Itoa(int(soon.Seconds().Seconds())))
		return http.StatusTooManyRequests
	}
	if _, ok := errors.AsType[noMeeting](err); ok {
		return http.StatusForbidden
	}
	switch fault.KindOf(err) {
	case fault.Denied:
		challenge(h)
		return http.StatusUnauthorized
	case fault.Busy, fault.Unavailable:
		h.Set("Retry-After", "5")
		return http.StatusServiceUnavailable
	case fault.Internal, fault.NotFound, fault.Invalid, fault.Conflict, fault.Held, fault.TooLarge:
	}
	return http.StatusInternalServerError
}

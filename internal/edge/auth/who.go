package auth

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Doors is how people, rather than programs, get in.
type Doors struct {
	Sessions *session.Sessions
	Side     ident.Side // part of the cookie's name: two nodes on one host do not sign each other's people out
	// PublicURL is how browsers reach the node when that is not what their
	// requests say, "" otherwise.
	PublicURL string
	Title     string    // of the node, for authenticators
	Provider  *Provider // nil without single sign-on
}

// WithDoors returns an Auth that knows sessions besides what a knows.
func (a *Auth) WithDoors(d Doors) *Auth {
	b := *a
	b.doors = d
	return &b
}

// Sessions returns the ways in.
func (a *Auth) Sessions() *session.Sessions { return a.doors.Sessions }

// Provider returns the configured single sign-on, nil without.
func (a *Auth) Provider() *Provider { return a.doors.Provider }

// Who is who asks.
type Who struct {
	people.Actor // the zero Actor unless the session is good for it
	// Session is the browser's, zero when credentials came with the request.
	Session session.Session
	// Recent says that a password or a passkey was shown a short while ago.
	Recent bool
}

// errNobody is what Who returns when r carries nothing to tell by.
var errNobody = fault.New(fault.Denied, "sign in first")

// Who returns who sent r: by the credentials in its Authorization header, else
// by the session its cookie names. It fails as Authenticate does. A session
// that is not good for anything yet comes without an Actor and with
// fault.Denied; its Stage says what is missing.
func (a *Auth) Who(r *http.Request) (Who, error) {
	if len(r.Header["Authorization"]) > 0 || a.doors.Sessions == nil {
		by, err := a.Authenticate(r)
		return Who{Actor: by, Recent: err == nil && by.Token == ""}, err
	}
	secret, ok := a.secret(r)
	if !ok {
		return Who{}, errNobody
	}
	by, x, err := a.doors.Sessions.Open(r.Context(), secret, a.At(r))
	if err != nil {
		return Who{}, err
	}
	if x.Stage != session.Full {
		return Who{Session: x}, errNobody
	}
	return Who{Actor: by, Session: x, Recent: a.doors.Sessions.Recent(x)}, nil
}

// cookieName says which cookie holds the session. Over TLS its prefix keeps
// other hosts and unencrypted pages from setting it (RFC 6265bis §4.1.3.2).
func (a *Auth) cookieName(r *http.Request, what string) string {
	name := "twoseas-" + string(a.doors.Side) + what
	if a.Secure(r) {
		return "__Host-" + name
	}
	return name
}

func (a *Auth) secret(r *http.Request) (string, bool) {
	c, err := r.Cookie(a.cookieName(r, ""))
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// Remember has the browser hold the secret of its session.
func (a *Auth) Remember(w http.ResponseWriter, r *http.Request, secret string) {
	a.setCookie(w, r, "", secret, 0)
}

// Forget has the browser forget its session.
func (a *Auth) Forget(w http.ResponseWriter, r *http.Request) { a.setCookie(w, r, "", "", -1) }

func (a *Auth) setCookie(w http.ResponseWriter, r *http.Request, what, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the client comes over TLS
		Name: a.cookieName(r, what), Value: value, Path: "/", MaxAge: age,
		Secure: a.Secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// At returns where r comes from, for lists of sessions.
func (a *Auth) At(r *http.Request) session.At {
	return session.At{Device: device(r.UserAgent()), Address: a.Remote(r)}
}

// named are the words in a User-Agent that say which browser and which system
// it is; the first that is found counts.
var named = [2][][2]string{
	{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}},
	{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}},
}

// device says in words people know what sent a User-Agent, or returns its
// beginning.
func device(agent string) string {
	var words []string
	for _, list := range named {
		for _, w := range list {
			if strings.Contains(agent, w[0]) {
				words = append(words, w[1])
				break
			}
		}
	}
	if len(words) == 0 {
		return strings.ToValidUTF8(agent[:min(len(agent), 60)], "")
	}
	return strings.Join(words, ", ")
}

// SameOrigin refuses unsafe requests that a browser sends from another site,
// before next sees them. Programs, which say nothing of where they come from,
// pass: they have no cookies.
func (a *Auth) SameOrigin(next http.Handler) (http.Handler, error) {
	p := http.NewCrossOriginProtection()
	if a.doors.PublicURL != "" {
		u, err := url.Parse(a.doors.PublicURL)
		if err != nil {
			return nil, err
		}
		if err := p.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	return p.Handler(next), nil
}

// Origin returns the origin under which the browser that sent r sees the node.
func (a *Auth) Origin(r *http.Request) (*url.URL, error) {
	text := a.doors.PublicURL
	if text == "" {
		text = "http://" + r.Host
		if a.Secure(r) {
			text = "https://" + r.Host
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.Invalid, "the request does not say which host it is for")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// isName reports whether host is a name rather than an address.
func isName(host string) bool { return host != "" && net.ParseIP(strings.Trim(host, "[]")) == nil }

// TooSoon returns how long to wait before the next try, when that is what err
// says.
func TooSoon(err error) (*people.TooSoon, bool) { return errors.AsType[*people.TooSoon](err) }

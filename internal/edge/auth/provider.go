package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"twoseas/internal/act/session"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
)

// ProviderConfig is an OpenID Connect provider and how it knows this node.
type ProviderConfig struct {
	Name         string // on the button
	Issuer       string // URL
	ClientID     string
	ClientSecret string // "" for a public client
	Clock        clock.Clock
	Client       *http.Client // nil for one with a time limit
}

// Provider is an OpenID Connect provider. Nothing is asked of it before the
// first person wants to sign in. It is safe for concurrent use.
type Provider struct {
	c ProviderConfig

	mu    sync.Mutex
	found *oidc.Provider // guarded by mu; nil until discovered
}

// NewProvider returns the provider of c.
func NewProvider(c ProviderConfig) *Provider {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return &Provider{c: c}
}

// Name is what the sign-on is called.
func (p *Provider) Name() string {
	if p.c.Name == "" {
		return p.c.Issuer
	}
	return p.c.Name
}

// discover asks the provider for its addresses and keys, once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.c.Client), p.c.Issuer)
	if err != nil {
		return nil, fault.Errorf(fault.Unavailable, "the single sign-on %s does not answer: %w", p.Name(), err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.c.ClientID, ClientSecret: p.c.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// ProviderBack is the path at which the provider sends people back.
const ProviderBack = "/sign-in/provider/back"

const keepProvider = "provider"

// journey is what has to be remembered while somebody is at the provider.
type journey struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	State    string `json:"state"`
	Back     string `json:"back"`
	Session  string `json:"session"` // to confirm; "" to sign in
	Began    int64  `json:"began"`   // seconds
}

// ToProvider returns the address at the provider that the browser is sent to.
// back is where the person wants to go afterwards. With again not zero the
// provider is asked to authenticate the person of that session once more.
func (a *Auth) ToProvider(w http.ResponseWriter, r *http.Request, back string, again session.Session) (string, error) {
	p := a.doors.Provider
	if p == nil {
		return "", fault.New(fault.NotFound, "this node has no single sign-on")
	}
	found, err := p.discover(r.Context())
	if err != nil {
		return "", err
	}
	origin, err := a.Origin(r)
	if err != nil {
		return "", err
	}
	j := journey{Verifier: oauth2.GenerateVerifier(), Back: back, Session: again.ID, Began: p.c.Clock.Now().Unix()}
	for _, field := range []*string{&j.Nonce, &j.State} {
		if *field, err = random(); err != nil {
			return "", err
		}
	}
	raw, err := canon.Write(j)
	if err != nil {
		return "", err
	}
	secret, err := a.doors.Sessions.Keep(r.Context(), keepProvider, again.Account, raw)
	if err != nil {
		return "", err
	}
	a.setCookie(w, r, "-journey", secret, 600)
	opts := []oauth2.AuthCodeOption{oidc.Nonce(j.Nonce), oauth2.S256ChallengeOption(j.Verifier)}
	if again.ID != "" {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth(found, origin.String()+ProviderBack).AuthCodeURL(j.State, opts...), nil
}

// FromProvider takes the person back from the provider and returns the secret
// for Remember and where the person wants to go. x is the browser's present
// session, if any.
func (a *Auth) FromProvider(w http.ResponseWriter, r *http.Request, x session.Session) (secret, back string, err error) {
	j, err := a.journey(w, r)
	if err != nil {
		return "", "", err
	}
	q := r.URL.Query()
	if said := q.Get("error"); said != "" {
		return "", "", fault.Errorf(fault.Denied, "the single sign-on refused: %.60q", said)
	}
	if j.State == "" || q.Get("state") != j.State {
		return "", "", errJourney()
	}
	if j.Session == "" {
		x = session.Session{}
	} else if x.ID != j.Session {
		return "", "", errJourney()
	}
	id, err := a.identity(r, j, q)
	if err != nil {
		return "", "", err
	}
	secret, err = a.doors.Sessions.Provider(r.Context(), id, x, a.At(r))
	return secret, j.Back, err
}

func errJourney() error {
	return fault.New(fault.Denied, "this sign-on was not begun here, took too long or was done already; begin again")
}

// journey returns what was remembered, once.
func (a *Auth) journey(w http.ResponseWriter, r *http.Request) (journey, error) {
	var j journey
	c, err := r.Cookie(a.cookieName(r, "-journey"))
	if err != nil || a.doors.Provider == nil {
		return j, errJourney()
	}
	a.setCookie(w, r, "-journey", "", -1)
	_, raw, err := a.doors.Sessions.Take(r.Context(), keepProvider, c.Value)
	if fault.Is(err, fault.NotFound) {
		return j, errJourney()
	}
	if err != nil {
		return j, err
	}
	return j, canon.Unmarshal(raw, &j)
}

// identity exchanges the code for an ID token and returns whom it names.
func (a *Auth) identity(r *http.Request, j journey, q url.Values) (session.Identity, error) {
	p := a.doors.Provider
	found, err := p.discover(r.Context())
	if err != nil {
		return session.Identity{}, err
	}
	origin, err := a.Origin(r)
	if err != nil {
		return session.Identity{}, err
	}
	ctx := oidc.ClientContext(r.Context(), p.c.Client)
	tokens, err := p.oauth(found, origin.String()+ProviderBack).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(j.Verifier))
	if err != nil {
		return session.Identity{}, fault.New(fault.Denied, "the single sign-on did not stand by its answer; begin again")
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return session.Identity{}, fault.New(fault.Denied, "the single sign-on did not say who you are")
	}
	token, err := found.Verifier(&oidc.Config{ClientID: p.c.ClientID, Now: p.c.Clock.Now}).Verify(ctx, raw)
	if err != nil || token.Nonce != j.Nonce {
		return session.Identity{}, fault.New(fault.Denied, "the word of the single sign-on does not hold; begin again")
	}
	var said struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		At       int64  `json:"auth_time"`
	}
	if err := token.Claims(&said); err != nil {
		return session.Identity{}, fault.New(fault.Denied, "the single sign-on said something that cannot be read")
	}
	if j.Session != "" && said.At < j.Began-60 { // it did not ask again
		return session.Identity{}, fault.New(fault.Denied, "the single sign-on did not ask who you are again; use another way to confirm")
	}
	return session.Identity{Issuer: token.Issuer, Subject: token.Subject, Email: strings.TrimSpace(said.Email), Verified: said.Verified}, nil
}

// random returns 192 bits of text.
func random() (string, error) {
	var b [24]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

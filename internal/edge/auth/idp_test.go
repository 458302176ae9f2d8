package auth_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"twoseas/internal/base/clock"
)

// idp is an OpenID Connect provider: discovery, authorization with PKCE, token
// with client authentication, keys (OpenID Connect Core 1.0 §3.1, RFC 7636).
// Its fields change what it says.
type idp struct {
	t      testing.TB
	server *httptest.Server
	clk    clock.Clock
	key    *rsa.PrivateKey

	mu     sync.Mutex
	grants map[string]url.Values // by code

	// What it says, and does wrong, from the next token on.
	subject, email string
	verified       any
	change         func(claims map[string]any)
	signWith       *rsa.PrivateKey
	alg            string
	asked          url.Values // of the last authorization request
}

const (
	clientID     = "twoseas"
	clientSecret = "a secret of the client"
)

func newIDP(t testing.TB, clk clock.Clock) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, clk: clk, key: key, signWith: key, alg: "RS256", grants: map[string]url.Values{}, subject: "1234", email: "a@example.in", verified: true}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *idp) say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *idp) discovery(w http.ResponseWriter, _ *http.Request) {
	p.say(w, map[string]any{
		"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize", "token_endpoint": p.server.URL + "/token",
		"jwks_uri": p.server.URL + "/keys", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

var b64url = base64.RawURLEncoding.EncodeToString

func (p *idp) keys(w http.ResponseWriter, _ *http.Request) {
	p.say(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64url(p.key.N.Bytes()), "e": b64url(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// authorize signs the person in without asking and sends the browser back.
func (p *idp) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != clientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
		http.Error(w, "invalid_request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.grants[code], p.asked = q, q
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token redeems a code once, for the client that has the secret and the
// verifier.
func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if secret, _ = url.QueryUnescape(secret); !ok || id != clientID || secret != clientSecret {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	grant := p.grants[r.PostFormValue("code")]
	delete(p.grants, r.PostFormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if grant == nil || grant.Get("code_challenge") != b64url(sum[:]) || grant.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	p.say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(grant.Get("nonce"))})
}

func (p *idp) sign(nonce string) string {
	now := p.clk.Now()
	claims := map[string]any{
		"iss": p.server.URL, "sub": p.subject, "aud": clientID, "nonce": nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"auth_time": now.Unix(), "email": p.email, "email_verified": p.verified, "roles": []string{"administrator"}, "groups": []string{"administrator"},
	}
	if p.change != nil {
		p.change(claims)
	}
	head, err := json.Marshal(map[string]string{"alg": p.alg, "kid": "1", "typ": "JWT"})
	if err != nil {
		p.t.Error(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := b64url(head) + "." + b64url(body)
	if p.alg == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, p.signWith, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + b64url(sig)
}

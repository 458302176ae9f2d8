package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
)

// authenticator is a passkey in software, with its browser (WebAuthn Level 3
// §6 and §5.8.1).
type authenticator struct {
	t      testing.TB
	origin string // where the browser is
	id     []byte
	key    *ecdsa.PrivateKey
	handle []byte
	count  uint32
	flags  byte // user present 1, verified 4
}

func newAuthenticator(t testing.TB, origin string) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return &authenticator{t: t, origin: origin, id: []byte(rand.Text()), key: key, flags: 1 | 4}
}

// options is what the page's script gets, as far as this browser looks.
type options struct {
	Secret  string `json:"secret"`
	Options struct {
		PublicKey struct {
			Challenge string `json:"challenge"`
			RPID      string `json:"rpId"`
			RP        struct {
				ID string `json:"id"`
			} `json:"rp"`
			User struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"user"`
			UserVerification       string `json:"userVerification"`
			AuthenticatorSelection struct {
				ResidentKey      string `json:"residentKey"`
				UserVerification string `json:"userVerification"`
			} `json:"authenticatorSelection"`
			Attestation string `json:"attestation"`
			Exclude     []struct {
				ID string `json:"id"`
			} `json:"excludeCredentials"`
		} `json:"publicKey"`
	} `json:"options"`
}

// read takes a ceremony as it goes over the wire.
func read(t testing.TB, c auth.Ceremony) options {
	t.Helper()
	raw, err := canon.Write(c)
	must(t, err)
	var o options
	must(t, json.Unmarshal(raw, &o))
	return o
}

func (a *authenticator) data(rp string, more ...byte) []byte {
	sum := sha256.Sum256([]byte(rp))
	flags := a.flags
	if len(more) > 0 {
		flags |= 0x40
	}
	a.count++
	return append(binary.BigEndian.AppendUint32(append(sum[:], flags), a.count), more...)
}

func (a *authenticator) client(typ, challenge string) []byte {
	raw, err := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	must(a.t, err)
	return raw
}

// blob is a CBOR byte string of under 64 KiB, text a short text (RFC 8949 §3).
func blob(b []byte) []byte {
	return append([]byte{0x59, byte(len(b) >> 8), byte(len(b))}, b...)
}

func text(s string) []byte { return append([]byte{0x60 + byte(len(s))}, s...) }

// create makes the credential (attestation none).
func (a *authenticator) create(o options) string {
	a.t.Helper()
	pk := o.Options.PublicKey
	handle, err := base64.RawURLEncoding.DecodeString(pk.User.ID)
	must(a.t, err)
	a.handle = handle
	point, err := a.key.PublicKey.Bytes() // 4 X Y
	must(a.t, err)
	cose := bytes.Join([][]byte{{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21}, blob(point[1:33]), {0x22}, blob(point[33:])}, nil)
	made := bytes.Join([][]byte{make([]byte, 16), {byte(len(a.id) >> 8), byte(len(a.id))}, a.id, cose}, nil)
	object := bytes.Join([][]byte{{0xa3}, text("fmt"), text("none"), text("attStmt"), {0xa0}, text("authData"), blob(a.data(pk.RP.ID, made...))}, nil)
	return a.answer(map[string]any{
		"clientDataJSON": b64url(a.client("webauthn.create", pk.Challenge)), "attestationObject": b64url(object), "transports": []string{},
	})
}

// get answers a challenge.
func (a *authenticator) get(o options) string {
	a.t.Helper()
	pk := o.Options.PublicKey
	client, data := a.client("webauthn.get", pk.Challenge), a.data(pk.RPID)
	sum := sha256.Sum256(client)
	signed := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, signed[:])
	must(a.t, err)
	return a.answer(map[string]any{
		"clientDataJSON": b64url(client), "authenticatorData": b64url(data), "signature": b64url(sig), "userHandle": b64url(a.handle),
	})
}

func (a *authenticator) answer(response map[string]any) string {
	raw, err := json.Marshal(map[string]any{
		"id": b64url(a.id), "rawId": b64url(a.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	})
	must(a.t, err)
	return string(raw)
}

const here = "https://node.example/x"

func at(url string) *http.Request { return httptest.NewRequest(http.MethodPost, url, nil) }

// enrolled makes a session of account in which passkeys may be added.
func (e *entrance) enrolled(account string) session.Session {
	e.t.Helper()
	link, err := e.door.Sessions().Link(e.t.Context(), people.System("test"), account)
	must(e.t, err)
	secret, err := e.door.Sessions().UseLink(e.t.Context(), link, session.At{})
	must(e.t, err)
	_, x, err := e.door.Sessions().Open(e.t.Context(), secret, session.At{})
	must(e.t, err)
	return x
}

// register adds a passkey to account.
func (e *entrance) register(account string, a *authenticator) {
	e.t.Helper()
	x := e.enrolled(account)
	c, err := e.door.BeginRegister(at(here), x, nil)
	must(e.t, err)
	done, err := e.door.FinishRegister(at(here), x, c.Secret, a.create(read(e.t, c)), "test")
	must(e.t, err)
	if done.Stage != session.Full {
		e.t.Fatalf("stage %d", done.Stage)
	}
}

// signIn signs in with a passkey and returns as whom.
func (e *entrance) signIn(a *authenticator) (string, error) {
	e.t.Helper()
	c, err := e.door.BeginPasskey(at(here))
	must(e.t, err)
	secret, err := e.door.FinishPasskey(at(here), c.Secret, a.get(read(e.t, c)), session.Session{})
	if err != nil {
		return "", err
	}
	by, _, err := e.door.Sessions().Open(e.t.Context(), secret, session.At{})
	return by.Name, err
}

func denied(t *testing.T, err error, what string) {
	t.Helper()
	if !fault.Is(err, fault.Denied) {
		t.Errorf("%s: got %v, want a denial", what, err)
	}
}

func TestAPasskeyIsMadeAndSignsIn(t *testing.T) {
	e := entry(t)
	a := newAuthenticator(t, "https://node.example")
	e.register("a", a)
	for range 3 {
		if name, err := e.signIn(a); err != nil || name != "a" {
			t.Fatalf("%q, %v", name, err)
		}
	}
	x := e.enrolled("a")
	ways, err := e.door.Sessions().OwnWays(t.Context(), x)
	must(t, err)
	c, err := e.door.BeginRegister(at(here), x, ways.Passkeys)
	must(t, err)
	o := read(t, c)
	pk := o.Options.PublicKey
	if len(pk.Exclude) != 1 || pk.Exclude[0].ID != b64url(a.id) || pk.AuthenticatorSelection.ResidentKey != "required" ||
		pk.AuthenticatorSelection.UserVerification != "required" || pk.Attestation != "none" || pk.RP.ID != "node.example" || pk.User.Name != "a" {
		t.Errorf("options %+v", pk)
	}
	if bytes.Contains(a.handle, []byte("a@")) || len(a.handle) != 32 {
		t.Errorf("handle %x", a.handle)
	}
	_, err = e.door.FinishRegister(at(here), x, c.Secret, a.create(o), "again")
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("the same credential twice: %v", err)
	}
}

func TestAPasskeyThatIsNotGoodEnough(t *testing.T) {
	e := entry(t)
	must(t, e.people.AddAccount(t.Context(), people.System("test"), people.Account{Name: "b", Roles: []people.Role{people.Member}}))
	mine, theirs := newAuthenticator(t, "https://node.example"), newAuthenticator(t, "https://node.example")
	e.register("a", mine)
	e.register("b", theirs)
	for what, change := range map[string]func(a *authenticator){
		"a page of another name":         func(a *authenticator) { a.origin = "https://node.example.evil" },
		"a page without encryption":      func(a *authenticator) { a.origin = "http://node.example" },
		"a person who was not verified":  func(a *authenticator) { a.flags = 1 },
		"a person who was not there":     func(a *authenticator) { a.flags = 4 },
		"another's key":                  func(a *authenticator) { a.key = theirs.key },
		"another's handle":               func(a *authenticator) { a.handle = theirs.handle },
		"no handle":                      func(a *authenticator) { a.handle = nil },
		"another's id":                   func(a *authenticator) { a.id = theirs.id },
		"an id nobody has":               func(a *authenticator) { a.id = []byte("nobody") },
		"a copy that counts from before": func(a *authenticator) { a.count = 0 },
	} {
		if name, err := e.signIn(mine); err != nil || name != "a" { // also forgives the failure before
			t.Fatalf("before %s: %q, %v", what, name, err)
		}
		bad := *mine
		change(&bad)
		_, err := e.signIn(&bad)
		denied(t, err, what)
		e.clk.Advance(30 * 60e9)
	}
}

func TestAnAnswerIsToItsChallengeAndTakenOnce(t *testing.T) {
	e := entry(t)
	a := newAuthenticator(t, "https://node.example")
	e.register("a", a)
	begin := func() (auth.Ceremony, options) {
		c, err := e.door.BeginPasskey(at(here))
		must(t, err)
		return c, read(t, c)
	}
	finish := func(r *http.Request, secret, answer string) error {
		_, err := e.door.FinishPasskey(r, secret, answer, session.Session{})
		return err
	}
	c, o := begin()
	answer := a.get(o)
	must(t, finish(at(here), c.Secret, answer))
	if err := finish(at(here), c.Secret, answer); !fault.Is(err, fault.NotFound) {
		t.Errorf("the same again: %v", err)
	}
	c, _ = begin()
	denied(t, finish(at(here), c.Secret, answer), "the answer to another challenge")
	c, o = begin()
	denied(t, finish(at("https://other.example/"), c.Secret, a.get(o)), "at another name of the node")
	c, _ = begin()
	denied(t, finish(at(here), c.Secret, `{"id":1}`), "nonsense")
	x := e.enrolled("a")
	made, err := e.door.BeginRegister(at(here), x, nil)
	must(t, err)
	if err := finish(at(here), made.Secret, a.get(read(t, made))); !fault.Is(err, fault.NotFound) {
		t.Errorf("the challenge of a registration: %v", err)
	}
	must(t, e.people.AddAccount(t.Context(), people.System("test"), people.Account{Name: "b", Roles: []people.Role{people.Member}}))
	b := e.enrolled("b")
	made, err = e.door.BeginRegister(at(here), x, nil)
	must(t, err)
	_, err = e.door.FinishRegister(at(here), b, made.Secret, newAuthenticator(t, "https://node.example").create(read(t, made)), "")
	denied(t, err, "a registration begun by another")
	weak := newAuthenticator(t, "https://node.example")
	weak.flags = 1
	made, err = e.door.BeginRegister(at(here), b, nil)
	must(t, err)
	_, err = e.door.FinishRegister(at(here), b, made.Secret, weak.create(read(t, made)), "")
	denied(t, err, "an authenticator that does not verify its user")
}

func TestWherePasskeysWork(t *testing.T) {
	e := entry(t)
	for url, want := range map[string]bool{
		"https://node.example/": true, "https://localhost:8443/": true, "http://localhost:8080/": true,
		"https://127.0.0.1:8443/": false, "https://[::1]:8443/": false, "http://node.example/": false,
	} {
		if err := e.door.PasskeysWork(at(url)); (err == nil) != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}

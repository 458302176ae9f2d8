package auth

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
)

// The kinds of ceremony, so that the challenge of one answers no other.
const (
	keepRegister = "passkey register"
	keepSignIn   = "passkey sign in"
)

// PasskeysWork returns nil when passkeys can be used at the address r was sent
// to: authenticators know names, not IP addresses.
func (a *Auth) PasskeysWork(r *http.Request) error {
	u, err := a.Origin(r)
	if err != nil {
		return err
	}
	if !isName(u.Hostname()) {
		return fault.Errorf(fault.Unavailable, "passkeys need the name of the node in the address bar, not the address %s", u.Hostname())
	}
	if u.Scheme != "https" && u.Hostname() != "localhost" {
		return fault.New(fault.Unavailable, "passkeys need an encrypted page")
	}
	return nil
}

// party returns the relying party as the browser that sent r sees it. The
// browser and the authenticator hold the answer to that origin, and a
// credential of one name is never offered to another.
func (a *Auth) party(r *http.Request) (*webauthn.WebAuthn, error) {
	if err := a.PasskeysWork(r); err != nil {
		return nil, err
	}
	u, err := a.Origin(r)
	if err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: a.doors.Title, RPOrigins: []string{u.String()},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
}

// holder is an account as the library sees it.
type holder struct {
	name   string
	handle []byte
	keys   []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.handle }
func (h holder) WebAuthnName() string                       { return h.name }
func (h holder) WebAuthnDisplayName() string                { return h.name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (a *Auth) holder(account string, keys ...[]byte) (holder, error) {
	h := holder{name: account, handle: a.doors.Sessions.Handle(account)}
	for _, data := range keys {
		var c webauthn.Credential
		if _, err := c.UnmarshalMsg(data); err != nil {
			return h, fmt.Errorf("read a stored passkey: %w", err)
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

// Ceremony is what a browser needs to ask an authenticator: the secret that
// names the ceremony, and the options. A page's script gets it as JSON.
type Ceremony struct {
	Secret  string `json:"secret"`
	Options any    `json:"options"`
}

// keep remembers a ceremony until the browser comes back.
func (a *Auth) keep(r *http.Request, kind, account string, state *webauthn.SessionData, options any) (Ceremony, error) {
	data, err := state.MarshalMsg(nil)
	if err != nil {
		return Ceremony{}, err
	}
	secret, err := a.doors.Sessions.Keep(r.Context(), kind, account, data)
	return Ceremony{Secret: secret, Options: options}, err
}

// taken returns the ceremony that secret names, for its one use.
func (a *Auth) taken(r *http.Request, kind, secret string) (string, webauthn.SessionData, error) {
	var state webauthn.SessionData
	account, data, err := a.doors.Sessions.Take(r.Context(), kind, secret)
	if err != nil {
		return "", state, err
	}
	_, err = state.UnmarshalMsg(data)
	return account, state, err
}

// BeginRegister starts adding a passkey to the account of who's session.
func (a *Auth) BeginRegister(r *http.Request, x session.Session, have []session.Passkey) (Ceremony, error) {
	party, err := a.party(r)
	if err != nil {
		return Ceremony{}, err
	}
	var stored [][]byte
	for _, k := range have {
		stored = append(stored, k.Data)
	}
	h, err := a.holder(x.Account, stored...)
	if err != nil {
		return Ceremony{}, err
	}
	options, state, err := party.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, err
	}
	return a.keep(r, keepRegister, x.Account, state, options)
}

// FinishRegister adds the passkey that an authenticator made, in the form that
// the page's script sends it.
func (a *Auth) FinishRegister(r *http.Request, x session.Session, secret, answer, name string) (session.Enrolled, error) {
	party, err := a.party(r)
	if err != nil {
		return session.Enrolled{}, err
	}
	account, state, err := a.taken(r, keepRegister, secret)
	if err != nil {
		return session.Enrolled{}, err
	}
	if account != x.Account {
		return session.Enrolled{}, errAnswer()
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return session.Enrolled{}, errAnswer()
	}
	h, err := a.holder(account)
	if err != nil {
		return session.Enrolled{}, err
	}
	c, err := party.CreateCredential(h, state, parsed)
	if err != nil {
		return session.Enrolled{}, errAnswer()
	}
	data, err := c.MarshalMsg(nil)
	if err != nil {
		return session.Enrolled{}, err
	}
	return a.doors.Sessions.AddPasskey(r.Context(), x, c.ID, name, data)
}

func errAnswer() error {
	return fault.New(fault.Denied, "the answer of the authenticator was not accepted; try again")
}

// BeginPasskey starts signing in, or confirming that it is the same person.
func (a *Auth) BeginPasskey(r *http.Request) (Ceremony, error) {
	party, err := a.party(r)
	if err != nil {
		return Ceremony{}, err
	}
	options, state, err := party.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, err
	}
	return a.keep(r, keepSignIn, "", state, options)
}

// FinishPasskey signs in whom the answer of an authenticator names, or, with
// again not zero, confirms that it is the person of that session. It returns
// the secret for Remember.
func (a *Auth) FinishPasskey(r *http.Request, secret, answer string, again session.Session) (string, error) {
	party, err := a.party(r)
	if err != nil {
		return "", err
	}
	_, state, err := a.taken(r, keepSignIn, secret)
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return "", errAnswer()
	}
	verify := func(account string, data []byte) ([]byte, error) {
		h, err := a.holder(account, data)
		if err != nil {
			return nil, err
		}
		_, c, err := party.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, h.handle) || !bytes.Equal(id, parsed.RawID) {
				return nil, errAnswer()
			}
			return h, nil
		}, state, parsed)
		if err != nil {
			return nil, err
		}
		if c.Authenticator.CloneWarning {
			return nil, fault.Errorf(fault.Denied, "the passkey %s counts backwards: there may be a copy of it", hex.EncodeToString(c.ID[:4]))
		}
		return c.MarshalMsg(nil)
	}
	return a.doors.Sessions.Passkey(r.Context(), parsed.RawID, verify, again, a.At(r))
}

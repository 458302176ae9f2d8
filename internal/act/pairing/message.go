package pairing

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

const (
	codePrefix  = "twoseas-invite-1:"
	maxCode     = 4096 // characters; a code has about 600
	maxURL      = 300
	nonceSize   = 32
	checkSize   = 4
	idSize      = 16
	timeOfCode  = time.RFC3339
	tagSeal     = "twoseas/pairing/v1 commitment\n"
	tagCompare  = "twoseas/pairing/v1 comparison\n"
	groupsOfSAS = 4
	digitsOfSAS = 4 * groupsOfSAS
)

// Card is how a node introduces itself.
type Card struct {
	Side ident.Side `json:"side"`
	URL  string     `json:"url"`  // where its peer listener answers
	SPKI string     `json:"spki"` // digest of its TLS key (RFC 7469 §2.4)
	VKey string     `json:"vkey"` // its verifier key (C2SP signed-note)
}

// pin returns the digest of the TLS key of a card that was checked.
func (c Card) pin() (ident.Digest, error) { return ident.ParseDigest(c.SPKI) }

func (c Card) check() error {
	if _, err := ident.ParseSide(string(c.Side)); err != nil {
		return err
	}
	if err := checkURL(c.URL); err != nil {
		return err
	}
	if pin, err := c.pin(); err != nil {
		return err
	} else if pin.IsZero() {
		return fault.New(fault.Invalid, "the TLS key of the node is missing")
	}
	v, err := note.ParseVerifier(c.VKey)
	if err != nil {
		return err
	}
	if v.Side() != c.Side {
		return fault.Errorf(fault.Invalid, "the key of %s bears the name of %s", c.Side, v.Side())
	}
	return nil
}

// checkURL holds an address to https, a host and at most a path: whatever
// else a URL can carry has no business in one that two nodes call.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.ContainsAny(s, "# \t\r\n") {
		return fault.Errorf(fault.Invalid, "address %.100q: want https://host[:port][/path]", s)
	}
	return nil
}

// invitation is what a code carries. Commitment is the digest of the
// inviter's nonce and of everything else in the code, so that the inviter
// cannot choose its nonce after it has seen the guest's.
type invitation struct {
	ID         string `json:"id"`
	Inviter    Card   `json:"inviter"`
	Expires    string `json:"expires"`
	Commitment string `json:"commitment,omitempty"`
}

// seal returns the commitment of v to nonce.
func (v invitation) seal(nonce []byte) (ident.Digest, error) {
	v.Commitment = ""
	open, err := canon.Marshal(v)
	return ident.Sum([]byte(tagSeal), nonce, open), err
}

// code writes v as the text that one person sends the other: base64 of the
// JSON and of the first bytes of its digest, which find what was cut off or
// mistyped.
func (v invitation) code() (string, error) {
	raw, err := canon.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := ident.Sum(raw)
	return codePrefix + base64.RawURLEncoding.EncodeToString(append(raw, sum[:checkSize]...)), nil
}

// parseCode reads a code; spaces and line ends that a mail program put in are
// skipped.
func parseCode(code string) (invitation, error) {
	if len(code) > maxCode {
		return invitation{}, fault.Errorf(fault.TooLarge, "invitation: longer than %d characters", maxCode)
	}
	b64, ok := strings.CutPrefix(strings.Join(strings.Fields(code), ""), codePrefix)
	if !ok {
		return invitation{}, fault.Errorf(fault.Invalid, "invitation: does not begin with %s", codePrefix)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(b64)
	if err != nil || len(raw) <= checkSize {
		return invitation{}, fault.New(fault.Invalid, "invitation: part of it is missing or mistyped; copy it once more")
	}
	raw, check := raw[:len(raw)-checkSize], raw[len(raw)-checkSize:]
	if sum := ident.Sum(raw); string(sum[:checkSize]) != string(check) {
		return invitation{}, fault.New(fault.Invalid, "invitation: part of it is missing or mistyped; copy it once more")
	}
	var v invitation
	if err := canon.UnmarshalStrict(raw, &v); err != nil {
		return invitation{}, err
	}
	return v, v.check()
}

func (v invitation) check() error {
	if err := checkID(v.ID); err != nil {
		return err
	}
	if _, err := time.Parse(timeOfCode, v.Expires); err != nil {
		return fault.Errorf(fault.Invalid, "invitation: expires %.40q: want a time", v.Expires)
	}
	if _, err := ident.ParseDigest(v.Commitment); err != nil {
		return err
	}
	return v.Inviter.check()
}

// expiry returns when a checked invitation ends.
func (v invitation) expiry() time.Time {
	at, err := time.Parse(timeOfCode, v.Expires)
	if err != nil {
		return time.Time{}
	}
	return at
}

func checkID(id string) error {
	if len(id) != 2*idSize || strings.Trim(id, "0123456789abcdef") != "" {
		return fault.Errorf(fault.Invalid, "invitation id %.40q: want %d hex digits", id, 2*idSize)
	}
	return nil
}

// Hello is the guest's first message to the inviter.
type Hello struct {
	Invitation string `json:"invitation"`
	Guest      Card   `json:"guest"`
	Nonce      []byte `json:"nonce"`
}

// ParseHello reads a Hello strictly.
func ParseHello(raw []byte) (Hello, error) {
	var m Hello
	if err := canon.UnmarshalStrict(raw, &m); err != nil {
		return Hello{}, err
	}
	return m, m.check()
}

func (m Hello) check() error {
	if err := checkID(m.Invitation); err != nil {
		return err
	}
	if err := checkNonce(m.Nonce); err != nil {
		return err
	}
	return m.Guest.check()
}

// Answer is the inviter's answer to a Hello: it opens the commitment.
type Answer struct {
	Invitation string `json:"invitation"`
	Nonce      []byte `json:"nonce"`
}

// ParseAnswer reads an Answer strictly.
func ParseAnswer(raw []byte) (Answer, error) {
	var m Answer
	if err := canon.UnmarshalStrict(raw, &m); err != nil {
		return Answer{}, err
	}
	return m, m.check()
}

func (m Answer) check() error {
	if err := checkID(m.Invitation); err != nil {
		return err
	}
	return checkNonce(m.Nonce)
}

func checkNonce(nonce []byte) error {
	if len(nonce) != nonceSize {
		return fault.Errorf(fault.Invalid, "nonce of %d bytes, want %d", len(nonce), nonceSize)
	}
	return nil
}

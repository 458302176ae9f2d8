package note

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Signature types of signed-note "Signature types".
const (
	algEd25519     = 0x01
	algCosignature = 0x04
)

const secretPrefix = "PRIVATE+KEY+"

// Verifier is the public key of a side. Two verifiers are the same key exactly
// when they are ==. The zero Verifier verifies nothing.
type Verifier struct {
	side    string
	id      uint32 // key id of its signatures
	cosigID uint32 // key id of its cosignatures
	key     [ed25519.PublicKeySize]byte
}

// ParseVerifier reads a vkey, <side>+<key id>+<base64>, as signed-note
// "Verifier keys" has it, or returns fault.Invalid. The name must be a side.
func ParseVerifier(vkey string) (Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	id, b64, ok := strings.Cut(rest, "+")
	if !ok {
		return Verifier{}, fault.Errorf(fault.Invalid, "key %.100q: want side+id+base64", vkey)
	}
	raw, err := keyBytes(b64)
	if err != nil {
		return Verifier{}, fault.Errorf(fault.Invalid, "key %.100q: %w", vkey, err)
	}
	v, err := newVerifier(name, raw)
	if err != nil {
		return Verifier{}, err
	}
	if id != fmt.Sprintf("%08x", v.id) {
		return Verifier{}, fault.Errorf(fault.Invalid, "key %.100q: the key id is %08x", vkey, v.id)
	}
	return v, nil
}

// Side returns the side whose key it is.
func (v Verifier) Side() ident.Side { return ident.Side(v.side) }

// Name returns the key's name, which is the side's.
func (v Verifier) Name() string { return v.side }

// ID returns the key id of the key's plain signatures.
func (v Verifier) ID() uint32 { return v.id }

// Short returns <side>+<key id>: what people compare and pages show.
func (v Verifier) Short() string { return keyName(v.side, v.id) }

// IsZero reports whether v is no key.
func (v Verifier) IsZero() bool { return v == Verifier{} }

// String returns the key as ParseVerifier reads it, "no key" for the zero one.
func (v Verifier) String() string {
	if v.IsZero() {
		return "no key"
	}
	return v.Short() + "+" + encodeKey(algEd25519, v.key[:])
}

// CosignerKey returns the vkey under which other tools know the side's
// cosignatures (signature type 0x04, tlog-cosignature "Format").
func (v Verifier) CosignerKey() string {
	return keyName(v.side, v.cosigID) + "+" + encodeKey(algCosignature, v.key[:])
}

// Signer is the secret key of a side. It prints as its public name, whatever
// the verb, so that it cannot be logged by mistake.
type Signer struct {
	verifier Verifier
	key      ed25519.PrivateKey
}

// Generate makes a key for a side from 32 bytes of rand.
func Generate(rand io.Reader, side ident.Side) (Signer, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return Signer{}, fmt.Errorf("read a seed for the key of %s: %w", side, err)
	}
	return newSigner(string(side), seed)
}

// ParseSigner reads what Secret returned, or returns fault.Invalid, which
// never quotes it.
func ParseSigner(skey string) (Signer, error) {
	rest, private := strings.CutPrefix(skey, secretPrefix)
	name, rest, _ := strings.Cut(rest, "+")
	id, b64, ok := strings.Cut(rest, "+")
	seed, err := keyBytes(b64)
	if !private || !ok || err != nil {
		return Signer{}, fault.New(fault.Invalid, "secret key: want PRIVATE+KEY+side+id+base64")
	}
	s, err := newSigner(name, seed)
	if err != nil {
		return Signer{}, err
	}
	if id != fmt.Sprintf("%08x", s.verifier.id) {
		return Signer{}, fault.Errorf(fault.Invalid, "secret key of %s: the key id does not fit the key", name)
	}
	return s, nil
}

// Side returns the side whose key it is.
func (s Signer) Side() ident.Side { return s.verifier.Side() }

// Name returns the key's name, which is the side's.
func (s Signer) Name() string { return s.verifier.side }

// Verifier returns the public key.
func (s Signer) Verifier() Verifier { return s.verifier }

// Secret returns the key for keeping, PRIVATE+KEY+<side>+<key id>+<base64>.
func (s Signer) Secret() string {
	return secretPrefix + s.verifier.Short() + "+" + encodeKey(algEd25519, s.key.Seed())
}

// Sign returns the note of text signed by s alone. See the function Sign.
func (s Signer) Sign(text []byte) ([]byte, error) { return Sign(text, s) }

// Format prints the name of the public key for every verb.
func (s Signer) Format(f fmt.State, _ rune) {
	io.WriteString(f, "signer "+s.verifier.Short()) //nolint:errcheck // fmt collects the state's errors
}

func newSigner(name string, seed []byte) (Signer, error) {
	key := ed25519.NewKeyFromSeed(seed)
	v, err := newVerifier(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return Signer{}, err
	}
	return Signer{verifier: v, key: key}, nil
}

func newVerifier(name string, key []byte) (Verifier, error) {
	if _, err := ident.ParseSide(name); err != nil {
		return Verifier{}, err
	}
	return Verifier{
		side:    name,
		id:      keyID(name, algEd25519, key),
		cosigID: keyID(name, algCosignature, key),
		key:     [ed25519.PublicKeySize]byte(key),
	}, nil
}

// keyID is SHA-256(name || "\n" || type || key)[:4], signed-note "Signatures".
func keyID(name string, alg byte, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{alg}, key...)...))
	return binary.BigEndian.Uint32(sum[:])
}

func keyName(name string, id uint32) string { return fmt.Sprintf("%s+%08x", name, id) }

func encodeKey(alg byte, key []byte) string {
	return base64.StdEncoding.EncodeToString(append([]byte{alg}, key...))
}

// keyBytes decodes the type byte and the 32 bytes of a key or a seed.
func keyBytes(b64 string) ([]byte, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || strings.ContainsAny(b64, "\r\n") {
		return nil, fault.New(fault.Invalid, "the key is not base64")
	}
	if len(raw) != 1+ed25519.PublicKeySize || raw[0] != algEd25519 {
		return nil, fault.New(fault.Invalid, "the key is not Ed25519")
	}
	return raw[1:], nil
}

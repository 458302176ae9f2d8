package people

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"twoseas/internal/base/fault"
)

// Argon2id parameters of new hashes: 19 MiB, two passes, one lane (OWASP
// Password Storage Cheat Sheet, second configuration).
const (
	argonMemory = 19 << 10 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonSalt   = 16
	argonKey    = 32
)

// Bounds of a password, in characters and bytes.
const (
	MinPassword = 12
	maxPassword = 1024
)

// phcHash is an Argon2id hash with its parameters.
type phcHash struct {
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

// String returns h in the PHC string format
// (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
func (h phcHash) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, h.memory, h.time, h.lanes, b64(h.salt), b64(h.key))
}

var errHash = errors.New("stored password hash is malformed")

// parseHash reads what String writes. It bounds the parameters, so that a
// damaged row cannot take the node's memory.
func parseHash(phc string) (phcHash, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phcHash{}, errHash
	}
	var h phcHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.lanes); err != nil {
		return phcHash{}, errHash
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 64 ||
		h.memory < 8 || h.memory > 256<<10 || h.time < 1 || h.time > 16 || h.lanes < 1 || h.lanes > 8 || h.String() != phc {
		return phcHash{}, errHash
	}
	return h, nil
}

// newHash returns h for a password with salt.
func newHash(password string, salt []byte) phcHash {
	h := phcHash{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: salt, key: make([]byte, argonKey)}
	h.key = h.derive(password)
	return h
}

func (h phcHash) derive(password string) []byte {
	p := []byte(norm.NFC.String(password))                                        // so that é is é whatever the keyboard made of it (RFC 7617 §2.1)
	return argon2.IDKey(p, h.salt, h.time, h.memory, h.lanes, uint32(len(h.key))) //nolint:gosec // at most 64
}

// matches compares in constant time.
func (h phcHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.derive(password), h.key) == 1
}

// decoy is compared with when there is nothing to compare with; nothing
// matches it.
var decoy = phcHash{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: make([]byte, argonSalt), key: make([]byte, argonKey)}

// checkPassword returns fault.Invalid unless password is fit for use.
func checkPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return fault.New(fault.Invalid, "the password is not UTF-8")
	case utf8.RuneCountInString(password) < MinPassword:
		return fault.Errorf(fault.Invalid, "the password is too short: want at least %d characters", MinPassword)
	case len(password) > maxPassword:
		return fault.Errorf(fault.Invalid, "the password is too long: want at most %d bytes", maxPassword)
	case strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fault.New(fault.Invalid, "the password has a control character in it, which HTTP cannot carry")
	}
	return nil
}

// Bounds of the work on hashes: memory stays under hashesAtOnce × 19 MiB.
const (
	hashesAtOnce = 2
	maxWaiting   = 64
)

// slots lets a few hash at a time.
type slots struct {
	free    chan struct{} // holds one per hash under way
	waiting atomic.Int64
}

// take waits for a slot, and returns what gives it back. It returns
// fault.Busy when too many wait already.
func (s *slots) take(ctx context.Context) (func(), error) {
	if s.waiting.Add(1) > maxWaiting {
		s.waiting.Add(-1)
		return nil, fault.New(fault.Busy, "too many people log in at this moment; try again in a few seconds")
	}
	defer s.waiting.Add(-1)
	select {
	case s.free <- struct{}{}:
		return func() { <-s.free }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hashPassword returns the PHC string of a password fit for use.
func (p *People) hashPassword(ctx context.Context, password string) (string, error) {
	if err := checkPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(p.rand, salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	give, err := p.hashing.take(ctx)
	if err != nil {
		return "", err
	}
	defer give()
	return newHash(password, salt).String(), nil
}

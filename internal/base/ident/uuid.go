package ident

import (
	"encoding/hex"
	"io"
	"strings"
)

// NewUUID returns a random UUID (RFC 9562 §5.4) whose bits come from rand.
func NewUUID(rand io.Reader) (string, error) {
	var u [16]byte
	if _, err := io.ReadFull(rand, u[:]); err != nil {
		return "", err
	}
	return FormatUUID(u), nil
}

// FormatUUID writes 16 bytes as a UUID of the random kind, which sets six of
// their bits.
func FormatUUID(u [16]byte) string {
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// maxObjectID bounds an object's id, in bytes.
const maxObjectID = 300

// IsUUID reports whether s is a UUID as FormatUUID writes one, of any kind: in
// small letters, RFC 9562 §4.
func IsUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if c := s[i]; dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// IsObject reports whether s has the form of the id of an object that a node
// makes: type--UUID, at most 300 bytes (STIX 2.1 §2.9).
func IsObject(s string) bool {
	typ, u, ok := strings.Cut(s, "--")
	return ok && len(s) <= maxObjectID && typ != "" && strings.Trim(typ, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && IsUUID(u)
}

// IsObjectOf reports whether s is such an id of an object of a type.
func IsObjectOf(s, typ string) bool { return IsObject(s) && strings.HasPrefix(s, typ+"--") }

package ident

import (
	"crypto/sha1" //nolint:gosec // UUID version 5 is SHA-1 by definition (RFC 9562 §5.5); no security rests on it
	"encoding/hex"
	"strings"

	"twoseas/internal/base/fault"
)

// NamedUUID returns the UUID of version 5 (RFC 9562 §5.5) of name in space.
func NamedUUID(space [16]byte, name string) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(space[:])
	h.Write([]byte(name))
	u := h.Sum(nil)
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	x := hex.EncodeToString(u[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// ParseUUID returns the 16 bytes of a UUID in its usual form, of any version
// and in any case, or fault.Invalid.
func ParseUUID(s string) (u [16]byte, err error) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, fault.Errorf(fault.Invalid, "%.40q is not a UUID", s)
	}
	if n, err := hex.Decode(u[:], []byte(strings.ReplaceAll(s, "-", ""))); err != nil || n != 16 {
		return [16]byte{}, fault.Errorf(fault.Invalid, "%.40q is not a UUID", s)
	}
	return u, nil
}

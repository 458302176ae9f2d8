package ident

import (
	"encoding/hex"
	"io"
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

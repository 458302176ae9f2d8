package pairing

import (
	"encoding/binary"
	"fmt"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// meeting is all that two nodes told each other. Whoever sits between them
// and changes any of it shows each of them another meeting.
type meeting struct {
	Invitation   invitation `json:"invitation"`
	Guest        Card       `json:"guest"`
	InviterNonce []byte     `json:"inviter_nonce"`
	GuestNonce   []byte     `json:"guest_nonce"`
}

// sas returns the short authentication string of a meeting: sixteen decimal
// digits in groups of four, which read alike in every language. They are 53
// bits; who is in between has one guess per invitation, since both nonces are
// fixed before either is known to the other.
func (m meeting) sas() (string, error) {
	raw, err := canon.Marshal(m)
	if err != nil {
		return "", err
	}
	sum := ident.Sum([]byte(tagCompare), raw)
	n := binary.BigEndian.Uint64(sum[:8]) % 1e16
	digits := fmt.Sprintf("%0*d", digitsOfSAS, n)
	groups := make([]string, groupsOfSAS)
	for i := range groups {
		groups[i] = digits[4*i : 4*i+4]
	}
	return strings.Join(groups, " "), nil
}

// digits returns the decimal digits of what a person typed, whatever stands
// between them, in ASCII. Keyboards of our sides also write full-width and
// Devanagari digits.
func digits(typed string) string {
	return strings.Map(func(r rune) rune {
		for _, zero := range []rune{'0', '０', '०'} {
			if r >= zero && r <= zero+9 {
				return '0' + r - zero
			}
		}
		return -1
	}, typed)
}

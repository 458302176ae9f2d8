package bundle

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// receiptTitle is the first line of the receipt of a bundle:
//
//	twoseas/bundle-receipt/v1
//	bundle <link>
//	taken <items that were applied or there already>
//	kept-out <items refused or failed>
//
// It is so short that the maker of the bundle can write down every receipt
// there can be, and so finds which one a code read over the telephone is of.
// Nobody else can: the link is known to those who could open the file.
const receiptTitle = "twoseas/bundle-receipt/v1"

const (
	codeDigits  = 18 // about 60 bits of the receipt's digest
	checkDigits = 2  // ISO/IEC 7064 MOD 97-10
	groupDigits = 4
)

// maxGuess bounds how many receipts FindCode tries.
const maxGuess = 5_000_000

// receipt is the text whose digest the code is taken from.
func receipt(link ident.Digest, taken, out int64) []byte {
	return fmt.Appendf(nil, "%s\nbundle %s\ntaken %d\nkept-out %d\n", receiptTitle, link, taken, out)
}

// number returns the first digits of a code.
func number(link ident.Digest, taken, out int64) uint64 {
	d := ident.Sum(receipt(link, taken, out))
	return binary.BigEndian.Uint64(d[:]) % 1_000_000_000_000_000_000
}

// Code returns the receipt code of a bundle of which so many items were taken
// and kept out: twenty digits in groups of four.
func Code(link ident.Digest, taken, out int64) string {
	digits := fmt.Sprintf("%0*d", codeDigits, number(link, taken, out))
	// MOD 97-10: the whole number leaves 1 when divided by 97.
	all := fmt.Sprintf("%s%0*d", digits, checkDigits, 98-mod97(digits+"00"))
	var b strings.Builder
	for i := 0; i < len(all); i += groupDigits {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(all[i : i+groupDigits])
	}
	return b.String()
}

// ParseCode returns the digits of a code as somebody typed it, grouped, or
// fault.Invalid when they cannot be those that were read out.
func ParseCode(s string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '०' && r <= '९': // Devanagari
			return r - '०' + '0'
		case r >= '０' && r <= '９': // full width
			return r - '０' + '0'
		case r == ' ' || r == '-' || r == '\u3000' || r == '\t' || r == '\n':
			return -1
		}
		return 'x'
	}, s)
	if len(digits) != codeDigits+checkDigits || strings.Contains(digits, "x") {
		return "", fault.Errorf(fault.Invalid, "the code has %d digits in groups of %d", codeDigits+checkDigits, groupDigits)
	}
	if mod97(digits) != 1 {
		return "", fault.New(fault.Invalid, "a digit of the code was misheard or mistyped; have it read out once more")
	}
	return digits, nil
}

// FindCode returns how many items the receipt of a code keeps out, of a bundle
// of items, or fault.NotFound when the code is not of that bundle.
func FindCode(code string, link ident.Digest, items int64) (int64, error) {
	digits, err := ParseCode(code)
	if err != nil {
		return 0, err
	}
	want, err := strconv.ParseUint(digits[:codeDigits], 10, 64)
	if err != nil {
		return 0, err
	}
	for out := int64(0); out <= min(items, maxGuess); out++ {
		if number(link, items-out, out) == want {
			return out, nil
		}
	}
	return 0, fault.New(fault.NotFound, "the code is not of this bundle")
}

func mod97(digits string) int {
	n := 0
	for _, d := range digits {
		n = (n*10 + int(d-'0')) % 97
	}
	return n
}

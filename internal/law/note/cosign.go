package note

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"twoseas/internal/base/fault"
)

// cosigHeader starts every cosigned message (tlog-cosignature "Ed25519 signed
// message") and no note's text.
const cosigHeader = "cosignature/v1\n"

// Cosign returns the signature line by which s states that, at the given
// time, msg is the newest checkpoint of its log that s has seen and that it
// follows all earlier ones. The caller has checked that
// (https://c2sp.org/tlog-cosignature).
func Cosign(msg []byte, s Signer, at time.Time) ([]byte, error) {
	text, _, err := split(msg)
	if err != nil {
		return nil, err
	}
	unix := at.Unix()
	if unix <= 0 {
		return nil, fault.Errorf(fault.Invalid, "cosign: %s is before 1970", at.UTC().Format(time.RFC3339))
	}
	blob := binary.BigEndian.AppendUint64(nil, uint64(unix))
	blob = append(blob, ed25519.Sign(s.key, cosigMessage(text, unix))...)
	return appendLine(nil, s.verifier.side, s.verifier.cosigID, blob), nil
}

// AddCosignature returns msg with v's cosignature line added, in place of an
// earlier one by the same key. A line that is not a cosignature of msg by v
// is fault.Denied.
func AddCosignature(msg, cosignature []byte, v Verifier) ([]byte, error) {
	l, err := parseLine(string(cosignature))
	if err != nil {
		return nil, err
	}
	text, lines, err := split(msg)
	if err != nil {
		return nil, err
	}
	if _, ok := v.cosigned(text, l.sig); !ok || l.name != v.side || l.id != v.cosigID {
		return nil, fault.Errorf(fault.Denied, "cosignature: not one of this checkpoint by %s", v.Short())
	}
	out := append(bytes.Clone(text), '\n')
	for _, old := range lines {
		if old.name != l.name || old.id != l.id {
			out = appendLine(out, old.name, old.id, old.sig)
		}
	}
	out = appendLine(out, l.name, l.id, l.sig)
	_, _, err = split(out)
	return out, err
}

// VerifyCosignature returns the time at which v says it cosigned the
// checkpoint in msg, or fault.Denied when it did not.
func VerifyCosignature(msg []byte, v Verifier) (time.Time, error) {
	text, lines, err := split(msg)
	if err != nil {
		return time.Time{}, err
	}
	for _, l := range lines {
		if l.name != v.side || l.id != v.cosigID {
			continue
		}
		if at, ok := v.cosigned(text, l.sig); ok {
			return at, nil
		}
		return time.Time{}, fault.Errorf(fault.Denied, "cosignature: the one by %s does not fit the checkpoint", v.Short())
	}
	return time.Time{}, fault.Errorf(fault.Denied, "cosignature: none by %s", v.Short())
}

// cosigned checks a timestamped_signature structure: eight bytes of seconds,
// big-endian, then the signature.
func (v Verifier) cosigned(text, blob []byte) (time.Time, bool) {
	if len(blob) != 8+ed25519.SignatureSize {
		return time.Time{}, false
	}
	at := binary.BigEndian.Uint64(blob)
	if at > math.MaxInt64 || !ed25519.Verify(v.key[:], cosigMessage(text, int64(at)), blob[8:]) {
		return time.Time{}, false
	}
	return time.Unix(int64(at), 0).UTC(), true
}

func cosigMessage(text []byte, unix int64) []byte {
	m := append([]byte(cosigHeader), "time "...)
	m = append(strconv.AppendInt(m, unix, 10), '\n')
	return append(m, text...)
}

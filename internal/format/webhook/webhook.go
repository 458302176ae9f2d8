// Package webhook signs messages to programs elsewhere, and verifies such
// messages, as Standard Webhooks does
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
//
// A receiver may copy this file: it needs the standard library alone. It keeps
// the ids of what it took for longer than Tolerance and takes none twice.
//
// Invariant: what is verified was signed with one of the secrets, under that
// id, within Tolerance of now, byte for byte.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The headers of a message.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// Tolerance is how far the time of a message may be from the receiver's.
const Tolerance = 5 * time.Minute

// Bounds of a secret, in bytes.
const (
	MinSecret = 24
	MaxSecret = 64
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
)

// Secret writes a secret as people are given it.
func Secret(raw []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(raw) }

// ErrSecret says that a text is no secret.
var ErrSecret = errors.New("a secret of a webhook begins with whsec_ and holds 24 to 64 bytes in base64")

// ParseSecret reads what Secret wrote.
func ParseSecret(s string) ([]byte, error) {
	text, ok := strings.CutPrefix(s, secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(raw) < MinSecret || len(raw) > MaxSecret {
		return nil, ErrSecret
	}
	return raw, nil
}

// Sign returns the value of HeaderSignature of a message: one signature for
// each secret, so that a secret can be replaced while both hold.
func Sign(id string, at time.Time, body []byte, secrets ...[]byte) string {
	signatures := make([]string, 0, len(secrets))
	for _, s := range secrets {
		signatures = append(signatures, version+base64.StdEncoding.EncodeToString(mac(id, strconv.FormatInt(at.Unix(), 10), body, s)))
	}
	return strings.Join(signatures, " ")
}

func mac(id, at string, body, secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(id + "." + at + "."))
	m.Write(body)
	return m.Sum(nil)
}

// Why a message is not taken.
var (
	ErrHeaders   = errors.New("a message without its three headers")
	ErrTime      = errors.New("a message from another time: it is replayed, or a clock is wrong")
	ErrSignature = errors.New("a message that nobody who has the secret signed")
)

// Verify returns nil when a message is one that Sign signed with one of the
// secrets, about now. get returns a header.
func Verify(get func(string) string, body []byte, now time.Time, secrets ...[]byte) error {
	id, at, signatures := get(HeaderID), get(HeaderTimestamp), get(HeaderSignature)
	if id == "" || at == "" || signatures == "" || strings.Contains(id, ".") {
		return ErrHeaders
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != at {
		return ErrHeaders
	}
	if apart := now.Sub(time.Unix(seconds, 0)); apart > Tolerance || apart < -Tolerance {
		return ErrTime
	}
	for s := range strings.SplitSeq(signatures, " ") {
		text, ok := strings.CutPrefix(s, version)
		got, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			continue // of a version to come
		}
		for _, secret := range secrets {
			if hmac.Equal(got, mac(id, at, body, secret)) {
				return nil
			}
		}
	}
	return ErrSignature
}

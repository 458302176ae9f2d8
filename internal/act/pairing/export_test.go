package pairing

import (
	"encoding/base64"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// ParseCode lets tests see what a code says.
var ParseCode = parseCode

// Code writes an invitation back.
func (v invitation) Code() (string, error) { return v.code() }

// SAS returns the string that two nodes compare.
func SAS(code string, guest Card, inviterNonce, guestNonce []byte) string {
	v, err := parseCode(code)
	if err != nil {
		panic(err)
	}
	sas, err := meeting{Invitation: v, Guest: guest, InviterNonce: inviterNonce, GuestNonce: guestNonce}.sas()
	if err != nil {
		panic(err)
	}
	return sas
}

// Inside returns what a code carries.
func Inside(code string) map[string]any {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(code, codePrefix))
	if err != nil {
		panic(err)
	}
	v, err := canon.Decode(raw[:len(raw)-checkSize])
	if err != nil {
		panic(err)
	}
	return v
}

// Recode changes what a code carries as somebody on its way could: with a
// right check sum.
func Recode(code string, change func(map[string]any)) string {
	v := Inside(code)
	change(v)
	raw, err := canon.Marshal(v)
	if err != nil {
		panic(err)
	}
	return CodeOf(raw)
}

// CodeOf returns a code that carries raw, whatever it is.
func CodeOf(raw []byte) string {
	sum := ident.Sum(raw)
	return codePrefix + base64.RawURLEncoding.EncodeToString(append(raw[:len(raw):len(raw)], sum[:checkSize]...))
}

package pairing_test

import (
	"testing"

	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
)

// vkey is a well-formed verifier key.
const vkey = "in+8fbdf76c+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

func FuzzParseCode(f *testing.F) {
	f.Add([]byte(`{"commitment":"sha256:0000000000000000000000000000000000000000000000000000000000000001","expires":"2026-11-29T09:00:00Z","id":"0123456789abcdef0123456789abcdef","inviter":{"side":"in","spki":"sha256:0000000000000000000000000000000000000000000000000000000000000001","url":"https://in.example","vkey":"` + vkey + `"}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, inside []byte) {
		v, err := pairing.ParseCode(pairing.CodeOf(inside))
		if err != nil {
			return
		}
		code, err := v.Code()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := pairing.ParseCode(code); err != nil || back != v {
			t.Errorf("%s does not come back: %v", inside, err)
		}
	})
}

func FuzzParseHello(f *testing.F) {
	f.Add([]byte(`{"invitation":"0123456789abcdef0123456789abcdef","guest":{"side":"in","url":"https://in.example","spki":"sha256:0000000000000000000000000000000000000000000000000000000000000001","vkey":"` + vkey + `"},"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := pairing.ParseHello(raw)
		if err != nil {
			return
		}
		out, err := canon.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := pairing.ParseHello(out); err != nil || back.Guest != h.Guest || string(back.Nonce) != string(h.Nonce) {
			t.Errorf("%s does not come back: %v", out, err)
		}
	})
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"invitation":"0123456789abcdef0123456789abcdef","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := pairing.ParseAnswer(raw)
		if err != nil {
			return
		}
		out, err := canon.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := pairing.ParseAnswer(out); err != nil || back.Invitation != a.Invitation || string(back.Nonce) != string(a.Nonce) {
			t.Errorf("%s does not come back: %v", out, err)
		}
	})
}

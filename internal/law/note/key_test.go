package note_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

func TestKeysSurviveBeingWritten(t *testing.T) {
	s := signer(t, "in")
	v, err := note.ParseVerifier(s.Verifier().String())
	if err != nil || v != s.Verifier() {
		t.Errorf("public key read back as %v, %v", v, err)
	}
	again, err := note.ParseSigner(s.Secret())
	if err != nil || again.Secret() != s.Secret() || again.Verifier() != v {
		t.Errorf("secret key read back as %v, %v", again, err)
	}
	if s.Side() != "in" || s.Name() != "in" || v.Name() != "in" || v.Short() != fmt.Sprintf("in+%08x", v.ID()) {
		t.Errorf("names: %s %s %s %s", s.Side(), s.Name(), v.Name(), v.Short())
	}
	if !strings.HasPrefix(v.CosignerKey(), "in+") || strings.HasPrefix(v.CosignerKey(), v.Short()) {
		t.Errorf("the key id of cosignatures %q is that of signatures", v.CosignerKey())
	}
}

func TestASecretKeyIsNeverPrinted(t *testing.T) {
	s := signer(t, "in")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "signer", s)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "signer", s)
	printed := fmt.Sprintf("%v %+v %#v %s %q %x %d %v", s, s, s, s, s, s, s, []any{s, &s, struct{ S note.Signer }{s}}) + log.String()
	secret := s.Secret()
	for _, part := range []string{secret, secret[strings.LastIndex(secret, "+")+1:], fmt.Sprintf("%x", secret)} {
		if strings.Contains(printed, part) {
			t.Errorf("the secret key is in %q", printed)
		}
	}
	if _, err := note.ParseSigner(secret + "A"); err == nil || strings.Contains(err.Error(), secret[20:]) {
		t.Errorf("the secret key is quoted in %v", err)
	}
}

func TestParseVerifierRefuses(t *testing.T) {
	good := signer(t, "in").Verifier().String()
	id, b64 := good[3:11], good[12:]
	for name, vkey := range map[string]string{
		"nothing":                     "",
		"a name alone":                "in",
		"no key":                      "in+" + id,
		"a name that is no side":      "India+" + id + "+" + b64,
		"the key id of another name":  "jp+" + id + "+" + b64,
		"a key id in capitals":        "in+" + strings.ToUpper(id) + "+" + b64,
		"a key id cut short":          "in+" + id[1:] + "+" + b64,
		"a key that is too short":     "in+" + id + "+AQID",
		"an algorithm not ours":       "in+" + id + "+B" + b64[1:],
		"a newline in the base64":     "in+" + id + "+" + b64[:8] + "\n" + b64[8:],
		"a cosigner's key, type 0x04": signer(t, "in").Verifier().CosignerKey(),
		"space after the key":         good + " ",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := note.ParseVerifier(vkey)
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestASecretKeyUnderAnotherIDIsRefused(t *testing.T) {
	s := signer(t, "in")
	id := fmt.Sprintf("+%08x+", s.Verifier().ID())
	for _, skey := range []string{
		strings.Replace(s.Secret(), id, "+00000000+", 1),
		strings.TrimPrefix(s.Secret(), "PRIVATE+"),
		strings.Replace(s.Secret(), "+in+", "+jp+", 1),
		s.Verifier().String(),
		"",
	} {
		_, err := note.ParseSigner(skey)
		wantKind(t, err, fault.Invalid)
	}
}

func TestGenerateWantsASideAndEnoughRandomness(t *testing.T) {
	if _, err := note.Generate(strings.NewReader("short"), "in"); err == nil {
		t.Error("a key from five bytes")
	}
	_, err := note.Generate(strings.NewReader(strings.Repeat("x", 32)), "In+dia")
	wantKind(t, err, fault.Invalid)
}

func FuzzParseVerifier(f *testing.F) {
	f.Add(signer(f, "in").Verifier().String())
	f.Add("in+00000000+AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := note.ParseVerifier(s)
		if err == nil && v.String() != s {
			t.Fatalf("%q reads as %q", s, v)
		}
		k, err := note.ParseSigner(s)
		if err == nil && k.Secret() != s {
			t.Fatalf("%q reads as another secret", s)
		}
	})
}

package note_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

func TestARotationIsSignedByBothKeys(t *testing.T) {
	old, next := signer(t, "jp"), signer(t, "jp", "second")
	msg, err := note.Rotate(old, next, at)
	if err != nil {
		t.Fatal(err)
	}
	want := "twoseas/key/v1\nside jp\nold " + old.Verifier().String() + "\nnew " + next.Verifier().String() + "\nfrom 2023-03-20T12:25:47Z\n\n"
	if diff := cmp.Diff(want, string(msg[:len(want)])); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	r, err := note.OpenRotation(msg, old.Verifier())
	if err != nil || r.Side != "jp" || r.Old != old.Verifier() || r.New != next.Verifier() || !r.From.Equal(at) {
		t.Errorf("opened as %+v, %v", r, err)
	}
	_, err = note.OpenRotation(msg, next.Verifier())
	wantKind(t, err, fault.Denied)

	text := msg[:len(want)-1]
	for name, signers := range map[string][]note.Signer{
		"the old key alone": {old}, "the new key alone": {next}, "a third party too": {old, next, signer(t, "in")},
	} {
		_, err := note.OpenRotation(sign(t, string(text), signers...), old.Verifier())
		if !fault.Is(err, fault.Denied) {
			t.Errorf("signed by %s: %v, want it denied", name, err)
		}
	}
}

func TestRotateRefuses(t *testing.T) {
	jp := signer(t, "jp")
	if _, err := note.Rotate(jp, jp, at); err == nil {
		t.Error("a rotation to the same key")
	}
	if _, err := note.Rotate(jp, signer(t, "in"), at); err == nil {
		t.Error("a rotation to another side's key")
	}
	same := note.Rotation{Side: "jp", Old: jp.Verifier(), New: jp.Verifier(), From: at}
	if _, err := note.ParseRotation(same.Text()); err == nil {
		t.Error("a rotation to the same key, written by hand")
	}
	r := note.Rotation{Side: "in", Old: jp.Verifier(), New: signer(t, "jp", "2").Verifier(), From: at}
	if _, err := note.ParseRotation(r.Text()); err == nil {
		t.Error("a rotation of in with the keys of jp")
	}
}

func TestLinesNameTheLineThatIsWrong(t *testing.T) {
	r := note.Rotation{Side: "jp", Old: signer(t, "jp").Verifier(), New: signer(t, "jp", "2").Verifier(), From: at}
	good := string(r.Text())
	tests := []struct{ name, text, want string }{
		{"another title", strings.Replace(good, "v1", "v2", 1), `line 1: want "twoseas/key/v1"`},
		{"a line that is missing", strings.Replace(good, "side jp\n", "", 1), `line 2: want "side"`},
		{"a value that is missing", strings.Replace(good, "side jp", "side ", 1), `line 2: want "side"`},
		{"two spaces", strings.Replace(good, "side jp", "side  jp", 1), "line 2: side:"},
		{"a time with an offset", strings.Replace(good, "Z\n", "+00:00\n", 1), "line 5: from:"},
		{"a time with a fraction", strings.Replace(good, "47Z", "47.5Z", 1), "line 5: from:"},
		{"text after the end", good + "more\n", "line 6: text after the end"},
		{"an end too early", strings.TrimSuffix(good, "\n"), "line 5: the text ends too early"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := note.ParseRotation([]byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestDecimalsHaveOneSpelling(t *testing.T) {
	for _, s := range []string{"", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3", "18446744073709551616", "１"} {
		if n, err := note.Decimal(s); err == nil {
			t.Errorf("%q reads as %d", s, n)
		}
	}
	for _, s := range []string{"0", "42", "18446744073709551615"} {
		if _, err := note.Decimal(s); err != nil {
			t.Error(err)
		}
	}
	if _, err := note.Count(1, 3)("4"); err == nil {
		t.Error("4 is not from 1 to 3")
	}
	if n, err := note.Count(1, 3)("3"); err != nil || n != 3 {
		t.Errorf("3 is from 1 to 3: %d, %v", n, err)
	}
}

func FuzzParseRotation(f *testing.F) {
	r := note.Rotation{Side: "jp", Old: signer(f, "jp").Verifier(), New: signer(f, "jp", "2").Verifier(), From: time.Unix(1, 0)}
	f.Add(r.Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := note.ParseRotation(text)
		if err == nil && !bytes.Equal(r.Text(), text) {
			t.Fatalf("%q reads as %q", text, r.Text())
		}
	})
}

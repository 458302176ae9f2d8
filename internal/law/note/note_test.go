package note_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sumdb "golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// signer makes the same key for the same words in every run.
func signer(t testing.TB, side ident.Side, words ...string) note.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte(string(side) + strings.Join(words, " ")))
	s, err := note.Generate(bytes.NewReader(seed[:]), side)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	msg, err := note.Sign([]byte(text), signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// wantKind fails unless err is of the kind, and returns whether it is.
func wantKind(t testing.TB, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v (%v), want a fault of kind %v", err, fault.KindOf(err), k)
	}
}

func TestNotesAreThoseOfTheReferenceImplementation(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	text := "twoseas/test/v1\nfirst\n\nafter an empty line — साइबर\n"
	ours := sign(t, text, in, jp)

	theirSigner, err := sumdb.NewSigner(in.Secret())
	if err != nil {
		t.Fatalf("x/mod does not take our secret key: %v", err)
	}
	theirSecond, err := sumdb.NewSigner(jp.Secret())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := sumdb.Sign(&sumdb.Note{Text: text}, theirSigner, theirSecond)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(theirs), string(ours)); diff != "" {
		t.Errorf("x/mod signs differently (-theirs +ours):\n%s", diff)
	}
	v, err := sumdb.NewVerifier(in.Verifier().String())
	if err != nil {
		t.Fatalf("x/mod does not take our public key: %v", err)
	}
	n, err := sumdb.Open(ours, sumdb.VerifierList(v))
	if err != nil || n.Text != text {
		t.Errorf("x/mod opens our note as %v, %v", n, err)
	}
}

func TestOpenSaysWhoSigned(t *testing.T) {
	in, jp, uk := signer(t, "in"), signer(t, "jp"), signer(t, "uk")
	msg := sign(t, "twoseas/test/v1\n", in, uk, jp)

	n, err := note.Open(msg, jp.Verifier(), in.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	want := []note.Verifier{in.Verifier(), jp.Verifier()}
	if !cmp.Equal(n.Sigs, want, cmp.Comparer(func(a, b note.Verifier) bool { return a == b })) {
		t.Errorf("signers %v, want %v", n.Sigs, want)
	}
	if want := []string{uk.Verifier().Short()}; !cmp.Equal(n.Unknown, want) {
		t.Errorf("unknown signers %v, want %v", n.Unknown, want)
	}
	if string(n.Text) != "twoseas/test/v1\n" || !n.SignedBy(in.Verifier()) || n.SignedBy(uk.Verifier()) {
		t.Errorf("opened as %+v", n)
	}

	_, err = note.Open(msg, signer(t, "us").Verifier())
	wantKind(t, err, fault.Denied)
	_, err = note.Open(msg, signer(t, "in", "another key").Verifier())
	wantKind(t, err, fault.Denied)
	_, err = note.Open(msg)
	wantKind(t, err, fault.Denied)
}

func TestOpenRefuses(t *testing.T) {
	in := signer(t, "in")
	good := string(sign(t, "twoseas/test/v1\nbody\n", in))
	text, line, _ := strings.Cut(good, "\n\n")
	last := strings.TrimSuffix(line, "\n")
	tests := []struct {
		name, msg string
		kind      fault.Kind
	}{
		{"nothing at all", "", fault.Invalid},
		{"a text without signatures", text + "\n", fault.Invalid},
		{"an empty signature block", text + "\n\n", fault.Invalid},
		{"a note that does not end in a newline", strings.TrimSuffix(good, "\n"), fault.Invalid},
		{"a hyphen instead of the em dash", text + "\n\n" + strings.Replace(line, "—", "-", 1), fault.Invalid},
		{"a signature line without a name", text + "\n\n— " + strings.TrimPrefix(line, "— in "), fault.Invalid},
		{"a carriage return in the base64", text + "\n\n" + last + "\r\n", fault.Invalid},
		{"base64 with bits that mean nothing", text + "\n\n" + spareBits(last) + "\n", fault.Invalid},
		{"a signature of four bytes", text + "\n\n— in AAAAAA==\n", fault.Invalid},
		{"the same key twice", good + line, fault.Invalid},
		{"seventeen signatures", text + "\n\n" + manyLines(17), fault.Invalid},
		{"a control character", strings.Replace(good, "body", "bo\tdy", 1), fault.Invalid},
		{"text that is not UTF-8", strings.Replace(good, "body", "bo\xffdy", 1), fault.Invalid},
		{"a text that starts like a cosignature", strings.Replace(good, "twoseas/test/v1", "cosignature/v1", 1), fault.Invalid},
		{"another text under the signature", strings.Replace(good, "body", "hody", 1), fault.Denied},
		{"a note of 64 KiB", strings.Replace(good, "body", strings.Repeat("b", 1<<16), 1), fault.TooLarge},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := note.Open([]byte(tc.msg), in.Verifier())
			wantKind(t, err, tc.kind)
		})
	}
	if _, err := note.Open([]byte(text+"\n\n"+manyLines(15)+line), in.Verifier()); err != nil {
		t.Errorf("16 signatures, which signed-note wants accepted: %v", err)
	}
}

// spareBits changes the last character before the padding in the bits that
// base64 does not use.
func spareBits(line string) string {
	i := strings.LastIndex(line, "=") - 1
	for line[i] == '=' {
		i--
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return line[:i] + string(alphabet[strings.IndexByte(alphabet, line[i])+1]) + line[i+1:]
}

// manyLines returns n signature lines by keys nobody knows.
func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "— k%d %s\n", i, base64.StdEncoding.EncodeToString(make([]byte, 68)))
	}
	return b.String()
}

func TestSignRefusesWhatOpenWould(t *testing.T) {
	in := signer(t, "in")
	for _, text := range []string{"", "no newline", "tab\t\n", "\xff\n", "cosignature/v1\ntime 1\nx\n", strings.Repeat("a", note.MaxSize) + "\n"} {
		if msg, err := in.Sign([]byte(text)); err == nil {
			t.Errorf("signed %.30q as %.60q", text, msg)
		}
	}
	if _, err := note.Sign([]byte("text\n")); err == nil {
		t.Error("a note that nobody signs")
	}
	if _, err := note.Sign([]byte("text\n"), in, in); err == nil {
		t.Error("a note that one key signs twice")
	}
}

func TestAnyChangedByteIsFound(t *testing.T) {
	in := signer(t, "in")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~\n]{0,80}`).Draw(t, "text") + "\n"
		msg, err := in.Sign([]byte(text))
		if err != nil {
			t.Skip(err)
		}
		if n, err := note.Open(msg, in.Verifier()); err != nil || string(n.Text) != text {
			t.Fatalf("opened as %q, %v", n.Text, err)
		}
		i := rapid.IntRange(0, len(msg)-1).Draw(t, "at")
		msg[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if _, err := note.Open(msg, in.Verifier()); err == nil {
			t.Fatalf("byte %d changed and nobody noticed: %q", i, msg)
		}
	})
}

func FuzzOpen(f *testing.F) {
	in := signer(f, "in")
	f.Add(sign(f, "twoseas/test/v1\n\nx\n", in, signer(f, "jp")))
	f.Add([]byte("text\n\n— in AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		text, err := note.Text(msg)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Fatalf("internal error for an input: %v", err)
			}
			return
		}
		if !bytes.HasPrefix(msg, append(bytes.Clone(text), "\n—"...)) {
			t.Fatalf("text %q of note %q", text, msg)
		}
		// What we take, the reference takes; it refuses only for want of a known key.
		if _, err := sumdb.Open(msg, sumdb.VerifierList()); err != nil && !strings.Contains(err.Error(), "no verifiable") {
			t.Fatalf("x/mod refuses %q: %v", msg, err)
		}
		again, err := note.Sign(text, in)
		if err != nil {
			t.Fatalf("the text of a note cannot be signed: %v", err)
		}
		if _, err := note.Open(again, in.Verifier()); err != nil {
			t.Fatal(err)
		}
	})
}

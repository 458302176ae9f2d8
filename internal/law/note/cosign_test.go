package note_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

const checkpointText = "twoseas/in/in-jp-2022/live\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

var at = time.Date(2023, 3, 20, 12, 25, 47, 0, time.UTC)

func cosign(t testing.TB, msg []byte, s note.Signer, at time.Time) []byte {
	t.Helper()
	line, err := note.Cosign(msg, s, at)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// TestCosignatureIsThatOfTheSpecification takes a cosignature apart by hand,
// as https://c2sp.org/tlog-cosignature describes it.
func TestCosignatureIsThatOfTheSpecification(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	line := cosign(t, sign(t, checkpointText, in), jp, at)

	b64, ok := strings.CutPrefix(string(line), "— jp ")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(b64, "\n"))
	if !ok || err != nil || len(raw) != 4+8+64 {
		t.Fatalf("line %q: %v", line, err)
	}
	if ts := binary.BigEndian.Uint64(raw[4:]); ts != 1679315147 {
		t.Errorf("timestamp %d, want 1679315147", ts)
	}
	_, key64, _ := strings.Cut(strings.TrimPrefix(jp.Verifier().CosignerKey(), "jp+"), "+")
	key, err := base64.StdEncoding.DecodeString(key64)
	if err != nil || len(key) != 33 || key[0] != 0x04 {
		t.Fatalf("cosigner key %q", jp.Verifier().CosignerKey())
	}
	if !ed25519.Verify(key[1:], []byte("cosignature/v1\ntime 1679315147\n"+checkpointText), raw[12:]) {
		t.Error("the signature is not over the cosigned message")
	}
}

func TestCosignaturesAreAddedAndReplaced(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	plain := sign(t, checkpointText, in)

	once, err := note.AddCosignature(plain, cosign(t, plain, jp, at), jp.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	later := at.Add(time.Hour)
	twice, err := note.AddCosignature(once, cosign(t, plain, jp, later), jp.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if len(twice) != len(once) || bytes.Equal(twice, once) {
		t.Errorf("the second cosignature does not replace the first:\n%s", twice)
	}
	got, err := note.VerifyCosignature(twice, jp.Verifier())
	if err != nil || !got.Equal(later) {
		t.Errorf("cosigned at %v, %v, want %v", got, err, later)
	}
	n, err := note.Open(twice, in.Verifier(), jp.Verifier())
	if err != nil || len(n.Sigs) != 1 || len(n.Cosigs) != 1 || !n.Cosigs[0].At.Equal(later) {
		t.Errorf("opened as %+v, %v", n, err)
	}
}

func TestACosignatureAloneOpensNothing(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	msg := sign(t, checkpointText, in)
	msg, err := note.AddCosignature(msg, cosign(t, msg, jp, at), jp.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	_, err = note.Open(msg, jp.Verifier())
	wantKind(t, err, fault.Denied)
}

func TestCosignaturesThatDoNotHold(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	msg := sign(t, checkpointText, in)
	line := cosign(t, msg, jp, at)
	other := cosign(t, sign(t, strings.Replace(checkpointText, "3", "4", 1), in), jp, at)
	for name, l := range map[string][]byte{
		"of another checkpoint":       other,
		"by another key of the side":  cosign(t, msg, signer(t, "jp", "later"), at),
		"by another side":             cosign(t, msg, in, at),
		"a plain signature":           []byte(strings.SplitAfter(string(sign(t, checkpointText, jp)), "\n\n")[1]),
		"with its timestamp moved":    flipTime(t, line),
		"under another key id":        otherID(t, line),
		"two lines":                   append(bytes.Clone(line), line...),
		"a line without its newline":  line[:len(line)-1],
		"nothing":                     nil,
		"a line that is not a base64": []byte("— jp !!!\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if out, err := note.AddCosignature(msg, l, jp.Verifier()); err == nil {
				t.Errorf("added:\n%s", out)
			}
		})
	}
	_, err := note.VerifyCosignature(msg, jp.Verifier())
	wantKind(t, err, fault.Denied)
	forged := append(bytes.Clone(msg), other...)
	_, err = note.VerifyCosignature(forged, jp.Verifier())
	wantKind(t, err, fault.Denied)
	_, err = note.Open(forged, in.Verifier(), jp.Verifier())
	wantKind(t, err, fault.Denied)
	_, err = note.Cosign(msg, jp, time.Unix(0, 0))
	wantKind(t, err, fault.Invalid)
}

// flipTime moves the timestamp of a cosignature line by a second.
func flipTime(t *testing.T, line []byte) []byte { return changeByte(t, line, 11) }

// otherID gives a cosignature line another key id.
func otherID(t *testing.T, line []byte) []byte { return changeByte(t, line, 3) }

func changeByte(t *testing.T, line []byte, at int) []byte {
	t.Helper()
	b64 := strings.TrimSuffix(strings.TrimPrefix(string(line), "— jp "), "\n")
	raw, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		t.Fatal(err)
	}
	raw[at]++
	return []byte("— jp " + base64.StdEncoding.EncodeToString(raw) + "\n")
}

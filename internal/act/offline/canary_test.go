package offline_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/act/intake"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// unpacked returns what the shipments in an opened file say.
func unpacked(t *testing.T, plain []byte) (out []byte) {
	t.Helper()
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 §3.1.1
	for i := bytes.Index(plain, magic); i >= 0; {
		r, err := zstd.NewReader(bytes.NewReader(plain[i:]), zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(r) // what stands behind a frame is another file
		r.Close()
		out = append(out, said...)
		next := bytes.Index(plain[i+1:], magic)
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return out
}

// What is taken out of a member's contribution is not in the file that goes to the
// partner, nor in what the partner keeps of it.
func TestNoCanaryIsInTheFile(t *testing.T) {
	in, jp := inForce(t)
	raw := stixtest.Indicator(stixtest.Name("beacon"), stixtest.Set("x_twoseas_victim", "Kanaria Substation"), stixtest.Set("x_twoseas_contributor", "KANARIA Grid"))
	rep, err := in.Intake.Objects(t.Context(), in.Live, intake.Source{DefaultTLP: marking.Green, Contributor: marking.Member}, [][]byte{raw})
	if err != nil || rep.New != 1 {
		t.Fatalf("%+v %v", rep, err)
	}
	s := write(t, in, false)
	plain := opened(t, jp, s.raw)
	said := unpacked(t, plain)
	if !bytes.Contains(said, []byte("beacon")) {
		t.Fatal("the substance is not in the file: the test looks at nothing")
	}
	if _, err := take(jp, t, s); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	if err := jp.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			kept = append(kept, o.Body...)
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(kept, []byte("beacon")) {
		t.Error("it did not arrive")
	}
	for where, text := range map[string][]byte{"the file": s.raw, "the opened file": plain, "its shipments": said, "what is kept": kept} {
		for _, word := range []string{"Kanaria", "KANARIA"} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%q is in %s", word, where)
			}
		}
	}
}

package shipment_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

var (
	hash = ident.Sum([]byte("the agreement"))
	at   = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
)

func wantKind(t testing.TB, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v (%v), want a fault of kind %v", err, fault.KindOf(err), k)
	}
}

func signer(t testing.TB, side ident.Side) note.Signer {
	t.Helper()
	s, err := note.Generate(strings.NewReader(strings.Repeat(string(side), 32)), side)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// header returns a good header of the number given.
func header(number uint64) shipment.Header {
	h := shipment.Header{
		Agreement: "in-jp-2022", AgreementHash: hash, Domain: ident.Live, From: "jp", To: "in",
		Number: number, Items: 1000, Root: ident.Sum([]byte("root")),
	}
	if number > 1 {
		h.Previous = ident.Sum([]byte("previous"))
	}
	return h
}

func TestHeaderTextIsThatOfTheDesign(t *testing.T) {
	want := `twoseas/shipment/v1
agreement in-jp-2022 ` + hash.String() + `
domain live
from jp
to in
number 42
previous ` + ident.Sum([]byte("previous")).String() + `
items 1000
root ` + ident.Sum([]byte("root")).String() + "\n"
	if diff := cmp.Diff(want, string(header(42).Text())); diff != "" {
		t.Error(diff)
	}
}

func TestParseHeaderNamesTheLine(t *testing.T) {
	good := string(header(42).Text())
	first := string(header(1).Text())
	zero := ident.Digest{}.String()
	tests := []struct{ name, text, want string }{
		{"another version", strings.Replace(good, "/v1", "/v2", 1), "line 1:"},
		{"no hash of the agreement", strings.Replace(good, " "+hash.String(), "", 1), "line 2: agreement: digest"},
		{"a hash in capitals", strings.Replace(good, hash.String(), strings.ToUpper(hash.String()), 1), "line 2:"},
		{"three words in a line", strings.Replace(good, hash.String(), hash.String()+" x", 1), "line 2:"},
		{"an agreement that is no name", strings.Replace(good, "in-jp-2022", "IN", 1), "line 2: agreement: agreement"},
		{"an unknown domain", strings.Replace(good, "domain live", "domain test", 1), "line 3: domain:"},
		{"from itself", strings.Replace(good, "from jp", "from in", 1), "line 5: from in to itself"},
		{"a side that is no name", strings.Replace(good, "to in", "to In", 1), "line 5: to:"},
		{"number zero", strings.Replace(good, "number 42", "number 0", 1), "line 6: number:"},
		{"a leading zero", strings.Replace(good, "number 42", "number 042", 1), "line 6: number:"},
		{"no items", strings.Replace(good, "items 1000", "items 0", 1), "line 8: items:"},
		{"an item too many", strings.Replace(good, "items 1000", "items 1001", 1), "line 8: items:"},
		{"lines in another order", strings.Replace(good, "from jp\nto in", "to in\nfrom jp", 1), `line 4: want "from"`},
		{"a line missing", strings.Replace(good, "domain live\n", "", 1), `line 3: want "domain"`},
		{"a line more", good + "x\n", "line 10: text after the end"},
		{"no final newline", strings.TrimSuffix(good, "\n"), "line 9: the text ends too early"},
		{"a first one that follows another", strings.Replace(first, zero, hash.String(), 1), "line 7: previous"},
		{"a second one that follows none", strings.Replace(first, "number 1\n", "number 2\n", 1), "line 7: previous"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := shipment.ParseHeader([]byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestHeadersSurviveBeingWritten(t *testing.T) {
	play, err := ident.Exercise("two-seas-26")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := header(rapid.Uint64Range(1, 1<<63).Draw(t, "number"))
		h.Items = rapid.IntRange(1, 1000).Draw(t, "items")
		h.Domain = rapid.SampledFrom([]ident.Domain{ident.Live, play}).Draw(t, "domain")
		h.Root[0] = rapid.Byte().Draw(t, "root")
		got, err := shipment.ParseHeader(h.Text())
		if err != nil || got != h {
			t.Fatalf("%+v reads as %+v, %v", h, got, err)
		}
	})
}

func TestAShipmentIsSignedByItsOriginatorAlone(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	h := header(42)
	msg, err := h.Sign(jp)
	if err != nil {
		t.Fatal(err)
	}
	got, link, by, err := shipment.Open(msg, in.Verifier(), jp.Verifier())
	if err != nil || got != h || link != shipment.Link(h.Text()) || by != jp.Verifier() {
		t.Errorf("opened as %+v %s %s, %v", got, link, by, err)
	}
	if link != ident.Sum(h.Text()) {
		t.Error("the link is not the SHA-256 of the signed text")
	}

	_, err = h.Sign(in)
	wantKind(t, err, fault.Denied)
	h.Items = 0
	_, err = h.Sign(jp)
	wantKind(t, err, fault.Invalid)

	for name, signers := range map[string][]note.Signer{"the receiver": {in}, "both sides": {jp, in}, "a stranger too": {jp, signer(t, "uk")}} {
		msg, err := note.Sign(header(42).Text(), signers...)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := shipment.Open(msg, in.Verifier(), jp.Verifier()); !fault.Is(err, fault.Denied) {
			t.Errorf("signed by %s: %v, want it denied", name, err)
		}
	}
	other, err := jp.Sign([]byte("twoseas/other/v1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = shipment.Open(other, jp.Verifier())
	wantKind(t, err, fault.Invalid)
}

func FuzzParseHeader(f *testing.F) {
	f.Add(header(1).Text())
	f.Add(header(42).Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := shipment.ParseHeader(text)
		if err == nil && !bytes.Equal(h.Text(), text) {
			t.Fatalf("%q writes as %q", text, h.Text())
		}
	})
}

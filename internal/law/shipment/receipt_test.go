package shipment_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

var compare = cmp.Options{cmp.Comparer(func(a, b ident.Domain) bool { return a == b })}

// receipt returns a good receipt of header(42), whose items it all answers.
func receipt() shipment.Receipt {
	h := header(42)
	r := shipment.Receipt{
		Agreement: h.Agreement, Domain: h.Domain, From: h.From, To: h.To, Number: h.Number,
		Shipment: shipment.Link(h.Text()), Received: at, Applied: 990, Already: 4,
		LedgerSize: 120, LedgerRoot: ident.Sum([]byte("ledger")),
	}
	for _, p := range []int{20, 3, 17, 18, 19} {
		r.Add(shipment.Answer{Position: p, Outcome: shipment.Refused, Clause: "1(1)", Code: "third-party", Text: "needs the originator's consent"})
	}
	r.Add(shipment.Answer{Position: 4, Outcome: shipment.Failed, Code: "malformed"})
	return r
}

func TestReceiptTextIsReadable(t *testing.T) {
	want := `twoseas/receipt/v1
agreement in-jp-2022
domain live
from jp
to in
number 42
shipment ` + shipment.Link(header(42).Text()).String() + `
received 2026-11-22T08:00:00Z
applied 990
already 4
refused 5
failed 1
ledger 120 ` + ident.Sum([]byte("ledger")).String() + `
refused 3,17-20 1(1) third-party needs the originator's consent
failed 4 - malformed
`
	if diff := cmp.Diff(want, string(receipt().Text())); diff != "" {
		t.Error(diff)
	}
	if err := receipt().Fits(header(42)); err != nil {
		t.Error(err)
	}
}

func TestParseReceiptRefuses(t *testing.T) {
	good := string(receipt().Text())
	list := "refused 3,17-20 1(1) third-party needs the originator's consent\n"
	for name, text := range map[string]string{
		"numbers that do not match the list": strings.Replace(good, "refused 5", "refused 6", 1),
		"failures that are not listed":       strings.Replace(good, "failed 1", "failed 2", 1),
		"a list out of order":                strings.Replace(good, list+"failed 4 - malformed\n", "failed 4 - malformed\n"+list, 1),
		"a range written out":                strings.Replace(good, "17-20", "17,18,19,20", 1),
		"a range of one":                     strings.Replace(good, "3,17", "3-3,17", 1),
		"a range backwards":                  strings.Replace(good, "17-20", "20-17", 1),
		"positions that do not increase":     strings.Replace(good, "3,17-20", "17-20,3", 1),
		"a position twice":                   strings.Replace(good, "failed 4", "failed 3", 1),
		"a position beyond any shipment":     strings.Replace(good, "17-20", "1000-1003", 1),
		"a line split in two":                strings.Replace(good, list, strings.Replace(list, "3,17-20", "3", 1)+strings.Replace(list, "3,17-20", "17-20", 1), 1),
		"an outcome that is none":            strings.Replace(good, "failed 4", "ignored 4", 1),
		"no code":                            strings.Replace(good, "failed 4 - malformed", "failed 4 -", 1),
		"an empty clause":                    strings.Replace(good, "failed 4 - ", "failed 4  ", 1),
		"a trailing space":                   strings.Replace(good, "malformed", "malformed ", 1),
		"two spaces in the text":             strings.Replace(good, "needs the", "needs  the", 1),
		"a character that turns text around": strings.Replace(good, "needs the", "needs \u202ethe", 1),
		"a text that is too long":            strings.Replace(good, "needs", strings.Repeat("n", 200), 1),
		"a ledger of nothing":                strings.Replace(good, "ledger 120", "ledger 0", 1),
		"no root":                            strings.Replace(good, "ledger 120 ", "ledger 120", 1),
		"an answer for nothing":              strings.NewReplacer("990", "0", "already 4", "already 0", "refused 5\n", "refused 0\n", "failed 1\n", "failed 0\n", list, "", "failed 4 - malformed\n", "").Replace(good),
		"more than a shipment holds":         strings.Replace(good, "already 4", "already 5", 1),
		"from itself":                        strings.Replace(good, "from jp", "from in", 1),
		"a line of nothing":                  good + "\n",
		"no final newline":                   strings.TrimSuffix(good, "\n"),
		"a million answers":                  good + strings.Repeat("failed 0-999 - a\n", 3000),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := shipment.ParseReceipt([]byte(text))
			if err == nil {
				t.Errorf("reads as %+v", r)
			}
			wantKind(t, err, fault.Invalid)
		})
	}
}

// drawReceipt draws a receipt that is valid after Add has cleaned it.
func drawReceipt(t *rapid.T) shipment.Receipt {
	r := receipt()
	r.Answers = nil
	r.Applied = rapid.IntRange(0, 400).Draw(t, "applied")
	r.Already = rapid.IntRange(1, 400).Draw(t, "already")
	for _, p := range rapid.SliceOfNDistinct(rapid.IntRange(0, 999), 0, 200, rapid.ID).Draw(t, "positions") {
		r.Add(shipment.Answer{
			Position: p,
			Outcome:  rapid.SampledFrom([]shipment.Outcome{shipment.Refused, shipment.Failed}).Draw(t, "outcome"),
			Clause:   rapid.SampledFrom([]string{"", "-", "1(1)", "1(7) a", rapid.String().Draw(t, "clause")}).Draw(t, "which"),
			Code:     rapid.SampledFrom([]string{"third-party", rapid.String().Draw(t, "code")}).Draw(t, "which"),
			Text:     rapid.String().Draw(t, "text"),
		})
	}
	return r
}

func TestReceiptsSurviveBeingWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReceipt(t)
		got, err := shipment.ParseReceipt(r.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, r.Text())
		}
		if diff := cmp.Diff(r, got, compare); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnAnswerIsCleaned(t *testing.T) {
	got := shipment.Answer{
		Position: 1, Outcome: shipment.Failed, Clause: "para 1 (1)", Code: "bad\nthing",
		Text: " साइबर\u200d सुरक्षा\r\nforged line\u202e \x00\xff" + strings.Repeat("語", 100),
	}.Clean()
	if got.Clause != "para-1-(1)" || got.Code != "bad-thing" || !strings.HasPrefix(got.Text, "साइबर\u200d सुरक्षा forged line 語") {
		t.Errorf("cleaned to %+v", got)
	}
	if len(got.Text) > 200 || !utf8.ValidString(got.Text) || got != got.Clean() {
		t.Errorf("%d bytes: %q", len(got.Text), got.Text)
	}
	if c := (shipment.Answer{}).Clean(); c.Code == "" {
		t.Error("an answer without a code")
	}
	var r shipment.Receipt
	r.Add(shipment.Answer{Position: 3, Outcome: shipment.Failed, Code: "a"})
	r.Add(shipment.Answer{Position: 3, Outcome: shipment.Refused, Code: "b"})
	if len(r.Answers) != 1 || r.Refused() != 1 || r.Failed() != 0 {
		t.Errorf("the second answer does not replace the first: %+v", r.Answers)
	}
}

func TestEveryReceiptFitsALeaf(t *testing.T) {
	in := signer(t, "in")
	for name, answer := range map[string]func(int) shipment.Answer{
		"a thousand long texts": func(i int) shipment.Answer {
			return shipment.Answer{Clause: "1(1)", Code: "malformed", Text: fmt.Sprint(i, strings.Repeat("x", 300))}
		},
		"a thousand long codes": func(i int) shipment.Answer {
			return shipment.Answer{Clause: fmt.Sprint(i, strings.Repeat("c", 100)), Code: fmt.Sprint(i, strings.Repeat("x", 100))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := receipt()
			r.Applied, r.Already, r.Answers = 0, 0, nil
			for i := range 1000 {
				a := answer(i)
				a.Position, a.Outcome = i, []shipment.Outcome{shipment.Failed, shipment.Refused}[i%2]
				r.Add(a)
			}
			msg, err := r.Sign(in)
			if err != nil {
				t.Fatal(err)
			}
			got, by, err := shipment.OpenReceipt(msg, in.Verifier())
			if err != nil || by != in.Verifier() || got.Refused() != 500 || got.Failed() != 500 {
				t.Errorf("%d bytes read as %d refused, %d failed, %v", len(msg), got.Refused(), got.Failed(), err)
			}
			if r.Answers[7] != func() shipment.Answer { a := answer(7); a.Position, a.Outcome = 7, shipment.Refused; return a.Clean() }() {
				t.Error("signing changed the receipt")
			}
		})
	}
}

func TestAReceiptIsSignedByTheReceiverAlone(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	msg, err := receipt().Sign(in)
	if err != nil {
		t.Fatal(err)
	}
	r, by, err := shipment.OpenReceipt(msg, jp.Verifier(), in.Verifier())
	if err != nil || by != in.Verifier() || cmp.Diff(r, receipt(), compare) != "" {
		t.Errorf("opened as %+v by %s, %v", r, by, err)
	}
	_, err = receipt().Sign(jp)
	wantKind(t, err, fault.Denied)
	for name, signers := range map[string][]note.Signer{"the sender": {jp}, "both": {in, jp}} {
		msg, err := note.Sign(receipt().Text(), signers...)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := shipment.OpenReceipt(msg, jp.Verifier(), in.Verifier()); !fault.Is(err, fault.Denied) {
			t.Errorf("signed by %s: %v, want it denied", name, err)
		}
	}
}

func TestAReceiptFitsItsShipmentOnly(t *testing.T) {
	for name, change := range map[string]func(*shipment.Receipt){
		"another agreement":         func(r *shipment.Receipt) { r.Agreement = "in-uk-2026" },
		"another direction":         func(r *shipment.Receipt) { r.From, r.To = r.To, r.From },
		"another number":            func(r *shipment.Receipt) { r.Number++ },
		"another shipment":          func(r *shipment.Receipt) { r.Shipment[0]++ },
		"an item unaccounted for":   func(r *shipment.Receipt) { r.Applied-- },
		"an item too many":          func(r *shipment.Receipt) { r.Already++ },
		"an item that is not there": func(r *shipment.Receipt) { r.Answers[5].Position = 1000 },
	} {
		r := receipt()
		change(&r)
		if err := r.Fits(header(42)); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	f.Add(receipt().Text())
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := shipment.ParseReceipt(text)
		if err == nil && !bytes.Equal(r.Text(), text) {
			t.Fatalf("%q writes as %q", text, r.Text())
		}
	})
}

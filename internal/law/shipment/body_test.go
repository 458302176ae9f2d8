package shipment_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/shipment"
)

func item(i int) shipment.Item {
	return shipment.Item{
		Salt:   merkle.Salt{byte(i), byte(i >> 8), 0xff},
		Label:  []byte(`{"tlp":"green"}`),
		Object: fmt.Appendf(nil, `{"id":"indicator--%d","name":"a \"quoted\\\" } ] name","x":[{},[1]]}`, i),
	}
}

// body writes n items and returns the body and the header that signs it.
func body(t testing.TB, n int) ([]byte, shipment.Header) {
	t.Helper()
	var b bytes.Buffer
	w := shipment.NewWriter(&b)
	for i := range n {
		if err := w.Add(item(i)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := w.Root()
	if err != nil {
		t.Fatal(err)
	}
	h := header(1)
	h.Items, h.Root = w.Items(), root
	return b.Bytes(), h
}

// drain reads a body to its end.
func drain(r *shipment.Reader) (int, error) {
	for n := 0; ; n++ {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

func TestALineIsCanonicalAndItsLeafTheCanonicalFormOfLabelAndObject(t *testing.T) {
	it := item(7)
	line := shipment.AppendLine(nil, it)
	if !canon.IsCanonical(bytes.TrimSuffix(line, []byte("\n"))) || !canon.IsCanonical(it.Canonical()) {
		t.Errorf("not canonical: %s", line)
	}
	want := `{"label":{"tlp":"green"},"object":` + string(it.Object) + `,"salt":"BwD/AAAAAAAAAAAAAAAAAA=="}` + "\n"
	if diff := cmp.Diff(want, string(line)); diff != "" || len(line) != it.LineSize() {
		t.Errorf("%s, %d bytes", diff, it.LineSize())
	}
	if it.Leaf() != merkle.Leaf(it.Salt, it.Canonical()) {
		t.Error("the leaf is not that of the canonical form")
	}
	got, err := shipment.ParseLine(line)
	if err != nil || !cmp.Equal(got, it) {
		t.Errorf("reads as %+v, %v", got, err)
	}
}

func TestParseLineRefuses(t *testing.T) {
	good := string(shipment.AppendLine(nil, shipment.Item{Label: []byte(`{}`), Object: []byte(`{"a":[1]}`)}))
	if _, err := shipment.ParseLine([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"nothing":                           "",
		"no newline":                        strings.TrimSuffix(good, "\n"),
		"two newlines":                      good + "\n",
		"a space":                           strings.Replace(good, `,"object"`, `, "object"`, 1),
		"a space in a value":                strings.Replace(good, `[1]`, `[ 1]`, 1),
		"members in another order":          `{"object":{},"label":{},"salt":"AAAAAAAAAAAAAAAAAAAAAA=="}` + "\n",
		"a member more":                     strings.Replace(good, `,"salt"`, `,"more":1,"salt"`, 1),
		"a label that is a string":          strings.Replace(good, `{"label":{}`, `{"label":"{}"`, 1),
		"an object that is an array":        strings.Replace(good, `{"a":[1]}`, `[1]`, 1),
		"brackets that cross":               strings.Replace(good, `{"a":[1]}`, `{"a":[1}]`, 1),
		"a bracket that stays open":         strings.Replace(good, `{"a":[1]}`, `{"a":[1]`, 1),
		"a string that stays open":          strings.Replace(good, `{"a":[1]}`, `{"a:[1]}`, 1),
		"a newline in a string":             strings.Replace(good, `"a"`, "\"a\n\"", 1),
		"a salt of 15 bytes":                strings.Replace(good, "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAA", 1),
		"a salt of 18 bytes":                strings.Replace(good, "AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAA", 1),
		"a salt with spare bits":            strings.Replace(good, "AA==", "AB==", 1),
		"a salt in the URL alphabet":        strings.Replace(good, `"salt":"AA`, `"salt":"__`, 1),
		"text after the salt":               strings.Replace(good, `"}`, `"} `, 1),
		"nested deeper than anything needs": strings.Replace(good, `[1]`, strings.Repeat("[", 200)+strings.Repeat("]", 200), 1),
	} {
		t.Run(name, func(t *testing.T) {
			it, err := shipment.ParseLine([]byte(line))
			if err == nil {
				t.Errorf("reads as %+v", it)
			}
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestABodyReadsBack(t *testing.T) {
	for _, n := range []int{1, 2, 1000} {
		b, h := body(t, n)
		r := shipment.NewReader(iotest.OneByteReader(bytes.NewReader(b)), h)
		for i := range n {
			got, err := r.Next()
			if err != nil || !cmp.Equal(got, item(i)) {
				t.Fatalf("item %d of %d reads as %+v, %v", i, n, got, err)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the last of %d: %v", n, err)
		}
		if got, err := merkle.Root(r.Leaves()); err != nil || got != h.Root {
			t.Errorf("leaves read give the root %s, %v", got, err)
		}
	}
}

func TestTheItemsAreCountedEvenWhenTheRootFits(t *testing.T) {
	b, h := body(t, 3)
	for _, n := range []int{2, 4} {
		h.Items = n
		_, err := drain(shipment.NewReader(bytes.NewReader(b), h))
		wantKind(t, err, fault.Invalid)
	}
}

func TestAnyChangeOfABodyIsFound(t *testing.T) {
	good, h := body(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(good)
		i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"flip", "cut", "insert", "delete", "swap"}).Draw(t, "change") {
		case "flip":
			b[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		case "cut":
			b = b[:i]
		case "insert":
			b = append(b[:i:i], append([]byte{rapid.Byte().Draw(t, "byte")}, b[i:]...)...)
		case "delete":
			b = append(b[:i:i], b[i+1:]...)
		case "swap":
			lines := bytes.SplitAfter(b, []byte("\n"))
			lines[0], lines[1] = lines[1], lines[0]
			b = bytes.Join(lines, nil)
		}
		if bytes.Equal(b, good) {
			t.Skip("the same")
		}
		if _, err := drain(shipment.NewReader(bytes.NewReader(b), h)); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Fatalf("got %v", err)
		}
	})
}

func TestTheLimitsOfABodyHold(t *testing.T) {
	w := shipment.NewWriter(io.Discard)
	for i := range shipment.MaxItems {
		if err := w.Add(item(i)); err != nil {
			t.Fatal(err)
		}
	}
	if w.Fits(item(0)) || w.Items() != shipment.MaxItems {
		t.Error("there is room for an item 1,001")
	}
	wantKind(t, w.Add(item(0)), fault.TooLarge)

	big := item(1)
	room := shipment.MaxBody - big.LineSize() + len(big.Object)
	big.Object = []byte(`{"x":"` + strings.Repeat("a", room-8) + `"}`)
	var b bytes.Buffer
	w = shipment.NewWriter(&b)
	if err := w.Add(big); err != nil || w.Bytes() != shipment.MaxBody {
		t.Fatalf("an item of exactly 8 MiB: %d bytes, %v", w.Bytes(), err)
	}
	wantKind(t, w.Add(item(1)), fault.TooLarge)
	root, err := w.Root()
	if err != nil {
		t.Fatal(err)
	}
	h := header(1)
	h.Items, h.Root = 1, root
	if n, err := drain(shipment.NewReader(bytes.NewReader(b.Bytes()), h)); err != nil || n != 1 {
		t.Errorf("8 MiB read as %d items, %v", n, err)
	}
	for name, extra := range map[string]string{"a newline": "\n", "much more": strings.Repeat("x", 1<<20)} {
		_, err = drain(shipment.NewReader(io.MultiReader(bytes.NewReader(b.Bytes()), strings.NewReader(extra)), h))
		if !fault.Is(err, fault.TooLarge) {
			t.Errorf("8 MiB and %s: %v", name, err)
		}
	}
}

func TestAWriterWritesNothingItsReaderWouldRefuse(t *testing.T) {
	var b bytes.Buffer
	w := shipment.NewWriter(&b)
	wantKind(t, w.Add(shipment.Item{Label: []byte(`{}`), Object: []byte("{\n}")}), fault.Invalid)
	wantKind(t, w.Add(shipment.Item{Object: []byte("{}")}), fault.Invalid)
	if b.Len() != 0 || w.Items() != 0 {
		t.Errorf("wrote %q", b.Bytes())
	}
	_, err := w.Root()
	wantKind(t, err, fault.Invalid)
}

func TestTroubleInReadingComesBackAsItIs(t *testing.T) {
	b, h := body(t, 3)
	cut := errors.New("connection reset")
	_, err := drain(shipment.NewReader(io.MultiReader(bytes.NewReader(b[:100]), iotest.ErrReader(cut)), h))
	if !errors.Is(err, cut) || fault.KindOf(err) != fault.Internal {
		t.Errorf("got %v", err)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add(shipment.AppendLine(nil, item(1)))
	f.Add([]byte(`{"label":{"a":"\\"},"object":{"b":[[],{}]},"salt":"AAAAAAAAAAAAAAAAAAAAAA=="}` + "\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		it, err := shipment.ParseLine(line)
		if err != nil {
			wantKind(t, err, fault.Invalid)
			return
		}
		if !bytes.Equal(shipment.AppendLine(nil, it), line) || it.LineSize() != len(line) {
			t.Fatalf("%q writes as %q", line, shipment.AppendLine(nil, it))
		}
		// When the line is JSON, the values are the ones a JSON reader finds.
		m, err := canon.Decode(line)
		if err != nil {
			return
		}
		label, err1 := canon.Decode(it.Label)
		object, err2 := canon.Decode(it.Object)
		if err1 != nil || err2 != nil || !cmp.Equal(m["label"], any(label)) || !cmp.Equal(m["object"], any(object)) || len(m) != 3 {
			t.Fatalf("%q is taken apart as %q and %q", line, it.Label, it.Object)
		}
	})
}

func FuzzReader(f *testing.F) {
	b, h := body(f, 2)
	f.Add(b, 2)
	f.Add(b[:50], 1)
	f.Fuzz(func(t *testing.T, got []byte, items int) {
		h.Items = 1 + max(items, -items, 0)%shipment.MaxItems
		n, err := drain(shipment.NewReader(bytes.NewReader(got), h))
		if err == nil && (!bytes.Equal(got, b) || n != 2) {
			t.Fatalf("another body with the same root: %q", got)
		}
		if err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatal(err)
		}
	})
}

func BenchmarkBody(b *testing.B) {
	data, h := body(b, 1000)
	b.Run("write", func(b *testing.B) {
		items := make([]shipment.Item, 1000)
		for i := range items {
			items[i] = item(i)
		}
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			w := shipment.NewWriter(io.Discard)
			for _, it := range items {
				if err := w.Add(it); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.Root(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := drain(shipment.NewReader(bytes.NewReader(data), h)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

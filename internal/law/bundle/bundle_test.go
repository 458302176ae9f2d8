package bundle_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/note"
)

func signer(t testing.TB, side ident.Side) note.Signer {
	t.Helper()
	s, err := note.Generate(rand.NewChaCha8([32]byte{1}), side)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// entries are one of each kind.
func entries() (list []bundle.Entry, contents [][]byte) {
	add := func(k bundle.Kind, n int64, content string) {
		list = append(list, bundle.NewEntry(k, n, []byte(content)))
		contents = append(contents, []byte(content))
	}
	add(bundle.Key, 1, "key")
	add(bundle.Signature, 1, "signature")
	add(bundle.Receipt, 3, "receipt 3")
	add(bundle.Receipt, 4, "receipt 4")
	add(bundle.Shipment, 7, "note 7")
	add(bundle.Body, 7, "body 7")
	add(bundle.Shipment, 8, "note 8")
	add(bundle.Body, 8, "")
	add(bundle.Checkpoint, 1, "ask")
	add(bundle.Cosigned, 1, "given")
	add(bundle.Holding, 1, "holding")
	add(bundle.Holding, 2, "holding")
	return list, contents
}

func manifest() bundle.Manifest {
	return bundle.Manifest{
		Agreement: "in-jp-2022", Domain: ident.Live, From: "jp", To: "in", Number: 4,
		Follows: bundle.Mark{Number: 2, Link: ident.Sum([]byte("2"))}, Seen: bundle.Mark{},
		Made: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), AgreedOut: 5, AgreedIn: 6, Items: 2,
	}
}

func content(t testing.TB) (whole []byte, key note.Verifier, list []bundle.Entry, contents [][]byte) {
	t.Helper()
	list, contents = entries()
	s := signer(t, "jp")
	msg, err := manifest().Complete(list).Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := bundle.WriteHead(&b, msg, list); err != nil {
		t.Fatal(err)
	}
	for _, c := range contents {
		b.Write(c)
	}
	return b.Bytes(), s.Verifier(), list, contents
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	whole, key, list, contents := content(t)
	r, err := bundle.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(key); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(list, r.Entries); d != "" {
		t.Error(d)
	}
	if r.Manifest.Shipments != (bundle.Span{First: 7, Last: 8}) || r.Manifest.Shipments.Count() != 2 {
		t.Errorf("%+v", r.Manifest)
	}
	for i, want := range contents {
		e, got, err := r.Next()
		if err != nil || e != list[i] || !bytes.Equal(got, want) {
			t.Errorf("entry %d: %+v %q %v", i, e, got, err)
		}
	}
	if _, _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// Whatever single byte changes, is missing or is added: the reader refuses.
func TestNoByteMayDiffer(t *testing.T) {
	whole, key, _, _ := content(t)
	read := func(raw []byte) error {
		r, err := bundle.NewReader(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if err := r.Verify(key); err != nil {
			return err
		}
		for {
			if _, _, err := r.Next(); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
	}
	if err := read(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		if err := read(changed); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Denied) && !fault.Is(err, fault.TooLarge) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if err := read(whole[:i]); !fault.Is(err, fault.Invalid) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if err := read(append(bytes.Clone(whole), 0)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	whole, _, _, _ := content(t)
	r, err := bundle.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.Generate(rand.NewChaCha8([32]byte{2}), "jp")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(other.Verifier()); !fault.Is(err, fault.Denied) {
		t.Error(err)
	}
	if _, err := manifest().Complete(nil).Sign(signer(t, "in")); err == nil {
		t.Error("the reader signed the maker's manifest")
	}
}

func TestInventoriesThatAreRefused(t *testing.T) {
	line := func(k string, n string) string { return k + " " + n + " 1 " + ident.Sum().String() + "\n" }
	for name, text := range map[string]string{
		"an unknown kind":          line("virus", "1"),
		"out of order":             line("receipt", "1") + line("key", "1"),
		"a number twice":           line("receipt", "2") + line("receipt", "2"),
		"numbers falling":          line("receipt", "2") + line("receipt", "1"),
		"a body alone":             line("body", "1"),
		"a body of another":        line("shipment", "1") + line("body", "2"),
		"a shipment without body":  line("shipment", "1"),
		"two shipments, no body":   line("shipment", "1") + line("shipment", "2") + line("body", "2"),
		"two requests":             line("checkpoint", "1") + line("checkpoint", "2"),
		"number zero":              line("key", "0"),
		"a leading zero":           line("key", "01"),
		"too large":                "key 1 99999999999 " + ident.Sum().String() + "\n",
		"no newline at the end":    strings.TrimSuffix(line("key", "1"), "\n"),
		"an empty line":            "\n",
		"two spaces":               "key  1 1 " + ident.Sum().String() + "\n",
		"three holdings":           line("holding", "3"),
		"a body after its receipt": line("receipt", "1") + line("body", "1"),
	} {
		if _, err := bundle.ParseInventory([]byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManifestsThatAreRefused(t *testing.T) {
	good := string(manifest().Complete(nil).Text())
	good = strings.Replace(good, "items 2", "items 0", 1)
	if _, err := bundle.ParseManifest([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"to itself":              {"to in", "to jp"},
		"follows itself":         {"follows 2", "follows 4"},
		"follows none by a link": {"follows 2", "follows 0"},
		"items in no shipments":  {"items 0", "items 9"},
		"a span backwards":       {"shipments 0 0", "shipments 5 4"},
		"half a span":            {"shipments 0 0", "shipments 0 4"},
		"number zero":            {"number 4", "number 0"},
		"a line more":            {"bytes 0\n", "bytes 0\nextra 1\n"},
		"a negative":             {"items 0", "items -1"},
	} {
		if !strings.Contains(good, change[0]) {
			t.Fatal(name)
		}
		if _, err := bundle.ParseManifest([]byte(strings.Replace(good, change[0], change[1], 1))); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStatementIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digest := rapid.Custom(func(t *rapid.T) ident.Digest { return ident.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "d")) })
		s := bundle.Statement{
			Sender: "jp", Last: rapid.Int64Range(0, 1<<40).Draw(t, "last"), From: rapid.Int64Range(1, 1<<39).Draw(t, "from"),
			Digests: rapid.SliceOfN(digest, 0, 20).Draw(t, "digests"),
		}
		for n := range rapid.IntRange(0, 3).Draw(t, "lists") {
			s.Lists = append(s.Lists, bundle.ItemList{Shipment: s.From + int64(n), Leaves: rapid.SliceOfN(digest, 0, 5).Draw(t, "leaves")})
		}
		got, err := bundle.ParseStatement(s.Text())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Text(), s.Text()) {
			t.Errorf("%s\nbecame\n%s", s.Text(), got.Text())
		}
	})
}

func TestCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		link := ident.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "link"))
		items := rapid.Int64Range(0, 5000).Draw(t, "items")
		kept := rapid.Int64Range(0, items).Draw(t, "kept")
		code := bundle.Code(link, items-kept, kept)
		if got, err := bundle.FindCode(code, link, items); err != nil || got != kept {
			t.Fatalf("%s: %d %v, want %d", code, got, err, kept)
		}
		if _, err := bundle.FindCode(code, ident.Sum([]byte("other"), link[:]), items); !fault.Is(err, fault.NotFound) {
			t.Fatalf("another file: %v", err)
		}
		digits := []byte(strings.ReplaceAll(code, " ", ""))
		i := rapid.IntRange(0, len(digits)-1).Draw(t, "place")
		wrong := bytes.Clone(digits)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := bundle.ParseCode(string(wrong)); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a digit wrong in %s passes: %s", code, wrong)
		}
		if j := (i + 1) % len(digits); i+1 < len(digits) && digits[i] != digits[j] {
			swapped := bytes.Clone(digits)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			if _, err := bundle.ParseCode(string(swapped)); !fault.Is(err, fault.Invalid) {
				t.Fatalf("two digits of %s swapped pass: %s", code, swapped)
			}
		}
	})
	link := ident.Sum([]byte("vector"))
	if got := bundle.Code(link, 1197, 3); got != vector {
		t.Errorf("the code of the vector is %s", got)
	}
	devanagari := strings.NewReplacer("0", "०", "1", "१", "2", "२", "3", "३", "4", "४", "5", "५", "6", "६", "7", "७", "8", "८", "9", "९").Replace(vector)
	if n, err := bundle.FindCode(devanagari, link, 1200); err != nil || n != 3 {
		t.Errorf("typed in Devanagari: %d %v", n, err)
	}
	for _, s := range []string{"", "1234", vector + "1", "x" + vector[1:]} {
		if _, err := bundle.ParseCode(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// vector is in docs/formats/offline.md.
const vector = "7977 4410 7577 7664 6774"

var update = flag.Bool("update", false, "write the test vectors of docs/formats")

// The vector is made by the key of docs/formats/vectors/keys.txt.
func TestTheVectorIsWhatIsWritten(t *testing.T) {
	seed := sha256.Sum256([]byte("twoseas test vector jp"))
	key, err := note.Generate(bytes.NewReader(seed[:]), "jp")
	if err != nil {
		t.Fatal(err)
	}
	list, contents := entries()
	msg, err := manifest().Complete(list).Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := bundle.WriteHead(&b, msg, list); err != nil {
		t.Fatal(err)
	}
	for _, c := range contents {
		b.Write(c)
	}
	file := filepath.Join("..", "..", "..", "docs", "formats", "vectors", "bundle.content")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, b.Bytes()) {
		t.Errorf("the vector differs: %v", err)
	}
	keys, err := os.ReadFile(filepath.Join(filepath.Dir(file), "keys.txt"))
	if err != nil || !strings.Contains(string(keys), key.Verifier().String()) {
		t.Errorf("the key is not one of the vectors': %s %v", key.Verifier(), err)
	}
}

func FuzzReader(f *testing.F) {
	whole, _, _, _ := content(f)
	f.Add(whole)
	f.Add([]byte("twoseas-bundle-content/1 65535 33554432\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := bundle.NewReader(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if got, err := bundle.ParseManifest(r.Manifest.Text()); err != nil || got != r.Manifest {
			t.Errorf("%+v became %+v, %v", r.Manifest, got, err)
		}
		if got, err := bundle.ParseInventory(bundle.Inventory(r.Entries)); err != nil || !cmp.Equal(got, r.Entries) {
			t.Errorf("%v: %v", r.Entries, err)
		}
		for {
			if _, _, err := r.Next(); err != nil {
				return
			}
		}
	})
}

func FuzzStatement(f *testing.F) {
	f.Add(bundle.Statement{Sender: "in", From: 1, Digests: make([]ident.Digest, 2), Lists: []bundle.ItemList{{Shipment: 1, Leaves: make([]ident.Digest, 1)}}}.Text())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := bundle.ParseStatement(raw); err == nil && !bytes.Equal(s.Text(), raw) {
			t.Errorf("%q became %q", raw, s.Text())
		}
	})
}

func FuzzPart(f *testing.F) {
	f.Add(bundle.Part{Whole: ident.Sum(), Number: 1, Of: 2, Size: 3, Digest: ident.Sum()}.Head())
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := newBuffered(raw)
		p, err := bundle.ReadPart(b)
		if err == nil && !bytes.HasPrefix(raw, p.Head()) {
			t.Errorf("%q became %q", raw, p.Head())
		}
	})
}

func newBuffered(raw []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(raw)) }

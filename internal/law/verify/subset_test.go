package verify_test

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/law/verify"
)

// shipped returns a shipment of n items, their leaves, and the items.
func shipped(t testing.TB, s *story, n int) ([]byte, []ident.Digest, []shipment.Item) {
	t.Helper()
	msg := s.send("jp", n)
	items := s.bodies[string(msg)]
	leaves := make([]ident.Digest, n)
	for i, it := range items {
		leaves[i] = it.Leaf()
	}
	return msg, leaves, items
}

func bundle(t testing.TB, msg []byte, leaves []ident.Digest, kept map[int]shipment.Item) []byte {
	t.Helper()
	sub, err := verify.NewSubset(msg, leaves, kept)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := sub.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASubsetVerifiesAgainstTheOriginatorsKey(t *testing.T) {
	s := newStory(t)
	msg, leaves, items := shipped(t, s, 10)
	file := bundle(t, msg, leaves, map[int]shipment.Item{2: items[2], 7: items[7]})
	r := s.check(file)
	wantSound(t, r, "file 1: shows 2 of the 10 items of shipment 1 from jp to in under in-jp-2022, live", "1 subset, 2 items shown, consistent")

	wantUnsound(t, check(t, []note.Verifier{s.keys()[0]}, file), "none of the known keys signed it")
	for i, it := range items {
		if shows := bytes.Contains(file, it.Object); shows != (i == 2 || i == 7) {
			t.Errorf("item %d in the bundle: %v", i, shows)
		}
	}
	sub, err := verify.ReadSubset(bytes.NewReader(file))
	if err != nil || !cmp.Equal(sub.Kept, map[int]shipment.Item{2: items[2], 7: items[7]}) {
		t.Errorf("reads as %+v, %v", sub.Kept, err)
	}
}

// TestErasedItemsStillProve erases items with their salts and keeps the
// leaves: what is left proves as before, and the ledger does not notice.
func TestErasedItemsStillProve(t *testing.T) {
	s := newStory(t)
	msg, leaves, items := shipped(t, s, 10)
	left := map[int]shipment.Item{}
	for i, it := range items {
		if i != 3 && i != 8 {
			left[i] = it
		}
	}
	wantSound(t, s.check(bundle(t, msg, leaves, left), s.export("jp")), "8 items shown")
	_, err := verify.NewSubset(msg, leaves, map[int]shipment.Item{3: {Label: []byte("{}"), Object: items[3].Object}})
	wantKind(t, err, fault.Invalid)
	_, err = verify.NewSubset(msg, leaves, map[int]shipment.Item{10: items[0]})
	wantKind(t, err, fault.Invalid)
	_, err = verify.NewSubset(msg, leaves, nil)
	wantKind(t, err, fault.Invalid)
}

func TestAnyChangeOfABundleIsFound(t *testing.T) {
	s := newStory(t)
	msg, leaves, items := shipped(t, s, 9)
	good := bundle(t, msg, leaves, map[int]shipment.Item{0: items[0], 4: items[4], 5: items[5]})
	for i := range good {
		file := bytes.Clone(good)
		file[i] ^= 1 << (i % 8)
		if r := s.check(file); r.OK {
			t.Errorf("byte %d, %q, changed to %q and nobody noticed", i, good[i], file[i])
		}
	}
	for i := range good {
		if r := s.check(good[:i]); r.OK {
			t.Errorf("cut after %d bytes and nobody noticed", i)
		}
	}
	wantUnsound(t, s.check(append(bytes.Clone(good), '\n')), "text after the end")
}

func TestAnySubsetOfAShipmentProves(t *testing.T) {
	s := newStory(t)
	msg, leaves, items := shipped(t, s, 40)
	rapid.Check(t, func(rt *rapid.T) {
		kept := map[int]shipment.Item{}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 39), 1, 40, rapid.ID).Draw(rt, "keep") {
			kept[i] = items[i]
		}
		sub, err := verify.ReadSubset(bytes.NewReader(bundle(t, msg, leaves, kept)))
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := sub.Verify(s.keys()...); err != nil {
			rt.Fatal(err)
		}
		some := slices.Sorted(maps.Keys(kept))[0]
		it := kept[some]
		it.Label = []byte(`{"kind":"threat","tlp":"clear"}`)
		sub.Kept[some] = it
		if _, err := sub.Verify(s.keys()...); !fault.Is(err, fault.Denied) {
			rt.Fatalf("another label: %v", err)
		}
	})
}

func FuzzReadSubset(f *testing.F) {
	s := newStory(f)
	msg, leaves, items := shipped(f, s, 3)
	f.Add(bundle(f, msg, leaves, map[int]shipment.Item{1: items[1]}))
	f.Fuzz(func(t *testing.T, file []byte) {
		sub, err := verify.ReadSubset(bytes.NewReader(file))
		if err != nil {
			wantKind(t, err, fault.Invalid)
			return
		}
		var b bytes.Buffer
		if err := sub.Write(&b); err != nil || !bytes.Equal(b.Bytes(), file) {
			t.Fatalf("%q writes as %q, %v", file, b.Bytes(), err)
		}
	})
}

func TestABundleThatCannotBeReadIsNotAFinding(t *testing.T) {
	s := newStory(t)
	msg, leaves, items := shipped(t, s, 2)
	file := bundle(t, msg, leaves, map[int]shipment.Item{0: items[0]})
	_, err := verify.Verify([]io.Reader{io.MultiReader(bytes.NewReader(file), failingReader{})}, s.keys())
	if err == nil || !strings.Contains(err.Error(), io.ErrNoProgress.Error()) {
		t.Errorf("got %v", err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrNoProgress }

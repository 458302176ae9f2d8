package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/verify"
)

func wantKind(t testing.TB, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v (%v), want a fault of kind %v", err, fault.KindOf(err), k)
	}
}

// readAll reads an exported file to its end.
func readAll(r io.Reader) (verify.Ledger, [][]byte, error) {
	f, err := verify.NewReader(r)
	if err != nil {
		return verify.Ledger{}, nil, err
	}
	var leaves [][]byte
	for {
		i, leaf, err := f.Next()
		if errors.Is(err, io.EOF) {
			return f.Ledger, leaves, nil
		}
		if err != nil {
			return f.Ledger, leaves, err
		}
		if i != int64(len(leaves)) {
			return f.Ledger, leaves, fmt.Errorf("leaf %d has the index %d", len(leaves), i)
		}
		leaves = append(leaves, leaf)
	}
}

var compareLedger = cmp.Comparer(func(a, b verify.Ledger) bool {
	return a.Agreement == b.Agreement && a.Domain == b.Domain && a.Owner == b.Owner && a.Partner == b.Partner &&
		a.OwnerKey == b.OwnerKey && a.PartnerKey == b.PartnerKey && bytes.Equal(a.Checkpoint, b.Checkpoint) && cmp.Equal(a.Earlier, b.Earlier)
})

func TestAnExportReadsBack(t *testing.T) {
	s := usual(t)
	head, leaves, err := readAll(iotest.OneByteReader(bytes.NewReader(s.export("in"))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.header("in"), head, compareLedger); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(s.nodes["in"].leaves, leaves); diff != "" {
		t.Error(diff)
	}
	if len(head.Earlier) != 1 {
		t.Errorf("%d earlier checkpoints, want 1", len(head.Earlier))
	}
}

func TestAFileThatIsNotWholeIsRefused(t *testing.T) {
	s := usual(t)
	good := string(s.export("in"))
	last := strings.LastIndex(good, "leaf 11")
	for name, file := range map[string]string{
		"nothing":                        "",
		"another title":                  strings.Replace(good, "ledger/v1", "ledger/v2", 1),
		"no key":                         strings.Replace(good, "key jp+", "kay jp+", 1),
		"the keys exchanged":             strings.NewReplacer("owner in", "owner jp", "partner jp", "partner in").Replace(good),
		"an owner who is the partner":    strings.Replace(good, "partner jp", "partner in", 1),
		"no checkpoint":                  good[:strings.Index(good, "checkpoint")] + good[strings.Index(good, "leaf 0"):],
		"checkpoints the wrong way":      exchangeCheckpoints(t, good),
		"a leaf missing at the end":      good[:last] + "end 12\n",
		"fewer leaves and a fitting end": good[:last] + "end 11\n",
		"a leaf missing in the middle":   strings.Replace(good, "leaf 3 ", "leaf 4 ", 1),
		"an empty line":                  strings.Replace(good, "leaf 0", "\nleaf 0", 1),
		"no end":                         good[:strings.LastIndex(good, "end")],
		"text after the end":             good + "\n",
		"the file twice":                 good + good,
		"a leading zero in a length":     strings.Replace(good, "leaf 0 ", "leaf 0 0", 1),
		"a length of a leaf too large":   strings.Replace(good, "leaf 0 ", "leaf 0 9", 1),
		"a line without an end":          "twoseas/ledger/v1\nagreement " + strings.Repeat("x", 100000),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(strings.NewReader(file))
			wantKind(t, err, fault.Invalid)
			wantUnsound(t, s.check([]byte(file)))
		})
	}
	for i := range len(good) { // truncated anywhere
		if i%97 != 0 && i < len(good)-3 {
			continue
		}
		if _, _, err := readAll(strings.NewReader(good[:i])); !fault.Is(err, fault.Invalid) {
			t.Errorf("cut after %d bytes: %v", i, err)
		}
	}
}

// exchangeCheckpoints puts the two checkpoints of a file in the other order.
func exchangeCheckpoints(t *testing.T, file string) string {
	t.Helper()
	first := strings.Index(file, "checkpoint ")
	second := first + 1 + strings.Index(file[first+1:], "checkpoint ")
	rest := strings.Index(file, "leaf 0")
	if first < 0 || second <= first || rest <= second {
		t.Fatal("no two checkpoints")
	}
	return file[:first] + file[second:rest] + file[first:second] + file[rest:]
}

func TestTroubleInReadingIsNotAFinding(t *testing.T) {
	s := usual(t)
	good := s.export("in")
	broken := errors.New("input/output error")
	for _, at := range []int{0, 10, 700, len(good) / 2, len(good)} {
		_, err := verify.Verify([]io.Reader{io.MultiReader(bytes.NewReader(good[:at]), iotest.ErrReader(broken))}, s.keys())
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", at, err)
		}
	}
	_, err := verify.Verify(nil, s.keys())
	wantKind(t, err, fault.Invalid)
	_, err = verify.Verify([]io.Reader{bytes.NewReader(good)}, nil)
	wantKind(t, err, fault.Invalid)
	wantUnsound(t, s.check([]byte("a letter\n")), "file 1: not an exported ledger, an entry, a growth or a subset bundle")
}

func TestAWriterRefusesWhatItsReaderWould(t *testing.T) {
	s := usual(t)
	good := s.header("in")
	for name, change := range map[string]func(*verify.Ledger){
		"no checkpoint":                func(l *verify.Ledger) { l.Checkpoint = nil },
		"a checkpoint of another log":  func(l *verify.Ledger) { l.Checkpoint = s.checkpoint("jp") },
		"a third side's key":           func(l *verify.Ledger) { l.OwnerKey = key(t, "uk").Verifier() },
		"no key of the partner":        func(l *verify.Ledger) { l.PartnerKey = l.OwnerKey },
		"an earlier one that is not":   func(l *verify.Ledger) { l.Earlier = [][]byte{l.Checkpoint} },
		"a note that is no checkpoint": func(l *verify.Ledger) { l.Checkpoint = s.nodes["in"].leaves[0] },
	} {
		l := good
		change(&l)
		if _, err := verify.NewWriter(io.Discard, l); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := verify.NewWriter(io.Discard, good)
	s.must(err)
	wantKind(t, w.Leaf(nil), fault.Invalid)
	wantKind(t, w.Leaf(make([]byte, merkle.MaxLeaf+1)), fault.TooLarge)
	for _, leaf := range s.nodes["in"].leaves {
		if err := w.Close(); !fault.Is(err, fault.Invalid) {
			t.Fatalf("closed before its end: %v", err)
		}
		s.must(w.Leaf(leaf))
	}
	wantKind(t, w.Leaf([]byte("one more")), fault.Invalid)
	s.must(w.Close())

	full, err := verify.NewWriter(failing{}, good)
	s.must(err)
	for _, leaf := range s.nodes["in"].leaves {
		if err := full.Leaf(leaf); err != nil {
			return
		}
	}
	if full.Close() == nil {
		t.Error("a full disk went unnoticed")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFindingsAreBounded(t *testing.T) {
	s := newStory(t)
	for i := range 300 {
		s.logged(fmt.Appendf(nil, "nonsense %d", i), "in")
	}
	r := s.check(s.export("in"))
	wantUnsound(t, r, "and 200 findings more")
	if len(r.Findings) != 101 { // and the remark about cosignatures
		t.Errorf("%d findings", len(r.Findings))
	}
}

func TestHouseWords(t *testing.T) {
	s := usual(t)
	file := s.export("in")
	file[len(file)/2] ^= 1
	said := strings.ToLower(text(t, s.check(file, s.export("jp"))))
	for _, word := range []string{"breach", "violation", "non-compliance"} {
		if strings.Contains(said, word) {
			t.Errorf("says %q", word)
		}
	}
}

func FuzzReadLedger(f *testing.F) {
	s := newStory(f)
	s.agree()
	s.cross("in", 1)
	s.witness("in")
	f.Add(s.export("in"))
	f.Add(newStory(f).export("jp"))
	keys := s.keys()
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := verify.Verify([]io.Reader{bytes.NewReader(file)}, keys); err != nil {
			t.Fatalf("not a finding but an error: %v", err)
		}
		head, leaves, err := readAll(bytes.NewReader(file))
		if err != nil {
			wantKind(t, err, fault.Invalid)
			return
		}
		var b bytes.Buffer
		w, err := verify.NewWriter(&b, head)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leaves {
			if err := w.Leaf(l); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || !bytes.Equal(b.Bytes(), file) {
			t.Fatalf("%q writes as %q, %v", file, b.Bytes(), err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := newStory(b)
	s.agree()
	for range 250 {
		s.cross("in", 2)
		s.cross("jp", 2)
	}
	s.witness("in")
	files := [][]byte{s.export("in"), s.export("jp")}
	keys := s.keys()
	b.ReportAllocs()
	for b.Loop() {
		if r := check(b, keys, files...); !r.OK {
			b.Fatal(text(b, r))
		}
	}
	b.ReportMetric(float64(b.N)*2*1002/b.Elapsed().Seconds(), "leaves/s")
}

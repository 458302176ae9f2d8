package merkle_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

func signer(t testing.TB, side ident.Side) note.Signer {
	t.Helper()
	s, err := note.Generate(strings.NewReader(strings.Repeat(string(side), 32)), side)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t testing.TB, s note.Signer, c merkle.Checkpoint) []byte {
	t.Helper()
	msg, err := s.Sign(c.Text())
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// request asks to go from old to size leaves of the tree.
func request(t testing.TB, s note.Signer, tree *merkle.Tree, old, size int64) merkle.AddCheckpoint {
	t.Helper()
	p, err := merkle.ProveConsistency(old, size, tree)
	if err != nil {
		t.Fatal(err)
	}
	return merkle.AddCheckpoint{Old: old, Proof: p, Note: signed(t, s, checkpoint(t, tree, size))}
}

func TestAddCheckpointBodyIsThatOfTheSpecification(t *testing.T) {
	body := "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n" +
		"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n" +
		"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
		"— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
	a, err := merkle.ParseAddCheckpoint([]byte(body))
	if err != nil || a.Old != 20852014 || len(a.Proof) != 4 || !bytes.HasPrefix(a.Note, []byte("example.com/")) {
		t.Fatalf("reads as %+v, %v", a, err)
	}
	if diff := cmp.Diff(body, string(a.Body())); diff != "" {
		t.Error(diff)
	}
	none := merkle.AddCheckpoint{Proof: merkle.Proof{}, Note: []byte("x\n")}
	if again, err := merkle.ParseAddCheckpoint(none.Body()); err != nil || !cmp.Equal(again, none) {
		t.Errorf("without a proof it reads as %+v, %v", again, err)
	}
	many := merkle.AddCheckpoint{Old: 1, Proof: make(merkle.Proof, 64), Note: []byte("x\n")}
	for name, b := range map[string]string{
		"nothing":                "",
		"no old line":            body[13:],
		"a leading zero":         strings.Replace(body, "old 2", "old 02", 1),
		"a line that is no hash": strings.Replace(body, "PlRN", "....", 1),
		"no empty line":          "old 1\nx\n",
		"an absurd size":         "old 9223372036854775807\n\nx\n",
		"64 proof lines":         string(many.Body()),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := merkle.ParseAddCheckpoint([]byte(b))
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestTheWitnessFollowsTheLog(t *testing.T) {
	in := signer(t, "in")
	tree := grown(t, 30)
	known := merkle.Witnessed{}
	for _, size := range []int64{0, 1, 1, 7, 8, 30} {
		d, err := merkle.Cosign(known, origin, request(t, in, tree, known.Size, size), in.Verifier())
		want := merkle.Advance
		if size == known.Size && size > 0 {
			want = merkle.Again
		}
		if err != nil || d.Action != want || d.Checkpoint != checkpoint(t, tree, size) {
			t.Fatalf("from %d to %d: %+v, %v", known.Size, size, d, err)
		}
		known = merkle.Witnessed{Size: d.Checkpoint.Size, Root: d.Checkpoint.Root}
	}
}

func TestTheWitnessRefuses(t *testing.T) {
	in, jp := signer(t, "in"), signer(t, "jp")
	tree, other := grown(t, 20), grown(t, 9)
	for i := range int64(11) {
		if err := other.Append(leaf(i + 1000)); err != nil {
			t.Fatal(err)
		}
	}
	c := checkpoint(t, tree, 10)
	known := merkle.Witnessed{Size: 10, Root: c.Root}
	wrongProof := request(t, in, tree, 10, 20)
	wrongProof.Proof = append(merkle.Proof{tlog.Hash{1}}, wrongProof.Proof[1:]...)
	elsewhere := merkle.Checkpoint{Origin: "twoseas/in/in-uk-2026/live", Size: 20, Root: c.Root}
	for _, tc := range []struct {
		name string
		req  merkle.AddCheckpoint
		kind fault.Kind
	}{
		{"a fork of the size it knows", request(t, in, other, 10, 10), fault.Conflict},
		{"a fork of the size it knows, asked from another one", request(t, in, other, 9, 10), fault.Conflict},
		{"a fork that grew on", request(t, in, other, 10, 20), fault.Conflict},
		{"a proof that does not hold", wrongProof, fault.Conflict},
		{"a checkpoint the log did not sign", request(t, jp, tree, 10, 20), fault.Denied},
		{"another log", merkle.AddCheckpoint{Old: 10, Note: signed(t, in, elsewhere)}, fault.NotFound},
		{"a step back", merkle.AddCheckpoint{Old: 10, Note: signed(t, in, checkpoint(t, tree, 9))}, fault.Invalid},
		{"a note that is none", merkle.AddCheckpoint{Old: 10, Note: []byte("x\n")}, fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := merkle.Cosign(known, origin, tc.req, in.Verifier())
			wantKind(t, err, tc.kind)
			if d.Action != merkle.Refuse {
				t.Errorf("the action is %v", d.Action)
			}
		})
	}
	fromNothing := merkle.AddCheckpoint{Proof: merkle.Proof{{}}, Note: signed(t, in, c)}
	_, err := merkle.Cosign(merkle.Witnessed{}, origin, fromNothing, in.Verifier())
	wantKind(t, err, fault.Invalid)
}

func TestTheWitnessSendsAStaleLogToTheSizeItKnows(t *testing.T) {
	in := signer(t, "in")
	tree := grown(t, 20)
	known := merkle.Witnessed{Size: 10, Root: checkpoint(t, tree, 10).Root}
	for _, old := range []int64{0, 9, 11} {
		d, err := merkle.Cosign(known, origin, request(t, in, tree, old, 20), in.Verifier())
		if err != nil || d.Action != merkle.Refresh {
			t.Errorf("from %d: %+v, %v", old, d, err)
		}
	}
}

func FuzzParseAddCheckpoint(f *testing.F) {
	f.Add(merkle.AddCheckpoint{Old: 3, Proof: merkle.Proof{{1}}, Note: []byte("x\n1\ny\n\n— z AAAAAAAA\n")}.Body())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := merkle.ParseAddCheckpoint(b)
		if err == nil && !bytes.Equal(a.Body(), b) {
			t.Fatalf("%q writes as %q", b, a.Body())
		}
	})
}

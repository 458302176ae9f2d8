package offline_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"filippo.io/age"

	"twoseas/internal/act/offline"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// untouched says that nothing came into a node.
func untouched(t *testing.T, n *nodetest.Node) {
	t.Helper()
	st, err := n.Exchange.State(t.Context(), n.Live, inJP)
	if err != nil || st.In != 0 || st.Status != store.ChannelOpen {
		t.Errorf("%s took something in: %+v %v", n.Side, st, err)
	}
	if last := lastImported(t, n); last > 1 {
		t.Errorf("%s counts file %d as imported", n.Side, last)
	}
}

func lastImported(t *testing.T, n *nodetest.Node) int64 {
	t.Helper()
	_, in, err := n.Offline.List(t.Context(), n.Live, asha, inJP, 1)
	if err != nil || len(in) == 0 {
		t.Fatal(err)
	}
	return in[0].Number
}

func TestATamperedFileChangesNothing(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(50)...)
	s := write(t, in, false)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		raw := bytes.Clone(s.raw)
		switch i % 3 {
		case 0:
			raw[rng.IntN(len(raw))] ^= byte(1 + rng.IntN(255))
		case 1:
			raw = raw[:rng.IntN(len(raw))]
		case 2:
			raw = append(raw, 0)
		}
		if _, err := jp.Offline.Look(t.Context(), jp.Live, asha, source(raw)); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Denied) {
			t.Fatalf("change %d: %v (%v)", i, err, fault.KindOf(err))
		}
	}
	untouched(t, jp)
	if _, err := take(jp, t, s); err != nil { // the file itself is sound
		t.Fatal(err)
	}
}

// Somebody who has the partner's recipient, which is no secret, makes a file.
func TestAFileThatThePartnerDidNotSignIsRefused(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(5)...)
	s := write(t, in, false)
	plain := opened(t, jp, s.raw)
	for name, change := range map[string]func() []byte{
		"another maker's signature": func() []byte {
			other, err := note.Generate(rand.NewChaCha8([32]byte{7}), "in")
			if err != nil {
				t.Fatal(err)
			}
			r, err := bundle.NewReader(bytes.NewReader(plain))
			if err != nil {
				t.Fatal(err)
			}
			msg, err := r.Manifest.Sign(other)
			if err != nil {
				t.Fatal(err)
			}
			return rewrite(t, r, msg)
		},
		"an entry changed":      func() []byte { p := bytes.Clone(plain); p[len(p)-1] ^= 1; return p },
		"the inventory changed": func() []byte { return bytes.Replace(plain, []byte("holding 2 "), []byte("holding 3 "), 1) },
		"something at the end":  func() []byte { return append(bytes.Clone(plain), 'x') },
		"the end missing":       func() []byte { return plain[:len(plain)-1] },
		"the number changed":    func() []byte { return bytes.Replace(plain, []byte("number 2"), []byte("number 3"), 1) },
	} {
		_, err := jp.Offline.Look(t.Context(), jp.Live, asha, source(sealed(t, jp, change())))
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	untouched(t, jp)
}

// rewrite puts another note in front of the same entries.
func rewrite(t *testing.T, r *bundle.Reader, msg []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.WriteHead(&b, msg, r.Entries); err != nil {
		t.Fatal(err)
	}
	for {
		_, raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Write(raw)
	}
}

// opened decrypts a file as the node it is for.
func opened(t *testing.T, n *nodetest.Node, raw []byte) []byte {
	t.Helper()
	var ids []age.Identity
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
		ids, err = n.Ring.Identities(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(raw), ids...)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// sealed encrypts content to a node.
func sealed(t *testing.T, n *nodetest.Node, plain []byte) []byte {
	t.Helper()
	var ids []age.Identity
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
		ids, err = n.Ring.Identities(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, ids[0].(*age.HybridIdentity).Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFileForSomebodyElseDoesNotOpen(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(5)...)
	s := write(t, in, false)
	_, err := in.Offline.Look(t.Context(), in.Live, asha, s.source()) // its own maker cannot open it either
	want(t, err, fault.Denied, "not encrypted to this node")
	uk := island(t, "uk", clock.NewFake(storetest.Start))
	_, err = uk.Offline.Look(t.Context(), uk.Live, asha, s.source())
	want(t, err, fault.NotFound, "told nobody")
	if _, err := uk.Pairing.AnnounceRecipient(t.Context(), asha, false); err != nil {
		t.Fatal(err)
	}
	_, err = uk.Offline.Look(t.Context(), uk.Live, asha, s.source())
	want(t, err, fault.Denied, "meant for somebody else")
	// Encrypted anew to the third by someone who could open it: it says whom it is for.
	_, err = uk.Offline.Look(t.Context(), uk.Live, asha, source(sealed(t, uk, opened(t, jp, s.raw))))
	want(t, err, fault.Denied, "for jp")
	// And back to its maker.
	_, err = in.Offline.Look(t.Context(), in.Live, asha, source(sealed(t, in, opened(t, jp, s.raw))))
	want(t, err, fault.Denied, "for jp")
}

func TestTwoOfficersImportAfterTheyLooked(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(5)...)
	s := write(t, in, false)
	ctx := t.Context()
	_, err := jp.Offline.Import(ctx, jp.Live, asha, s.source())
	want(t, err, fault.Denied, "preview it first")
	for _, by := range []people.Actor{admin, {}, {Name: "an", Roles: []people.Role{people.Analyst}}, {Name: "m", Roles: []people.Role{people.Member}}} {
		_, err := jp.Offline.Look(ctx, jp.Live, by, s.source())
		want(t, err, fault.Denied, "may not")
		_, err = jp.Offline.Export(ctx, jp.Live, by, inJP, false, io.Discard)
		want(t, err, fault.Denied, "may not")
	}
	_, err = jp.Offline.Import(ctx, jp.Live, jp.Operator(), s.source())
	want(t, err, fault.Denied, "two named officers")
	p, err := jp.Offline.Look(ctx, jp.Live, asha, s.source())
	if err != nil || p.Items != 5 || len(p.Counts) != 1 || p.Counts[0] != (offline.Count{Kind: "threat", TLP: marking.Clear, Items: 5}) ||
		p.From != "in" || p.Number != 2 || p.Obstacle != "" {
		t.Errorf("%+v %v", p, err)
	}
	for range 3 { // one officer, however often, is one
		got, err := jp.Offline.Import(ctx, jp.Live, asha, s.source())
		if err != nil || got.Applied || len(got.Confirmed) != 1 {
			t.Fatalf("%+v %v", got, err)
		}
	}
	untouched(t, jp)
	_, err = jp.Offline.Import(ctx, jp.Live, ravi, s.source())
	want(t, err, fault.Denied, "preview it first")
	if _, err := jp.Offline.Look(ctx, jp.Live, ravi, s.source()); err != nil {
		t.Fatal(err)
	}
	// Another file under the same number is another thing to confirm.
	got, err := jp.Offline.Import(ctx, jp.Live, ravi, s.source())
	if err != nil || !got.Applied || got.Delivered.Applied != 5 || got.Code == "" {
		t.Errorf("%+v %v", got, err)
	}
}

// A node whose store was set back says so, and neither side goes on as if
// nothing had been.
func TestAFileThatAcknowledgesWhatWasNeverWrittenIsRefused(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(5)...)
	cross(t, in, jp)
	s := write(t, jp, false)
	if err := in.Live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("DELETE FROM bundle WHERE direction = 'out' AND number = 2")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	p, err := in.Offline.Look(t.Context(), in.Live, asha, s.source())
	if err != nil {
		t.Fatal(err)
	}
	want(t, fault.New(fault.Conflict, p.Obstacle), fault.Conflict, "set back to an earlier state")
}

// The comparison finds what is not there any more, item by item.
func TestADifferenceIsFoundByFile(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(20)...)
	converge(t, in, jp)
	load(t, in, marking.Clear, some(7)...)
	cross(t, in, jp)
	if err := jp.Live.Write(t.Context(), func(tx *store.Tx) error { // a byte flips on a disk
		_, err := tx.Exec(`UPDATE object SET body = CAST(REPLACE(CAST(body AS TEXT), 'indicator', 'indicatof') AS BLOB) WHERE seq = (SELECT MAX(seq) FROM object)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cross(t, jp, in)
		cross(t, in, jp)
	}
	got := cross(t, jp, in)
	if f := got.Finding; f.Converged || len(f.Missing) != 1 || f.Missing[0].Position < 0 || f.Missing[0].Shipment != 2 {
		t.Errorf("%+v", f)
	}
}

// The stick is pulled out in the middle of the import: it is begun again.
func TestAnImportThatBrokeOffIsBegunAgain(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(2500)...)
	s := write(t, in, false)
	for _, by := range []people.Actor{asha, ravi} {
		if _, err := jp.Offline.Look(t.Context(), jp.Live, by, s.source()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := jp.Offline.Import(t.Context(), jp.Live, asha, s.source()); err != nil {
		t.Fatal(err)
	}
	reads := 0
	pulled := func() (io.ReadCloser, error) {
		if reads++; reads == 1 { // whole while it is verified, then no more
			return io.NopCloser(bytes.NewReader(s.raw)), nil
		}
		return io.NopCloser(bytes.NewReader(s.raw[:len(s.raw)*2/3])), nil
	}
	_, err := jp.Offline.Import(t.Context(), jp.Live, ravi, pulled)
	want(t, err, fault.Invalid, "cut off")
	if lastImported(t, jp) != 1 {
		t.Error("half a file counts as imported")
	}
	got, err := jp.Offline.Import(t.Context(), jp.Live, ravi, s.source())
	if err != nil || !got.Applied || got.Delivered.Applied != 2500 {
		t.Fatalf("%+v %v", got, err)
	}
	converge(t, in, jp)
}

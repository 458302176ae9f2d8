package release_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// DESIGN §2, invariant 5: an officer signs the digest of what leaves. Any
// change voids the signature.

const inJP = nodetest.InJp

// alone returns the node in of the reference agreement, which carries nothing
// by itself.
func alone(t *testing.T) *nodetest.Node {
	t.Helper()
	in, jp := nodetest.IndiaJapan(t, nil)
	in.Halt()
	jp.Halt()
	return in
}

func officer(i int) people.Actor {
	return people.Actor{Name: fmt.Sprintf("officer-%d", i), Roles: []people.Role{people.ReleasingOfficer}, Clearance: people.Clearance{TLP: marking.Red}}
}

// hold imports one indicator and returns what waits of it.
func hold(t testing.TB, n *nodetest.Node, i int, tlp marking.TLP) release.Preview {
	t.Helper()
	return brought(t, n, i, tlp, "")
}

func indicator(i int) []byte {
	return fmt.Appendf(nil, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",`+
		`"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z",`+
		`"pattern_type":"stix","pattern":"[ipv4-addr:value = '45.0.0.1']"}`, i)
}

// mean changes what a label means, as a marking definition that arrives does.
func mean(t testing.TB, n *nodetest.Node, label int64, change func(*marking.Label)) {
	t.Helper()
	if err := n.Live.Write(t.Context(), func(tx *store.Tx) error {
		s, err := tx.Label(label)
		if err != nil {
			return err
		}
		m, err := marking.ParseLabel(s.Resolved)
		if err != nil {
			return err
		}
		change(&m)
		if err := tx.ResolveLabel(label, m.Canonical(), false, func(string) bool { return true }); err != nil {
			return err
		}
		return n.Releases.Relabelled(tx, label, m)
	}); err != nil {
		t.Fatal(err)
	}
}

// leaves builds what may leave now, and returns the labels it goes under.
func leaves(t testing.TB, n *nodetest.Node) []marking.Label {
	t.Helper()
	var out []marking.Label
	for more := true; more; {
		var err error
		if _, more, err = n.Exchange.Build(t.Context(), n.Live, inJP); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(inJP)
		if err != nil {
			return err
		}
		return tx.Shipments(ch.ID, store.Out, 1, ch.OutNumber, func(s store.Shipment) error {
			for _, it := range s.Items {
				l, err := marking.ParseLabel(it.Label)
				if err != nil {
					return err
				}
				out = append(out, l)
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAChangeBetweenShowingAndApprovingIsAConflict(t *testing.T) {
	in := alone(t)
	p := hold(t, in, 1, marking.Amber)
	mean(t, in, p.Object.Label, func(l *marking.Label) { l.TLP = marking.Red })
	_, err := in.Releases.Approve(t.Context(), in.Live, officer(1), inJP, p.Object.Seq, p.Digest)
	if !fault.Is(err, fault.Conflict) {
		t.Fatalf("approved what was not shown: %v", err)
	}
	_, err = in.Releases.Refuse(t.Context(), in.Live, officer(1), inJP, p.Object.Seq, p.Digest, "no")
	if !fault.Is(err, fault.Conflict) {
		t.Fatalf("refused what was not shown: %v", err)
	}
	if now, err := in.Releases.Preview(t.Context(), in.Live, officer(0), inJP, p.Object.Seq); err != nil || len(now.Approvals) != 0 || now.Digest == p.Digest {
		t.Errorf("%+v, %v", now, err)
	}
	if out := leaves(t, in); len(out) != 0 {
		t.Errorf("left: %+v", out)
	}
}

func TestAChangeAfterTheLastApprovalStopsWhatIsQueued(t *testing.T) {
	in := alone(t)
	p := hold(t, in, 1, marking.Amber)
	if p, err := in.Releases.Approve(t.Context(), in.Live, officer(1), inJP, p.Object.Seq, p.Digest); err != nil || p.Hold.State != store.HoldReleased {
		t.Fatalf("%+v, %v", p.Hold, err)
	}
	mean(t, in, p.Object.Label, func(l *marking.Label) { l.PAP = marking.PAPRed })
	if out := leaves(t, in); len(out) != 0 {
		t.Fatalf("left under an approval of other bytes: %+v", out)
	}
	// It waits again, and leaves once it is approved as it is now.
	again, err := in.Releases.Waiting(t.Context(), in.Live, officer(1), inJP, 0, 10)
	if err != nil || len(again) != 1 || again[0].Given() != 0 {
		t.Fatalf("%+v, %v", again, err)
	}
	if _, err := in.Releases.Approve(t.Context(), in.Live, officer(1), inJP, p.Object.Seq, again[0].Digest); err != nil {
		t.Fatal(err)
	}
	if out := leaves(t, in); len(out) != 1 || out[0].Approved != 1 || out[0].PAP != marking.PAPRed {
		t.Errorf("left: %+v", out)
	}
}

func TestWhoMayNotApproveDoesNot(t *testing.T) {
	in := alone(t)
	p := hold(t, in, 1, marking.Amber)
	for _, by := range []people.Actor{{}, {Name: "a", Roles: []people.Role{people.Analyst}}, {Name: "m", Roles: []people.Role{people.Member}}, {Name: "r", Roles: []people.Role{people.Administrator}}} {
		if _, err := in.Releases.Approve(t.Context(), in.Live, by, inJP, p.Object.Seq, p.Digest); !fault.Is(err, fault.Denied) {
			t.Errorf("%v: %v", by, err)
		}
	}
	if _, err := in.Releases.Approve(t.Context(), in.Live, officer(1), inJP, p.Object.Seq+100, p.Digest); !fault.Is(err, fault.NotFound) {
		t.Errorf("what does not wait: %v", err)
	}
	if _, err := in.Releases.Approve(t.Context(), in.Live, officer(1), inJP, p.Object.Seq, ident.Sum([]byte("x"))); !fault.Is(err, fault.Conflict) {
		t.Errorf("other bytes: %v", err)
	}
	if out := leaves(t, in); len(out) != 0 {
		t.Errorf("left: %+v", out)
	}
}

// model is what must hold of one held item, kept beside the real one.
type model struct {
	p       release.Preview
	said    map[int]bool // officers whose newest word on the present bytes is yes
	needed  int
	refused bool
	left    bool
	// emergency says that one of said released the present bytes alone.
	emergency bool
}

func (m *model) free() bool {
	return !m.refused && (len(m.said) >= m.needed || m.emergency && len(m.said) > 0)
}

// urgent has an officer release the item in an emergency.
func (m *model) urgent(t testing.TB, rt *rapid.T, n *nodetest.Node) {
	i := rapid.IntRange(1, 3).Draw(rt, "officer")
	m.p = preview(t, n, m.p.Object.Seq)
	_, err := n.Releases.Emergency(t.Context(), n.Live, officer(i), inJP, m.p.Object.Seq, m.p.Digest, "now")
	last := len(m.said)+1 >= m.needed && !m.said[i]
	if may := m.p.Hold.State == store.HoldWaiting && m.needed > 1 && !last; may != (err == nil) {
		rt.Fatalf("an emergency is possible: %v, got %v (%d said)", may, err, len(m.said))
	}
	if err == nil {
		m.said[i], m.emergency = true, true
	}
}

// reopen has an officer put a refused item back.
func (m *model) reopen(t testing.TB, rt *rapid.T, n *nodetest.Node) {
	m.p = preview(t, n, m.p.Object.Seq)
	_, err := n.Releases.Reopen(t.Context(), n.Live, officer(1), inJP, m.p.Object.Seq, m.p.Digest, "again")
	if (m.p.Hold.State == store.HoldRefused) != (err == nil) {
		rt.Fatalf("%s: %v", m.p.Hold.State, err)
	}
	if err == nil {
		m.refused, m.said, m.emergency = false, map[int]bool{}, false
	}
}

func TestAnItemLeavesExactlyWhenEnoughOfficersApprovedItsVeryBytes(t *testing.T) {
	in := alone(t)
	next, crossed := 0, 0
	nodetest.Checks(t, 40)
	rapid.Check(t, func(rt *rapid.T) {
		tlp := rapid.SampledFrom([]marking.TLP{marking.Amber, marking.AmberStrict, marking.Red}).Draw(rt, "tlp")
		next++
		m := &model{p: hold(t, in, next, tlp), said: map[int]bool{}, needed: map[bool]int{true: 2, false: 1}[tlp == marking.Red]}
		// A label of its own, so that changing it changes nothing else.
		mean(t, in, m.p.Object.Label, func(l *marking.Label) { l.Sectors = []string{fmt.Sprintf("s%d", next)} })
		m.p = preview(t, in, m.p.Object.Seq)
		rt.Repeat(map[string]func(*rapid.T){
			"approve":   func(rt *rapid.T) { m.word(t, rt, in, true) },
			"refuse":    func(rt *rapid.T) { m.word(t, rt, in, false) },
			"emergency": func(rt *rapid.T) { m.urgent(t, rt, in) },
			"reopen":    func(rt *rapid.T) { m.reopen(t, rt, in) },
			"change": func(*rapid.T) {
				next++
				mean(t, in, m.p.Object.Label, func(l *marking.Label) { l.Sectors = []string{fmt.Sprintf("s%d", next)} })
				if !m.left {
					m.said, m.emergency = map[int]bool{}, false
				}
			},
			"ship": func(rt *rapid.T) {
				out := leaves(t, in)
				if got := len(out) > crossed; got != (m.free() && !m.left) {
					rt.Fatalf("left: %v; approved by %d of %d, refused %v, gone already %v", got, len(m.said), m.needed, m.refused, m.left)
				}
				m.left = m.left || len(out) > crossed
				crossed = len(out)
				if m.left && out[crossed-1].Approved < m.needed && (!m.emergency || !out[crossed-1].Emergency || out[crossed-1].Approved < 1) {
					rt.Fatalf("left with %d approvals of %d", out[crossed-1].Approved, m.needed)
				}
			},
		})
		crossed = len(leaves(t, in))
	})
	if crossed == 0 || crossed > shipment.MaxItems {
		t.Errorf("%d left: the test shows nothing", crossed)
	}
}

func preview(t testing.TB, n *nodetest.Node, seq int64) release.Preview {
	t.Helper()
	p, err := n.Releases.Preview(t.Context(), n.Live, officer(0), inJP, seq)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// word has an officer say something, of the bytes shown last or of the present
// ones.
func (m *model) word(t testing.TB, rt *rapid.T, n *nodetest.Node, yes bool) {
	i := rapid.IntRange(1, 3).Draw(rt, "officer")
	now := preview(t, n, m.p.Object.Seq)
	if rapid.Bool().Draw(rt, "looks again") {
		m.p = now
	}
	var err error
	if yes {
		_, err = n.Releases.Approve(t.Context(), n.Live, officer(i), inJP, m.p.Object.Seq, m.p.Digest)
	} else {
		_, err = n.Releases.Refuse(t.Context(), n.Live, officer(i), inJP, m.p.Object.Seq, m.p.Digest, "no")
	}
	open := now.Hold.State == store.HoldWaiting && m.p.Digest == now.Digest
	if open != (err == nil) || err != nil && !fault.Is(err, fault.Conflict) {
		rt.Fatalf("waiting for these bytes: %v, got %v", open, err)
	}
	if err == nil {
		m.refused = !yes
		if yes {
			m.said[i] = true
		}
	}
}

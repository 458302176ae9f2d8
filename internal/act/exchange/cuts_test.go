package exchange_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/library"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// cutByHand has an officer take what byName says of a desk out of it, and
// approves what is left. It returns the id of that.
func cutByHand(t *testing.T, in *nodetest.Node) string {
	t.Helper()
	take1(t, in, intake.Source{DefaultTLP: marking.Amber}, byName)
	p := theWaiting(t, in)
	q := release.Redaction{
		Agreement: inJP, Object: p.Object.Seq, Digest: p.Digest, Reason: "names a desk",
		Cuts: release.Cuts{Properties: []string{"x_desk"}, Words: []string{"kanaria GRID", "45-7 street"}},
	}
	d, err := in.Releases.Draft(t.Context(), in.Live, officer("o"), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Made = release.Digest(nil, nil)
	if _, err := in.Releases.Redact(t.Context(), in.Live, officer("o"), q); !fault.Is(err, fault.Conflict) {
		t.Errorf("something else was made than was shown: %v", err)
	}
	q.Made = d.Made
	made, err := in.Releases.Redact(t.Context(), in.Live, officer("o"), q)
	if err != nil {
		t.Fatal(err)
	}
	left, err := in.Releases.Preview(t.Context(), in.Live, officer("o"), inJP, made)
	if err != nil || left.Object.ID != d.ID || !bytes.Equal(left.Object.Body, d.Body) {
		t.Fatalf("made %s, shown %s: %v", left.Object.Body, d.Body, err)
	}
	approveAll(t, in, "o")
	return d.ID
}

func theWaiting(t *testing.T, n *nodetest.Node) release.Preview {
	t.Helper()
	waiting, err := n.Releases.Waiting(t.Context(), n.Live, officer("o"), inJP, 0, 50)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait, want one: %v", len(waiting), err)
	}
	return waiting[0]
}

func noteOn(n int, ref, text string) string {
	return fmt.Sprintf(`{"type":"note","spec_version":"2.1","id":"note--00000000-0000-4000-8000-%012d","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","content":%q,"object_refs":[%q]}`, n, text, ref)
}

// What else of this side's speaks of the source, or of what was made of it, and
// says what was taken out waits for an officer, who sees the words; what does
// not goes by itself. What names the source goes without the words.
func TestNothingElseSaysWhatAnOfficerTookOut(t *testing.T) {
	in, jp := pair(t, nil)
	made := cutByHand(t, in)
	const source = "indicator--c0ffee00-0000-4000-8000-0000000000d1"
	newer := strings.NewReplacer(`"modified":"2026-01-01`, `"modified":"2026-02-01`, "beacon", "beacon again").Replace(byName)
	held := []string{
		noteOn(1, made, "They lost it at Kanaria Grid."),
		noteOn(2, made, "the ＫＡＮＡＲＩＡ\u3000desk called"),
		noteOn(3, made, "at 45-7 Street"),
		noteOn(4, "malware--00000000-0000-4000-8000-0000000000c1", "see "+made+": kanaria grid"),
		newer,
	}
	take1(t, in, intake.Source{DefaultTLP: marking.Green}, held...)
	take1(t, in, intake.Source{DefaultTLP: marking.Green}, ours[0], noteOn(10, made, "They lost it."), noteOn(11, source, "Kanaria Grid, of course"),
		noteOn(12, "malware--00000000-0000-4000-8000-0000000000c1", "another Kanaria Grid altogether"))
	var w wire
	carry(t, in, jp, &w)
	dump := string(dumped(t, jp))
	for _, word := range []string{"They lost it at", "ＫＡＮＡＲＩＡ", "45-7", "c0ffee00", "Kanaria Grid, of course", "beacon again", "Kanaria Desk"} {
		if strings.Contains(dump, word) || bytes.Contains(w.Bytes(), []byte(word)) {
			t.Errorf("%q crossed", word)
		}
	}
	for _, word := range []string{"They lost it.", "█████, of course", "another Kanaria Grid altogether"} {
		if !strings.Contains(dump, word) {
			t.Errorf("%q did not cross", word)
		}
	}
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 50)
	if err != nil || len(waiting) != len(held) {
		t.Fatalf("%d wait, want %d: %v", len(waiting), len(held), err)
	}
	for _, p := range waiting {
		if len(p.Said) == 0 || p.Decision.Approvals != 1 || !strings.Contains(p.Decision.Sentence, "took out of another object") {
			t.Errorf("%s waits for %q, says %q", p.Object.ID, p.Decision.Sentence, p.Said)
		}
		// The object's own page says the same before anybody opens the queue.
		if w := why(t, in, p.Object.ID); w.Decision.Sentence != p.Decision.Sentence || !slices.Equal(w.Out.Said, p.Said) {
			t.Errorf("%s: its page says %q and %q, the queue %q and %q", p.Object.ID, w.Decision.Sentence, w.Out.Said, p.Decision.Sentence, p.Said)
		}
	}
	if w := why(t, in, "note--00000000-0000-4000-8000-000000000010"); w.Out.Body == nil || len(w.Out.Said) != 0 || w.Decision.Outcome != gate.Release {
		t.Errorf("a note without those words: %+v", w)
	}
	settled(t, in, jp)
	// An officer who has seen it may let it go; the others stay.
	i := slices.IndexFunc(waiting, func(p release.Preview) bool { return strings.Contains(string(p.Object.Body), "45-7") })
	if _, err := in.Releases.Approve(t.Context(), in.Live, officer("o"), inJP, waiting[i].Object.Seq, waiting[i].Digest); err != nil {
		t.Fatal(err)
	}
	reconsider(t, in)
	carry(t, in, jp, &w)
	if got := string(dumped(t, jp)); !strings.Contains(got, "at 45-7 Street") || strings.Contains(got, "They lost it at") {
		t.Error("what the officer let go did not cross, or more did")
	}
	if again, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 50); err != nil || len(again) != len(held)-1 {
		t.Errorf("%d wait afterwards: %v", len(again), err)
	}
	settled(t, in, jp)
}

// why is what the page of an object says of the partner.
func why(t *testing.T, n *nodetest.Node, id string) library.Why {
	t.Helper()
	access, err := n.People.Access(t.Context(), n.Live, officer("o"))
	if err != nil {
		t.Fatal(err)
	}
	whys, _, err := n.Library.Reasons(t.Context(), n.Live, officer("o"), access.Class, id, 0)
	if err != nil || len(whys) != 1 {
		t.Fatalf("%s: %d partners: %v", id, len(whys), err)
	}
	return whys[0]
}

// reconsider is what another version of the agreement does.
func reconsider(t *testing.T, n *nodetest.Node) {
	t.Helper()
	if err := n.Live.Write(t.Context(), func(tx *store.Tx) error { return n.Releases.Reconsider(tx, inJP) }); err != nil {
		t.Fatal(err)
	}
}

// What waited on the release list when something was taken out is looked at
// once more, also when an officer had approved it before.
func TestWhatWaitedIsLookedAtOnceMore(t *testing.T) {
	in, jp := pair(t, nil)
	const source = "indicator--c0ffee00-0000-4000-8000-0000000000d1"
	take1(t, in, intake.Source{DefaultTLP: marking.Amber}, noteOn(1, "malware--00000000-0000-4000-8000-0000000000c1", "KANARIA DESK, see "+source))
	approveAll(t, in, "before")
	cutByHand(t, in)
	var w wire
	carry(t, in, jp, &w)
	if strings.Contains(string(dumped(t, jp)), "KANARIA DESK") {
		t.Error("an approval from before counts")
	}
	p := theWaiting(t, in)
	if p.Given() != 0 || len(p.Said) != 1 {
		t.Errorf("%d approvals, says %q", p.Given(), p.Said)
	}
}

// What was taken out is in no log of the node's own, and goes when what it was
// taken out of is erased.
func TestWhatWasTakenOutIsKeptWhereItCanBeErased(t *testing.T) {
	in, jp := pair(t, nil)
	made := cutByHand(t, in)
	settledLog := func() string {
		var b strings.Builder
		if err := in.Live.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Each(func(r *sql.Rows) error {
				var line []byte
				err := r.Scan(&line)
				b.Write(line)
				return err
			}, "SELECT body FROM log_leaf")
		}); err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(b.String())
	}
	if log := settledLog(); strings.Contains(log, "kanaria") || strings.Contains(log, "45-7") {
		t.Error("a log tells what was taken out")
	}
	if err := in.Live.Write(t.Context(), func(tx *store.Tx) error {
		known, err := tx.Known([]string{"indicator--c0ffee00-0000-4000-8000-0000000000d1"})
		if err != nil {
			return err
		}
		for _, v := range known["indicator--c0ffee00-0000-4000-8000-0000000000d1"] {
			if err := tx.ForgetTraces(v.Seq); err != nil {
				return err
			}
		}
		if some, err := tx.AnyCut(); err != nil || some {
			t.Errorf("it is still kept: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var w wire
	carry(t, in, jp, &w)
	if !strings.Contains(string(dumped(t, jp)), made) {
		t.Error("what was made did not cross")
	}
}

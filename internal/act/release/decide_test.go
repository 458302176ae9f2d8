package release_test

import (
	"context"
	"slices"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// brought imports one indicator as an account and returns what waits of it.
func brought(t testing.TB, n *nodetest.Node, i int, tlp marking.TLP, by string) release.Preview {
	t.Helper()
	rep, err := n.Intake.Objects(t.Context(), n.Live, intake.Source{DefaultTLP: tlp, By: by}, [][]byte{indicator(i)})
	if err != nil || rep.New != 1 {
		t.Fatal(rep, err)
	}
	var seq int64
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
		seq, err = tx.LastObject()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return preview(t, n, seq)
}

func TestWhoMayDecide(t *testing.T) {
	in := alone(t)
	p := brought(t, in, 1, marking.Red, "officer-1")
	token, cleared := officer(2), officer(3)
	token.Token = "abc"
	cleared.Clearance = people.Clearance{TLP: marking.Green}
	for name, tc := range map[string]struct {
		by   people.Actor
		kind fault.Kind
	}{
		"the one who brought it in":        {officer(1), fault.Denied},
		"a token":                          {token, fault.Denied},
		"the node itself":                  {in.Operator(), fault.Denied},
		"nobody":                           {people.Actor{}, fault.Denied},
		"an officer who is not cleared":    {cleared, fault.NotFound},
		"an officer without any clearance": {people.Actor{Name: "x", Roles: []people.Role{people.ReleasingOfficer}}, fault.NotFound},
		"an officer without a name":        {people.Actor{Roles: []people.Role{people.ReleasingOfficer}, Clearance: people.Clearance{TLP: marking.Red}}, fault.Denied},
	} {
		for verdict, say := range words(in, p) {
			if verdict == "reopen" || verdict == "refuse" && name == "the one who brought it in" {
				continue // to keep it back is anybody's
			}
			if err := say(tc.by, p.Digest); !fault.Is(err, tc.kind) {
				t.Errorf("%s, %s: %v, want %v", verdict, name, err, tc.kind)
			}
		}
		if said, err := in.Releases.ApproveAll(t.Context(), in.Live, tc.by, inJP, []release.Signature{{Object: p.Object.Seq, Digest: p.Digest}}); err == nil && said[0].Err == nil {
			t.Errorf("approved in a list by %s", name)
		}
	}
	if now := preview(t, in, p.Object.Seq); now.Hold.State != store.HoldWaiting || len(now.Approvals) != 0 {
		t.Errorf("%+v", now)
	}
}

type say func(people.Actor, ident.Digest) error

// words are everything an officer can say of an item.
func words(n *nodetest.Node, p release.Preview) map[string]say {
	ctx := context.Background()
	one := func(f func(people.Actor, ident.Digest) (release.Preview, error)) say {
		return func(by people.Actor, d ident.Digest) error { _, err := f(by, d); return err }
	}
	r, seq := n.Releases, p.Object.Seq
	return map[string]say{
		"approve": one(func(by people.Actor, d ident.Digest) (release.Preview, error) {
			return r.Approve(ctx, n.Live, by, inJP, seq, d)
		}),
		"refuse": one(func(by people.Actor, d ident.Digest) (release.Preview, error) {
			return r.Refuse(ctx, n.Live, by, inJP, seq, d, "no")
		}),
		"emergency": one(func(by people.Actor, d ident.Digest) (release.Preview, error) {
			return r.Emergency(ctx, n.Live, by, inJP, seq, d, "now")
		}),
		"reopen": one(func(by people.Actor, d ident.Digest) (release.Preview, error) {
			return r.Reopen(ctx, n.Live, by, inJP, seq, d, "again")
		}),
	}
}

func TestAnEmergencyReplacesASecondOfficerAndNothingElse(t *testing.T) {
	in := alone(t)
	amber, red := hold(t, in, 1, marking.Amber), hold(t, in, 2, marking.Red)
	if err := words(in, amber)["emergency"](officer(1), amber.Digest); !fault.Is(err, fault.Invalid) {
		t.Errorf("where one officer is enough: %v", err)
	}
	if err := words(in, red)["emergency"](officer(1), amber.Digest); !fault.Is(err, fault.Conflict) {
		t.Errorf("of other bytes: %v", err)
	}
	mean(t, in, amber.Object.Label, func(l *marking.Label) { l.Origin = "gb" }) // a third party's: denied
	denied := preview(t, in, amber.Object.Seq)
	for _, verdict := range []string{"approve", "emergency"} {
		if err := words(in, denied)[verdict](officer(1), denied.Digest); !fault.Is(err, fault.Denied) {
			t.Errorf("%s of what is denied: %v", verdict, err)
		}
	}
	if err := words(in, red)["approve"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	if err := words(in, red)["emergency"](officer(2), red.Digest); !fault.Is(err, fault.Invalid) {
		t.Errorf("where the second officer is there: %v", err)
	}
	if err := words(in, red)["emergency"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	out := leaves(t, in)
	if len(out) != 1 || out[0].TLP != marking.Red || !out[0].Emergency || out[0].Approved != 1 {
		t.Errorf("left: %+v", out)
	}
}

func TestAnEmergencyOfOtherBytesLetsNothingLeave(t *testing.T) {
	in := alone(t)
	red := hold(t, in, 1, marking.Red)
	if err := words(in, red)["emergency"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	mean(t, in, red.Object.Label, func(l *marking.Label) { l.PAP = marking.PAPRed })
	if out := leaves(t, in); len(out) != 0 {
		t.Fatalf("left: %+v", out)
	}
	now := preview(t, in, red.Object.Seq)
	if now.Hold.State != store.HoldWaiting || now.Given() != 0 || now.Emergency() || len(now.Void()) != 1 {
		t.Errorf("%+v", now)
	}
	reviews, err := in.Releases.Reviews(t.Context(), in.Live, officer(2), true, 0, 10)
	if err != nil || len(reviews) != 1 {
		t.Errorf("the review is gone: %+v, %v", reviews, err)
	}
}

func TestWhatWasRefusedWaitsAgainAndNothingOfItCounts(t *testing.T) {
	in := alone(t)
	red := hold(t, in, 1, marking.Red)
	w := words(in, red)
	for _, step := range []struct {
		verdict string
		by      int
		kind    fault.Kind
	}{
		{"reopen", 1, fault.Conflict},
		{"approve", 1, fault.Internal},
		{"refuse", 2, fault.Internal},
		{"approve", 3, fault.Conflict},
		{"refuse", 3, fault.Conflict},
		{"reopen", 3, fault.Internal},
		{"approve", 2, fault.Internal},
	} {
		err := w[step.verdict](officer(step.by), red.Digest)
		if (err == nil) != (step.kind == fault.Internal) || err != nil && !fault.Is(err, step.kind) {
			t.Fatalf("%s by %d: %v", step.verdict, step.by, err)
		}
	}
	now, err := in.Releases.Detail(t.Context(), in.Live, officer(0), inJP, red.Object.Seq)
	if err != nil || now.Given() != 1 || now.SignedBy("officer-1") || len(now.Words) != 4 {
		t.Fatalf("%d given, %d words, %v", now.Given(), len(now.Words), err)
	}
	if out := leaves(t, in); len(out) != 0 {
		t.Errorf("left: %+v", out)
	}
	if err := w["approve"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	if out := leaves(t, in); len(out) != 1 || out[0].Approved != 2 {
		t.Errorf("left: %+v", out)
	}
}

func TestAListIsApprovedItemByItemInOneStep(t *testing.T) {
	in := alone(t)
	a, b, c, d := hold(t, in, 1, marking.Amber), hold(t, in, 2, marking.Amber), brought(t, in, 3, marking.Amber, "officer-1"), hold(t, in, 4, marking.Red)
	list := []release.Signature{
		{Object: a.Object.Seq, Digest: a.Digest},
		{Object: b.Object.Seq, Digest: a.Digest},
		{Object: c.Object.Seq, Digest: c.Digest},
		{Object: d.Object.Seq, Digest: d.Digest},
		{Object: 9999, Digest: a.Digest},
		{Object: a.Object.Seq, Digest: a.Digest},
	}
	said, err := in.Releases.ApproveAll(t.Context(), in.Live, officer(1), inJP, list)
	if err != nil || len(said) != len(list) {
		t.Fatal(said, err)
	}
	want := []string{"released", "conflict", "denied", "waiting", "not found", "conflict"}
	for i, s := range said {
		got := s.State
		if s.Err != nil {
			got = fault.KindOf(s.Err).String()
		}
		if got != want[i] || s.Object != list[i].Object {
			t.Errorf("item %d: %s (%v), want %s", i, got, s.Err, want[i])
		}
	}
	if out := leaves(t, in); len(out) != 1 {
		t.Errorf("left: %+v", out)
	}
	for _, n := range []int{0, release.MaxSignatures + 1} {
		if _, err := in.Releases.ApproveAll(t.Context(), in.Live, officer(1), inJP, slices.Repeat(list[:1], n)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d at once: %v", n, err)
		}
	}
}

func TestWhatWaitsForOnePerson(t *testing.T) {
	in := alone(t)
	hold(t, in, 1, marking.Amber)
	red := hold(t, in, 2, marking.Red)
	brought(t, in, 3, marking.Amber, "officer-2")
	denied := hold(t, in, 4, marking.AmberStrict)
	mean(t, in, denied.Object.Label, func(l *marking.Label) { l.Origin = "gb" })
	importer := officer(2)
	importer.Roles = []people.Role{people.ReleasingOfficer, people.Analyst}
	green := officer(4)
	green.Clearance = people.Clearance{TLP: marking.Green}
	counts := func(want map[string]release.Counts) {
		t.Helper()
		for name, by := range map[string]people.Actor{
			"one": officer(1), "importer": importer, "green": green,
			"analyst": {Name: "a", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Red}},
		} {
			got, err := in.Releases.Count(t.Context(), in.Live, by)
			if err != nil || got != want[name] {
				t.Errorf("%s: %+v, want %+v (%v)", name, got, want[name], err)
			}
		}
	}
	counts(map[string]release.Counts{"one": {Holds: 3}, "importer": {Holds: 2}})
	if err := words(in, red)["approve"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	counts(map[string]release.Counts{"one": {Holds: 2}, "importer": {Holds: 2}})
	if err := words(in, red)["emergency"](officer(1), red.Digest); err != nil {
		t.Fatal(err)
	}
	counts(map[string]release.Counts{"one": {Holds: 2}, "importer": {Holds: 1, Reviews: 1}})
	if c, err := in.Releases.Count(t.Context(), in.Live, people.Actor{Name: "d", Roles: []people.Role{people.DeskOfficer}}); err != nil || c.Signatures != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if list, err := in.Releases.Groups(t.Context(), in.Live, officer(1), inJP, store.HoldWaiting, release.ByRule); err != nil || len(list) != 2 || list[0].Count != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := in.Releases.Groups(t.Context(), in.Live, green, inJP, store.HoldWaiting, release.ByType); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAnAmendmentThatFreesALabelEndsItsWaiting(t *testing.T) {
	in := alone(t)
	amber := hold(t, in, 1, marking.Amber)
	mean(t, in, amber.Object.Label, func(l *marking.Label) { l.TLP = marking.Green })
	if list, err := in.Releases.Waiting(t.Context(), in.Live, officer(1), inJP, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("still waits: %+v, %v", list, err)
	}
	if out := leaves(t, in); len(out) != 1 || out[0].Approved != 0 {
		t.Errorf("left: %+v", out)
	}
}

package matching_test

import (
	"context"
	"testing"

	"twoseas/internal/act/matching"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// lines leads to one wire, unless it is cut.
type lines struct{ *wire }

func (l lines) Line(context.Context, ident.Agreement) (matching.Link, func(), error) {
	if l.cut {
		return nil, nil, fault.New(fault.Unavailable, "cut")
	}
	return l.wire, func() {}, nil
}

// class is the clearance class of somebody cleared for a level.
func class(t *testing.T, n *nodetest.Node, level marking.TLP) int64 {
	t.Helper()
	access, err := n.People.Access(t.Context(), n.Live, people.Actor{Name: "somebody", Roles: analyst.Roles, Clearance: people.Clearance{TLP: level}})
	if err != nil {
		t.Fatal(err)
	}
	return access.Class
}

func TestWhatBothKnowIsShownToWhoAskedAndToWhoMayReadIt(t *testing.T) {
	in, jp := pair(t, nil, rule("{approve: 1}", "matching: {reveal: both}\n")...)
	ctx := t.Context()
	load(t, in, marking.Clear, "a.example", "b.example", "c.example")
	load(t, jp, marking.Clear, "b.example") // an object of the asker's names it too
	w := &wire{to: in}
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, "a.example", "b.example", "d.example"), w)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Live.Read(ctx, func(tx *store.Tx) error {
		for name, n := range map[string]int{"ravi": 1, "asha": 1} {
			list, err := tx.MatchingsFor(name, 10)
			if err != nil || len(list) != n {
				t.Errorf("for %s: %d %v", name, len(list), err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Matchings.Approve(ctx, in.Live, officer, q.Session); err != nil {
		t.Fatal(err)
	}
	// The node answers by itself what is approved.
	if err := in.Matchings.Work(ctx, in.Live, lines{w}); err != nil {
		t.Fatal(err)
	}
	if s, err := in.Matchings.See(ctx, in.Live, officer, class(t, in, marking.Red), q.Session); err != nil || s.State != store.MatchingAnswered || s.Own || len(s.Approved) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w); err != nil {
		t.Fatal(err)
	}
	other := people.Actor{Name: "yui", Roles: analyst.Roles}
	duty := people.Actor{Name: "duty", Roles: []people.Role{people.DutyOfficer}}
	for name, c := range map[string]struct {
		at     *nodetest.Node
		by     people.Actor
		level  marking.TLP
		values string
		hidden bool
	}{
		"who asked":                         {jp, analyst, marking.Clear, "a.example b.example", false},
		"who asked, with a token":           {jp, people.Actor{Name: "kenji", Roles: analyst.Roles, Token: "0123"}, marking.Clear, "a.example b.example", false},
		"another analyst":                   {jp, other, marking.Red, "b.example", false},
		"who may not export":                {jp, duty, marking.Red, "", true},
		"the other side, cleared":           {in, officer, marking.Red, "a.example b.example", false},
		"a namesake at the other side":      {in, analyst, marking.Red, "a.example b.example", false},
		"the other side, cleared for clear": {in, other, marking.Clear, "a.example b.example", false},
	} {
		s, err := c.at.Matchings.See(ctx, c.at.Live, c.by, class(t, c.at, c.level), q.Session)
		if err != nil || texts(s.Values) != c.values || s.Hidden != c.hidden || s.Known != 2 {
			t.Errorf("%s: %q %v %+v", name, texts(s.Values), err, s)
		}
	}
	// What is kept back from a class stays so although both know it.
	load(t, in, marking.Amber, "e.example")
	if s, err := in.Matchings.See(ctx, in.Live, other, 0, q.Session); err != nil || len(s.Values) != 0 {
		t.Errorf("a class that sees nothing is shown %q, %v", texts(s.Values), err)
	}
	_, err = jp.Matchings.See(ctx, jp.Live, member, 0, q.Session)
	want(t, err, fault.Denied, "may not")
	_, err = jp.Matchings.See(ctx, jp.Live, analyst, 0, "0000")
	want(t, err, fault.NotFound, "no question")
}

func TestWhatCouldNotBeHandedOverIsTriedAgain(t *testing.T) {
	in, jp := pair(t, nil, rule("release", "matching: {values_per_day: 10}\n")...)
	ctx := t.Context()
	load(t, in, marking.Clear, "a.example")
	w := &wire{to: in, cut: true}
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, "a.example"), w)
	want(t, err, fault.Unavailable, "cut")
	want(t, jp.Matchings.Work(ctx, jp.Live, lines{w}), fault.Unavailable, "cut")
	w.cut = false
	if err := jp.Matchings.Work(ctx, jp.Live, lines{w}); err != nil {
		t.Fatal(err)
	}
	if s, err := jp.Matchings.See(ctx, jp.Live, analyst, 0, q.Session); err != nil || s.State != store.MatchingSent || !s.Own {
		t.Errorf("%+v %v", s, err)
	}
	st, err := jp.Matchings.Standing(ctx, jp.Live, analyst, inJP)
	if err != nil || st.Asks != "" || st.Answers != "" || st.PerDay != 10 || st.Used != 1 || st.Both || st.Approvals != 0 || st.Partner != "in" {
		t.Errorf("%+v %v", st, err)
	}
}

func TestStandingSaysWhyNothingCanBeAsked(t *testing.T) {
	_, jp := pair(t, nil)
	st, err := jp.Matchings.Standing(t.Context(), jp.Live, analyst, inJP)
	if err != nil || st.Asks == "" || st.Answers == "" || st.Partner != "in" {
		t.Errorf("%+v %v", st, err)
	}
	_, err = jp.Matchings.Standing(t.Context(), jp.Live, member, inJP)
	want(t, err, fault.Denied, "may not")
}

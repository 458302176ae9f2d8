package coordination_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/coordination"
)

const in, jp, us = ident.Side("in"), ident.Side("jp"), ident.Side("us")

var (
	opened  = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	embargo = time.Date(2027, 3, 18, 0, 0, 0, 0, time.UTC)
)

func advisory(text string) coordination.Draft {
	return coordination.Draft{Title: "A weakness of a router", Language: "en", Text: text, Products: []string{"Router 3"}, Vulnerabilities: []string{"CVE-2027-1234"}}
}

// tale makes steps as a node would: each knows all there is of the other side.
type tale struct {
	t interface {
		Helper()
		Fatal(args ...any)
	}
	coordination.Course
	n int
}

func begin(t *testing.T) *tale { return &tale{t: t, Course: coordination.New(in, jp)} }

func other(s ident.Side) ident.Side {
	if s == in {
		return jp
	}
	return in
}

func (a *tale) step(by ident.Side, m coordination.Move) coordination.Step {
	a.n++
	s := coordination.Step{
		By: by, N: len(a.Steps(by)) + 1, Seen: len(a.Steps(other(by))), Move: m, On: opened.Add(time.Duration(a.n) * time.Minute),
	}
	switch m { //nolint:exhaustive // the others say nothing more
	case coordination.ProposeDate:
		s.At = embargo
	case coordination.AgreeDate:
		of, _ := a.Offer(by, coordination.ProposeDate)
		s.Of, s.At = max(1, of.N), embargo
		if !of.At.IsZero() {
			s.At = of.At
		}
	case coordination.Write:
		s.Draft = advisory("Text " + string(by))
	case coordination.AgreeDraft:
		of, _ := a.Offer(by, coordination.Write)
		s.Of, s.Digest = max(1, of.N), ident.Sum([]byte("nothing"))
		if d, err := of.Draft.Digest(); err == nil && of.N > 0 {
			s.Digest = d
		}
	case coordination.Withhold:
		s.Text = "not ready"
	case coordination.Report:
		s.Vendor = coordination.Vendor{Name: "Maker", Status: coordination.Notified, On: opened}
	}
	return s
}

func (a *tale) does(by ident.Side, moves ...coordination.Move) *tale {
	a.t.Helper()
	for _, m := range moves {
		a.takes(a.step(by, m))
	}
	return a
}

func (a *tale) takes(s coordination.Step) *tale {
	a.t.Helper()
	var err error
	if a.Course, err = a.With(s); err != nil {
		a.t.Fatal(s.By, s.Move, err)
	}
	return a
}

// agreed is a coordination in which both have agreed.
func agreed(t *testing.T) *tale {
	return begin(t).does(jp, coordination.Join).does(in, coordination.ProposeDate, coordination.Write).does(jp, coordination.AgreeDate, coordination.AgreeDraft)
}

func TestALifeOfACoordination(t *testing.T) {
	for name, c := range map[string]struct {
		tale *tale
		want coordination.State
	}{
		"no answer yet":             {begin(t), coordination.Asked},
		"declined":                  {begin(t).does(in, coordination.ProposeDate).does(jp, coordination.Decline), coordination.Declined},
		"both take part":            {begin(t).does(jp, coordination.Join), coordination.Open},
		"a date alone":              {begin(t).does(jp, coordination.Join, coordination.ProposeDate).does(in, coordination.AgreeDate), coordination.Open},
		"a draft nobody agreed to":  {begin(t).does(jp, coordination.Join, coordination.ProposeDate, coordination.Write).does(in, coordination.AgreeDate), coordination.Open},
		"agreed":                    {agreed(t), coordination.Agreed},
		"withheld by the writer":    {agreed(t).does(in, coordination.Withhold), coordination.Withheld},
		"withheld by the other":     {agreed(t).does(jp, coordination.Withhold), coordination.Withheld},
		"one side agrees anew":      {agreed(t).does(in, coordination.Withhold, coordination.ProposeDate, coordination.Write), coordination.Withheld},
		"both agree anew":           {agreed(t).does(in, coordination.Withhold, coordination.ProposeDate, coordination.Write).does(jp, coordination.AgreeDate, coordination.AgreeDraft), coordination.Agreed},
		"another draft":             {agreed(t).does(in, coordination.Write), coordination.Open},
		"another draft, agreed to":  {agreed(t).does(in, coordination.Write).does(jp, coordination.AgreeDraft), coordination.Agreed},
		"another date":              {agreed(t).does(jp, coordination.ProposeDate), coordination.Open},
		"closed before the instant": {agreed(t).does(jp, coordination.Close), coordination.Closed},
		"a vendor changes nothing":  {agreed(t).does(jp, coordination.Report), coordination.Agreed},
	} {
		if got := c.tale.State(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if _, ok := c.tale.Agreement(); ok != (c.want == coordination.Agreed) {
			t.Errorf("%s: agreed %v", name, ok)
		}
	}
	a, _ := agreed(t).Agreement()
	if !a.At.Equal(embargo) || a.Draft.Text != "Text in" || a.By != in || a.N != 2 {
		t.Errorf("%+v", a)
	}
}

func TestAfterTheInstantNothingIsAgreedToAndClosingStopsNothing(t *testing.T) {
	a := agreed(t)
	late := a.step(in, coordination.Close)
	late.On = embargo.Add(time.Hour)
	if _, ok := a.takes(late).Agreement(); !ok || a.State() != coordination.Closed {
		t.Error("closing after the instant takes the agreement back")
	}
	b := begin(t).does(jp, coordination.Join).does(in, coordination.ProposeDate, coordination.Write).does(jp, coordination.AgreeDate)
	late = b.step(jp, coordination.AgreeDraft)
	late.On = embargo
	if _, ok := b.takes(late).Agreement(); ok {
		t.Error("a draft that is agreed to at the instant counts")
	}
	c := agreed(t)
	stop := c.step(jp, coordination.Withhold)
	stop.On = embargo.Add(time.Hour)
	if _, ok := c.takes(stop).Agreement(); ok {
		t.Error("a withhold that comes late does not stop who has not published")
	}
	d := begin(t)
	past := d.step(in, coordination.ProposeDate)
	past.At = past.On
	if _, err := d.With(past); !fault.Is(err, fault.Invalid) {
		t.Errorf("an instant that has passed: %v", err)
	}
}

// TestAWithholdIsOvercomeByWhoKnowsOfIt: what the other side agreed to without
// having seen it does not count, whenever it arrives.
func TestAWithholdIsOvercomeByWhoKnowsOfIt(t *testing.T) {
	a := begin(t).does(jp, coordination.Join).does(in, coordination.ProposeDate, coordination.Write).does(jp, coordination.AgreeDate)
	crossing := a.step(jp, coordination.AgreeDraft) // made while the withhold is under way
	a.does(in, coordination.Withhold, coordination.ProposeDate, coordination.Write)
	if a.takes(crossing); a.State() != coordination.Withheld {
		t.Errorf("%s", a.State())
	}
	if a.does(jp, coordination.AgreeDate, coordination.AgreeDraft); a.State() != coordination.Agreed {
		t.Errorf("agreed anew: %s", a.State())
	}
}

func TestADraftIsAgreedToByItsBytes(t *testing.T) {
	a := begin(t).does(jp, coordination.Join).does(in, coordination.ProposeDate, coordination.Write).does(jp, coordination.AgreeDate)
	other := a.step(jp, coordination.AgreeDraft)
	other.Digest = ident.Sum([]byte("another text"))
	if _, ok := a.takes(other).Agreement(); ok {
		t.Error("another draft's digest agrees to this one")
	}
	elsewhen := begin(t).does(jp, coordination.Join).does(in, coordination.Write, coordination.ProposeDate).does(jp, coordination.AgreeDraft)
	s := elsewhen.step(jp, coordination.AgreeDate)
	s.At = embargo.Add(time.Minute)
	if _, ok := elsewhen.takes(s).Agreement(); ok {
		t.Error("another instant agrees to this one")
	}
	wrong := begin(t).does(jp, coordination.Join).does(in, coordination.Write, coordination.ProposeDate)
	s = wrong.step(jp, coordination.AgreeDate)
	s.Of = 1 // which is the draft
	if _, ok := wrong.takes(s).Date(); ok {
		t.Error("a draft is a date")
	}
	s = wrong.step(jp, coordination.AgreeDate)
	s.Of = 9
	if _, ok := wrong.takes(s).Date(); ok {
		t.Error("a step that is not there is a date")
	}
}

func TestWhatDoesNotFollowIsRefused(t *testing.T) {
	with := func(a *tale, by ident.Side, m coordination.Move, change func(*coordination.Step)) error {
		s := a.step(by, m)
		if change != nil {
			change(&s)
		}
		_, err := a.With(s)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"a stranger":               {with(begin(t), us, coordination.Join, nil), fault.Denied},
		"the opener joins":         {with(begin(t), in, coordination.Join, nil), fault.Conflict},
		"before joining":           {with(begin(t), jp, coordination.Write, nil), fault.Conflict},
		"after declining":          {with(begin(t).does(jp, coordination.Decline), jp, coordination.Join, nil), fault.Conflict},
		"after closing":            {with(begin(t).does(in, coordination.Close), in, coordination.Write, nil), fault.Conflict},
		"a number left out":        {with(begin(t), in, coordination.Write, func(s *coordination.Step) { s.N = 2 }), fault.Conflict},
		"another history":          {with(begin(t).does(in, coordination.Write), in, coordination.Write, func(s *coordination.Step) { s.N = 1; s.Draft.Text = "Else" }), fault.Conflict},
		"it forgets":               {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.Seen = 0 }), fault.Conflict},
		"back in time":             {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.On = opened }), fault.Conflict},
		"withheld without a word":  {with(agreed(t), jp, coordination.Withhold, func(s *coordination.Step) { s.Text = "" }), fault.Invalid},
		"agreed to nothing":        {with(agreed(t), jp, coordination.AgreeDate, func(s *coordination.Step) { s.Of = 0 }), fault.Invalid},
		"a date without instant":   {with(agreed(t), jp, coordination.ProposeDate, func(s *coordination.Step) { s.At = time.Time{} }), fault.Invalid},
		"an instant with a report": {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.At = embargo }), fault.Invalid},
		"a draft with a report":    {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.Draft = advisory("x") }), fault.Invalid},
		"a draft of nothing":       {with(agreed(t), jp, coordination.Write, func(s *coordination.Step) { s.Draft.Vulnerabilities = nil }), fault.Invalid},
		"a move nobody knows":      {with(agreed(t), jp, "shout", nil), fault.Invalid},
		"a vendor of tomorrow":     {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.Vendor.On = embargo }), fault.Invalid},
		"not contacted, and since": {with(agreed(t), jp, coordination.Report, func(s *coordination.Step) { s.Vendor.Status = coordination.ToNotify }), fault.Invalid},
	} {
		if !fault.Is(c.err, c.kind) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	a := agreed(t)
	twice, err := a.With(a.Steps(jp)[0])
	if err != nil || len(twice.Steps(jp)) != len(a.Steps(jp)) {
		t.Errorf("the same step again: %v", err)
	}
}

func TestSilenceIsTold(t *testing.T) {
	a := begin(t).does(jp, coordination.Join)
	for i, v := range []coordination.Vendor{
		{Name: "Maker", Status: coordination.ToNotify},
		{Name: "Seller", Status: coordination.Notified, On: opened},
		{Name: "Maker", Status: coordination.Notified, On: opened},
		{Name: "Seller", Status: coordination.Acknowledged, On: opened},
	} {
		s := a.step(jp, coordination.Report)
		s.Vendor = v
		a.takes(s)
		if i == 1 {
			if list := a.Vendors(jp); list[0].Status != coordination.ToNotify || list[1].Name != "Seller" {
				t.Errorf("%+v", list)
			}
		}
	}
	list := a.Vendors(jp)
	if len(list) != 2 || list[0].Name != "Maker" || list[0].Reports != 2 || len(a.Vendors(in)) != 0 || a.Vendors(us) != nil {
		t.Fatalf("%+v", list)
	}
	if days, silent := list[0].Silent(opened.Add(71 * time.Hour)); days != 2 || !silent {
		t.Errorf("%d days, %v", days, silent)
	}
	if _, silent := list[1].Silent(embargo); silent {
		t.Error("who has answered is called silent")
	}
}

// course draws what one side does, looking at a growing part of the other's.
func course(t *rapid.T, side ident.Side, into *tale) []coordination.Step {
	var out []coordination.Step
	for range rapid.IntRange(0, 8).Draw(t, "length") {
		s := into.step(side, rapid.SampledFrom(coordination.Moves()).Draw(t, "move"))
		s.Seen = rapid.IntRange(0, 8).Draw(t, "seen")
		if s.Of > 0 {
			s.Of = rapid.IntRange(1, 4).Draw(t, "of")
		}
		if grown, err := into.With(s); err == nil {
			into.Course, out = grown, append(out, s)
		}
	}
	return out
}

func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &tale{t: t, Course: coordination.New(in, jp)}
		ours, theirs := course(t, in, a), course(t, jp, a)
		want, wantOK := a.Agreement()
		for range 3 {
			c, i, j := coordination.New(in, jp), 0, 0
			for i < len(ours) || j < len(theirs) {
				var s coordination.Step
				if j == len(theirs) || i < len(ours) && rapid.Bool().Draw(t, "opener first") {
					s, i = ours[i], i+1
				} else {
					s, j = theirs[j], j+1
				}
				before := len(c.Steps(other(s.By)))
				grown, err := c.With(s)
				if err != nil {
					t.Fatalf("what one side may do alone it may do beside the other: %+v: %v", s, err)
				}
				if len(grown.Steps(other(s.By))) != before {
					t.Fatalf("%+v changed the other side's course", s)
				}
				c = grown
			}
			got, ok := c.Agreement()
			if c.State() != a.State() || !slices.Contains(coordination.States(), c.State()) || ok != wantOK || !got.At.Equal(want.At) || got.N != want.N || got.By != want.By {
				t.Fatalf("%s in one order, %s in another", a.State(), c.State())
			}
		}
	})
}

func TestWhatIsOfferedIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &tale{t: t, Course: coordination.New(in, jp)}
		for range rapid.IntRange(0, 14).Draw(t, "steps") {
			by := rapid.SampledFrom([]ident.Side{in, jp}).Draw(t, "by")
			if may := a.May(by); len(may) > 0 {
				a.does(by, rapid.SampledFrom(may).Draw(t, "move"))
			}
		}
		if a.May(us) != nil || !a.State().Live() && a.State() == coordination.Declined && len(a.May(in)) > 0 {
			t.Fatal("a stranger, or who was declined, is offered something")
		}
		if n, agreement := 0, a.State() == coordination.Agreed; agreement {
			for _, side := range []ident.Side{in, jp} {
				for _, m := range []coordination.Move{coordination.ProposeDate, coordination.Write} {
					if _, k := a.Stands(side, m); k > 0 {
						n++
					}
				}
			}
			if n != 4 {
				t.Fatalf("agreed, and %d things are stood by", n)
			}
		}
	})
}

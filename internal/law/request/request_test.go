package request_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
)

var sent = time.Date(2027, 3, 1, 18, 30, 0, 0, time.UTC) // 3:30 in Tokyo, midnight in New Delhi

func begun() request.Course { return request.New("in", "jp", sent) }

// step makes the next step of a side.
func step(c request.Course, by ident.Side, m request.Move) request.Step {
	s := request.Step{By: by, N: len(c.Steps(by)) + 1, Move: m, On: sent.Add(time.Hour)}
	switch m { //nolint:exhaustive // the others say nothing more
	case request.Decline, request.AcceptPartly, request.Postpone:
		s.Reason = request.NotStated
	case request.Verify:
		s.Of = len(c.Steps("jp"))
	}
	return s
}

func after(t *testing.T, c request.Course, moves ...any) request.Course {
	t.Helper()
	for i := 0; i < len(moves); i += 2 {
		var err error
		if c, err = c.With(step(c, moves[i].(ident.Side), moves[i+1].(request.Move))); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestALifeOfARequest(t *testing.T) {
	const in, jp = ident.Side("in"), ident.Side("jp")
	delivered := begun()
	if delivered.State() != request.Sent || delivered.State().Answered() {
		t.Errorf("at first: %s", delivered.State())
	}
	delivered.DeliveredOn = sent.Add(time.Second)
	for _, c := range []struct {
		course request.Course
		want   request.State
		open   bool
	}{
		{delivered, request.Delivered, true},
		{after(t, delivered, jp, request.See), request.Seen, true},
		{after(t, begun(), jp, request.Acknowledge), request.Acknowledged, true},
		{after(t, begun(), jp, request.Acknowledge, jp, request.Postpone), request.Postponed, true},
		{after(t, begun(), jp, request.Accept), request.Accepted, true},
		{after(t, begun(), jp, request.See, jp, request.AcceptPartly), request.PartlyAgreed, true},
		{after(t, begun(), jp, request.Accept, jp, request.Begin), request.InWork, true},
		{after(t, begun(), jp, request.Accept, jp, request.Begin, jp, request.Finish), request.Done, true},
		{after(t, begun(), jp, request.Accept, jp, request.Finish, in, request.Verify), request.Verified, false},
		{after(t, begun(), jp, request.Decline), request.Declined, false},
		{after(t, begun(), jp, request.Accept, in, request.Withdraw), request.Withdrawn, false},
	} {
		if got := c.course.State(); got != c.want || got.Open() != c.open {
			t.Errorf("%v: %s, want %s", c.course, got, c.want)
		}
	}
}

func TestWhatDoesNotFollowIsRefused(t *testing.T) {
	const in, jp = ident.Side("in"), ident.Side("jp")
	done := after(t, begun(), jp, request.Accept, jp, request.Finish)
	with := func(c request.Course, by ident.Side, m request.Move, change func(*request.Step)) error {
		s := step(c, by, m)
		if change != nil {
			change(&s)
		}
		_, err := c.With(s)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"a stranger":                {with(begun(), "us", request.Acknowledge, nil), fault.Denied},
		"the asker accepts":         {with(begun(), in, request.Accept, nil), fault.Conflict},
		"the asked withdraws":       {with(begun(), jp, request.Withdraw, nil), fault.Conflict},
		"done before accepted":      {with(begun(), jp, request.Finish, nil), fault.Conflict},
		"after declining":           {with(after(t, begun(), jp, request.Decline), jp, request.Accept, nil), fault.Conflict},
		"after withdrawing":         {with(after(t, begun(), in, request.Withdraw), in, request.Verify, func(s *request.Step) { s.Of = 1 }), fault.Conflict},
		"a number left out":         {with(begun(), jp, request.See, func(s *request.Step) { s.N = 2 }), fault.Conflict},
		"a number below one":        {with(begun(), jp, request.See, func(s *request.Step) { s.N = 0 }), fault.Conflict},
		"another history":           {with(done, jp, request.Begin, func(s *request.Step) { s.N = 1 }), fault.Conflict},
		"without a time":            {with(begun(), jp, request.See, func(s *request.Step) { s.On = time.Time{} }), fault.Invalid},
		"declined without a code":   {with(begun(), jp, request.Decline, func(s *request.Step) { s.Reason = "" }), fault.Invalid},
		"a code that is not known":  {with(begun(), jp, request.Decline, func(s *request.Step) { s.Reason = "mood" }), fault.Invalid},
		"a code with an acceptance": {with(begun(), jp, request.Accept, func(s *request.Step) { s.Reason = request.NotHeld }), fault.Invalid},
		"verified, but not what":    {with(done, in, request.Verify, func(s *request.Step) { s.Of = 0 }), fault.Invalid},
	} {
		if !fault.Is(c.err, c.kind) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	twice, err := done.With(done.Steps(jp)[0])
	if err != nil || len(twice.Steps(jp)) != 2 {
		t.Errorf("the same step again: %v, %v", twice, err)
	}
}

// course draws a course that one side made, looking at nothing but its own.
func course(t *rapid.T, side ident.Side, first request.Course) []request.Step {
	moves := []request.Move{
		request.Verify, request.Withdraw, request.See, request.Acknowledge, request.Accept, request.AcceptPartly,
		request.Decline, request.Postpone, request.Begin, request.Finish,
	}
	c := first
	for range rapid.IntRange(0, 8).Draw(t, "length") {
		s := step(c, side, rapid.SampledFrom(moves).Draw(t, "move"))
		if s.Move == request.Verify {
			s.Of = rapid.IntRange(1, 4).Draw(t, "of")
		}
		if grown, err := c.With(s); err == nil {
			c = grown
		}
	}
	return c.Steps(side)[len(first.Steps(side)):]
}

func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asker, asked := course(t, "in", begun()), course(t, "jp", begun())
		var want request.Course
		for round := range 4 {
			c, i, j := begun(), 0, 0
			for i < len(asker) || j < len(asked) {
				var s request.Step
				if j == len(asked) || i < len(asker) && (round == 0 || round > 1 && rapid.Bool().Draw(t, "asker first")) {
					s, i = asker[i], i+1
				} else {
					s, j = asked[j], j+1
				}
				before := c.Steps(other(s.By))
				grown, err := c.With(s)
				if err != nil {
					t.Fatalf("what one side may do alone it may do beside the other: %+v: %v", s, err)
				}
				if !slices.Equal(before, grown.Steps(other(s.By))) {
					t.Fatalf("%+v changed the other side's course", s)
				}
				c = grown
			}
			if round == 0 {
				want = c
			}
			if c.State() != want.State() || !slices.Contains(request.States(), c.State()) {
				t.Fatalf("%s in one order, %s in another", c.State(), want.State())
			}
			if !c.State().Open() && c.State() != request.Declined && len(c.May("in"))+len(c.May("jp")) > 0 {
				t.Fatalf("%s and yet %v, %v", c.State(), c.May("in"), c.May("jp"))
			}
		}
	})
}

func other(s ident.Side) ident.Side {
	if s == "in" {
		return "jp"
	}
	return "in"
}

func TestWhatIsOfferedIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := begun()
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			by := rapid.SampledFrom([]ident.Side{"in", "jp"}).Draw(t, "by")
			may := c.May(by)
			if len(may) == 0 {
				continue
			}
			var err error
			if c, err = c.With(step(c, by, rapid.SampledFrom(may).Draw(t, "move"))); err != nil {
				t.Fatal(err)
			}
		}
		if c.May("us") != nil {
			t.Fatal("a stranger is offered something")
		}
	})
}

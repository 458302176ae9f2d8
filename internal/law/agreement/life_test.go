package agreement_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func day(s string) time.Time { return agreement.Date(s).Time() }

// on returns an event of a side, written, on a date.
func on(date, name string, by ident.Side) agreement.Event {
	return agreement.Event{Name: name, By: by, On: day(date), Written: true}
}

// bothOn returns the event of each side.
func bothOn(date, name string) []agreement.Event {
	return []agreement.Event{on(date, name, "in"), on(date, name, "jp")}
}

func replay(t testing.TB, d *agreement.Document, now string, more ...agreement.Event) agreement.Life {
	t.Helper()
	l, err := agreement.Replay(d, append(d.History(), more...), day(now))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Five years in one test: signed, carried out, differed about, amended,
// extended, discontinued, wound up.
func TestAFiveYearLife(t *testing.T) {
	d := reference(t)
	var events []agreement.Event
	check := func(now string, state agreement.State, exchange bool) agreement.Life {
		t.Helper()
		l, err := agreement.Replay(d, events, day(now))
		if err != nil {
			t.Fatal(err)
		}
		if l.State != state || l.Permits().Exchange != exchange {
			t.Errorf("%s: %s, exchange %v; want %s, %v", now, l.State, l.Permits().Exchange, state, exchange)
		}
		return l
	}
	check("2022-03-18", agreement.Drafting, false)
	events = append(events, on("2020-10-07", agreement.SideApprove, "in"))
	check("2022-03-18", agreement.Drafting, false)
	events = append(events, on("2022-03-18", agreement.SideApprove, "jp"))
	check("2022-03-18", agreement.Approved, false)
	events = append(events, on("2022-03-19", agreement.Sign, "in"))
	check("2022-03-19", agreement.Approved, false)
	events = append(events, on("2022-03-19", agreement.Sign, "jp"))
	check("2022-03-19", agreement.Operative, true)

	events = append(events, on("2023-02-01", agreement.RaiseDifference, "jp"))
	if l := check("2023-02-02", agreement.Operative, true); !l.Consultation || !slices.Contains(l.States(), agreement.InConsultation) {
		t.Errorf("no consultation: %+v", l)
	}
	propose := on("2023-03-01", agreement.Propose, "in")
	events = append(events, propose)
	if l := check("2023-03-01", agreement.Operative, true); !l.Consultation || !l.Amendment || len(l.States()) != 3 {
		t.Errorf("the regions are not parallel: %+v", l.States())
	}
	events = append(events, bothOn("2023-04-01", agreement.Settle)...)
	agree := bothOn("2023-05-01", agreement.Agree)
	agree[0].Version, agree[1].Version = 2, 2
	events = append(events, agree[0])
	if l := check("2023-05-01", agreement.Operative, true); l.Version != 1 || l.Consultation {
		t.Errorf("one side amended alone: %+v", l)
	}
	events = append(events, agree[1])
	if l := check("2023-05-01", agreement.Operative, true); l.Version != 2 || l.Amendment {
		t.Errorf("both sides amended: %+v", l)
	}
	decide := on("2026-06-01", agreement.DecideActivity, "in")
	decide.Subject = "tabletop-7"
	events = append(events, decide)

	check("2026-09-18", agreement.Operative, true)
	check("2026-09-19", agreement.TermEnding, true)
	check("2027-03-18", agreement.TermEnding, true)
	check("2027-03-19", agreement.Expired, false)
	extend := bothOn("2027-01-10", agreement.Extend)
	extend[0].Until, extend[1].Until = "2032-03-18", "2032-03-18"
	events = append(events, extend...)
	check("2027-03-19", agreement.Operative, true)
	check("2031-09-19", agreement.TermEnding, true)

	notify := on("2031-10-01", agreement.Notify, "jp")
	notify.Effective = "2031-12-31"
	events = append(events, notify)
	check("2031-12-30", agreement.DiscontinueNotice, true)
	if l := check("2031-12-31", agreement.Discontinued, false); !l.MayRun("tabletop-7") || l.MayRun("tabletop-8") || !l.Permits().EnforceHandling || l.Permits().Request {
		t.Errorf("after discontinuation: %+v", l.Permits())
	}
	closed := on("2032-02-01", agreement.CloseActivity, "in")
	closed.Subject = "tabletop-7"
	events = append(append(events, closed), bothOn("2032-02-02", agreement.CloseLast)...)
	if l := check("2040-01-01", agreement.WoundUp, false); l.Permits().FinishActivities || !l.Permits().EnforceHandling || !l.Permits().ReadOwnCopies {
		t.Errorf("wound up: %+v", l.Permits())
	}
}

func TestWhatAStateDoesNotAllowIsRefused(t *testing.T) {
	d := reference(t)
	named := func(e agreement.Event, f func(*agreement.Event)) agreement.Event {
		f(&e)
		return e
	}
	notice := on("2023-01-01", agreement.Notify, "in")
	for _, c := range []struct {
		name   string
		events []agreement.Event
		kind   fault.Kind
		says   string
	}{
		{"a third side", []agreement.Event{on("2023-01-01", agreement.Propose, "gb")}, fault.Denied, "is not a side"},
		{"nobody", []agreement.Event{on("2023-01-01", agreement.Propose, "")}, fault.Denied, "is not a side"},
		{"an event that does not exist", []agreement.Event{on("2023-01-01", "party", "in")}, fault.Conflict, "party is not possible while the agreement is operative"},
		{"signing again", []agreement.Event{on("2023-01-01", agreement.Sign, "in")}, fault.Conflict, "not possible"},
		{"settling what was not raised", bothOn("2023-01-01", agreement.Settle), fault.Conflict, "not possible"},
		{"raising twice", bothOn("2023-01-01", agreement.RaiseDifference), fault.Conflict, "not possible"},
		{"the system's events by hand", []agreement.Event{on("2023-01-01", agreement.OpenRenewal, "in")}, fault.Denied, "by itself"},
		{"extending before the window", []agreement.Event{on("2023-01-01", agreement.Extend, "in")}, fault.Conflict, "not possible"},
		{"extending to an earlier end", []agreement.Event{named(on("2026-10-01", agreement.Extend, "in"), func(e *agreement.Event) { e.Until = "2027-03-18" })}, fault.Invalid, "not after the present last day"},
		{"amending to no version", []agreement.Event{on("2023-01-01", agreement.Propose, "in"), on("2023-01-02", agreement.Agree, "in")}, fault.Conflict, "the next version is 2"},
		{"discontinuing into the past", []agreement.Event{named(notice, func(e *agreement.Event) { e.Effective = "2022-12-31" })}, fault.Invalid, "not a date from the notice on"},
		{"withdrawing another's notice", []agreement.Event{notice, on("2023-01-02", agreement.Withdraw, "jp")}, fault.Denied, "the side that gave notice, in"},
		{"taking effect by the other's word", []agreement.Event{notice, on("2023-01-02", agreement.TakeEffect, "jp")}, fault.Denied, "the side that gave notice"},
		{"winding up a living agreement", bothOn("2023-01-01", agreement.CloseLast), fault.Conflict, "not possible"},
		{"winding up with work open", append([]agreement.Event{named(on("2023-01-01", agreement.DecideActivity, "in"), func(e *agreement.Event) { e.Subject = "x" })}, bothOn("2027-04-01", agreement.CloseLast)...), fault.Conflict, "still open: [x]"},
		{"a new activity after the end", []agreement.Event{named(on("2027-04-01", agreement.DecideActivity, "in"), func(e *agreement.Event) { e.Subject = "x" })}, fault.Conflict, "no new joint activity: the agreement's term ended"},
		{"closing what was not decided", []agreement.Event{named(on("2023-01-01", agreement.CloseActivity, "in"), func(e *agreement.Event) { e.Subject = "x" })}, fault.Conflict, "not in that state"},
		{"an activity without name", []agreement.Event{on("2023-01-01", agreement.DecideActivity, "in")}, fault.Invalid, "names nothing"},
		{"events out of order", []agreement.Event{on("2023-01-02", agreement.Propose, "in"), on("2023-01-01", agreement.Drop, "in")}, fault.Invalid, "earlier than the one before"},
	} {
		_, err := agreement.Replay(d, append(d.History(), c.events...), day("2030-01-01"))
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	unsigned := d.History()
	unsigned[2].Place = ""
	bare := *d
	bare.Dates.Place = ""
	if _, err := agreement.Replay(&bare, unsigned, day("2030-01-01")); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "place is missing") {
		t.Errorf("signing nowhere: %v", err)
	}
}

func TestDiscontinuation(t *testing.T) {
	d := reference(t)
	early := agreement.Event{Name: agreement.Notify, By: "in", On: day("2022-06-16")}
	l := replay(t, d, "2030-01-01", early)
	if l.State != agreement.DiscontinueNotice || !l.Permits().Exchange {
		t.Errorf("a notice without a date took effect: %+v", l)
	}
	want := []string{"discontinue.notify: written form is expected", "discontinue.notify: preferably not before 2022-06-17 (3(4))"}
	if diff := cmp.Diff(want, l.Remarks); diff != "" {
		t.Error(diff)
	}
	if l := replay(t, d, "2022-06-20", on("2022-06-17", agreement.Notify, "in")); len(l.Remarks) != 0 {
		t.Errorf("remarks %v", l.Remarks)
	}
	if l := replay(t, d, "2022-06-20", early, on("2022-06-18", agreement.TakeEffect, "in")); l.State != agreement.Discontinued {
		t.Errorf("the side that gave notice stated the date: %s", l.State)
	}
	back := replay(t, d, "2022-06-20", early, on("2022-06-18", agreement.Withdraw, "in"))
	if back.State != agreement.Operative || back.NoticeBy != "" {
		t.Errorf("withdrawn: %+v", back)
	}
	if late := replay(t, d, "2027-06-01", early, on("2027-05-01", agreement.Withdraw, "in")); late.State != agreement.Expired || !late.Since.Equal(day("2027-05-01")) {
		t.Errorf("withdrawn after the term: %s since %s", late.State, late.Since)
	}
}

func TestTwoDifferentWordsDoNotAddUp(t *testing.T) {
	d := reference(t)
	a, b := on("2026-10-01", agreement.Extend, "in"), on("2026-10-02", agreement.Extend, "jp")
	a.Until, b.Until = "2030-03-18", "2032-03-18"
	if l := replay(t, d, "2026-10-03", a, b); l.State != agreement.TermEnding {
		t.Errorf("extended to two different dates: %s", l.State)
	}
	if l := replay(t, d, "2026-10-03", a, a); l.State != agreement.TermEnding {
		t.Errorf("one side extended alone by saying it twice: %s", l.State)
	}
	if l := replay(t, d, "2026-10-03", bothOn("2026-10-01", agreement.Succeed)...); l.State != agreement.Succeeded || l.Permits().Exchange {
		t.Errorf("succeeded: %s", l.State)
	}
	if l := replay(t, d, "2026-10-03", on("2026-10-01", agreement.Propose, "in"), on("2026-10-02", agreement.Drop, "jp")); l.Amendment {
		t.Error("a dropped amendment stays")
	}
}

func TestPermissionsOfEveryState(t *testing.T) {
	for _, s := range append(agreement.States(), "limbo") {
		p := agreement.Permits(s)
		if p.Exchange != (p.Why == "") {
			t.Errorf("%s: exchange %v, because %q", s, p.Exchange, p.Why)
		}
		if (p.Request || p.Exercise) && !p.Exchange {
			t.Errorf("%s: requests without exchange", s)
		}
		for _, word := range []string{"breach", "violation", "non-compliance"} {
			if strings.Contains(p.Why, word) {
				t.Errorf("%s: %s", s, p.Why)
			}
		}
		table := reference(t).TableIn(s)
		d := gate.Decide(marking.Label{Kind: "threat", Origin: "in", Terms: marking.Terms{TLP: marking.Clear}}, table, gate.Context{From: "in", To: "jp", Domain: ident.Live})
		if (d.Outcome == gate.Release) != p.Exchange {
			t.Errorf("%s: the gate says %q", s, d.Sentence)
		}
	}
	if p := agreement.Permits("limbo"); p != (agreement.Permissions{Why: p.Why}) {
		t.Errorf("an unknown state permits %+v", p)
	}
}

func TestAnyHistoryIsTotalAndTimeOnlyGoesOn(t *testing.T) {
	d := reference(t)
	names := []string{"x", agreement.DecideActivity, agreement.CloseActivity, agreement.Done}
	for _, tr := range agreement.Transitions() {
		names = append(names, tr.Event)
	}
	rapid.Check(t, func(t *rapid.T) {
		events, at := d.History(), d.Dates.Signed.Time()
		for range rapid.IntRange(0, 25).Draw(t, "n") {
			at = at.AddDate(0, 0, rapid.IntRange(0, 200).Draw(t, "days"))
			e := agreement.Event{
				Name: rapid.SampledFrom(names).Draw(t, "name"), By: rapid.SampledFrom([]ident.Side{"in", "jp", "gb"}).Draw(t, "by"), On: at,
				Version: rapid.IntRange(1, 3).Draw(t, "version"), Subject: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "subject"),
			}
			if rapid.Bool().Draw(t, "dated") {
				e.Effective, e.Until = agreement.Date(at.AddDate(0, 1, 0).Format(time.DateOnly)), agreement.Date(at.AddDate(3, 0, 0).Format(time.DateOnly))
			}
			l, err := agreement.Replay(d, append(slices.Clone(events), e), at)
			if err != nil {
				if k := fault.KindOf(err); k == fault.Internal {
					t.Fatalf("%v", err)
				}
				continue // refused: it did not happen
			}
			events = append(events, e)
			if !slices.Contains(agreement.States(), l.State) || l.Since.After(at) {
				t.Fatalf("%s since %s at %s", l.State, l.Since, at)
			}
			again, err := agreement.Replay(d, events, at)
			if err != nil || !cmp.Equal(l, again) {
				t.Fatalf("replayed differently: %v", err)
			}
		}
	})
}

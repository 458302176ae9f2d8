package request_test

import (
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	law "twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestAReminderIsOneStepEach: each level, each warning and each wish is told
// once, and what is urgent without a word is told at once.
func TestAReminderIsOneStepEach(t *testing.T) {
	now := time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	seen := map[string]bool{}
	row := func(change func(*request.Reminder)) request.Reminder {
		w := request.Reminder{Entry: request.Entry{Assistance: store.Assistance{ID: "x", Urgency: string(law.Routine), Due: 7}}}
		change(&w)
		return w
	}
	for name, c := range map[string]struct {
		w       request.Reminder
		presses bool
		until   int64
	}{
		"came":           {row(func(*request.Reminder) {}), false, 7},
		"urgent":         {row(func(w *request.Reminder) { w.Urgency, w.Level = string(law.Urgent), law.Contact }), true, 7},
		"deputy":         {row(func(w *request.Reminder) { w.Level = law.Deputy }), false, 7},
		"ministry":       {row(func(w *request.Reminder) { w.Level = law.Ministry }), true, 7},
		"done":           {row(func(w *request.Reminder) { w.Word, w.State = 1, string(law.Done) }), false, 0},
		"ends in a week": {row(func(w *request.Reminder) { w.Word, w.Kept = 1, now.Add(7*day).UnixMicro() }), false, now.Add(7 * day).UnixMicro()},
		"ends tomorrow":  {row(func(w *request.Reminder) { w.Word, w.Kept = 1, now.Add(day).UnixMicro() }), false, now.Add(day).UnixMicro()},
		"asked to be longer": {row(func(w *request.Reminder) {
			w.Word, w.Kept, w.Renewal = 1, now.Add(day).UnixMicro(), now.Add(90*day).UnixMicro()
		}), false, now.Add(day).UnixMicro()},
	} {
		step := c.w.Step(now)
		if step == "" || seen[step] || step != c.w.Step(now) {
			t.Errorf("%s: step %q, told before: %v", name, step, seen[step])
		}
		seen[step] = true
		if c.w.Presses() != c.presses || c.w.Until() != c.until {
			t.Errorf("%s: at once %v, until %d", name, c.w.Presses(), c.w.Until())
		}
	}
}

// TestARequestIsToldAndStandsInCalendars until somebody says a word.
func TestARequestIsToldAndStandsInCalendars(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	if err := jp.People.AddAccount(t.Context(), jp.Operator(), people.Account{Name: "kenji", Roles: []people.Role{people.DutyOfficer}, Email: "kenji@cert.example", Password: "a long enough password"}); err != nil {
		t.Fatal(err)
	}
	id := send(t, in, ask())
	until(t, jp, id, law.Delivered)
	state := func() (told bool, entered, cancelled bool) {
		if err := jp.Notices.Look(t.Context(), jp.Live); err != nil {
			t.Fatal(err)
		}
		if err := jp.Live.Read(t.Context(), func(tx *store.Tx) error {
			marks, err := tx.NoticeMarks("kenji")
			if err != nil {
				return err
			}
			for cause, m := range marks {
				told = told || m.Waits > 0 && cause == "request "+id+" / came"
			}
			entries, err := tx.CalendarEntries(0)
			for _, e := range entries {
				if e.UID == "date request word "+id {
					entered, cancelled = true, e.Cancelled
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return told, entered, cancelled
	}
	nodetest.Eventually(t, "it is told, and the day is in calendars", func() bool {
		told, entered, cancelled := state()
		return told && entered && !cancelled
	})
	step(t, jp, id, request.Move{Move: law.Acknowledge, After: -1})
	nodetest.Eventually(t, "it is not told any more", func() bool {
		told, _, cancelled := state()
		return !told && cancelled
	})
}

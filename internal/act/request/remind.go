package request

import (
	"strconv"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Step names how far the reminders about what waits have come: they are told
// once for each.
func (w Reminder) Step(now time.Time) string {
	switch {
	case w.Renewal != 0 && !w.Ours:
		return "renewal " + strconv.FormatInt(w.Renewal, 36)
	case w.Kept != 0:
		return "ends " + strconv.FormatInt(w.Kept, 36) + " " + strconv.Itoa(request.KeepWarning(clock.At(w.Kept), now))
	case w.Word != 0:
		return w.State
	}
	return map[request.Level]string{
		request.Nobody: "came", request.Contact: "contact", request.Deputy: "deputy", request.Ministry: "ministry", request.Agenda: "agenda",
	}[w.Level]
}

// Presses reports whether people are told at once: of what is urgent and has no
// word yet, and of what has climbed to the nodal ministry.
func (w Reminder) Presses() bool {
	return w.Word == 0 && (w.Urgency == string(request.Urgent) || w.Level >= request.Ministry)
}

// Until is by when something is hoped for, in microseconds; 0 when nobody said.
func (w Reminder) Until() int64 {
	switch {
	case w.Word == 0:
		return w.Due
	case w.Kept != 0:
		return w.Kept
	}
	return 0
}

// Deadline is a day in the calendars of those who handle a request.
type Deadline struct {
	Request string
	What    string // word: a first word is hoped for; kept: data is kept no longer
	Act     people.Act
	At      time.Time
}

// Deadlines returns those of the requests that wait, soonest first.
func (r *Requests) Deadlines(tx *store.Tx) (out []Deadline, err error) {
	list, err := tx.Assistances(store.AssistanceQuery{Open: true, Technical: true, Police: true, Before: store.AssistanceIdle, Limit: MaxPage})
	for _, a := range list {
		if a.Word == 0 && a.Due != 0 {
			out = append(out, Deadline{a.ID, "word", act(a.Police), clock.At(a.Due)})
		}
		if a.Kept != 0 {
			out = append(out, Deadline{a.ID, "kept", act(a.Police), clock.At(a.Kept)})
		}
	}
	return out, err
}

package incident

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/incident"
	"twoseas/internal/store"
)

// Running is a clock of home reporting that runs.
type Running struct {
	incident.Clock
	Started time.Time
	Person  string
	Reports []incident.Due
}

// Clocks returns the duties that may be started: those of this side.
func (i *Incidents) Clocks() []incident.Clock { return incident.ClocksFor(i.Self) }

// Start has a clock of this side run for an incident from a time on, which has
// passed. It stays at home: nothing of it is in any object.
func (i *Incidents) Start(ctx context.Context, h *store.Handle, by people.Actor, class int64, id, clock string, from time.Time) error {
	return i.clock(ctx, h, by, class, id, clock, func(tx *store.Tx, _ incident.Clock) error {
		if from.IsZero() || from.After(now(tx)) {
			return fault.New(fault.Invalid, "say when it began to count: a time that has passed")
		}
		if err := tx.StartIncidentClock(store.IncidentClock{Incident: id, Clock: clock, Started: from.UnixMicro(), Person: by.String()}); err != nil {
			return err
		}
		return i.record(tx, by, "incident.clock", "incident", id, "clock", clock)
	})
}

// Stop takes a clock away that should not have been started, and the reports
// recorded under it.
func (i *Incidents) Stop(ctx context.Context, h *store.Handle, by people.Actor, class int64, id, clock string) error {
	return i.clock(ctx, h, by, class, id, clock, func(tx *store.Tx, c incident.Clock) error {
		if _, err := running(tx, id, c); err != nil {
			return err
		}
		if err := tx.StopIncidentClock(id, clock); err != nil {
			return err
		}
		return i.record(tx, by, "incident.clock-off", "incident", id, "clock", clock)
	})
}

// Report records that a report of a running clock was made at a time.
func (i *Incidents) Report(ctx context.Context, h *store.Handle, by people.Actor, class int64, id, clock, step string, made time.Time) error {
	return i.clock(ctx, h, by, class, id, clock, func(tx *store.Tx, c incident.Clock) error {
		r, err := running(tx, id, c)
		if err != nil {
			return err
		}
		if made.IsZero() || made.After(now(tx)) {
			return fault.New(fault.Invalid, "say when the report was made: a time that has passed")
		}
		if err := c.CheckReport(r.Started, madeOf(r.Reports), step, made); err != nil {
			return err
		}
		if err := tx.AddIncidentReport(store.IncidentReport{Incident: id, Clock: clock, Step: step, Made: made.UnixMicro(), Person: by.String()}); err != nil {
			return err
		}
		return i.record(tx, by, "incident.report", "incident", id, "clock", clock, "step", step)
	})
}

func (i *Incidents) clock(ctx context.Context, h *store.Handle, by people.Actor, class int64, id, clock string, fn func(*store.Tx, incident.Clock) error) error {
	if err := by.May(people.Incidents); err != nil {
		return err
	}
	at := slices.IndexFunc(i.Clocks(), func(c incident.Clock) bool { return c.ID == clock })
	if at < 0 {
		return fault.Errorf(fault.Invalid, "clock %.40q is none of this side's", clock)
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if _, err := i.head(tx, class, id); err != nil {
			return err
		}
		return fn(tx, i.Clocks()[at])
	})
}

func running(tx *store.Tx, id string, c incident.Clock) (Running, error) {
	all, err := runningAll(tx, id)
	if err != nil {
		return Running{}, err
	}
	for _, r := range all {
		if r.ID == c.ID {
			return r, nil
		}
	}
	return Running{}, fault.New(fault.NotFound, "this clock does not run for the incident")
}

// runningAll returns the clocks of an incident, those that began first first.
func runningAll(tx *store.Tx, id string) (out []Running, err error) {
	clocks, err := tx.IncidentClocks(id)
	if err != nil || len(clocks) == 0 {
		return nil, err
	}
	reports, err := tx.IncidentReports(id)
	if err != nil {
		return nil, err
	}
	for _, c := range clocks {
		made := map[string]time.Time{}
		for _, r := range reports {
			if r.Clock == c.Clock {
				made[r.Step] = instant(r.Made)
			}
		}
		known, ok := incident.ClockOf(c.Clock)
		if !ok {
			continue // of an edition of the table that had it
		}
		out = append(out, Running{known, instant(c.Started), c.Person, known.Due(instant(c.Started), made)})
	}
	return out, nil
}

func madeOf(list []incident.Due) map[string]time.Time {
	made := map[string]time.Time{}
	for _, d := range list {
		if !d.Made.IsZero() {
			made[d.ID] = d.Made
		}
	}
	return made
}

package notice

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Reader says in whose calendars an entry stands: one account's, those of
// everybody who may do something, or with neither everybody's.
type Reader struct {
	Account string
	May     people.Act
}

func (r Reader) text() string {
	switch {
	case r.Account != "":
		return "account " + r.Account
	case r.May != "":
		return "may " + string(r.May)
	}
	return "any"
}

// reads reports whether an entry for reader is for by.
func reads(reader string, by people.Actor) bool {
	if act, ok := strings.CutPrefix(reader, "may "); ok {
		return by.May(people.Act(act)) == nil
	}
	return reader == "any" || reader == "account "+by.Name
}

// Entry is one entry of calendars. It says when and of which kind, never what.
type Entry struct {
	ID       string // the same as long as it is the same thing; it names no content
	Reader   Reader
	Kind     Kind
	Page     string
	Start    time.Time
	End      time.Time // the same as Start for an instant; of whole days the last
	WholeDay bool
	Zone     string // IANA name of the zone it is meant in; "" for UTC
}

// Enter puts e into calendars, in place of what was said under its ID, in the
// transaction of the act that causes it.
func (n *Notices) Enter(tx *store.Tx, e Entry) error {
	if e.ID == "" || len(e.ID) > maxWords || strings.ContainsAny(e.ID, "\r\n\x00") || e.End.Before(e.Start) || e.Start.IsZero() {
		return fault.New(fault.Invalid, "an entry of a calendar has an id, a start, and an end that is not before it")
	}
	if _, err := time.LoadLocation(e.Zone); err != nil {
		return fault.Errorf(fault.Invalid, "zone %.60q is not known", e.Zone)
	}
	_, err := tx.SetCalendarEntry(store.CalendarEntry{
		UID: e.ID, Reader: e.Reader.text(), Kind: string(e.Kind), Page: e.Page, Starts: clock.Micro(e.Start), Ends: clock.Micro(e.End), WholeDay: e.WholeDay, Zone: e.Zone,
	})
	return err
}

// Cancel says that what was entered under id does not take place.
func (n *Notices) Cancel(tx *store.Tx, id string) error { return tx.CancelCalendarEntry(id) }

// datePrefix begins the ids of entries that follow from agreements.
const datePrefix = "date "

// lookAtDates keeps the entries that follow from agreements: what no longer
// does is cancelled.
func (n *Notices) lookAtDates(ctx context.Context, h *store.Handle) error {
	change := func(tx *store.Tx, write bool) (some bool, err error) {
		want, err := n.Dates(tx)
		if err != nil {
			return false, err
		}
		have, err := tx.CalendarEntries(0)
		if err != nil {
			return false, err
		}
		old := map[string]store.CalendarEntry{}
		for _, e := range have {
			if strings.HasPrefix(e.UID, datePrefix) {
				old[e.UID] = e
			}
		}
		for _, e := range want {
			e.ID = datePrefix + e.ID
			was, known := old[e.ID]
			delete(old, e.ID)
			if known && !was.Cancelled && was.Starts == clock.Micro(e.Start) && was.Ends == clock.Micro(e.End) && was.Page == e.Page && was.Reader == e.Reader.text() && was.Zone == e.Zone {
				continue
			}
			if some = true; write {
				if err := n.Enter(tx, e); err != nil {
					return some, err
				}
			}
		}
		for id, e := range old {
			if e.Cancelled {
				continue
			}
			if some = true; write {
				if err := n.Cancel(tx, id); err != nil {
					return some, err
				}
			}
		}
		return some, nil
	}
	some := false
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		some, err = change(tx, false)
		return err
	}); err != nil || !some {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		_, err := change(tx, true)
		return err
	})
}

// MakeAddress gives by a new calendar address in place of the one before and
// returns the secret in it, which nobody is shown again.
func (n *Notices) MakeAddress(ctx context.Context, h *store.Handle, by people.Actor) (string, error) {
	if err := person(by); err != nil {
		return "", err
	}
	raw := make([]byte, 32)
	if _, err := io.ReadFull(n.Rand, raw); err != nil {
		return "", err
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	return secret, h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SetCalendarAddress(hashOf(secret), by.Name); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.calendar")
	})
}

// RevokeAddress takes by's calendar address back at once; without one it is
// fault.NotFound.
func (n *Notices) RevokeAddress(ctx context.Context, h *store.Handle, by people.Actor) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RevokeCalendarAddress(by.Name); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.calendar.revoke")
	})
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// Calendar is one person's calendar.
type Calendar struct {
	Language string
	Entries  []store.CalendarEntry
}

// How much of the past a calendar shows, and how exactly is known when it was
// read.
const (
	calendarPast  = 366 * 24 * time.Hour
	calendarNoted = time.Hour
)

// Read returns the calendar whose address holds secret, as far as its person
// may see it now; fault.NotFound when there is none, or its person has left.
func (n *Notices) Read(ctx context.Context, h *store.Handle, secret string) (c Calendar, err error) {
	var at store.CalendarAddress
	if err = h.Query(ctx, func(tx *store.Tx) (err error) {
		at, err = tx.CalendarAddress(hashOf(secret))
		return err
	}); err != nil {
		return c, err
	}
	by, err := n.People.As(ctx, people.System("calendar"), at.Person)
	if fault.Is(err, fault.Denied) {
		return c, fault.New(fault.NotFound, "no such calendar")
	}
	if err != nil {
		return c, err
	}
	if err = h.Read(ctx, func(tx *store.Tx) error {
		w, err := n.wish(tx, by.Name)
		if err != nil {
			return err
		}
		c.Language = w.Language
		all, err := tx.CalendarEntries(n.Clock.Now().Add(-calendarPast).UnixMicro())
		for _, e := range all {
			if reads(e.Reader, by) {
				c.Entries = append(c.Entries, e)
			}
		}
		return err
	}); err != nil || n.Clock.Now().Sub(clock.At(at.Used)) < calendarNoted {
		return c, err
	}
	return c, h.Write(ctx, func(tx *store.Tx) error { return tx.UseCalendarAddress(at.Hash) })
}

// Subscription is a calendar address as its person sees it.
type Subscription struct {
	Made, Used time.Time // Used is zero before the first time
}

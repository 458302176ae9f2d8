package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// CalendarAddress is the address under which a person's calendar is read.
type CalendarAddress struct {
	Hash          []byte // SHA-256 of the secret in it
	Person        string
	Created, Used int64 // microseconds; Used is 0 before the first time
}

// SetCalendarAddress gives a person a new address in place of the one before.
func (t *Tx) SetCalendarAddress(hash []byte, person string) error {
	if err := t.RevokeCalendarAddress(person); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	_, err := t.Exec("INSERT INTO calendar_address (hash, person, created, used) VALUES ($1, $2, $3, 0)", hash, person, t.now)
	return err
}

// RevokeCalendarAddress takes a person's address back, or returns
// fault.NotFound.
func (t *Tx) RevokeCalendarAddress(person string) error {
	n, err := t.Exec("DELETE FROM calendar_address WHERE person = $1", person)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no calendar address")
	}
	return err
}

// CalendarAddressOf returns a person's address, or fault.NotFound.
func (t *Tx) CalendarAddressOf(person string) (a CalendarAddress, err error) {
	a.Person = person
	found, err := t.Get([]any{&a.Hash, &a.Created, &a.Used}, "SELECT hash, created, used FROM calendar_address WHERE person = $1", person)
	return a, noAddress(found, err)
}

// CalendarAddress returns the address with this hash, or fault.NotFound.
func (t *Tx) CalendarAddress(hash []byte) (a CalendarAddress, err error) {
	a.Hash = hash
	found, err := t.Get([]any{&a.Person, &a.Created, &a.Used}, "SELECT person, created, used FROM calendar_address WHERE hash = $1", hash)
	return a, noAddress(found, err)
}

func noAddress(found bool, err error) error {
	if err == nil && !found {
		return fault.New(fault.NotFound, "no such calendar")
	}
	return err
}

// UseCalendarAddress records that a calendar was read now.
func (t *Tx) UseCalendarAddress(hash []byte) error {
	_, err := t.Exec("UPDATE calendar_address SET used = $2 WHERE hash = $1", hash, t.now)
	return err
}

// CalendarEntry is one entry of calendars. Times are microseconds.
type CalendarEntry struct {
	UID, Reader, Kind, Page string
	Starts, Ends            int64
	WholeDay                bool
	Zone                    string // IANA name; "" for UTC
	Sequence                int64
	Cancelled               bool
	Changed                 int64
}

// CalendarEntries returns the entries that stand from a time on, in order.
func (t *Tx) CalendarEntries(from int64) (out []CalendarEntry, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var e CalendarEntry
		err := r.Scan(&e.UID, &e.Reader, &e.Kind, &e.Page, &e.Starts, &e.Ends, &e.WholeDay, &e.Zone, &e.Sequence, &e.Cancelled, &e.Changed)
		out = append(out, e)
		return err
	}, "SELECT uid, reader, kind, page, starts, ends, whole_day, zone, sequence, cancelled, changed FROM calendar_entry WHERE domain = $1 AND ends >= $2 ORDER BY starts, uid", t.domain, from)
	return out, err
}

// SetCalendarEntry writes e as of now and reports whether that changed anything:
// then its sequence grows. Sequence and Changed of e do not count.
func (t *Tx) SetCalendarEntry(e CalendarEntry) (bool, error) {
	n, err := t.Exec(`INSERT INTO calendar_entry (domain, uid, reader, kind, page, starts, ends, whole_day, zone, sequence, cancelled, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)
		ON CONFLICT (domain, uid) DO UPDATE SET reader = $3, kind = $4, page = $5, starts = $6, ends = $7, whole_day = $8, zone = $9,
			sequence = calendar_entry.sequence + 1, cancelled = $10, changed = $11
		WHERE calendar_entry.reader <> $3 OR calendar_entry.kind <> $4 OR calendar_entry.page <> $5 OR calendar_entry.starts <> $6 OR calendar_entry.ends <> $7
			OR calendar_entry.whole_day <> $8 OR calendar_entry.zone <> $9 OR calendar_entry.cancelled <> $10`,
		t.domain, e.UID, e.Reader, e.Kind, e.Page, e.Starts, e.Ends, e.WholeDay, e.Zone, e.Cancelled, t.now)
	return n > 0, err
}

// CancelCalendarEntry says that an entry does not take place. One that is not
// there is nothing.
func (t *Tx) CancelCalendarEntry(uid string) error {
	_, err := t.Exec("UPDATE calendar_entry SET cancelled = TRUE, sequence = sequence + 1, changed = $3 WHERE domain = $1 AND uid = $2 AND NOT cancelled", t.domain, uid, t.now)
	return err
}

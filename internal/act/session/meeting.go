package session

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Bounds of a meeting.
const (
	MaxMeeting   = 12 * time.Hour
	maxInRoom    = 50
	meetingsKept = 24 * time.Hour
)

// Meeting is what a person says of a meeting: who else sees the screen.
type Meeting struct {
	With   []string       // accounts, besides one's own
	Guests *people.Guests // people without one; nil when there are none
	For    time.Duration  // at most MaxMeeting
}

// MeetingOn is a meeting that is on.
type MeetingOn struct {
	ID, Account  string // of the session, or of the meeting of a program
	With         []string
	Guests       *people.Guests
	Began, Until time.Time
}

// who is a meeting as it is stored.
type who struct {
	With   []string    `json:"with"`
	Guests *guestsJSON `json:"guests,omitempty"`
}

type guestsJSON struct {
	TLP   string     `json:"tlp"`
	Sides [][]string `json:"sides,omitempty"` // each a side and its other names
}

func (m Meeting) who() who {
	w := who{With: m.With}
	if m.Guests == nil {
		return w
	}
	w.Guests = &guestsJSON{TLP: m.Guests.TLP.Name()}
	for _, p := range m.Guests.Sides {
		w.Guests.Sides = append(w.Guests.Sides, append([]string{string(p.Side)}, p.Codes...))
	}
	return w
}

// roomOf returns the room of a stored meeting.
func roomOf(row store.Meeting) (people.Room, error) {
	var w who
	if err := canon.UnmarshalStrict(row.Who, &w); err != nil {
		return people.Room{}, fmt.Errorf("read who meets: %w", err)
	}
	r := people.Room{Accounts: w.With, Until: time.UnixMicro(row.Until).UTC()}
	if w.Guests == nil {
		return r, nil
	}
	tlp, err := marking.ParseTLP(w.Guests.TLP)
	if err != nil {
		return people.Room{}, err
	}
	r.Guests = &people.Guests{TLP: tlp}
	for _, names := range w.Guests.Sides {
		if len(names) == 0 {
			return people.Room{}, fault.New(fault.Internal, "a meeting names guests of no side")
		}
		r.Guests.Sides = append(r.Guests.Sides, gate.Party{Side: ident.Side(names[0]), Codes: names[1:]})
	}
	return r, nil
}

// Meet begins a meeting in the session of by, or, for a program, one that its
// requests then name: from now on it shows what everybody in the room may see
// and nothing else. The people named must be able to read; their clearances
// count as they are at each moment. Returns fault.Denied unless by may Read;
// fault.Conflict when a meeting is on: it is not widened under people's eyes.
func (s *Sessions) Meet(ctx context.Context, by people.Actor, m Meeting) (string, error) {
	if err := by.May(people.Read); err != nil {
		return "", err
	}
	m, err := m.checked(by)
	if err != nil {
		return "", err
	}
	id := by.Session
	if id == "" {
		var raw [16]byte
		if _, err := io.ReadFull(s.c.Rand, raw[:]); err != nil {
			return "", fmt.Errorf("draw a meeting's name: %w", err)
		}
		id = "m" + hex.EncodeToString(raw[:])
	}
	raw, err := canon.Marshal(m.who())
	if err != nil {
		return "", err
	}
	return id, s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.MeetingOf(id); !fault.Is(err, fault.NotFound) {
			if err != nil {
				return err
			}
			return fault.New(fault.Conflict, "a meeting is on: end it first")
		}
		for _, name := range m.With {
			if other, _, err := people.Admit(tx, name); err != nil && !fault.Is(err, fault.Denied) {
				return err
			} else if err != nil || other.May(people.Read) != nil {
				return fault.Errorf(fault.Invalid, "%s is no account that may read threat data: name a guest instead", name)
			}
		}
		if err := tx.AddMeeting(store.Meeting{Session: id, Account: by.Name, Until: s.c.Clock.Now().Add(m.For).UnixMicro(), Who: raw}); err != nil {
			return err
		}
		return s.journal(tx, by, "meeting.begin", "with", m.words(), "until", s.c.Clock.Now().Add(m.For).UTC().Format(time.RFC3339))
	})
}

func (m Meeting) checked(by people.Actor) (Meeting, error) {
	var with []string
	for _, name := range m.With {
		name, err := people.ParseName(strings.TrimSpace(name))
		if err != nil {
			return m, err
		}
		if name != by.Name {
			with = append(with, name)
		}
	}
	slices.Sort(with)
	m.With = slices.Compact(with)
	switch {
	case len(m.With) == 0 && m.Guests == nil:
		return m, fault.New(fault.Invalid, "say who else is in the room: accounts, or guests")
	case len(m.With) > maxInRoom:
		return m, fault.Errorf(fault.TooLarge, "at most %d accounts", maxInRoom)
	case m.Guests != nil && (m.Guests.TLP == marking.NoTLP || m.Guests.TLP > marking.Red):
		return m, fault.New(fault.Invalid, "say which TLP the guests may be shown at most")
	case m.For < time.Minute || m.For > MaxMeeting:
		return m, fault.Errorf(fault.Invalid, "a meeting lasts between a minute and %d hours", MaxMeeting/time.Hour)
	}
	return m, nil
}

// words says who is in the room, for the home log.
func (m Meeting) words() string {
	list := slices.Clone(m.With)
	if m.Guests != nil {
		text := []string{"guests"}
		for _, p := range m.Guests.Sides {
			text = append(text, "of", string(p.Side))
		}
		list = append(list, strings.Join(text, " ")+" up to "+m.Guests.TLP.String())
	}
	return strings.Join(list, ", ")
}

// EndMeeting ends the meeting of the session of by, or the one called id when
// by has no session. Returns fault.NotFound when none is on, or it is
// another's.
func (s *Sessions) EndMeeting(ctx context.Context, by people.Actor, id string) error {
	if by.Session != "" {
		id = by.Session
	}
	return s.c.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.MeetingOf(id)
		if err == nil && m.Account != by.Name && !by.IsSystem() {
			err = fault.New(fault.NotFound, "no meeting is on")
		}
		if err != nil {
			return err
		}
		if by.IsSystem() && !strings.HasPrefix(id, "m") { // nobody's screen shows more because somebody elsewhere says so
			if err := tx.EndSession(m.Account, id); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		if err := tx.EndMeeting(id); err != nil {
			return err
		}
		return s.journal(tx, by, "meeting.end", "of", m.Account)
	})
}

// Meetings returns the meetings that are on: all of them to the node itself,
// their own to others.
func (s *Sessions) Meetings(ctx context.Context, by people.Actor) (out []MeetingOn, err error) {
	err = s.c.Store.Query(ctx, func(tx *store.Tx) error {
		list, err := tx.Meetings()
		if err != nil {
			return err
		}
		for _, row := range list {
			if row.Account != by.Name && !by.IsSystem() {
				continue
			}
			r, err := roomOf(row)
			if err != nil {
				return err
			}
			out = append(out, MeetingOn{
				ID: row.Session, Account: row.Account, With: r.Accounts, Guests: r.Guests, Began: time.UnixMicro(row.Began).UTC(), Until: r.Until,
			})
		}
		return nil
	})
	return out, err
}

// Enter returns by in the room of its meeting called id, which a program names
// with its requests. Returns fault.Denied when there is none such or its time
// is over: whoever means to be in a meeting is not shown everything.
func (s *Sessions) Enter(ctx context.Context, by people.Actor, id string) (out people.Actor, err error) {
	err = s.c.Store.Query(ctx, func(tx *store.Tx) error {
		m, err := tx.MeetingOf(id)
		if fault.Is(err, fault.NotFound) || err == nil && (m.Account != by.Name || m.Until <= tx.Now() || !strings.HasPrefix(id, "m")) {
			return fault.New(fault.Denied, "the meeting is over, or there is none such")
		}
		if err != nil {
			return err
		}
		out, err = s.inRoom(tx, by, m)
		return err
	})
	return out, err
}

func (s *Sessions) inRoom(tx *store.Tx, by people.Actor, m store.Meeting) (people.Actor, error) {
	r, err := roomOf(m)
	if err != nil {
		return people.Actor{}, err
	}
	return s.c.People.In(tx, by, r)
}

// meeting puts by into the room of its session's meeting, if one is on. A
// meeting whose time is over ends the session: a screen that people look at
// does not begin to show more by itself.
func (s *Sessions) meeting(tx *store.Tx, by people.Actor) (people.Actor, error) {
	m, err := tx.MeetingOf(by.Session)
	if fault.Is(err, fault.NotFound) {
		return by, nil
	}
	if err != nil {
		return by, err
	}
	if m.Until <= tx.Now() {
		return people.Actor{}, errOver()
	}
	return s.inRoom(tx, by, m)
}

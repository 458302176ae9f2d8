package hook

import (
	"encoding/hex"

	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// cursor is where a subscription goes on: of each event and place, what was
// told last. It grows with collections, agreements and feeds, never with
// objects.
type cursor struct {
	Marks   map[string]int64 `json:"marks,omitempty"`
	Turn    int              `json:"turn,omitempty"` // which event is looked at first, so that none keeps another waiting
	Pending *pending         `json:"pending,omitempty"`
}

// pending is a message that is under way until it is taken: what lies between
// From and To in a place.
type pending struct {
	ID    string `json:"id"`
	Event Event  `json:"event"`
	Place string `json:"place,omitempty"`
	From  int64  `json:"from,omitempty"`
	To    int64  `json:"to,omitempty"`
	At    int64  `json:"at"` // microseconds; when it was noticed
}

func (p pending) mark() string { return mark(p.Event, p.Place) }

func mark(e Event, place string) string { return string(e) + " " + place }

func cursorOf(row store.Sender) (c cursor, err error) {
	err = canon.Unmarshal(row.Cursor, &c)
	if c.Marks == nil {
		c.Marks = map[string]int64{}
	}
	return c, err
}

// pend makes a message with an id of its own.
func (k *Hooks) pend(tx *store.Tx, e Event, place string, from, to int64) (*pending, error) {
	var id [16]byte
	if err := k.draw(id[:]); err != nil {
		return nil, err
	}
	return &pending{ID: "msg_" + hex.EncodeToString(id[:]), Event: e, Place: place, From: from, To: to, At: tx.Now()}, nil
}

// begin returns a cursor from which nothing that is there already is told, and
// settles the spelling of the collection.
func (k *Hooks) begin(tx *store.Tx, s *Settings) (cursor, error) {
	c := cursor{Marks: map[string]int64{}}
	if s.Collection != "" {
		found, err := tx.Collection(s.Collection)
		if err != nil {
			return c, err
		}
		s.Collection = found.ID
	}
	for _, e := range s.Events {
		places, err := ends(tx, *s, e)
		if err != nil {
			return c, err
		}
		for place, at := range places {
			c.Marks[mark(e, place)] = at
		}
	}
	return c, nil
}

// ends returns, by place, where the events of a kind end now.
func ends(tx *store.Tx, s Settings, e Event) (map[string]int64, error) {
	out := map[string]int64{}
	switch e {
	case Arrived:
		c, err := tx.Collection(s.Collection)
		out[s.Collection] = c.LastAdded
		return out, err
	case Recalled:
		n, err := tx.LastRecalled()
		out[""] = n
		return out, err
	case Released, Receipt, Waiting:
		channels, err := tx.Channels()
		if err != nil {
			return nil, err
		}
		for _, ch := range channels {
			switch e {
			case Released:
				out[string(ch.Agreement)] = ch.Queued
			case Receipt:
				if out[string(ch.Agreement)], err = answered(tx, ch); err != nil {
					return nil, err
				}
			case Waiting:
				if out[string(ch.Agreement)], err = waiting(tx, ch, store.AllLabels); err != nil {
					return nil, err
				}
			case Arrived, Recalled, Failing, Test:
			}
		}
	case Failing:
		feeds, err := tx.Feeds()
		if err != nil {
			return nil, err
		}
		for _, f := range feeds {
			out[f.Name] = failing(f)
		}
	case Test:
	}
	return out, nil
}

// answered returns the number of the newest shipment up to which all are
// answered.
func answered(tx *store.Tx, ch store.Channel) (int64, error) {
	open, err := tx.Unanswered(ch.ID)
	if err != nil || len(open) == 0 {
		return ch.OutNumber, err
	}
	return open[0] - 1, nil
}

// waiting counts what waits for officers, of what class may see.
func waiting(tx *store.Tx, ch store.Channel, class int64) (n int64, err error) {
	groups, err := tx.HeldGroups(ch.ID, store.HoldWaiting, class)
	for _, g := range groups {
		n += g.Count
	}
	return n, err
}

func failing(f store.Feed) int64 {
	if f.Failures > 0 && !f.Paused {
		return 1
	}
	return 0
}

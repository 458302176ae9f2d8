package onward

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// Request asks the originators of objects to let them go on to a third side.
type Request struct {
	IDs      []string
	Audience ident.Side
	Purpose  string
	Redact   []string  // proposed
	Until    time.Time // proposed; zero is without an end
}

// source is an object version, and where it came from.
type source struct {
	object store.Object
	place  exchange.Place
}

// Ask asks for each object the partner that it came from, and returns the ids
// of the requests, one for each partner. What the asker may not see is not
// there: fault.NotFound. What nobody can be asked about, and what was asked
// already and waits, is fault.Invalid or fault.Conflict; then nothing is asked.
func (o *Onwards) Ask(ctx context.Context, h *store.Handle, by people.Actor, class int64, q Request) (ids []string, err error) {
	if err := by.May(people.Onward); err != nil {
		return nil, err
	}
	if len(q.IDs) == 0 || len(q.IDs) > onward.MaxItems {
		return nil, fault.Errorf(fault.Invalid, "%d objects: want 1 to %d", len(q.IDs), onward.MaxItems)
	}
	if q.Purpose, err = line("purpose", q.Purpose); err != nil {
		return nil, err
	}
	if q.Redact, err = names(q.Redact); err != nil {
		return nil, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if !q.Until.IsZero() && !q.Until.After(now(tx)) {
			return fault.New(fault.Invalid, "the consent would end before it began")
		}
		if err := o.mayReceive(tx, q.Audience); err != nil {
			return err
		}
		groups, err := o.sources(tx, class, q)
		if err != nil {
			return err
		}
		for _, g := range groups {
			id, err := o.ask(tx, g, by.String(), store.Onward{Asker: o.Self}, q)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// mayReceive refuses an audience with which this side has no agreement.
func (o *Onwards) mayReceive(tx *store.Tx, audience ident.Side) error {
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if ch.Partner != audience {
			continue
		}
		_, err := o.Releases.Gate(tx, ch.Agreement)
		return err
	}
	return fault.Errorf(fault.Invalid, "there is no agreement with %.40q: it could not be passed on", audience)
}

// group is what came on one channel.
type group struct {
	channel store.Channel
	sources []source
}

// joined adds a source to the group of its channel.
func joined(groups []group, ch store.Channel, s source) []group {
	i := slices.IndexFunc(groups, func(g group) bool { return g.channel.ID == ch.ID })
	if i < 0 {
		i, groups = len(groups), append(groups, group{channel: ch})
	}
	groups[i].sources = append(groups[i].sources, s)
	return groups
}

// sources finds the newest version of each object that class may see, by the
// channel it came on.
func (o *Onwards) sources(tx *store.Tx, class int64, q Request) ([]group, error) {
	var out []group
	for _, id := range q.IDs {
		obj, err := newest(tx, class, id)
		if err != nil {
			return nil, err
		}
		l, err := labelOf(tx, obj.Label)
		if err != nil {
			return nil, err
		}
		if l.Origin == o.Self || l.Origin == q.Audience {
			return nil, fault.Errorf(fault.Invalid, "%s belongs to %s: nobody else is asked about it", id, l.Origin)
		}
		ch, place, err := o.origin(tx, obj.Seq)
		if err != nil {
			return nil, err
		}
		if ch.Partner == q.Audience {
			return nil, fault.Errorf(fault.Invalid, "%s came from %s", id, q.Audience)
		}
		if err := o.open(tx, obj.Seq, q.Audience); err != nil {
			return nil, err
		}
		out = joined(out, ch, source{obj, place})
	}
	return out, nil
}

// newest returns the newest version of an id that came as it is, as far as
// class may see it.
func newest(tx *store.Tx, class int64, id string) (found store.Object, err error) {
	err = tx.Versions(id, func(v store.Object) error {
		if v.Type != "erased" && (found.Seq == 0 || v.Version >= found.Version) {
			found = v
		}
		return nil
	})
	if err != nil || found.Seq == 0 {
		return found, cmp.Or(err, errNone)
	}
	may, err := tx.Permits(class, found.Label)
	if err == nil && !may {
		err = errNone
	}
	return found, err
}

var errNone = fault.New(fault.NotFound, "there is no such object, or it is not for you")

// origin returns the channel on which a version came, and where.
func (o *Onwards) origin(tx *store.Tx, seq int64) (store.Channel, exchange.Place, error) {
	channels, err := tx.Channels()
	if err != nil {
		return store.Channel{}, exchange.Place{}, err
	}
	for _, ch := range channels {
		place, err := o.Exchange.Find(tx, ch, store.In, seq)
		if !fault.Is(err, fault.NotFound) {
			return ch, place, err
		}
	}
	return store.Channel{}, exchange.Place{}, fault.New(fault.Invalid, "it did not come from a partner: nobody can be asked")
}

// open refuses to ask what waits for an answer already.
func (o *Onwards) open(tx *store.Tx, seq int64, audience ident.Side) error {
	had, err := tx.OnwardsOf([]int64{seq})
	if err != nil {
		return err
	}
	for _, r := range had {
		if r.Way == store.OnwardAsked && r.Parent == "" && r.Audience == audience && r.State == store.OnwardWaiting {
			return fault.Errorf(fault.Conflict, "it was asked already and waits for %s", r.Agreement)
		}
	}
	return nil
}

// ask records and sends one request. like has its asker and parent.
func (o *Onwards) ask(tx *store.Tx, g group, by string, like store.Onward, q Request) (string, error) {
	id, err := o.newID(requestType)
	if err != nil {
		return "", err
	}
	var items []store.OnwardItem
	var told []any
	for _, s := range g.sources {
		leaf := s.place.Leaf()
		items = append(items, store.OnwardItem{Object: s.object.Seq, Shipment: s.place.Number, Position: int64(s.place.Position), Leaf: leaf})
		told = append(told, map[string]any{"shipment": float64(s.place.Number), "position": float64(s.place.Position), "leaf": leaf.String()})
	}
	r := store.Onward{
		ID: id, Way: store.OnwardAsked, Agreement: g.channel.Agreement, Audience: q.Audience, Asker: like.Asker, Parent: like.Parent,
		Purpose: q.Purpose, Redact: strings.Join(q.Redact, ","), Until: micro(q.Until), State: store.OnwardWaiting, Person: by,
	}
	if err := tx.AddOnward(r); err != nil {
		return "", err
	}
	if err := tx.AddOnwardItems(id, items); err != nil {
		return "", err
	}
	props := map[string]any{"type": requestType, "id": id, "audience": string(q.Audience), "asker": string(like.Asker), "purpose": q.Purpose, "items": told}
	if len(q.Redact) > 0 {
		props["redact"] = r.Redact
	}
	if !q.Until.IsZero() {
		props["until"] = note.FormatTime(q.Until)
	}
	if err := o.say(tx, g.channel.Agreement, props, now(tx)); err != nil {
		return "", err
	}
	return id, o.record(tx, by, "onward.ask", "request", id, "agreement", string(g.channel.Agreement), "audience", string(q.Audience), "objects", itoa(len(items)))
}

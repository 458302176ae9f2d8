package hook

import (
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Bounds of one message.
const (
	maxObjects = 500
	maxContent = 256 << 10
)

// look is one look for what is to be told to an account.
type look struct {
	k     *Hooks
	tx    *store.Tx
	s     Settings
	by    people.Actor
	class int64
	c     *cursor
	moved bool // c has marks that are not stored
}

// next returns the next message, nil when there is nothing to tell. Marks of
// what nobody is told of move without one.
func (l *look) next() (*pending, error) {
	events := Events()
	for i := range events {
		turn := (l.c.Turn + i) % len(events)
		e := events[turn]
		if !slices.Contains(l.s.Events, e) || !mayHear(l.by, e) {
			continue
		}
		places, err := ends(l.tx, l.s, e)
		if err != nil {
			return nil, err
		}
		for place, end := range places {
			p, err := l.at(e, place, end)
			if err != nil {
				return nil, err
			}
			if p != nil {
				l.c.Turn = (turn + 1) % len(events)
				return p, nil
			}
		}
	}
	return nil, nil
}

// at returns the message about what is new of one event in one place.
func (l *look) at(e Event, place string, end int64) (*pending, error) {
	from, known := l.c.Marks[mark(e, place)]
	if e == Waiting {
		ch, err := l.tx.Channel(ident.Agreement(place))
		if err != nil {
			return nil, err
		}
		if end, err = waiting(l.tx, ch, l.class); err != nil {
			return nil, err
		}
	}
	if known && from == end {
		return nil, nil
	}
	to, some, err := l.reach(e, place, from, end)
	if err != nil {
		return nil, err
	}
	if some {
		return l.k.pend(l.tx, e, place, from, to)
	}
	l.c.Marks[mark(e, place)], l.moved = end, true
	return nil, nil
}

// reach returns how far one message goes of what lies between two marks, and
// whether there is anything to tell.
func (l *look) reach(e Event, place string, from, end int64) (to int64, some bool, err error) {
	switch e {
	case Arrived:
		to = from
		err = l.page(place, from, l.s.Content, func(m store.Member) error {
			to, some = m.Added, true
			return nil
		})
	case Recalled:
		var told *calledBack
		told, to, err = l.recalled(from, end)
		some = told != nil
	case Released:
		var ch store.Channel
		if ch, err = l.tx.Channel(ident.Agreement(place)); err != nil {
			return 0, false, err
		}
		size, n := 0, 0
		err = l.tx.Released(ch.ID, l.class, from, end, func(at int64, m store.Member) error {
			n, size = n+1, size+len(m.Body)
			if n > maxObjects || l.s.Content && n > 1 && size > maxContent {
				return store.Stop
			}
			to, some = at, true
			return nil
		})
	case Receipt:
		to, some = from+1, end > from // one message a receipt
	case Waiting, Failing:
		to, some = end, end > from
	case Test:
	}
	return to, some, err
}

func (l *look) page(collection string, after int64, bodies bool, fn func(store.Member) error) error {
	c, err := l.tx.Collection(collection)
	if err != nil {
		return err
	}
	q := store.PageQuery{Collection: c.N, Class: l.class, After: after, Limit: maxObjects, Bodies: bodies}
	if bodies {
		q.MaxBytes = maxContent
	}
	_, err = l.tx.Page(q, fn)
	return err
}

// object is what a message says of one object without its content.
type object struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Link string `json:"link,omitzero"`
}

// listing is what is told of objects.
type listing struct {
	Collection string   `json:"collection,omitzero"`
	Agreement  string   `json:"agreement,omitzero"`
	Count      int      `json:"count"`
	Objects    []object `json:"objects"`
	Link       string   `json:"link,omitzero"`
	// content holds the objects whole, as they are stored.
	content [][]byte
}

// tell writes the data of a message as the account may see it now, nil when
// there is nothing left to tell.
func (l *look) tell(p pending) ([]byte, error) {
	if p.Event != Test && (!mayHear(l.by, p.Event) || !hears(l.s, p)) {
		return nil, nil
	}
	switch p.Event {
	case Arrived, Released:
		return l.objects(p)
	case Recalled:
		return l.calledBack(p)
	case Receipt:
		return l.receipt(p)
	case Waiting:
		ch, err := l.tx.Channel(ident.Agreement(p.Place))
		if err != nil {
			return nil, err
		}
		n, err := waiting(l.tx, ch, l.class)
		if err != nil || n == 0 {
			return nil, err
		}
		return canon.Write(struct {
			Agreement string `json:"agreement"`
			Waiting   int64  `json:"waiting"`
			Link      string `json:"link,omitzero"`
		}{p.Place, n, l.link("/releases")})
	case Failing:
		return l.failing(p)
	case Test:
		return []byte(`{}`), nil
	}
	return nil, nil
}

func (l *look) objects(p pending) ([]byte, error) {
	var out listing
	take := func(m store.Member) {
		out.Count++
		if l.s.Content {
			out.content = append(out.content, slices.Clone([]byte(m.Body)))
			return
		}
		out.Objects = append(out.Objects, object{m.ID, m.Type, l.link("/objects/" + m.ID)})
	}
	var err error
	if p.Event == Arrived {
		out.Collection, out.Link = p.Place, l.link("/out/"+p.Place+"/")
		err = l.page(p.Place, p.From, l.s.Content, func(m store.Member) error {
			if m.Added > p.To {
				return store.Stop
			}
			take(m)
			return nil
		})
	} else {
		out.Agreement, out.Link = p.Place, l.link("/releases")
		var ch store.Channel
		if ch, err = l.tx.Channel(ident.Agreement(p.Place)); err == nil {
			err = l.tx.Released(ch.ID, l.class, p.From, p.To, func(_ int64, m store.Member) error {
				take(m)
				return nil
			})
		}
	}
	if fault.Is(err, fault.NotFound) || err == nil && out.Count == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	raw, err := canon.Write(out)
	if err != nil || !l.s.Content {
		return raw, err
	}
	return []byte(strings.Replace(string(raw), `"objects":[]`, `"objects":[`+string(join(out.content))+`]`, 1)), nil
}

func join(all [][]byte) (out []byte) {
	for i, b := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b...)
	}
	return out
}

func (l *look) receipt(p pending) ([]byte, error) {
	ch, err := l.tx.Channel(ident.Agreement(p.Place))
	if err != nil {
		return nil, err
	}
	s, ok, err := l.tx.NextReceipt(ch.ID, p.From)
	if err != nil || !ok || s.Number != p.To {
		return nil, err
	}
	text, _, _ := strings.Cut(string(s.Receipt), "\n\n") // the signatures come after an empty line
	r, err := shipment.ParseReceipt([]byte(text + "\n"))
	if err != nil {
		return nil, err
	}
	return canon.Write(struct {
		Agreement string    `json:"agreement"`
		Partner   string    `json:"partner"`
		Shipment  uint64    `json:"shipment"`
		Received  time.Time `json:"received"`
		Applied   int       `json:"applied"`
		Already   int       `json:"already"`
		Refused   int       `json:"refused"`
		Failed    int       `json:"failed"`
		Link      string    `json:"link,omitzero"`
	}{p.Place, string(ch.Partner), r.Number, r.Received, r.Applied, r.Already, r.Refused(), r.Failed(), l.link("/exchanges")})
}

func (l *look) failing(p pending) ([]byte, error) {
	f, err := l.tx.Feed(p.Place)
	if fault.Is(err, fault.NotFound) || err == nil && failing(f) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return canon.Write(struct {
		Feed     string `json:"feed"`
		Failures int64  `json:"failures"`
	}{f.Name, f.Failures})
}

func (l *look) link(path string) string {
	if l.k.URL == "" {
		return ""
	}
	return l.k.URL + path
}

// reader is an account's eyes, looked up before each message: nothing goes out
// on yesterday's rights.
func (k *Hooks) reader(ctx context.Context, h *store.Handle, name string, s Settings) (people.Actor, people.Access, error) {
	by, err := k.People.As(ctx, people.System("hook "+name), s.Account)
	if err != nil {
		return by, people.Access{}, err
	}
	access, err := k.People.Access(ctx, h, by)
	if err == nil && s.Collection != "" && !access.Right(s.Collection).Read {
		err = fault.Errorf(fault.Denied, "%s may not read the collection: nothing is told", by.Name)
	}
	return by, access, err
}

package event

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// attempts is how often a change is made anew when the event changed meanwhile.
const attempts = 5

// Amend changes one event that was read from MISP and says what could not be
// understood of the change. The elements and the next version of the event come
// in together or not at all. It returns fault.Denied unless by may write to a
// collection, for an event that is made here or is another side's, and when a
// rule of intake refuses part of it; what Find does; fault.Conflict when others
// change the event all the time.
func (e *Events) Amend(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, id string, c misp.Change) (problems []string, err error) {
	err = e.change(ctx, h, by, access, id, func(whole misp.Object, w *world) (raws [][]byte, err error) {
		c.At = e.c.Clock.Now()
		raws, problems, err = misp.Amend(whole, w, c)
		return raws, err
	})
	return problems, err
}

// Handle puts a tag that speaks of handling on an event, or takes one off, and
// so on everything in it that by may see; it returns what Amend does, and
// fault.TooLarge for an event that must be sent whole.
func (e *Events) Handle(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, id, tag, untag string) error {
	return e.change(ctx, h, by, access, id, func(whole misp.Object, w *world) ([][]byte, error) {
		return misp.Handle(whole, w, tag, untag, e.c.Clock.Now())
	})
}

// change takes in what of makes of an event as it stands.
func (e *Events) change(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, id string, of func(whole misp.Object, w *world) ([][]byte, error)) error {
	to, err := e.target(ctx, h, by, access)
	if err != nil {
		return err
	}
	for range attempts {
		whole, err := e.stands(ctx, h, access.Class, id)
		if err != nil {
			return err
		}
		raws, err := of(misp.Object{Raw: whole.Body}, &world{ctx: ctx, h: h, class: access.Class, events: e})
		if err != nil {
			return err
		}
		src, err := e.source(by, access, to, misp.DistributionOf(whole.Body))
		if err != nil {
			return err
		}
		if err = e.store(ctx, h, by, src, whole, raws); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fault.New(fault.Conflict, "the event changes at this moment; try again")
}

// stands returns what stands for an event that may be changed from outside.
func (e *Events) stands(ctx context.Context, h *store.Handle, class int64, id string) (whole store.Shown, err error) {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return whole, err
	}
	ev, ok := v.byName[id]
	switch {
	case !ok:
		return whole, errNoEvent
	case !ev.Foreign:
		return whole, errOurs
	}
	heads, err := e.heads(ctx, h, class, []string{ev.whole.id})
	if err != nil {
		return whole, err
	}
	if whole, ok = heads[ev.whole.id]; !ok {
		return whole, errNoEvent
	}
	t, err := e.tagsOf(whole.Terms)
	if err == nil && t.origin != "" && t.origin != e.c.Self {
		err = fault.Errorf(fault.Denied, "This event belongs to %s, and only its owner changes it: answer it with sightings or an event of your own", t.origin)
	}
	return whole, err
}

// store has the objects of a change taken in, as long as whole still stands for
// the event.
func (e *Events) store(ctx context.Context, h *store.Handle, by people.Actor, src intake.Source, whole store.Shown, raws [][]byte) error {
	items := make([]intake.Item, len(raws))
	for i, raw := range raws {
		items[i] = intake.Prepare(i, raw, "")
	}
	if err := e.c.Intake.Doubt(ctx, h, src, items); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.Known([]string{whole.ID})
		if err != nil {
			return err
		}
		for _, k := range known[whole.ID] {
			if k.Version > whole.Version {
				return fault.New(fault.Conflict, "the event changed")
			}
		}
		rep, results, err := e.c.Intake.Batch(tx, src, items)
		if err != nil {
			return err
		}
		ids := make([]string, len(results))
		for i, r := range results {
			if ids[i] = r.ID; r.Outcome == intake.Refused {
				return fault.New(fault.Denied, r.Reason)
			}
		}
		if err := e.narrow(tx, ids); err != nil {
			return err
		}
		if e.c.Journal == nil {
			return nil
		}
		_, uuid, _ := strings.Cut(whole.ID, "--")
		return e.c.Journal(tx, by, "event.amend", "event", uuid, "new", strconv.Itoa(rep.New), "same", strconv.Itoa(rep.Same), "updated", strconv.Itoa(rep.Updated))
	})
}

// narrow gives the earlier versions of ids the handling of their newest where
// that is stricter: who may not read what stands has no older version either,
// and whoever was given one is asked to give it back.
func (e *Events) narrow(tx *store.Tx, ids []string) error {
	known, err := tx.Known(ids)
	if err != nil {
		return err
	}
	for id, versions := range known {
		newest := versions[0]
		for _, k := range versions {
			if k.Version > newest.Version {
				newest = k
			}
		}
		var earlier []int64
		for _, k := range versions {
			if k.Label != newest.Label {
				earlier = append(earlier, k.Seq)
			}
		}
		if len(earlier) == 0 || strings.HasPrefix(id, "identity--") || strings.HasPrefix(id, "marking-definition--") {
			continue // they belong to other events too
		}
		if err := e.as(tx, newest.Label, earlier); err != nil {
			return err
		}
	}
	return nil
}

// narrowAll is narrow for an event that came whole, when its handling is another
// than that of stood.
func (e *Events) narrowAll(ctx context.Context, h *store.Handle, class int64, uuid string, stood *misp.Object) error {
	whole, err := e.stands(ctx, h, class, uuid)
	if fault.Is(err, fault.NotFound) || err == nil && misp.HandledSince(whole.Body) == misp.HandledSince(stood.Raw) {
		return nil
	}
	if err != nil {
		return err
	}
	ids, err := misp.Reaches(misp.Object{Raw: whole.Body}, &world{ctx: ctx, h: h, class: class, events: e})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(append(ids, whole.ID), 500) {
		if err := h.Write(ctx, func(tx *store.Tx) error { return e.narrow(tx, part) }); err != nil {
			return err
		}
	}
	return nil
}

// as gives versions the terms of a label where those are stricter than theirs.
func (e *Events) as(tx *store.Tx, label int64, seqs []int64) error {
	l, err := tx.Label(label)
	if err != nil {
		return err
	}
	now, err := marking.ParseLabel(l.Resolved)
	if err != nil {
		return err
	}
	return e.c.Intake.Relabel(tx, seqs, func(l marking.Label) marking.Label {
		if l.TLP != marking.NoTLP && l.Origin == now.Origin {
			l.Terms = marking.Combine(l.Terms, now.Terms)
		}
		return l
	})
}

// Edit gives one attribute or object another version, made by change of the
// element as it was read from MISP; inside is the attribute meant where the
// element is the object around it, and the element itself otherwise.
func (e *Events) Edit(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, uuid string, change func(element, inside map[string]any) error) (Part, error) {
	if err := by.May(people.Write); err != nil {
		return Part{}, err
	}
	p, err := e.Part(ctx, h, access.Class, uuid)
	if err != nil {
		return p, err
	}
	element, object, err := misp.Kept(p.raw)
	if err != nil {
		return p, err
	}
	if element == nil || !p.In.Foreign {
		return p, errOurs
	}
	member, inside := "Attribute", element
	if object {
		member = "Object"
	}
	if p.Inside != nil {
		if inside = within(element, uuid); inside == nil {
			return p, errNoPart
		}
	}
	if err := change(element, inside); err != nil {
		return p, err
	}
	_, err = e.Amend(ctx, h, by, access, p.In.UUID, misp.Change{Elements: map[string][]map[string]any{member: {element}}})
	if err != nil {
		return p, err
	}
	return e.Part(ctx, h, access.Class, uuid)
}

// within returns the attribute of an object with a UUID.
func within(object map[string]any, uuid string) map[string]any {
	parts, _ := object["Attribute"].([]any)
	for _, x := range parts {
		if a, _ := x.(map[string]any); a["uuid"] == uuid {
			return a
		}
	}
	return nil
}

package event

import (
	"context"
	"strconv"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Sighting is what somebody says was seen, as MISP writes it.
type Sighting struct {
	Attribute string         // UUID of the attribute, or of the object or event
	Element   map[string]any // as it came
}

// maxSightings bounds what is said at once.
const maxSightings = 10_000

// Sight takes sightings in, for by: false positives and expirations too. Each
// is bound by what it speaks of. Those of what is not there, or not the class's
// to know of, are left out; taken says how many were new. Returns fault.Denied
// unless by may Respond.
func (e *Events) Sight(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, list []Sighting) (taken int, err error) {
	if err := by.May(people.Respond); err != nil {
		return 0, err
	}
	if len(list) > maxSightings {
		return 0, fault.Errorf(fault.TooLarge, "more than %d sightings", maxSightings)
	}
	var uuids []string
	of := map[string][]Sighting{}
	for _, s := range list {
		if len(of[s.Attribute]) == 0 {
			uuids = append(uuids, s.Attribute)
		}
		of[s.Attribute] = append(of[s.Attribute], s)
	}
	raws, strictest := [][]byte(nil), marking.NoTLP
	err = e.Attributes(ctx, h, access.Class, Query{UUIDs: uuids, Deleted: Both}, func(f Found) error {
		made, tlp, err := e.said(ctx, h, by, access.Class, of[f.Text("uuid")], f)
		raws, strictest = append(raws, made...), max(strictest, tlp)
		return err
	})
	if err != nil || len(raws) == 0 {
		return 0, err
	}
	src := intake.Source{By: by.Name, DefaultTLP: strictest}
	if by.IsSystem() {
		src.By = ""
	} else {
		src.MaySee = func(tx *store.Tx, label int64) (bool, error) { return tx.Permits(access.Class, label) }
	}
	for _, r := range by.Roles {
		if r == people.Member {
			src.Contributor = marking.Member
		}
	}
	rep, err := e.c.Intake.Objects(ctx, h, src, raws)
	if err != nil || e.c.Journal == nil {
		return rep.New, err
	}
	return rep.New, h.Write(ctx, func(tx *store.Tx) error {
		return e.c.Journal(tx, by, "event.sight", "new", strconv.Itoa(rep.New), "same", strconv.Itoa(rep.Same), "refused", strconv.Itoa(rep.Refused))
	})
}

// said makes the objects of what is said of one attribute, with its markings.
func (e *Events) said(ctx context.Context, h *store.Handle, by people.Actor, class int64, list []Sighting, f Found) (raws [][]byte, tlp marking.TLP, err error) {
	if len(list) == 0 {
		return nil, tlp, nil
	}
	var head store.Shown
	if err := h.Query(ctx, func(tx *store.Tx) error {
		heads, err := tx.Heads(class, []string{f.Source})
		head = heads[f.Source]
		return err
	}); err != nil || head.Body == nil {
		return nil, tlp, err
	}
	t, err := e.tagsOf(head.Terms)
	if err != nil {
		return nil, tlp, err
	}
	for _, s := range list {
		made, err := misp.SightingOf(s.Element, head.Body, f.Text("uuid"), misp.Sender{Org: e.OrgOf(by), At: e.c.Clock.Now()})
		if err != nil {
			return nil, tlp, err
		}
		raws = append(raws, made...)
	}
	return raws, t.tlp, nil
}

// Known returns which sightings of these UUIDs are here, for a class.
func (e *Events) Known(ctx context.Context, h *store.Handle, class int64, uuids []string) (out []string, err error) {
	var ids []string
	for _, u := range uuids {
		for _, typ := range remarks[:3] {
			ids = append(ids, typ+"--"+u)
		}
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		heads, err := tx.Heads(class, ids)
		for _, u := range uuids {
			for _, typ := range remarks[:3] {
				if _, ok := heads[typ+"--"+u]; ok {
					out = append(out, u)
					break
				}
			}
		}
		return err
	})
	return out, err
}

package library

import (
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Bounds of what is told beside an object.
const (
	MaxBeside   = 200 // relations, answers and mentions together
	maxVersions = 50
)

// Object is one object with what is known around it.
type Object struct {
	Row
	Body     []byte
	Props    map[string]any
	Digest   string
	Versions []Version // newest first; the one shown is among them
	Newest   bool      // the version shown is the newest there is for the reader

	References []Reference // what it refers to, in order of property and id
	Beside     []Beside    // what refers to it, newest first
	MoreBeside bool
	Crossings  []Crossing
	Also       Also  // who else says it
	Late       int64 // as of a Page
	// Names are those of the objects spoken of here, by id; an id without one
	// is not stored, or not for the reader.
	Names map[string]Named
}

// Named is what an object is called, and the level of that.
type Named struct {
	Type, Name string
	TLP        marking.TLP
}

// Version is one version with what it changed.
type Version struct {
	Row
	Shown   bool
	Changes []Change // against the version before; none for the first
}

// Reference is one thing an object refers to.
type Reference struct{ Property, ID string }

// Beside is an object that refers to the one shown.
type Beside struct {
	Row
	Props map[string]any
	// Other is, of a relationship, the id at its other end.
	Other string
	// Outgoing says that the relationship leads away from the one shown.
	Outgoing bool
}

// Object returns the object id for readers of a class: version seq, or the
// newest for 0. Whatever is not there for the reader is fault.NotFound.
func (l *Library) Object(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string, seq int64) (o Object, err error) {
	if err := by.May(people.Read); err != nil {
		return Object{}, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		versions, err := tx.History(class, id)
		if err != nil {
			return err
		}
		if o, err = l.object(versions, seq); err != nil {
			return err
		}
		if o.Late, err = tx.Unindexed(class); err != nil {
			return err
		}
		if err := l.beside(tx, class, &o); err != nil {
			return err
		}
		if err := l.also(tx, class, &o); err != nil {
			return err
		}
		if o.Crossings, err = Crossings(tx, o.Seq); err != nil {
			return err
		}
		return l.name(tx, class, &o)
	})
	return o, err
}

var errNoObject = fault.New(fault.NotFound, "there is no such object, or it is not for you")

// object makes the page of one of versions, which are of one id.
func (l *Library) object(versions []store.Shown, seq int64) (o Object, err error) {
	slices.SortFunc(versions, func(a, b store.Shown) int {
		if a.Version != b.Version {
			return int(max(-1, min(1, a.Version-b.Version)))
		}
		return int(max(-1, min(1, a.Seq-b.Seq)))
	})
	i := len(versions) - 1
	if seq != 0 {
		i = slices.IndexFunc(versions, func(s store.Shown) bool { return s.Seq == seq })
	}
	if i < 0 {
		return o, errNoObject
	}
	shown := versions[i]
	if o.Row, err = l.row(shown); err != nil {
		return o, err
	}
	o.Body, o.Digest, o.Newest = shown.Body, shown.Digest.String(), i == len(versions)-1
	if o.Props, err = canon.View(shown.Body); err != nil {
		return o, err
	}
	eachRef(o.Props, func(name, id string) { o.References = append(o.References, Reference{name, id}) })
	slices.SortFunc(o.References, func(a, b Reference) int {
		return slices.Compare([]string{a.Property, a.ID}, []string{b.Property, b.ID})
	})
	o.References = slices.Compact(o.References)
	o.Versions, err = l.versions(versions, i)
	return o, err
}

// versions lists versions, newest first, with their changes.
func (l *Library) versions(stored []store.Shown, shown int) (out []Version, err error) {
	for i := len(stored) - 1; i >= 0 && len(out) < maxVersions; i-- {
		v := Version{Shown: i == shown}
		if v.Row, err = l.row(stored[i]); err != nil {
			return nil, err
		}
		if i > 0 {
			if v.Changes, err = Changes(stored[i-1].Body, stored[i].Body); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// beside finds what refers to o.
func (l *Library) beside(tx *store.Tx, class int64, o *Object) error {
	m, err := tx.Match(store.Sought{
		Class: class, Order: store.Received, Limit: MaxBeside, Groups: []store.Group{{Terms: []int64{store.Term(byRef, o.ID)}}},
	})
	if err != nil {
		return err
	}
	o.MoreBeside = !m.Next.IsZero()
	shown, err := tx.Shown(class, m.Seqs)
	if err != nil {
		return err
	}
	for _, s := range shown {
		b := Beside{}
		if b.Row, err = l.row(s); err != nil {
			return err
		}
		if b.Props, err = canon.View(s.Body); err != nil {
			return err
		}
		if s.Type == "relationship" {
			b.Other, b.Outgoing = text(b.Props["source_ref"]), false
			if b.Other == o.ID {
				b.Other, b.Outgoing = text(b.Props["target_ref"]), true
			}
		}
		o.Beside = append(o.Beside, b)
	}
	return nil
}

// meaning returns what a label of the store says.
func (l *Library) meaning(tx *store.Tx, id int64) (marking.Label, error) {
	terms, err := tx.Label(id)
	if err != nil {
		return marking.Label{}, err
	}
	return l.label(terms.Resolved)
}

// name finds what the objects that o speaks of are called.
func (l *Library) name(tx *store.Tx, class int64, o *Object) error {
	var ids []string
	for _, r := range o.References {
		ids = append(ids, r.ID)
	}
	for _, b := range o.Beside {
		if b.Other != "" {
			ids = append(ids, b.Other)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	heads, err := tx.Heads(class, ids[:min(len(ids), maxRefs)])
	if err != nil {
		return err
	}
	o.Names = make(map[string]Named, len(heads))
	for id, s := range heads {
		props, err := canon.View(s.Body)
		if err != nil {
			return err
		}
		label, err := l.meaning(tx, s.Label)
		if err != nil {
			return err
		}
		o.Names[id] = Named{s.Type, NameOf(s.Type, props), label.TLP}
	}
	return nil
}

package event

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/format/misp"
	"twoseas/internal/store"
)

// world is the objects a class may see, each in the newest version it may see.
type world struct {
	ctx    context.Context
	h      *store.Handle
	class  int64
	events *Events

	asked, silent bool // whether anything is said of anything
}

// Objects implements misp.World.
func (w *world) Objects(ids []string) (map[string]misp.Object, error) {
	out := make(map[string]misp.Object, len(ids))
	err := w.h.Query(w.ctx, func(tx *store.Tx) error {
		heads, err := tx.Heads(w.class, ids)
		if err != nil {
			return err
		}
		for id, s := range heads {
			t, err := w.events.tagsOf(s.Terms)
			if err != nil {
				return err
			}
			out[id] = misp.Object{Raw: s.Body, Marks: t.names}
		}
		return w.stoodIn(tx, ids, out)
	})
	return out, err
}

// stoodIn adds to out what is said of those of ids that were called back.
func (w *world) stoodIn(tx *store.Tx, ids []string, out map[string]misp.Object) error {
	if !w.events.anyCalledBack(w.h) {
		return nil
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := out[id]; return ok })
	known, err := tx.Known(missing)
	if err != nil {
		return err
	}
	var seqs []int64
	for _, versions := range known {
		for _, k := range versions {
			seqs = append(seqs, k.Seq)
		}
	}
	slices.Sort(seqs)
	stood, err := tx.StoodIn(w.class, seqs)
	for _, s := range stood { // the newest last
		t, err := w.events.tagsOf(s.Terms)
		if err != nil {
			return err
		}
		out[s.ID] = misp.Object{Raw: s.Body, Marks: t.names}
	}
	return err
}

// remarks are the types by which objects speak of others.
var remarks = []string{"sighting", "note", "opinion", "relationship"}

// maxRemarks bounds what is said of one batch of objects.
const maxRemarks = 20_000

// About implements misp.World; it follows behind intake as the index does.
func (w *world) About(ids []string) (out []misp.Object, err error) {
	kinds := store.Group{}
	for _, typ := range remarks {
		kinds.Terms = append(kinds.Terms, library.TypeTerm(typ))
	}
	about := store.Group{}
	for _, id := range ids {
		about.Terms = append(about.Terms, library.RefTerm(id))
	}
	err = w.h.Query(w.ctx, func(tx *store.Tx) error {
		if !w.asked {
			some, err := tx.Match(store.Sought{Class: w.class, Order: store.Received, Limit: 1, Groups: []store.Group{kinds}})
			if err != nil {
				return err
			}
			w.asked, w.silent = true, len(some.Seqs) == 0
		}
		if w.silent {
			return nil
		}
		m, err := tx.Match(store.Sought{Class: w.class, Order: store.Received, Oldest: true, Limit: maxRemarks, Groups: []store.Group{about, kinds}})
		if err != nil {
			return err
		}
		shown, err := tx.Shown(w.class, m.Seqs)
		for _, s := range shown {
			t, err := w.events.tagsOf(s.Terms)
			if err != nil {
				return err
			}
			out = append(out, misp.Object{Raw: s.Body, Marks: t.names})
		}
		return err
	})
	return out, err
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

func moment(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

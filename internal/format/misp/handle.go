package misp

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/handling"
)

// maxHandled bounds the objects of an event that are marked anew at once.
const maxHandled = 20_000

// Handle returns the objects of an event in their next versions, where a tag
// that speaks of handling is put on the event or taken off it: it counts for
// everything in it. Markings that come from elsewhere stay. Returns
// fault.TooLarge for an event that is better sent whole.
func Handle(whole Object, world World, tag, untag string, at time.Time) (raws [][]byte, err error) {
	props, err := canon.View(whole.Raw)
	if err != nil {
		return nil, err
	}
	kept := keptOf(props, "event")
	if kept == nil {
		return nil, fault.New(fault.Invalid, "the event was not read from MISP")
	}
	at = later(at, timeOf(props["modified"]))
	h := standing(props, kept, Change{Tag: tag, Untag: untag}, at)
	before, _ := sortTags(textsOf(kept["Tag"]))
	r := remarker{at: at, old: before, now: h.marks, raws: &raws}
	for _, m := range h.marks {
		if m.Definition != nil {
			raws = append(raws, m.Definition)
		}
	}
	ids, err := reaches(world, props)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxHandled {
		return nil, fault.Errorf(fault.TooLarge, "the event has more than %d parts: send it whole with its tags", maxHandled)
	}
	seen := map[string]bool{}
	for batch := range slices.Chunk(append(ids, textOf(props["id"])), outBatch) {
		if err := r.batch(world, batch, seen); err != nil {
			return nil, err
		}
	}
	tags := make([]any, len(h.tags))
	for i, t := range h.tags {
		tags[i] = clean(t)
	}
	if kept["Tag"] = tags; len(tags) == 0 {
		delete(kept, "Tag")
	}
	extension(props)["handled"] = moment(at)
	return raws, r.mark(props)
}

// later returns at in the precision of STIX, or the next moment after before.
func later(at, before time.Time) time.Time {
	at = at.UTC().Truncate(time.Millisecond)
	if !at.After(before) {
		at = before.Truncate(time.Millisecond).Add(time.Millisecond)
	}
	return at
}

// extension returns what an object keeps of MISP.
func extension(props map[string]any) map[string]any {
	all, _ := props["extensions"].(map[string]any)
	ours, _ := all[Extension].(map[string]any)
	return ours
}

// reaches returns what an event names, its parts and what those name.
func reaches(world World, props map[string]any) ([]string, error) {
	ids := textsOf(props["object_refs"])
	found, err := world.Objects(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.HasPrefix(id, "grouping--") }))
	if err != nil {
		return nil, err
	}
	for _, o := range found {
		part, err := canon.View(o.Raw)
		if err != nil {
			return nil, err
		}
		if keptOf(part, "part") != nil {
			ids = append(ids, textsOf(part["object_refs"])...)
		}
	}
	return ids, nil
}

// Reaches returns the ids that an event names, its parts and what those name.
func Reaches(whole Object, world World) ([]string, error) {
	props, err := canon.View(whole.Raw)
	if err != nil {
		return nil, err
	}
	return reaches(world, props)
}

// HandledSince returns when the handling of the event changed last that a report
// or grouping was read from, "" when it never did.
func HandledSince(raw []byte) string {
	props, err := canon.View(raw)
	if err != nil {
		return ""
	}
	return textOf(extension(props)["handled"])
}

// remarker gives objects the markings of their event anew.
type remarker struct {
	at       time.Time
	old, now []handling.Mark
	raws     *[][]byte
}

// batch marks the objects ids that are there, and what is said of them.
func (r *remarker) batch(world World, ids []string, seen map[string]bool) error {
	found, err := world.Objects(ids)
	if err != nil {
		return err
	}
	all, err := world.About(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if o, ok := found[id]; ok {
			all = append(all, o)
		}
	}
	for _, o := range all {
		props, err := canon.View(o.Raw)
		if err != nil {
			return err
		}
		id := textOf(props["id"])
		if seen[id] || props["modified"] == nil || keptOf(props, "event") != nil || keptOf(props, "cluster") != nil || props["type"] == "identity" {
			continue
		}
		seen[id] = true
		if err := r.mark(props); err != nil {
			return err
		}
	}
	return nil
}

// mark hands the next version of an object over.
func (r *remarker) mark(props map[string]any) error {
	var own []string // what the element says itself
	for _, member := range []string{"attribute", "object"} {
		kept := keptOf(props, member)
		for _, e := range append(kept.list("Attribute"), kept) {
			marks, _ := sortTags(textsOf(e["Tag"]))
			for _, m := range marks {
				own = append(own, m.ID)
			}
		}
	}
	refs := slices.DeleteFunc(textsOf(props["object_marking_refs"]), func(ref string) bool {
		return !slices.Contains(own, ref) && slices.ContainsFunc(r.old, func(m handling.Mark) bool { return m.ID == ref })
	})
	for _, m := range r.now {
		if !slices.Contains(refs, m.ID) {
			refs = append(refs, m.ID)
		}
	}
	if props["object_marking_refs"] = refs; len(refs) == 0 {
		delete(props, "object_marking_refs")
	}
	props["modified"] = moment(later(r.at, timeOf(props["modified"])))
	raw, err := canon.Marshal(props)
	*r.raws = append(*r.raws, raw)
	return err
}

// handledSince returns the moment before which no element of an event is, since
// the event's handling changed then: that stood has kept, or at, when it changes
// now.
func (w *writer) handledSince(stood map[string]any, at time.Time) time.Time {
	levels := func(tags []string) []string {
		tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return !Handles(t) })
		slices.Sort(tags)
		return slices.Compact(tags)
	}
	if slices.Equal(levels(textsOf(keptOf(stood, "event")["Tag"])), levels(w.event.tags)) {
		return timeOf(extension(stood)["handled"])
	}
	return later(at, timeOf(stood["modified"]))
}

package coordination

import (
	"context"
	"regexp"
	"strings"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Shelf is the alias of the collection that published advisories join, when the
// node has one of that name.
const Shelf = "advisories"

// source names this software in references outside.
const source = "twoseas"

// Published is what Publish did.
type Published struct {
	Count int
	Next  time.Time // the next instant; zero when there is none
}

// Publish publishes what is due: for each coordination whose agreed instant has
// come, its advisory as public objects of this node. Several processes may: what
// one has published another leaves.
func (x *Coordinations) Publish(ctx context.Context, h *store.Handle) (done Published, err error) {
	for {
		var next store.Coordination
		due := false
		if err := h.Query(ctx, func(tx *store.Tx) (err error) {
			next, _, err = tx.NextPublication()
			due = next.Instant <= tx.Now()
			return err
		}); err != nil || next.ID == "" {
			return done, err
		}
		if !due {
			done.Next = time.UnixMicro(next.Instant).UTC()
			return done, nil
		}
		if err := h.Write(ctx, func(tx *store.Tx) error {
			n, err := x.publish(tx, next.ID)
			done.Count += n
			return err
		}); err != nil {
			return done, err
		}
	}
}

// publish publishes one coordination, unless another process has, or something
// has stopped it meanwhile.
func (x *Coordinations) publish(tx *store.Tx, id string) (int, error) {
	c, err := tx.Coordination(id)
	if err != nil || c.Published != 0 {
		return 0, err
	}
	f, err := fold(tx, c)
	if err != nil {
		return 0, err
	}
	a, ok := f.course.Agreement()
	if !ok || f.refused() != "" || a.At.After(now(tx)) {
		return 0, x.save(tx, &f)
	}
	if f.Report, err = x.write(tx, f.ID, a); err != nil {
		return 0, err
	}
	f.Published = tx.Now()
	if err := x.save(tx, &f); err != nil {
		return 0, err
	}
	if err := x.tell(tx, &f, "published", time.Time{}); err != nil {
		return 0, err
	}
	return 1, x.record(tx, "node "+string(x.Self), "published", f.Coordination)
}

var cve = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)

// write stores an advisory as objects of this node: a vulnerability for each
// name, and a report with the text.
func (x *Coordinations) write(tx *store.Tx, id string, a law.Agreement) (report string, err error) {
	var items []intake.Item
	add := func(typ string, more map[string]any) (string, error) {
		objectID, err := x.newID(typ)
		if err != nil {
			return "", err
		}
		at := now(tx).Format("2006-01-02T15:04:05.000Z")
		props := map[string]any{
			"type": typ, "spec_version": "2.1", "id": objectID, "created": at, "modified": at, "lang": a.Draft.Language,
			"object_marking_refs": []any{marking.Clear.DefinitionID()},
		}
		for name, v := range more {
			props[name] = v
		}
		raw, err := canon.Marshal(props)
		items = append(items, intake.Prepare(len(items), raw, ""))
		return objectID, err
	}
	ours := map[string]any{"source_name": source, "external_id": id}
	var refs []any
	for _, name := range a.Draft.Vulnerabilities {
		known := []any{ours}
		if cve.MatchString(name) {
			known = []any{map[string]any{"source_name": "cve", "external_id": name}, ours}
		}
		ref, err := add("vulnerability", map[string]any{
			"name": name, "description": a.Draft.Title + "\n" + strings.Join(a.Draft.Products, "\n"), "external_references": known,
		})
		if err != nil {
			return "", err
		}
		refs = append(refs, ref)
	}
	if report, err = add("report", map[string]any{
		"name": a.Draft.Title, "description": a.Draft.Text, "report_types": []any{"vulnerability"}, "published": a.At.Format("2006-01-02T15:04:05.000Z"),
		"object_refs": refs, "external_references": []any{ours},
	}); err != nil {
		return "", err
	}
	return report, x.take(tx, items)
}

// take stores what is published, all of it or nothing.
func (x *Coordinations) take(tx *store.Tx, items []intake.Item) error {
	src := intake.Source{DefaultTLP: marking.Clear}
	shelf, err := tx.Collection(Shelf)
	switch {
	case err == nil:
		src.Collection = shelf.ID
	case !fault.Is(err, fault.NotFound):
		return err
	}
	_, results, err := x.Intake.Batch(tx, src, items)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Outcome != intake.Added {
			return fault.Errorf(fault.Internal, "an advisory was not taken: %s", r.Reason)
		}
	}
	return nil
}

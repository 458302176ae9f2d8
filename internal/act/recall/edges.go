package recall

import (
	"context"
	"slices"
	"strings"

	"twoseas/internal/format/stix"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// versionless reports whether objects of a type have no version of their own.
func versionless(typ string) bool { return stix.KindOf(typ) == stix.SCO }

// tellEdges has every way out of this node hear of versions that nobody may
// read any more. What reads by label, as pages, search and the interfaces of
// programs do, has no more to do: it says so, and how many programs had fetched
// it before.
func (r *Recalls) tellEdges(tx *store.Tx, message string, versions []store.Brief, done withheld) ([]recall.Edge, error) {
	out := []recall.Edge{{Name: recall.EdgeSearch, State: recall.Done, Count: len(versions), Note: recall.NoteRemoved}}
	if len(versions) == 0 {
		return out, nil
	}
	for _, e := range []recall.Edge{
		{Name: recall.EdgeTAXII, Count: done.revoked, Note: recall.NoteRevoked},
		{Name: recall.EdgeTAXII, Count: done.removed, Note: recall.NoteRemoved},
		{Name: recall.EdgeFeeds, Count: done.revoked + done.removed, Note: recall.NoteFetch},
		{Name: recall.EdgeMISP, Count: named(versions), Note: recall.NoteFetch},
	} {
		if e.State = recall.Done; e.Count > 0 {
			out = append(out, e)
		}
	}
	fetched, err := programs(tx, versions)
	if err != nil {
		return nil, err
	}
	out = append(out, fetched...)
	for _, e := range r.edges {
		said, err := e.Recalled(tx, message, versions)
		if err != nil {
			return nil, err
		}
		out = append(out, said...)
	}
	return out, nil
}

func named(versions []store.Brief) int {
	ids := map[string]bool{}
	for _, v := range versions {
		ids[v.ID] = true
	}
	return len(ids)
}

// fetching are the acts of the home log by which programs fetch objects, by
// what they begin with.
var fetching = []struct{ prefix, edge string }{
	{"out.misp-", recall.EdgeMISP},
	{"misp.event", recall.EdgeMISP},
	{"misp.search", recall.EdgeMISP},
	{"misp.attribute", recall.EdgeMISP},
	{"out.", recall.EdgeFeeds},
	{"taxii.object", recall.EdgeTAXII},
	{"taxii.versions", recall.EdgeTAXII},
}

// crossCollections are the places of the home log of programs that read across
// collections.
var crossCollections = []string{"events", "misp"}

// minute is how far apart the entries of a program's reads are.
const minute = 60_000_000

// programs counts, by edge, the accounts that fetched where the versions were
// since the first of them came: they may hold them.
func programs(tx *store.Tx, versions []store.Brief) (out []recall.Edge, err error) {
	seqs := make([]int64, len(versions))
	for i, v := range versions {
		seqs[i] = v.Seq
	}
	first, err := tx.Object(slices.Min(seqs))
	if err != nil {
		return nil, err
	}
	members, err := tx.MembersOf(seqs)
	if err != nil {
		return nil, err
	}
	collections, err := tx.Collections()
	if err != nil {
		return nil, err
	}
	places := slices.Clone(crossCollections)
	for _, c := range collections {
		if slices.ContainsFunc(members, func(m store.MemberOf) bool { return m.Collection == c.N }) {
			places = append(places, c.ID)
		}
	}
	acted, err := tx.ActedAt(places, first.Received-first.Received%minute)
	if err != nil {
		return nil, err
	}
	who := map[string]map[string]bool{}
	for _, a := range acted {
		i := slices.IndexFunc(fetching, func(f struct{ prefix, edge string }) bool { return strings.HasPrefix(a.Act, f.prefix) })
		if i < 0 {
			continue
		}
		if name := fetching[i].edge; who[name] == nil {
			who[name] = map[string]bool{a.Account: true}
		} else {
			who[name][a.Account] = true
		}
	}
	for _, name := range recall.Edges() {
		if n := len(who[name]); n > 0 {
			out = append(out, recall.Edge{Name: name, State: recall.Cannot, Count: n, Note: recall.NoteFetched})
		}
	}
	return out, nil
}

// maxFollowed bounds the messages that one call of Follow looks at.
const maxFollowed = 200

// Follow asks the edges that were pending how far they are, and has partners
// hear of what is not pending any more. With nothing pending it writes nothing.
func (r *Recalls) Follow(ctx context.Context, h *store.Handle) error {
	var some bool
	err := h.Query(ctx, func(tx *store.Tx) error {
		parts, err := tx.OpenParts(1)
		some = len(parts) > 0
		return err
	})
	if err != nil || !some {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		parts, err := tx.OpenParts(maxFollowed)
		if err != nil {
			return err
		}
		for _, p := range parts {
			for _, e := range r.edges {
				if err := r.follow(tx, p.Message, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// follow renews what the answer to one message says of one edge.
func (r *Recalls) follow(tx *store.Tx, message string, e Edge) error {
	part, err := tx.RecallPart(message)
	if err != nil || len(part.Answer) == 0 {
		return err
	}
	a, err := recall.ParseAnswer(part.Answer)
	if err != nil {
		return err
	}
	before := a.At(e.Name())
	if before[recall.Pending].Count == 0 {
		return nil
	}
	said, err := e.Stands(tx, message)
	if err != nil {
		return err
	}
	now := recall.Answer{Edges: said}.At(e.Name())
	if now[recall.Pending].Count > 0 {
		return nil
	}
	// Who was to be told and was not, is not going to be.
	lost := before[recall.Pending].Count + before[recall.Done].Count - now[recall.Done].Count
	a.Edges = slices.DeleteFunc(slices.Clone(a.Edges), func(x recall.Edge) bool { return x.Name == e.Name() })
	for _, x := range []recall.Edge{
		{State: recall.Done, Count: now[recall.Done].Count, Note: recall.NoteTold},
		{State: recall.Cannot, Count: before[recall.Cannot].Count + max(0, lost), Note: recall.NoteUntold},
	} {
		if x.Name = e.Name(); x.Count > 0 {
			a.Edges = append(a.Edges, x)
		}
	}
	ch, err := channel(tx, part.Channel)
	if err != nil {
		return err
	}
	return r.answer(tx, ch, part, a)
}

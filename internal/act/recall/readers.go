package recall

import (
	"slices"

	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Readers are the people of one's own side who read or exported something, by
// the home log. It stays at home: a partner is told how many there are.
type Readers struct {
	People []store.Reader
	// Exporters took lists away since it came, which may hold it.
	Exporters []string
}

// readers looks up who read or took away versions that are here.
func (r *Recalls) readers(tx *store.Tx, versions []store.Brief) (out Readers, err error) {
	if len(versions) == 0 {
		return out, nil
	}
	ids := make([]string, 0, len(versions))
	seqs := make([]int64, 0, len(versions))
	for _, v := range versions {
		ids, seqs = append(ids, v.ID), append(seqs, v.Seq)
	}
	slices.Sort(ids)
	all, err := tx.Readers(slices.Compact(ids))
	if err != nil {
		return out, err
	}
	out.People = slices.DeleteFunc(all, func(x store.Reader) bool { return !reads[x.Act] })
	first, err := tx.Object(slices.Min(seqs))
	if err != nil {
		return out, err
	}
	out.Exporters, err = tx.ActedSince("export", first.Received-first.Received%1_000_000)
	return out, err
}

// reads are the acts of the home log that show an object to somebody.
var reads = map[string]bool{"read": true, "export": true, "answer.sighting": true, "answer.opinion": true, "answer.note": true}

// edges are what the partner is told of them: numbers.
func (x Readers) edges() []recall.Edge {
	people := map[string]bool{}
	for _, p := range x.People {
		people[p.Account] = true
	}
	var out []recall.Edge
	if len(people) > 0 {
		out = append(out, recall.Edge{Name: recall.EdgeReaders, State: recall.Cannot, Count: len(people), Note: recall.NoteReads})
	}
	if len(x.Exporters) > 0 {
		out = append(out, recall.Edge{Name: recall.EdgeExports, State: recall.Cannot, Count: len(x.Exporters), Note: recall.NoteExports})
	}
	return out
}

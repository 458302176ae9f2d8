package library

import (
	"cmp"
	"maps"
	"slices"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// AlsoTo is up to which number others that say the same are counted.
const AlsoTo = 100

// Bounds of looking for others.
const (
	alsoShown  = 5
	alsoValues = 50
	alsoLooked = 20 * AlsoTo
)

// Also is who else, of those a reader may see, says what an object says: other
// indicators that name a value which it names, revoked ones and what this node
// made by redaction left out.
type Also struct {
	Count int // at most AlsoTo
	More  bool
	Rows  []Row // the newest of them
}

// also finds who else says what o says.
func (l *Library) also(tx *store.Tx, class int64, o *Object) error {
	others, more, err := l.others(tx, class, o.Row, o.Props)
	if err != nil {
		return err
	}
	seqs := slices.SortedFunc(maps.Values(others), func(a, b int64) int { return cmp.Compare(b, a) })
	o.Also = Also{Count: len(seqs), More: more}
	o.Also.Rows, err = l.rows(tx, class, seqs[:min(len(seqs), alsoShown)])
	return err
}

// others returns the newest versions of other indicators of the same values, by
// id, and whether there are more.
func (l *Library) others(tx *store.Tx, class int64, of Row, props map[string]any) (out map[string]int64, more bool, err error) {
	if of.Type != "indicator" || l.madeHere(of.Label) {
		return nil, false, nil
	}
	var keys []store.Key
	for _, v := range observe.Values(&stix.Object{ID: of.ID, Type: of.Type, Props: props}) {
		if len(keys) < alsoValues {
			keys = append(keys, store.Key{Kind: v.Kind.String(), Value: v.Text})
		}
	}
	if len(keys) == 0 {
		return nil, false, nil
	}
	out = map[string]int64{}
	looked := 0
	err = tx.Find(keys, class, func(f store.Found) error {
		if looked++; looked > alsoLooked {
			more = true
			return store.Stop
		}
		if f.Type != of.Type || f.ID == of.ID || f.Revoked || f.Superseded {
			return nil
		}
		m, err := l.label(f.Terms)
		if err != nil || l.madeHere(m) {
			return err
		}
		if _, known := out[f.ID]; !known && len(out) == AlsoTo {
			more = true
			return store.Stop
		}
		out[f.ID] = f.Object
		return nil
	})
	return out, more, err
}

// madeHere reports whether an object was made by a redaction of this node: it
// says what its source says, and is nobody else.
func (l *Library) madeHere(m marking.Label) bool {
	return len(m.Redacted) > 0 && m.Origin == l.c.Self
}

// tellAlso counts for each of rows who else says the same.
func (l *Library) tellAlso(tx *store.Tx, class int64, rows []Row, shown []store.Shown) error {
	for i := range rows {
		if rows[i].Type != "indicator" {
			continue
		}
		props, err := canon.View(shown[i].Body)
		if err != nil {
			return err
		}
		others, _, err := l.others(tx, class, rows[i], props)
		if err != nil {
			return err
		}
		rows[i].Also = len(others)
	}
	return nil
}

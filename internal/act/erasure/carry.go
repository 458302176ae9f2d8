package erasure

import (
	"net/url"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// carrying is one erasure under way.
type carrying struct {
	e     *Erasures
	tx    *store.Tx
	by    people.Actor
	row   *store.Erasure
	words []string // by which it may be remembered
	first int64    // when the oldest of it came
}

// carryOut erases within tx: calls back what left, then erases every version
// and what was made of each, and what remembers them.
func (e *Erasures) carryOut(tx *store.Tx, by people.Actor, row *store.Erasure) error {
	known, err := tx.Known([]string{row.Object})
	if err != nil {
		return err
	}
	todo := []int64{}
	for _, k := range known[row.Object] {
		todo = append(todo, k.Seq)
	}
	if _, err := e.c.Recalls.Erasing(tx, by, todo); err != nil {
		return err
	}
	in, err := carriers(tx, todo)
	if err != nil {
		return err
	}
	c := &carrying{e: e, tx: tx, by: by, row: row, words: []string{row.Object}, first: tx.Now()}
	for len(todo) > 0 {
		copies, err := c.erase(todo[0])
		if err != nil {
			return err
		}
		todo = append(todo[1:], copies...)
	}
	if _, err := tx.ForgetMentions(spelt(c.words)); err != nil {
		return err
	}
	row.State = store.ErasureDone
	backups, err := held(tx, c.first)
	if err != nil {
		return err
	}
	if row.Backups, err = canon.Marshal(backups); err != nil {
		return err
	}
	return e.c.Files.DropCarrying(tx, by.String(), in) // last: files do not come back when the transaction ends otherwise
}

// erase erases one version, and returns what was made of it.
func (c *carrying) erase(seq int64) (copies []int64, err error) {
	o, err := c.tx.Object(seq)
	if err != nil || o.Type == "erased" {
		return nil, err
	}
	c.first = min(c.first, o.Received)
	values, err := c.tx.FoundBy(seq)
	if err != nil {
		return nil, err
	}
	if copies, err = c.tx.Copies(seq); err != nil {
		return nil, err
	}
	named, err := names(o)
	if err != nil {
		return nil, err
	}
	c.words = slices.Concat(c.words, values, named)
	if err := c.e.c.Exchange.EraseIn(c.tx, c.by, seq, c.row.Reason); err != nil {
		return nil, err
	}
	c.row.Copies++
	return copies, c.tx.ForgetTraces(seq)
}

// carriers returns the shipments that carry versions, or what was made of them.
func carriers(tx *store.Tx, seqs []int64) (map[ident.Agreement][]int64, error) {
	family, err := tx.Family(seqs)
	if err != nil {
		return nil, err
	}
	left, err := tx.LeftWith(family)
	if err != nil {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	in := map[ident.Agreement][]int64{}
	for _, ch := range channels {
		for _, l := range left {
			if l.Channel == ch.ID {
				in[ch.Agreement] = append(in[ch.Agreement], l.Number)
			}
		}
	}
	return in, nil
}

// personal are the types that say who somebody is, and where.
var personal = map[string][]string{
	"identity":     {"name", "contact_information"},
	"user-account": {"user_id", "account_login", "display_name"},
	"email-addr":   {"value", "display_name"},
}

// shortest is how long a name is at least to be looked for.
const shortest = 5

// names returns what else a person would be looked for by.
func names(o store.Object) (out []string, err error) {
	if len(personal[o.Type]) == 0 {
		return nil, nil
	}
	props, err := canon.View(o.Body)
	for _, name := range personal[o.Type] {
		if s, ok := props[name].(string); ok && len(s) >= shortest {
			out = append(out, s)
		}
	}
	return out, err
}

// spelt adds to words how addresses of pages spell them.
func spelt(words []string) []string {
	out := slices.Clone(words)
	for _, w := range words {
		if q := url.QueryEscape(w); q != w {
			out = append(out, q)
		}
	}
	return out
}

package release

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Cuts is what an officer takes out of one object. What is taken out is named
// nowhere in what is made: it is blacked out wherever else it is said.
type Cuts struct {
	Properties []string // top-level properties that go
	Words      []string // blacked out wherever they stand, in any case
}

// Most that one form takes out.
const (
	maxCuts     = 200
	maxCutBytes = 8 << 10
)

// kept are the properties that no officer takes out by hand: without them it is
// another object, or under another handling.
var kept = []string{"created", "granular_markings", "id", "modified", "object_marking_refs", "revoked", "spec_version", "type"}

// Cuttable returns the properties of an object that an officer may take out,
// sorted.
func Cuttable(body []byte) ([]string, error) {
	props, err := canon.View(body)
	if err != nil {
		return nil, err
	}
	var out []string
	for name := range props {
		if !slices.Contains(kept, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Redact makes an object of this node's own of a waiting item, without what the
// officer takes out, and returns its number. It is routed like anything that
// arrives and needs the approvals that the item needs, of its own bytes. The
// item is refused with reason in the same transaction; what was made of what
// is known here only.
func (r *Releases) Redact(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, c Cuts, reason string) (made int64, err error) {
	err = r.write(ctx, h, by, func(tx *store.Tx, class int64) error {
		p, ch, it, err := r.cut(tx, a, class, object, digest, c)
		if err != nil {
			return err
		}
		word := store.Approval{Verdict: VerdictRefuse, Digest: digest, Officer: by.Name, Reason: strings.TrimSpace(reason)}
		if err := p.admits(by, word); err != nil {
			return err
		}
		key, err := attempt(tx, p.Object)
		if err != nil {
			return err
		}
		res, err := r.store(tx, p.Object, p.Label, marking.ByHand, key, it.Object.Raw)
		if err != nil {
			return err
		}
		if made = res.Seq; made == 0 {
			return fault.New(fault.Invalid, "what is left is not taken in as an object")
		}
		if err := r.take(tx, ch, by, &p, word); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "release.redact", ledger.Field{Name: "object", Value: p.Object.ID},
			ledger.Field{Name: "made", Value: it.Object.ID}, ledger.Field{Name: "properties", Value: line(strings.Join(c.Properties, " "))},
			ledger.Field{Name: "words", Value: strconv.Itoa(len(c.Words))})
	})
	return made, err
}

// cut works out what is made of a waiting item.
func (r *Releases) cut(tx *store.Tx, a ident.Agreement, class, object int64, digest ident.Digest, c Cuts) (p Preview, ch store.Channel, it intake.Item, err error) {
	if ch, err = tx.Channel(a); err != nil {
		return p, ch, it, err
	}
	g, err := r.Gate(tx, a)
	if err != nil {
		return p, ch, it, err
	}
	if p, err = previewBy(tx, g, ch, class, object); err != nil {
		return p, ch, it, err
	}
	switch {
	case p.Label.Origin != r.self:
		err = fault.New(fault.Denied, "it is another side's: only that side takes something out of it")
	case p.Decision.Outcome == gate.Deny:
		err = fault.New(fault.Denied, p.Decision.Sentence)
	case len(p.Decision.Redact) > 0:
		err = fault.New(fault.Denied, "it does not leave as it is: what is taken out makes an item of its own, which waits by itself")
	case p.Hold.State != store.HoldWaiting:
		err = fault.Errorf(fault.Conflict, "the item is %s already", p.Hold.State)
	case p.Digest != digest:
		err = fault.New(fault.Conflict, "the item changed after you opened it: look at it again")
	}
	if err != nil {
		return p, ch, it, err
	}
	raw, err := r.cutOut(tx, g, p.Object, c)
	if err != nil {
		return p, ch, it, err
	}
	if it = intake.Prepare(0, raw, ""); it.Err != nil {
		return p, ch, it, fault.Errorf(fault.Invalid, "what is left is no valid object: %s", fault.Message(it.Err))
	}
	return p, ch, it, nil
}

// attempt returns the key of the next redaction by hand of a version. A later
// version of the same object gets the same keys, and so the same new ids.
func attempt(tx *store.Tx, o store.Object) (string, error) {
	n := 0
	made, err := tx.MadeOf([]int64{o.Seq})
	for _, m := range made {
		if strings.HasPrefix(m.Redaction, marking.ByHand) {
			n++
		}
	}
	return marking.ByHand + "/" + strconv.Itoa(n+1), err
}

func (r *Releases) cutOut(tx *store.Tx, g *Gate, o store.Object, c Cuts) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	props, err := canon.Decode(o.Body)
	if err != nil {
		return nil, err
	}
	gone := slices.Clone(c.Words)
	for _, name := range c.Properties {
		v, ok := props[name]
		if !ok || slices.Contains(kept, name) {
			return nil, fault.Errorf(fault.Invalid, "%.60q cannot be taken out", name)
		}
		gone = append(gone, textsOf(v)...)
		delete(props, name)
	}
	names, err := callers(tx, gone, map[string][]string{})
	if err != nil {
		return nil, err
	}
	ids, err := References(o.Body)
	if err != nil {
		return nil, err
	}
	refs, err := r.instead(tx, g, ids)
	if err != nil {
		return nil, err
	}
	key, err := attempt(tx, o)
	if err != nil {
		return nil, err
	}
	raw, err := r.derive(o.ID, key, props, append(gone, names...), refs)
	if errors.Is(err, errNamed) {
		return nil, fault.New(fault.Invalid, "what is to be taken out stands also in a pattern, a value or a reference, which cannot be blacked out: take that property out too, or keep the item")
	}
	if err == nil && bytes.Contains(raw, []byte(o.ID)) {
		return nil, fault.New(fault.Invalid, "it names itself where that cannot be taken out")
	}
	return raw, err
}

func (c Cuts) check() error {
	size := 0
	for _, s := range slices.Concat(c.Properties, c.Words) {
		size += len(s)
	}
	switch n := len(c.Properties) + len(c.Words); {
	case n == 0:
		return fault.New(fault.Invalid, "say what is to be taken out")
	case n > maxCuts || size > maxCutBytes:
		return fault.Errorf(fault.TooLarge, "%d things to take out: want at most %d", n, maxCuts)
	}
	for _, w := range c.Words {
		if secretsOf([]string{w}).re == nil {
			return fault.Errorf(fault.Invalid, "%q is too short: a word to take out has at least %d characters", w, minSecret)
		}
	}
	return nil
}

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
	maxGone     = 2000 // texts in what is taken out
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

// Redaction asks for something to be taken out of a waiting item by hand.
type Redaction struct {
	Agreement ident.Agreement
	Object    int64        // number of the item
	Digest    ident.Digest // of the item as the officer saw it
	Cuts      Cuts
	// Made is the digest of what the officer was shown that would be made; the
	// zero Digest asks for nothing.
	Made   ident.Digest
	Reason string
}

// Draft is what a redaction by hand would make, beside what it is made of.
type Draft struct {
	Preview
	ID   string
	Body []byte
	Made ident.Digest
}

// Draft works out what Redact would make, and changes nothing.
func (r *Releases) Draft(ctx context.Context, h *store.Handle, by people.Actor, q Redaction) (d Draft, err error) {
	if err := by.May(people.Approve); err != nil {
		return d, err
	}
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		c, err := r.cut(tx, class, q)
		d = Draft{Preview: c.Preview, ID: c.item.Object.ID, Body: c.item.Object.Raw, Made: c.item.Digest}
		return err
	})
	return d, err
}

// Redact makes an object of this node's own of a waiting item, without what the
// officer takes out, and returns its number. It is routed like anything that
// arrives and needs the approvals that the item needs, of its own bytes. The
// item is refused with reason in the same transaction; what was made of what
// is known here only, and so is what was taken out: whatever of this side's
// speaks of either object and says it waits for an officer.
func (r *Releases) Redact(ctx context.Context, h *store.Handle, by people.Actor, q Redaction) (made int64, err error) {
	err = r.write(ctx, h, by, func(tx *store.Tx, class int64) error {
		c, err := r.cut(tx, class, q)
		if err != nil {
			return err
		}
		if !q.Made.IsZero() && q.Made != c.item.Digest {
			return fault.New(fault.Conflict, "what would be made is not what you were shown: look at it again")
		}
		word := store.Approval{Verdict: VerdictRefuse, Digest: q.Digest, Officer: by.Name, Reason: strings.TrimSpace(q.Reason)}
		if err := c.admits(by, word); err != nil {
			return err
		}
		if made, err = r.keepCut(tx, c); err != nil {
			return err
		}
		if err := r.take(tx, c.channel, by, &c.Preview, word); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "release.redact", ledger.Field{Name: "object", Value: c.Object.ID},
			ledger.Field{Name: "made", Value: c.item.Object.ID}, ledger.Field{Name: "properties", Value: line(strings.Join(q.Cuts.Properties, " "))},
			ledger.Field{Name: "words", Value: strconv.Itoa(len(q.Cuts.Words))})
	})
	return made, err
}

// keepCut takes in what was made, and remembers what was taken out.
func (r *Releases) keepCut(tx *store.Tx, c cutting) (int64, error) {
	key, err := attempt(tx, c.Object)
	if err != nil {
		return 0, err
	}
	if err := tx.AddCuts(c.Object.Seq, []string{c.Object.ID, c.item.Object.ID}, c.gone); err != nil {
		return 0, err
	}
	res, err := r.store(tx, c.Object, c.Label, marking.ByHand, key, c.item.Object.Raw)
	if err == nil && res.Seq == 0 {
		err = fault.New(fault.Invalid, "what is left is not taken in as an object")
	}
	return res.Seq, err
}

// cutting is a waiting item and what is made of it.
type cutting struct {
	Preview
	channel store.Channel
	item    intake.Item
	gone    []string // what nothing beside the item is to say any more
}

// cut works out what is made of a waiting item.
func (r *Releases) cut(tx *store.Tx, class int64, q Redaction) (c cutting, err error) {
	if c.channel, err = tx.Channel(q.Agreement); err != nil {
		return c, err
	}
	g, err := r.Gate(tx, q.Agreement)
	if err != nil {
		return c, err
	}
	if c.Preview, err = r.previewBy(tx, g, c.channel, class, q.Object); err != nil {
		return c, err
	}
	switch {
	case c.Label.Origin != r.self:
		err = fault.New(fault.Denied, "it is another side's: only that side takes something out of it")
	case c.Decision.Outcome == gate.Deny:
		err = fault.New(fault.Denied, c.Decision.Sentence)
	case len(c.Decision.Redact) > 0:
		err = fault.New(fault.Denied, "it does not leave as it is: what is taken out makes an item of its own, which waits by itself")
	case c.Hold.State != store.HoldWaiting:
		err = fault.Errorf(fault.Conflict, "the item is %s already", c.Hold.State)
	case c.Digest != q.Digest:
		err = fault.New(fault.Conflict, "the item changed after you opened it: look at it again")
	}
	if err != nil {
		return c, err
	}
	raw, gone, err := r.cutOut(tx, g, c.Object, q.Cuts)
	if err != nil {
		return c, err
	}
	if c.item, c.gone = intake.Prepare(0, raw, ""), worthKeeping(gone); c.item.Err != nil {
		return c, fault.Errorf(fault.Invalid, "what is left is no valid object: %s", fault.Message(c.item.Err))
	}
	if len(c.gone) > maxGone {
		return c, fault.Errorf(fault.TooLarge, "%d things would be taken out: want at most %d", len(c.gone), maxGone)
	}
	return c, nil
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

// cutOut returns what is left of an object, and every text that was taken out.
func (r *Releases) cutOut(tx *store.Tx, g *Gate, o store.Object, c Cuts) (raw []byte, gone []string, err error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	props, err := canon.Decode(o.Body)
	if err != nil {
		return nil, nil, err
	}
	gone = slices.Clone(c.Words)
	for _, name := range c.Properties {
		v, ok := props[name]
		if !ok || slices.Contains(kept, name) {
			return nil, nil, fault.Errorf(fault.Invalid, "%.60q cannot be taken out", name)
		}
		gone = append(gone, textsOf(v)...)
		delete(props, name)
	}
	names, err := callers(tx, gone, map[string][]string{})
	if err != nil {
		return nil, nil, err
	}
	ids, err := References(o.Body)
	if err != nil {
		return nil, nil, err
	}
	refs, err := r.instead(tx, g, ids)
	if err != nil {
		return nil, nil, err
	}
	key, err := attempt(tx, o)
	if err != nil {
		return nil, nil, err
	}
	gone = append(gone, names...)
	raw, err = r.derive(o.ID, key, props, gone, refs)
	if errors.Is(err, errNamed) {
		return nil, nil, fault.New(fault.Invalid, "what is to be taken out stands also in a pattern, a value or a reference, which cannot be blacked out: take that property out too, or keep the item")
	}
	if err == nil && bytes.Contains(raw, []byte(o.ID)) {
		return nil, nil, fault.New(fault.Invalid, "it names itself where that cannot be taken out")
	}
	return raw, gone, err
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

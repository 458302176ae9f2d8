package onward

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/onward"
	"twoseas/internal/store"
)

func itoa(n int) string { return strconv.Itoa(n) }

// requestBody is a request as it crosses.
type requestBody struct {
	ID       string `json:"id"`
	Audience string `json:"audience"`
	Asker    string `json:"asker"`
	Purpose  string `json:"purpose"`
	Redact   string `json:"redact"`
	Until    string `json:"until"`
	Items    []struct {
		Shipment int64  `json:"shipment"`
		Position int    `json:"position"`
		Leaf     string `json:"leaf"`
	} `json:"items"`
}

// asked takes a partner's request. It waits for an officer; what this side has
// from others is asked of them at once.
func (o *Onwards) asked(tx *store.Tx, m exchange.Message) error {
	r, items, err := o.readRequest(tx, m)
	if err != nil {
		return err
	}
	groups, err := o.upstream(tx, r.Audience, items)
	if err != nil {
		return err
	}
	if err := tx.AddOnward(r); err != nil {
		return err
	}
	if err := tx.AddOnwardItems(r.ID, items); err != nil {
		return err
	}
	q := Request{Audience: r.Audience, Purpose: r.Purpose, Redact: split(r.Redact), Until: clock.At(r.Until)}
	for _, g := range groups {
		if _, err := o.ask(tx, g, "node", store.Onward{Asker: m.Channel.Partner, Parent: r.ID}, q); err != nil {
			return err
		}
	}
	return o.record(tx, "node "+string(m.Channel.Partner), "onward.asked", "request", r.ID, "agreement", string(r.Agreement),
		"audience", string(r.Audience), "objects", itoa(len(items)))
}

func (o *Onwards) readRequest(tx *store.Tx, m exchange.Message) (store.Onward, []store.OnwardItem, error) {
	var b requestBody
	if err := canon.Unmarshal(m.Object, &b); err != nil {
		return store.Onward{}, nil, fault.Errorf(fault.Invalid, "request: %w", err)
	}
	r := store.Onward{ID: m.ID, Way: store.OnwardReceived, Agreement: m.Channel.Agreement, State: store.OnwardWaiting, Needed: 1}
	var err error
	if r.Audience, err = ident.ParseSide(b.Audience); err != nil {
		return r, nil, err
	}
	if r.Asker, err = ident.ParseSide(b.Asker); err != nil {
		return r, nil, err
	}
	if r.Audience == o.Self || r.Audience == m.Channel.Partner {
		return r, nil, fault.Errorf(fault.Invalid, "the audience %s needs nobody's consent", r.Audience)
	}
	if r.Purpose, err = line("purpose", b.Purpose); err != nil {
		return r, nil, err
	}
	redact, err := names(split(b.Redact))
	if err != nil {
		return r, nil, err
	}
	r.Redact = strings.Join(redact, ",")
	if b.Until != "" {
		until, err := note.ParseTime(b.Until)
		if err != nil {
			return r, nil, err
		}
		r.Until = micro(until)
	}
	items, err := o.readItems(tx, m.Channel, &r, b)
	return r, items, err
}

// readItems finds what was sent to the partner, and refuses what was not.
func (o *Onwards) readItems(tx *store.Tx, ch store.Channel, r *store.Onward, b requestBody) ([]store.OnwardItem, error) {
	if len(b.Items) == 0 || len(b.Items) > onward.MaxItems {
		return nil, fault.Errorf(fault.Invalid, "%d items: want 1 to %d", len(b.Items), onward.MaxItems)
	}
	var out []store.OnwardItem
	for _, it := range b.Items {
		place, err := o.Exchange.At(tx, ch, store.Out, it.Shipment, it.Position)
		if err != nil || place.Leaf().String() != it.Leaf {
			return nil, fault.Errorf(fault.Invalid, "item %d of shipment %d is not the one that was sent, or is not here any more", it.Position, it.Shipment)
		}
		s, err := tx.Shipment(ch.ID, store.Out, it.Shipment)
		if err != nil {
			return nil, err
		}
		obj, err := tx.Object(s.Items[it.Position].Object)
		if err != nil {
			return nil, err
		}
		l, err := labelOf(tx, obj.Label)
		if err != nil {
			return nil, err
		}
		if l.TLP == marking.Red {
			r.Needed = 2
		}
		out = append(out, store.OnwardItem{Object: obj.Seq, Shipment: it.Shipment, Position: int64(it.Position), Leaf: place.Leaf()})
	}
	return out, nil
}

// upstream returns the items that this side has from others, by the channel
// they came on; of what was redacted here, what it was made of.
func (o *Onwards) upstream(tx *store.Tx, audience ident.Side, items []store.OnwardItem) ([]group, error) {
	var out []group
	for _, it := range items {
		obj, err := tx.Object(it.Object)
		if err != nil {
			return nil, err
		}
		l, err := labelOf(tx, obj.Label)
		if err != nil {
			return nil, err
		}
		if l.Origin == o.Self {
			continue
		}
		if l.Origin == audience {
			return nil, fault.Errorf(fault.Invalid, "it belongs to %s", audience)
		}
		if from, err := tx.SourceOf(obj.Seq); err != nil {
			return nil, err
		} else if from != 0 {
			if obj, err = tx.Object(from); err != nil {
				return nil, err
			}
		}
		ch, place, err := o.origin(tx, obj.Seq)
		if err != nil {
			return nil, err
		}
		out = joined(out, ch, source{obj, place})
	}
	return out, nil
}

// answerBody is an answer as it crosses.
type answerBody struct {
	Request string   `json:"request"`
	Notes   []string `json:"notes"`
	Text    string   `json:"text"`
}

// answered takes a partner's answer to a request of this side.
func (o *Onwards) answered(tx *store.Tx, m exchange.Message) error {
	var b answerBody
	if err := canon.Unmarshal(m.Object, &b); err != nil {
		return fault.Errorf(fault.Invalid, "answer: %w", err)
	}
	r, err := tx.Onward(b.Request)
	if err != nil {
		return err
	}
	if r.Way != store.OnwardAsked || r.Agreement != m.Channel.Agreement || r.State != store.OnwardWaiting {
		return fault.New(fault.Conflict, "no request of this side waits for that answer")
	}
	items, err := tx.OnwardItems(r.ID)
	if err != nil {
		return err
	}
	said, err := o.openAnswers(tx, m.Channel, r, items, b.Notes)
	if err != nil {
		return err
	}
	if err := o.everyOrigin(tx, items, b.Notes, said); err != nil {
		return err
	}
	if r.Notes, err = canon.Marshal(b.Notes); err != nil {
		return err
	}
	if r.Reason = strings.Join(strings.Fields(b.Text), " "); len([]rune(r.Reason)) > MaxText {
		return fault.New(fault.TooLarge, "the reason is too long")
	}
	settle(tx, &r, said)
	if err := tx.SaveOnward(r); err != nil {
		return err
	}
	if err := o.Ledger.Append(tx, r.Agreement, []byte(b.Notes[len(b.Notes)-1])); err != nil {
		return err
	}
	if err := o.record(tx, "node "+string(m.Channel.Partner), "onward.answered", "request", r.ID, "answer", r.Answer, "audience", string(r.Audience)); err != nil {
		return err
	}
	if r.Parent != "" {
		return o.complete(tx, r.Parent)
	}
	return o.grant(tx, r, items)
}

// settle records what was said.
func settle(tx *store.Tx, r *store.Onward, a onward.Answer) {
	r.State, r.Answered = store.OnwardAnswered, tx.Now()
	r.Answer, r.AnswerRedact, r.AnswerUntil = string(a.Word), strings.Join(a.Redact, ","), micro(a.Until)
}

// openAnswers verifies the signed answers and combines them: the partner's own
// comes last and must be about this very request; of those before it, each that
// was signed with a key known here must be sound.
func (o *Onwards) openAnswers(tx *store.Tx, ch store.Channel, r store.Onward, items []store.OnwardItem, notes []string) (onward.Answer, error) {
	if len(notes) == 0 || len(notes) > onward.MaxItems {
		return onward.Answer{}, fault.New(fault.Invalid, "the answer is not signed")
	}
	known, err := o.Ring.Partner(tx, ch.Partner)
	if err != nil {
		return onward.Answer{}, err
	}
	own, err := onward.Open([]byte(notes[len(notes)-1]), known...)
	if err != nil {
		return onward.Answer{}, err
	}
	leaves := make([]ident.Digest, len(items))
	for i, it := range items {
		leaves[i] = it.Leaf
	}
	if own.Request != r.ID || own.Agreement != ch.Agreement || own.Domain != tx.Domain() || own.From != ch.Partner || own.To != o.Self ||
		own.Audience != r.Audience || !slices.Equal(own.Leaves, leaves) {
		return onward.Answer{}, fault.New(fault.Invalid, "the answer is not about what was asked")
	}
	all := own.Answer
	for _, n := range notes[:len(notes)-1] {
		c, err := o.openAny(tx, []byte(n))
		if err != nil {
			return onward.Answer{}, err
		}
		if c.Audience != r.Audience {
			return onward.Answer{}, fault.Errorf(fault.Invalid, "the answer of %s is for another audience", c.From)
		}
		all = onward.Combine(all, c.Answer)
	}
	return all, nil
}

// openAny opens a signed answer of any side; where no key of it is known, it is
// what the partner says it is.
func (o *Onwards) openAny(tx *store.Tx, msg []byte) (onward.Consent, error) {
	c, err := onward.Claimed(msg)
	if err != nil {
		return c, err
	}
	known, err := o.keysOf(tx, c.From)
	if err != nil || len(known) == 0 {
		return c, err
	}
	return onward.Open(msg, known...)
}

func (o *Onwards) keysOf(tx *store.Tx, side ident.Side) ([]note.Verifier, error) {
	if side == o.Self {
		return o.Ring.History(tx)
	}
	return o.Ring.Partner(tx, side)
}

// everyOrigin refuses a consent that the originator of an item is not among.
func (o *Onwards) everyOrigin(tx *store.Tx, items []store.OnwardItem, notes []string, said onward.Answer) error {
	if said.Word == onward.No {
		return nil
	}
	from := map[ident.Side]bool{}
	for _, n := range notes {
		c, err := onward.Claimed([]byte(n))
		if err != nil {
			return err
		}
		from[c.From] = true
	}
	for _, it := range items {
		obj, err := tx.Object(it.Object)
		if err != nil {
			return err
		}
		l, err := labelOf(tx, obj.Label)
		if err != nil {
			return err
		}
		if !from[l.Origin] {
			return fault.Errorf(fault.Denied, "the answer of %s is missing, whose it is", l.Origin)
		}
	}
	return nil
}

// grant lets what was consented to go on, as far as the agreement with the
// audience does. It ends by itself.
func (o *Onwards) grant(tx *store.Tx, r store.Onward, items []store.OnwardItem) error {
	if r.Answer == string(onward.No) {
		return nil
	}
	seqs, ids := make([]int64, len(items)), make([]string, len(items))
	for i, it := range items {
		obj, err := tx.Object(it.Object)
		if err != nil {
			return err
		}
		seqs[i], ids[i] = obj.Seq, obj.ID
	}
	until := earlier(clock.At(r.AnswerUntil), clock.At(r.Until))
	redact := split(r.AnswerRedact)
	if err := o.Intake.Relabel(tx, seqs, func(l marking.Label) marking.Label {
		return l.Consented(r.Audience, until, true, redact)
	}); err != nil {
		return err
	}
	return o.letGo(tx, ids)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// letGo routes anew the own objects that stayed because they name one of ids.
func (o *Onwards) letGo(tx *store.Tx, ids []string) error {
	for _, id := range ids {
		kept, err := tx.LetGo(id)
		if err != nil {
			return err
		}
		for _, k := range kept {
			obj, err := tx.Object(k.Object)
			if err != nil {
				return err
			}
			l, err := labelOf(tx, obj.Label)
			if err != nil {
				return err
			}
			if err := o.Releases.Arrived(tx, obj.Seq, obj.Seq, map[int64]marking.Label{obj.Label: l}); err != nil {
				return err
			}
		}
	}
	return nil
}

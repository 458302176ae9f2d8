package onward

import (
	"encoding/base64"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

// Hop is one crossing on the way of an object, the originator's first: the
// sender's signed shipment, the proof that a leaf is in it, and the sender's
// signed consent. Salt and label make the leaf out of the object's own bytes;
// they are absent where the object was redacted, since the object it was made
// of stays where it was.
type Hop struct {
	Shipment string `json:"shipment"`
	Position int    `json:"position"`
	Leaf     string `json:"leaf"`
	Proof    string `json:"proof"`
	Salt     string `json:"salt,omitempty"`
	Label    string `json:"label,omitempty"`
	Consent  string `json:"consent"`
}

// Evidence shows whose an object is and that it may be where it is.
type Evidence struct {
	Object string `json:"object"` // its id
	Hops   []Hop  `json:"hops"`
}

// maxHops bounds the sides on the way.
const maxHops = 16

// Canonical returns the evidence's RFC 8785 bytes.
func (e Evidence) Canonical() ([]byte, error) { return canon.Marshal(e) }

// ParseEvidence reads what Canonical writes.
func ParseEvidence(raw []byte) (Evidence, error) {
	var e Evidence
	if err := canon.UnmarshalStrict(raw, &e); err != nil {
		return e, fault.Errorf(fault.Invalid, "evidence: %w", err)
	}
	if len(e.Hops) == 0 || len(e.Hops) > maxHops {
		return e, fault.Errorf(fault.Invalid, "evidence: %d crossings, want 1 to %d", len(e.Hops), maxHops)
	}
	return e, nil
}

// NewHop returns the hop of an item that is at a position of a signed
// shipment; leaves are those of all its items. The item is nil for what was
// redacted.
func NewHop(msg []byte, leaves []ident.Digest, position int, item *shipment.Item, consent []byte) (Hop, error) {
	if position < 0 || position >= len(leaves) {
		return Hop{}, fault.Errorf(fault.Invalid, "evidence: no item %d", position)
	}
	proof, err := merkle.Prove(leaves, []int{position})
	if err != nil {
		return Hop{}, err
	}
	h := Hop{
		Shipment: string(msg), Position: position, Leaf: leaves[position].String(),
		Proof: string(proof.AppendText(nil)), Consent: string(consent),
	}
	if item != nil {
		h.Salt, h.Label = base64.StdEncoding.EncodeToString(item.Salt[:]), string(item.Label)
	}
	return h, nil
}

// Question is what evidence is asked: may this object of an originator be
// here, now?
type Question struct {
	Object   []byte // the bytes that arrived
	Redacted bool   // its label says that something was taken out
	Origin   ident.Side
	Audience ident.Side
	Now      time.Time
	// Keys returns the keys known of a side; none is not an error.
	Keys func(ident.Side) ([]note.Verifier, error)
}

// Finding is what evidence shows.
type Finding struct {
	// Signed holds the sides whose signatures, on shipment and consent, were
	// verified; Unknown those of which no key is known here.
	Signed, Unknown []ident.Side
	// Until is the end of the shortest consent; zero is without an end.
	Until time.Time
	// Whole says that the bytes are those that the originator signed; without
	// it they are what a side on the way made of them.
	Whole bool
}

// Verify checks evidence against the object it came with. Whatever does not
// hold is fault.Denied and says what; an unknown key is a finding.
func (e Evidence) Verify(q Question) (Finding, error) {
	f := Finding{Whole: true}
	for i, h := range e.Hops {
		c, err := h.verify(q, &f)
		if err != nil {
			return Finding{}, err
		}
		if i == 0 && c.From != q.Origin {
			return Finding{}, fault.Errorf(fault.Denied, "the evidence begins with %s and the object is said to be of %s", c.From, q.Origin)
		}
		if i > 0 && !follows(e.Hops[i-1], c) {
			return Finding{}, fault.Errorf(fault.Denied, "the evidence of %s does not follow on the one before", c.From)
		}
		if f.Until.IsZero() || !c.Until.IsZero() && c.Until.Before(f.Until) {
			f.Until = c.Until
		}
	}
	return f, nil
}

// follows reports whether a crossing starts where the one before it ended.
func follows(before Hop, c Consent) bool {
	earlier, err := Claimed([]byte(before.Consent))
	return err == nil && earlier.To == c.From
}

func (h Hop) verify(q Question, f *Finding) (Consent, error) {
	c, err := Claimed([]byte(h.Consent))
	if err != nil {
		return c, err
	}
	leaf, err := h.leaf(q, f)
	if err != nil {
		return c, err
	}
	if !c.Covers(leaf, q.Audience, q.Now) {
		return c, fault.Errorf(fault.Denied, "the answer of %s does not cover it", c.From)
	}
	header, err := h.header()
	if err != nil {
		return c, err
	}
	if header.From != c.From || header.To != c.To || header.Domain != c.Domain || header.Agreement != c.Agreement {
		return c, fault.Errorf(fault.Denied, "the answer of %s is not about that shipment", c.From)
	}
	proof, err := merkle.ParseProof([]byte(h.Proof))
	if err != nil {
		return c, err
	}
	if err := merkle.VerifySubset(header.Root, header.Items, map[int]ident.Digest{h.Position: leaf}, proof); err != nil {
		return c, err
	}
	return c, h.signatures(q, c.From, f)
}

// leaf returns the item's leaf, made of the object's bytes where they are those
// that crossed.
func (h Hop) leaf(q Question, f *Finding) (ident.Digest, error) {
	leaf, err := ident.ParseDigest(h.Leaf)
	if err != nil {
		return leaf, err
	}
	if h.Salt == "" && h.Label == "" {
		if !q.Redacted {
			return leaf, fault.New(fault.Denied, "the evidence does not show the object, which is said to be as it was sent")
		}
		f.Whole = false
		return leaf, nil
	}
	salt, err := base64.StdEncoding.DecodeString(h.Salt)
	if err != nil || len(salt) != len(merkle.Salt{}) {
		return leaf, fault.New(fault.Invalid, "evidence: the salt is none")
	}
	it := shipment.Item{Salt: merkle.Salt(salt), Label: []byte(h.Label), Object: q.Object}
	if it.Leaf() != leaf {
		return leaf, fault.New(fault.Denied, "the object is not the one the evidence is of")
	}
	return leaf, nil
}

func (h Hop) header() (shipment.Header, error) {
	text, err := note.Text([]byte(h.Shipment))
	if err != nil {
		return shipment.Header{}, err
	}
	return shipment.ParseHeader(text)
}

// signatures verifies what a side signed, if a key of it is known.
func (h Hop) signatures(q Question, side ident.Side, f *Finding) error {
	keys, err := q.Keys(side)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		f.Unknown = append(f.Unknown, side)
		return nil
	}
	if _, _, _, err := shipment.Open([]byte(h.Shipment), keys...); err != nil {
		return fault.Errorf(fault.Denied, "the shipment of %s: %w", side, err)
	}
	if _, err := Open([]byte(h.Consent), keys...); err != nil {
		return fault.Errorf(fault.Denied, "the answer of %s: %w", side, err)
	}
	f.Signed = append(f.Signed, side)
	return nil
}

package onward_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/onward"
	"twoseas/internal/law/shipment"
)

var now = time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// key makes a key of a side, the same for the same byte.
func key(side ident.Side, b byte) note.Signer {
	return must(note.Generate(bytes.NewReader(bytes.Repeat([]byte{b}, 64)), side))
}

func drawAnswer(t *rapid.T, name string) onward.Answer {
	a := onward.Answer{Word: rapid.SampledFrom([]onward.Word{onward.No, onward.Redacted, onward.Yes}).Draw(t, name)}
	if a.Word == onward.Redacted {
		a.Redact = rapid.SampledFrom([][]string{{"contributor"}, {"victim"}, {"contributor", "victim"}}).Draw(t, name+" redact")
	}
	if a.Word != onward.No && rapid.Bool().Draw(t, name+" ends") {
		a.Until = now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, name+" until")) * time.Hour)
	}
	return a
}

// Together originators say the strictest, whatever the order: an answer of
// more never opens what an answer of fewer keeps.
func TestTogetherOriginatorsSayTheStrictest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawAnswer(t, "a"), drawAnswer(t, "b"), drawAnswer(t, "c")
		same := func(x, y onward.Answer) bool {
			return x.Word == y.Word && slices.Equal(x.Redact, y.Redact) && x.Until.Equal(y.Until)
		}
		ab := onward.Combine(a, b)
		if !same(ab, onward.Combine(b, a)) || !same(onward.Combine(ab, c), onward.Combine(a, onward.Combine(b, c))) || !same(a, onward.Combine(a, a)) {
			t.Fatalf("%+v, %+v, %+v: the order counts", a, b, c)
		}
		if err := ab.Check(); err != nil {
			t.Fatalf("%+v and %+v together are %+v: %v", a, b, ab, err)
		}
		for _, one := range []onward.Answer{a, b} {
			for _, at := range []time.Time{now.Add(-4 * time.Hour), now, now.Add(2 * time.Hour), now.Add(9 * time.Hour)} {
				goes := func(x onward.Answer) bool {
					return onward.Consent{Answer: x, Audience: "gb", Leaves: []ident.Digest{{1}}}.Covers(ident.Digest{1}, "gb", at)
				}
				if goes(ab) && !goes(one) {
					t.Fatalf("%+v and %+v together let it go at %s, and one of them does not", a, b, at)
				}
			}
			for _, r := range one.Redact {
				if ab.Word != onward.No && !slices.Contains(ab.Redact, r) {
					t.Fatalf("%+v and %+v together forget to take %s out", a, b, r)
				}
			}
		}
	})
}

// crossing is one object as Japan sent it to India, with Japan's consent to its
// going on to the United Kingdom.
type crossing struct {
	jp       note.Signer
	object   []byte
	evidence onward.Evidence
}

func cross(change func(*onward.Consent)) crossing {
	c := crossing{jp: key("jp", 1), object: []byte(`{"id":"x--1"}`)}
	items := []shipment.Item{
		{Salt: merkle.Salt{1}, Label: []byte(`{"kind":"threat"}`), Object: []byte(`{"id":"x--0"}`)},
		{Salt: merkle.Salt{2}, Label: []byte(`{"kind":"threat"}`), Object: c.object},
		{Salt: merkle.Salt{3}, Label: []byte(`{"kind":"threat"}`), Object: []byte(`{"id":"x--2"}`)},
	}
	var leaves []ident.Digest
	for _, it := range items {
		leaves = append(leaves, it.Leaf())
	}
	head := shipment.Header{Agreement: "in-jp-2022", AgreementHash: ident.Sum([]byte("a")), Domain: ident.Live, From: "jp", To: "in", Number: 1, Items: len(items), Root: must(merkle.Root(leaves))}
	consent := onward.Consent{
		Agreement: "in-jp-2022", Domain: ident.Live, From: "jp", To: "in", Request: "r", Audience: "gb", Answer: onward.Answer{Word: onward.Yes, Until: now.Add(time.Hour)},
		At: now, Leaves: []ident.Digest{leaves[1]},
	}
	if change != nil {
		change(&consent)
	}
	hop := must(onward.NewHop(must(head.Sign(c.jp)), leaves, 1, &items[1], must(c.jp.Sign(consent.Text()))))
	c.evidence = onward.Evidence{Object: "x--1", Hops: []onward.Hop{hop}}
	return c
}

func (c crossing) question() onward.Question {
	return onward.Question{Object: c.object, Origin: "jp", Audience: "gb", Now: now, Keys: func(side ident.Side) ([]note.Verifier, error) {
		if side == "jp" {
			return []note.Verifier{c.jp.Verifier()}, nil
		}
		return nil, nil
	}}
}

func TestEvidenceHoldsForItsObjectOnly(t *testing.T) {
	c := cross(nil)
	f, err := c.evidence.Verify(c.question())
	if err != nil || !f.Whole || !slices.Equal(f.Signed, []ident.Side{"jp"}) || !f.Until.Equal(now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", f, err)
	}
	for what, change := range map[string]func(*onward.Question, *onward.Evidence){
		"another object":     func(q *onward.Question, _ *onward.Evidence) { q.Object = []byte(`{"id":"x--0"}`) },
		"another originator": func(q *onward.Question, _ *onward.Evidence) { q.Origin = "in" },
		"another audience":   func(q *onward.Question, _ *onward.Evidence) { q.Audience = "us" },
		"after the end":      func(q *onward.Question, _ *onward.Evidence) { q.Now = now.Add(time.Hour) },
		"somebody else's key": func(q *onward.Question, _ *onward.Evidence) {
			q.Keys = func(ident.Side) ([]note.Verifier, error) { return []note.Verifier{key("jp", 2).Verifier()}, nil }
		},
		"another place in it":       func(_ *onward.Question, e *onward.Evidence) { e.Hops[0].Position = 0 },
		"without its salt":          func(_ *onward.Question, e *onward.Evidence) { e.Hops[0].Salt, e.Hops[0].Label = "", "" },
		"with another label":        func(_ *onward.Question, e *onward.Evidence) { e.Hops[0].Label = `{"kind":"incident"}` },
		"a step that leads nowhere": func(_ *onward.Question, e *onward.Evidence) { e.Hops = append(e.Hops, e.Hops[0]) },
	} {
		c := cross(nil)
		q, e := c.question(), c.evidence
		change(&q, &e)
		if f, err := e.Verify(q); err == nil {
			t.Errorf("%s: %+v", what, f)
		}
	}
	for what, change := range map[string]func(*onward.Consent){
		"a refusal":           func(c *onward.Consent) { c.Answer = onward.Answer{Word: onward.No} },
		"for other items":     func(c *onward.Consent) { c.Leaves = []ident.Digest{{9}} },
		"under other terms":   func(c *onward.Consent) { c.Agreement = "gb-jp-2026" },
		"in an exercise":      func(c *onward.Consent) { c.Domain = must(ident.Exercise("drill")) },
		"to another side":     func(c *onward.Consent) { c.To = "gb" },
		"from somebody else":  func(c *onward.Consent) { c.From = "in" },
		"to another audience": func(c *onward.Consent) { c.Audience = "us" },
		"that has ended":      func(c *onward.Consent) { c.Until = now },
	} {
		c := cross(change)
		if _, err := c.evidence.Verify(c.question()); err == nil {
			t.Errorf("a consent %s is enough", what)
		}
	}
	redacted := cross(nil)
	redacted.evidence.Hops[0].Salt, redacted.evidence.Hops[0].Label = "", ""
	q := redacted.question()
	q.Redacted, q.Object = true, []byte(`{"id":"x--9"}`)
	if f, err := redacted.evidence.Verify(q); err != nil || f.Whole {
		t.Errorf("what a side on the way made of it: %+v, %v", f, err)
	}
	unknown := cross(nil)
	q = unknown.question()
	q.Keys = func(ident.Side) ([]note.Verifier, error) { return nil, nil }
	if f, err := unknown.evidence.Verify(q); err != nil || len(f.Signed) != 0 || !slices.Equal(f.Unknown, []ident.Side{"jp"}) {
		t.Errorf("no key of the originator is known: %+v, %v", f, err)
	}
}

// No byte of evidence can be another without a word about it.
func TestAnyChangedByteOfEvidenceIsFound(t *testing.T) {
	c := cross(nil)
	raw := must(c.evidence.Canonical())
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(raw)
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		e, err := onward.ParseEvidence(changed)
		if err != nil {
			return
		}
		if again := must(e.Canonical()); bytes.Equal(again, raw) || e.Object != c.evidence.Object {
			return // another spelling, or the id, which the caller compares
		}
		if f, err := e.Verify(c.question()); err == nil && (len(f.Signed) != 1 || !f.Whole || e.Hops[0].Position != 1 || e.Hops[0].Leaf != c.evidence.Hops[0].Leaf) {
			t.Fatalf("byte %d may be another: %+v", i, f)
		}
	})
}

func FuzzParseConsent(f *testing.F) {
	c := onward.Consent{Agreement: "in-jp-2022", Domain: ident.Live, From: "jp", To: "in", Request: "r", Audience: "gb", Answer: onward.Answer{Word: onward.Redacted, Redact: []string{"contributor", "victim"}}, At: now, Leaves: []ident.Digest{{1}, {2}}}
	f.Add(c.Text())
	c.Answer = onward.Answer{Word: onward.Yes, Until: now}
	f.Add(c.Text())
	c.Answer = onward.Answer{Word: onward.No}
	f.Add(c.Text())
	f.Add([]byte("twoseas/onward/v1\nagreement a\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := onward.ParseConsent(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%v", err)
			}
			return
		}
		if !bytes.Equal(c.Text(), text) {
			t.Errorf("%q is written %q", text, c.Text())
		}
		if err := c.Check(); err != nil || len(c.Leaves) == 0 || len(c.Leaves) > onward.MaxItems {
			t.Errorf("%+v: %v", c, err)
		}
		for _, r := range c.Redact {
			if _, ok := marking.RedactionOf(r); !ok {
				t.Errorf("redaction %q", r)
			}
		}
	})
}

func FuzzEvidence(f *testing.F) {
	c := cross(nil)
	f.Add(must(c.evidence.Canonical()))
	c.evidence.Hops = append(c.evidence.Hops, c.evidence.Hops[0])
	f.Add(must(c.evidence.Canonical()))
	f.Add([]byte(`{"object":"x","hops":[{}]}`))
	f.Add([]byte(`{"hops":[]}`))
	leaf := c.evidence.Hops[0].Leaf
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := onward.ParseEvidence(raw)
		if err != nil {
			return
		}
		q := c.question()
		if f, err := e.Verify(q); err == nil && (len(f.Signed) == 0 || e.Hops[0].Leaf != leaf) {
			t.Errorf("%s holds: %+v", raw, f)
		}
	})
}

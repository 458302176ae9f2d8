// Package answer is how people here answer threat data, their own side's or
// the partner's: sightings, opinions and notes. An answer is an object of this
// side that refers to the other (invariant 1), and takes the same way in and
// past the same gate as any.
//
// Invariants: nobody answers what they may not read, and what is not there and
// what is not theirs to know about are one answer; an answer is never marked
// more open than what it speaks of.
package answer

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Verdict is what somebody thinks of threat data in a word.
type Verdict string

// The verdicts.
const (
	Useful        Verdict = "useful"
	Known         Verdict = "known"          // right, and known here already
	FalsePositive Verdict = "false-positive" // wrong
	TooLate       Verdict = "too-late"       // right, and of no use any more
)

// opinions maps each verdict to STIX's opinion-enum (STIX 2.1 §10.18), which
// says how far one agrees; the verdict itself is a label of the opinion.
var opinions = map[Verdict]string{Useful: "strongly-agree", Known: "agree", TooLate: "neutral", FalsePositive: "strongly-disagree"}

// Verdicts returns every verdict, in the order they are offered.
func Verdicts() []Verdict { return []Verdict{Useful, Known, FalsePositive, TooLate} }

// Bounds of an answer.
const (
	maxText    = 4000 // characters
	maxAbout   = 1000 // objects of one opinion or note
	maxSeen    = 999_999_999
	timeLayout = "2006-01-02T15:04:05.000Z"
)

// About says what is answered, and how the answer is marked: NoTLP takes the
// marking of what it speaks of, the strictest when there are several. What is
// bound by more than a TLP is answered at home only.
type About struct {
	IDs []string
	TLP marking.TLP
}

// Sighting says that something was seen here.
type Sighting struct {
	Count       int // times; 0 is once
	First, Last time.Time
	Text        string
}

// Answers takes answers. It is safe for concurrent use.
type Answers struct {
	intake *intake.Intake
	ledger *ledger.Ledger
	rand   io.Reader
}

// New returns Answers that take the given way in.
func New(in *intake.Intake, l *ledger.Ledger, rand io.Reader) *Answers { return &Answers{in, l, rand} }

// Sight records that the one object of about was seen, and returns the id of
// the sighting.
func (a *Answers) Sight(ctx context.Context, h *store.Handle, by people.Actor, class int64, about About, s Sighting) (string, error) {
	if len(about.IDs) != 1 {
		return "", fault.New(fault.Invalid, "a sighting is of one object")
	}
	if s.Count == 0 {
		s.Count = 1
	}
	if s.Count < 0 || s.Count > maxSeen {
		return "", fault.Errorf(fault.Invalid, "seen %d times: want 1 to %d", s.Count, maxSeen)
	}
	if !s.First.IsZero() && !s.Last.IsZero() && s.Last.Before(s.First) {
		return "", fault.New(fault.Invalid, "it was last seen before it was first seen")
	}
	props := map[string]any{"sighting_of_ref": about.IDs[0], "count": float64(s.Count)}
	setTime(props, "first_seen", s.First)
	setTime(props, "last_seen", s.Last)
	if err := setText(props, "description", s.Text, false); err != nil {
		return "", err
	}
	return a.answer(ctx, h, by, class, about, "sighting", props)
}

// Opine records what by thinks of the objects of about, and returns the id of
// the opinion.
func (a *Answers) Opine(ctx context.Context, h *store.Handle, by people.Actor, class int64, about About, v Verdict, text string) (string, error) {
	word, ok := opinions[v]
	if !ok {
		return "", fault.Errorf(fault.Invalid, "verdict %.40q: want useful, known, false-positive or too-late", string(v))
	}
	props := map[string]any{"opinion": word, "labels": []any{string(v)}, "object_refs": refs(about.IDs)}
	if err := setText(props, "explanation", text, false); err != nil {
		return "", err
	}
	return a.answer(ctx, h, by, class, about, "opinion", props)
}

// Note records a note on the objects of about, and returns its id.
func (a *Answers) Note(ctx context.Context, h *store.Handle, by people.Actor, class int64, about About, text string) (string, error) {
	props := map[string]any{"object_refs": refs(about.IDs)}
	if err := setText(props, "content", text, true); err != nil {
		return "", err
	}
	return a.answer(ctx, h, by, class, about, "note", props)
}

func refs(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func setTime(props map[string]any, name string, t time.Time) {
	if !t.IsZero() {
		props[name] = t.UTC().Format(timeLayout)
	}
}

func setText(props map[string]any, name, s string, needed bool) error {
	s = strings.TrimSpace(s)
	switch {
	case s == "" && needed:
		return fault.New(fault.Invalid, "say something")
	case len([]rune(s)) > maxText:
		return fault.Errorf(fault.TooLarge, "%d characters, at most %d", len([]rune(s)), maxText)
	case s != "":
		props[name] = s
	}
	return nil
}

// answer stores one answer, its entry in the home log beside it.
func (a *Answers) answer(ctx context.Context, h *store.Handle, by people.Actor, class int64, about About, kind string, props map[string]any) (id string, err error) {
	if err := by.May(people.Respond); err != nil {
		return "", err
	}
	if len(about.IDs) == 0 || len(about.IDs) > maxAbout {
		return "", fault.Errorf(fault.Invalid, "an answer speaks of 1 to %d objects", maxAbout)
	}
	uuid, err := ident.NewUUID(a.rand)
	if err != nil {
		return "", err
	}
	id = kind + "--" + uuid
	err = h.Write(ctx, func(tx *store.Tx) error {
		tlp, err := mark(tx, class, about)
		if err != nil {
			return err
		}
		now := time.UnixMicro(tx.Now()).UTC().Format(timeLayout)
		props["type"], props["spec_version"], props["id"], props["created"], props["modified"] = kind, "2.1", id, now, now
		if err := a.take(tx, by, tlp, props); err != nil {
			return err
		}
		return a.ledger.Record(tx, by.String(), "answer."+kind,
			ledger.Field{Name: "object", Value: about.IDs[0]}, ledger.Field{Name: "answer", Value: id})
	})
	return id, err
}

// mark works out how an answer is marked.
func mark(tx *store.Tx, class int64, about About) (marking.TLP, error) {
	heads, err := tx.Heads(class, about.IDs)
	if err != nil {
		return 0, err
	}
	strictest, unmarked, bound := marking.NoTLP, false, false
	for _, id := range about.IDs {
		s, ok := heads[id]
		if !ok {
			return 0, fault.New(fault.NotFound, "there is no such object, or it is not for you")
		}
		m, err := marking.ParseLabel(s.Terms)
		if err != nil {
			return 0, err
		}
		strictest = max(strictest, m.TLP)
		unmarked = unmarked || m.TLP == marking.NoTLP
		bound = bound || len(m.Caveats)+len(m.Unknown) > 0 || m.Classification != "" || m.ReleasableTo != nil
	}
	switch {
	case bound, about.TLP == marking.NoTLP && unmarked:
		return marking.NoTLP, nil // what no TLP alone can say: nothing releases it
	case about.TLP == marking.NoTLP:
		return strictest, nil
	case about.TLP < strictest || unmarked && about.TLP < marking.Red:
		return 0, fault.Errorf(fault.Denied, "%s is more open than what the answer speaks of", about.TLP)
	}
	return about.TLP, nil
}

func (a *Answers) take(tx *store.Tx, by people.Actor, tlp marking.TLP, props map[string]any) error {
	raw, err := canon.Marshal(props)
	if err != nil {
		return err
	}
	src := intake.Source{DefaultTLP: tlp}
	if !by.IsSystem() {
		src.By = by.Name
	}
	if slices.Contains(by.Roles, people.Member) {
		src.Contributor = marking.Member
	}
	_, results, err := a.intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err == nil && results[0].Outcome != intake.Added {
		err = fault.Errorf(fault.Invalid, "the answer was not taken: %s", results[0].Reason)
	}
	return err
}

// Package onward is passing on what belongs to another side, with the consent
// of everybody it came through: asking, answering, and what goes along with
// the object to the third side (DESIGN §8, docs/formats/onward.md).
//
// Invariants: without an answer it stays (the gate sees to that); an answer is
// of the exact bytes that crossed, for one audience, and ends when it says;
// each side on the way asks the one it got it from, and the strictest answer
// holds; nothing of a third side is taken in without evidence that fits its
// bytes; who asked and who answered is in the home log, and both ledgers hold
// the signed answers.
package onward

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// The types of the control objects.
const (
	requestType  = "x-twoseas-onward-request"
	answerType   = "x-twoseas-onward-answer"
	evidenceType = "x-twoseas-onward-evidence"
)

// MaxText bounds what a person writes, in characters.
const MaxText = 1000

// Onwards asks and answers for one node. It is safe for concurrent use.
type Onwards struct{ Config }

// Config is what Onwards works with.
type Config struct {
	Self     ident.Side
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Releases *release.Releases
	Intake   *intake.Intake
	Exchange *exchange.Exchange
	Rand     io.Reader // ids
}

// New returns the Onwards of a node, which hear from now on what partners say.
func New(c Config) *Onwards {
	o := &Onwards{c}
	c.Exchange.Handle(requestType, o.asked)
	c.Exchange.Handle(answerType, o.answered)
	c.Exchange.Handle(evidenceType, o.shown)
	c.Exchange.SetVoucher(o.vouch)
	c.Releases.SetBefore(o.accompany)
	return o
}

const timeLayout = "2006-01-02T15:04:05.000Z"

// say sends a control object to the partner of one agreement.
func (o *Onwards) say(tx *store.Tx, a ident.Agreement, props map[string]any, at time.Time) error {
	_, err := o.put(tx, a, props, at)
	return err
}

// put is say, and returns the number of what is sent.
func (o *Onwards) put(tx *store.Tx, a ident.Agreement, props map[string]any, at time.Time) (int64, error) {
	stamp := at.UTC().Format(timeLayout)
	props["spec_version"], props["created"], props["modified"] = "2.1", stamp, stamp
	raw, err := canon.Marshal(props)
	if err != nil {
		return 0, err
	}
	src := intake.Source{Control: true, DefaultTLP: marking.Green, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
	_, results, err := o.Intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err != nil {
		return 0, err
	}
	if results[0].Outcome == intake.Refused {
		return 0, fault.Errorf(fault.Invalid, "the message was not taken: %s", results[0].Reason)
	}
	return results[0].Seq, nil
}

// newID returns a new id of an object of a type.
func (o *Onwards) newID(kind string) (string, error) {
	u, err := ident.NewUUID(o.Rand)
	return kind + "--" + u, err
}

func (o *Onwards) record(tx *store.Tx, by, act string, fields ...string) error {
	list := make([]ledger.Field, 0, len(fields)/2)
	for i := 0; i+1 < len(fields); i += 2 {
		list = append(list, ledger.Field{Name: fields[i], Value: fields[i+1]})
	}
	return o.Ledger.Record(tx, by, act, list...)
}

// labelOf returns what a version's label means.
func labelOf(tx *store.Tx, id int64) (marking.Label, error) {
	l, err := tx.Label(id)
	if err != nil {
		return marking.Label{}, err
	}
	return marking.ParseLabel(l.Resolved)
}

func now(tx *store.Tx) time.Time { return time.UnixMicro(tx.Now()).UTC() }

// line is a text a person wrote, on one line.
func line(what, s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if n := len([]rune(s)); n == 0 || n > MaxText {
		return "", fault.Errorf(fault.Invalid, "%s: want 1 to %d characters", what, MaxText)
	}
	return s, nil
}

// names checks and sorts names of redactions.
func names(list []string) ([]string, error) {
	out := slices.Clone(list)
	slices.Sort(out)
	out = slices.Compact(out)
	for _, r := range out {
		if _, ok := marking.RedactionOf(r); !ok {
			return nil, fault.Errorf(fault.Invalid, "redaction %.40q is not known", r)
		}
	}
	return out, nil
}

// Names takes a list of redactions as a request has it apart.
func Names(s string) []string { return split(s) }

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Truncate(time.Second).UnixMicro()
}

// read runs fn for who may look at requests.
func (o *Onwards) read(ctx context.Context, h *store.Handle, by people.Actor, fn func(*store.Tx) error) error {
	if err := MayLook(by); err != nil {
		return err
	}
	return h.Read(ctx, fn)
}

// MayLook is for who sees the release queue, and for who asks.
func MayLook(by people.Actor) error {
	if by.May(people.Review) == nil {
		return nil
	}
	return by.May(people.Onward)
}

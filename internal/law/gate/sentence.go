package gate

import (
	"strconv"
	"strings"

	"twoseas/internal/base/ident"
)

// Told is what a sentence says besides the outcome and the rows: what was
// asked, and, where a receiving side decided, what it counted.
type Told struct {
	Agreement ident.Agreement
	Version   int
	Verdict   Verdict
	// Recorded and Needed are approvals, for every verdict but Sending.
	Recorded, Needed int
}

// Verdict is how a decision came about.
type Verdict uint8

// The verdicts. Where the receiving side has nothing to add, its decision is
// told as the sender's.
const (
	Sending          Verdict = iota // what leaves
	Accepted                        // the approvals that the sender recorded are enough
	AcceptedAsUrgent                // one approval is enough for an emergency release
	Unapproved                      // approvals are missing
	Unredacted                      // only what had to be taken out is still there
)

// In says d to a person, in the language of say. Sentence is In of English.
func (d Decision) In(say Say) string {
	if d.Told.Verdict != Sending {
		return d.verdict(say)
	}
	by := ""
	if d.Outcome != Deny {
		by = names(say, d.Winners())
	}
	switch d.Outcome {
	case Hold:
		return then(say, say("gate.hold", by, approvals(say, d.Approvals)), "gate.taken-out", d.Redact)
	case Redact:
		return then(say, say("gate.release", by), "gate.taken-out", d.Redact)
	case Release:
		return say("gate.release", by)
	case Deny:
	}
	return d.denial(say)
}

// verdict says what the receiving side decided.
func (d Decision) verdict(say Say) string {
	by := names(say, d.Winners())
	if d.Told.Verdict == Unredacted {
		return then(say, say("gate.refused-bare", by), "gate.still-there", d.Redact)
	}
	recorded, needed := approvals(say, d.Told.Recorded), approvals(say, d.Told.Needed)
	switch d.Told.Verdict {
	case Accepted:
		return say("gate.accepted", recorded, needed, by)
	case AcceptedAsUrgent:
		return say("gate.emergency", recorded, needed, by)
	case Sending, Unapproved, Unredacted:
	}
	return then(say, say("gate.refused", recorded, needed, by), "gate.still-there", d.Redact)
}

func (d Decision) denial(say Say) string {
	w := d.Winners()
	if len(w) == 0 {
		return say("gate.deny-none", string(d.Told.Agreement), strconv.Itoa(d.Told.Version))
	}
	out := say("gate.deny-bare", w[0].Reason(say))
	if by := names(say, w[:1]); by != "" {
		out = say("gate.deny", by, w[0].Reason(say))
	}
	if len(w) == 1 {
		return out
	}
	more := w[1].Reason(say)
	for _, m := range w[2:] {
		more = say("gate.list", more, m.Reason(say))
	}
	return say("gate.then", out, say("gate.deny-also", more))
}

// Reason returns why a row denies, without a full stop: the gate's own reasons
// in the language of say, the agreement's in the words of its document.
func (m Match) Reason(say Say) string {
	if m.Why.Key != "" {
		return m.Why.In(say)
	}
	if own := strings.TrimRight(m.Effect.Reason, ". "); own != "" {
		return say("gate.own-words", own)
	}
	return say("gate.why.kept")
}

// names says the rows: "rule red, clause 1(1)". The gate's own rows have no
// clause and are not named when they deny; what they say is in the reason.
func names(say Say, w []Match) string {
	var out []string
	for _, m := range w {
		switch {
		case !m.Standing:
			out = append(out, say("gate.rule", m.Rule, m.Clause))
		case m.Rule == consentRow && m.Effect.Outcome != Deny:
			out = append(out, say("gate.consent"))
		case m.Rule == listedRow:
			out = append(out, say("gate.listed"))
		case m.Rule == namedRow:
			out = append(out, say("gate.named"))
		case m.Rule == lookRow:
			out = append(out, say("gate.look"))
		case m.Rule == saysRow:
			out = append(out, say("gate.says"))
		case m.Effect.Outcome != Deny:
			out = append(out, say("gate.caveat", strings.TrimPrefix(m.Rule, caveatRow)))
		}
	}
	return join(say, out)
}

// then adds what is said of redactions, if there are any.
func then(say Say, sentence, key string, redact []string) string {
	if len(redact) == 0 {
		return sentence
	}
	out := make([]string, len(redact))
	for i, n := range redact {
		out[i] = say(redactionKey(n))
	}
	return say("gate.then", sentence, say(key, join(say, out)))
}

// join puts "and" before the last.
func join(say Say, s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	head := s[0]
	for _, next := range s[1 : len(s)-1] {
		head = say("gate.list", head, next)
	}
	return say("gate.and", head, s[len(s)-1])
}

func approvals(say Say, n int) string {
	if n == 1 {
		return say("gate.approval")
	}
	return say("gate.approvals", strconv.Itoa(n))
}

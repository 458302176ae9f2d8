package gate

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"twoseas/internal/law/marking"
)

// sentence says a decision to a person.
func sentence(d Decision, t *Table) string {
	w := d.Winners()
	switch d.Outcome {
	case Deny:
		return denial(w, t)
	case Hold:
		return "Held" + by(w) + ": needs " + approvals(d.Approvals) + "." + takenOut(d.Redact)
	case Redact:
		return "Released" + by(w) + "." + takenOut(d.Redact)
	case Release:
		return "Released" + by(w) + "."
	}
	return "Denied."
}

func denial(w []Match, t *Table) string {
	if len(w) == 0 {
		return fmt.Sprintf("Denied: no rule of %s version %d covers it.", t.Agreement, t.Version)
	}
	out := "Denied" + by(w[:1]) + ": " + reason(w[0]) + "."
	if len(w) > 1 {
		var more []string
		for _, m := range w[1:] {
			more = append(more, reason(m))
		}
		out += " Also: " + strings.Join(more, "; ") + "."
	}
	return out
}

// reason returns why a row denies, without a full stop.
func reason(m Match) string {
	return cmp.Or(strings.TrimRight(m.Effect.Reason, ". "), "the agreement keeps it back")
}

// by names the rows: " by rule red, clause 1(1)". The gate's own rows have no
// clause and are not named; what they say is in the reason.
func by(w []Match) string {
	var names []string
	for _, m := range w {
		switch {
		case !m.Standing:
			names = append(names, "rule "+m.Rule+", clause "+m.Clause)
		case m.Effect.Outcome != Deny:
			names = append(names, m.Rule)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " by " + join(names)
}

func takenOut(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " Before it goes, " + texts(names) + " is taken out."
}

func stillThere(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " It still says " + texts(names) + ", which the sender had to take out."
}

func texts(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		r, _ := marking.RedactionOf(n)
		out[i] = r.Text
	}
	return join(out)
}

// join puts "and" before the last.
func join(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], "; ") + " and " + s[len(s)-1]
}

func approvals(n int) string {
	if n == 1 {
		return "1 approval"
	}
	return strconv.Itoa(n) + " approvals"
}

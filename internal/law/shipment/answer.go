package shipment

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

// Outcome is why an item was not taken.
type Outcome string

// The outcomes.
const (
	Refused Outcome = "refused" // a clause keeps it out
	Failed  Outcome = "failed"  // it could not be applied: the cause says why
)

const (
	maxClause = 32  // bytes
	maxCode   = 64  // bytes
	maxText   = 200 // bytes

	noClause    = "-"
	codeVarious = "various" // stands for codes there was no room for
)

// Answer says of one item, by its position from 0, why it was not taken.
type Answer struct {
	Position int
	Outcome  Outcome
	Clause   string // such as 1(1); empty when no clause is the reason
	Code     string // short and stable, for programs: third-party, malformed
	Text     string // for people, one line; may be empty
}

// Clean returns the answer in the form a receipt can carry: clause and code
// without spaces, the text in one line, all of them bounded.
func (a Answer) Clean() Answer {
	a.Clause = token(a.Clause, maxClause)
	a.Code = token(a.Code, maxCode)
	a.Text = oneLine(a.Text, maxText)
	if a.Clause == noClause {
		a.Clause = ""
	}
	if a.Code == "" {
		a.Code = "unknown"
	}
	return a
}

// oneLine drops what does not print, makes one space of any run of spaces and
// cuts to at most limit bytes between characters.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r) && r != utf8.RuneError, r == '\u200c', r == '\u200d': // joiners spell Hindi
			return r
		}
		return -1
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = strings.TrimSpace(s[:limit])
	}
	return s
}

func token(s string, limit int) string {
	return oneLine(strings.ReplaceAll(oneLine(s, 4*limit), " ", "-"), limit)
}

// answers is one line of a receipt's list: the items that share an answer.
type answers struct {
	Answer
	positions []int // increasing
}

// group collects equal answers, in the order of their first positions.
func group(list []Answer) []answers {
	var out []answers
	at := map[Answer]int{}
	for _, a := range list {
		key := a
		key.Position = 0
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, answers{Answer: a})
		}
		out[i].positions = append(out[i].positions, a.Position)
	}
	return out
}

// line prints, for example, "refused 3,17-20 1(1) third-party needs consent".
func (g answers) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s ", g.Outcome)
	for i := 0; i < len(g.positions); {
		first, last := g.positions[i], g.positions[i]
		for i++; i < len(g.positions) && g.positions[i] == last+1; i++ {
			last++
		}
		if first != g.positions[0] {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, first)
		if last > first {
			fmt.Fprintf(&b, "-%d", last)
		}
	}
	clause := g.Clause
	if clause == "" {
		clause = noClause
	}
	b.WriteString(" " + clause + " " + g.Code)
	if g.Text != "" {
		b.WriteString(" " + g.Text)
	}
	b.WriteByte('\n')
	return b.String()
}

// parseGroup reads a line that line wrote. Order across lines is the
// receipt's to check.
func parseGroup(s string) ([]Answer, error) {
	f := strings.SplitN(s, " ", 5)
	if len(f) < 4 {
		return nil, fault.New(fault.Invalid, "want an outcome, positions, a clause and a code")
	}
	a := Answer{Outcome: Outcome(f[0]), Clause: f[2], Code: f[3]}
	if a.Outcome != Refused && a.Outcome != Failed {
		return nil, fault.Errorf(fault.Invalid, "%.30q: want refused or failed", f[0])
	}
	if len(f) == 5 {
		a.Text = f[4]
	}
	if a.Clause == noClause {
		a.Clause = ""
	}
	if a != a.Clean() || f[2] == "" {
		return nil, fault.New(fault.Invalid, "a clause, a code or a text that is too long or does not print")
	}
	return a.spread(f[1])
}

// spread returns the answer for each position of a list such as 3,17-20.
func (a Answer) spread(list string) ([]Answer, error) {
	var out []Answer
	position := note.Count(0, MaxItems-1)
	for part := range strings.SplitSeq(list, ",") {
		lo, hi, isRange := strings.Cut(part, "-")
		first, err := position(lo)
		if err != nil {
			return nil, err
		}
		last := first
		if isRange {
			if last, err = position(hi); err != nil {
				return nil, err
			}
		}
		if last < first || len(out) > 0 && first <= out[len(out)-1].Position {
			return nil, fault.Errorf(fault.Invalid, "%.30q: positions do not increase", list)
		}
		for p := first; p <= last; p++ {
			a.Position = p
			out = append(out, a)
		}
	}
	return out, nil
}

package page

import (
	"strings"

	"twoseas/internal/law/marking"
)

// Unmarked is the Mark of a page that shows nothing a marking is for: the text
// of an agreement, a form.
const Unmarked = "none"

// Highest is the Mark of a page on which these levels are shown: the highest of
// them, and "" when one is not known, so that the page is marked with what its
// reader may see.
func Highest(levels ...marking.TLP) string {
	top := marking.NoTLP
	for _, l := range levels {
		if l == marking.NoTLP || l > marking.Red {
			return ""
		}
		top = max(top, l)
	}
	if top == marking.NoTLP {
		return ""
	}
	return top.Name()
}

// mark is the level that stands on each sheet when the page is printed.
func (q *Request) mark(head Head) string {
	switch {
	case head.Mark != "":
		return head.Mark
	case !q.SignedIn() || q.Actor.Clearance.TLP == marking.NoTLP:
		return Unmarked
	}
	return q.Actor.Clearance.TLP.Name()
}

// sheet names the kind of sheet that the style sheet prints the page on.
func (q *Request) sheet(head Head) string {
	level := strings.ReplaceAll(q.mark(head), "+", "-")
	if q.Exercise() != "" {
		return "sheet-exercise-" + level
	}
	return "sheet-" + level
}

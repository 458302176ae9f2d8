package overview

import "twoseas/internal/edge/web/page"

// partnerName is what the partner of one of the node's agreements is called.
func partnerName(q *page.Request, l page.Link) string {
	if names := l.Sides[l.Partner]; len(names) > 0 {
		return q.Text(names)
	}
	return string(l.Partner)
}

// linkColour of a state: amber where both sides do not hold the same, and never
// red for lateness.
func linkColour(state string) string {
	switch state {
	case "converged":
		return "green"
	case "behind":
		return "blue"
	case "differs":
		return "amber"
	case "forked":
		return "red"
	}
	return "grey"
}

// lastDay is the date that people say: of a term its last full day.
func lastDay(d nearDate) string {
	if d.Entry.LastDay != "" {
		return string(d.Entry.LastDay)
	}
	return string(d.Entry.Date)
}

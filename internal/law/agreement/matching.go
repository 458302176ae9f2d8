package agreement

import "cmp"

// Matching bounds private matching, which a rule whose kind is matching
// permits: one side asks which of its values the other knows, without showing
// them.
type Matching struct {
	// ValuesPerDay is how many values each side may ask for in a day of UTC;
	// DefaultValuesPerDay when absent.
	ValuesPerDay int `json:"values_per_day,omitzero"`
	// Reveal says who learns which values both know: RevealAsker, the default,
	// or RevealBoth.
	Reveal string `json:"reveal,omitempty"`
}

// What Matching says when it says nothing, and what it may say.
const (
	DefaultValuesPerDay = 20_000
	maxValuesPerDay     = 1_000_000

	RevealAsker = "asker"
	RevealBoth  = "both"
)

// PerDay returns the bound in force.
func (m Matching) PerDay() int { return cmp.Or(m.ValuesPerDay, DefaultValuesPerDay) }

// Both reports whether the side that answers learns the overlap too.
func (m Matching) Both() bool { return m.Reveal == RevealBoth }

func (c *checker) matching() {
	m := c.d.Matching
	if m.ValuesPerDay < 0 || m.ValuesPerDay > maxValuesPerDay {
		c.bad("/matching/values_per_day", "want 1 to %d", maxValuesPerDay)
	}
	if m.Reveal != "" && m.Reveal != RevealAsker && m.Reveal != RevealBoth {
		c.bad("/matching/reveal", "%.20q: want %s or %s", m.Reveal, RevealAsker, RevealBoth)
	}
}

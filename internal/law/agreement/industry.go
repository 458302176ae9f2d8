package agreement

import "cmp"

// Industry is what protects those who contribute from industry.
type Industry struct {
	// K is how many members of a sector there must be on a side before the
	// sector of what one of them contributed is shown to the partner;
	// DefaultK when absent.
	K int `json:"k,omitzero"`
}

// What K is when the document says nothing, and what it may be.
const (
	DefaultK = 3
	minK     = 2
	maxK     = 1000
)

// AtLeast returns the number in force.
func (i Industry) AtLeast() int { return cmp.Or(i.K, DefaultK) }

func (c *checker) industry() {
	if k := c.d.Industry.K; k != 0 && (k < minK || k > maxK) {
		c.bad("/industry/k", "want %d to %d", minK, maxK)
	}
}

// industry looks for sectors that are of no use below k.
func (c *linter) industry() {
	if c.d.Industry.K == 0 {
		return
	}
	for _, r := range c.d.Rules {
		if len(r.Then.Redact) > 0 && len(r.When.Contributor) > 0 {
			return
		}
	}
	c.find("/industry", "no rule takes out who contributed what a member brings, so hiding its sector hides little")
}

package people

import (
	"strings"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// Clearance is what an account may see. The zero Clearance sees nothing.
type Clearance struct {
	// TLP is the highest level that may be read.
	TLP marking.TLP
	// Unmarked admits to what has no TLP or terms that were not understood.
	Unmarked bool
}

// DefaultClearance is that of an account for which nothing was said.
var DefaultClearance = Clearance{TLP: marking.Green}

const unmarked = "+unmarked"

// ParseClearance reads a level of TLP, with "+UNMARKED" behind it or not, in
// any case: TLP:RED+UNMARKED, amber+strict. Anything else is fault.Invalid.
func ParseClearance(s string) (Clearance, error) {
	level, all := strings.CutSuffix(strings.ToLower(strings.TrimSpace(s)), unmarked)
	tlp, err := marking.ParseTLP(level)
	if err != nil {
		return Clearance{}, err
	}
	return Clearance{TLP: tlp, Unmarked: all}, nil
}

// String returns the clearance as ParseClearance reads it, which is also the
// name of its class in the store; the zero Clearance is "no clearance", which
// does not parse.
func (c Clearance) String() string {
	if c.TLP == marking.NoTLP {
		return "no clearance"
	}
	if c.Unmarked {
		return c.TLP.String() + strings.ToUpper(unmarked)
	}
	return c.TLP.String()
}

// Under returns what is left of c under a ceiling.
func (c Clearance) Under(ceiling Clearance) Clearance {
	return Clearance{TLP: min(c.TLP, ceiling.TLP), Unmarked: c.Unmarked && ceiling.Unmarked}
}

// Home is the side a node serves.
type Home struct {
	Side  ident.Side
	Codes []string // its other names in releasable-to lists, in lower case
}

// Readable reports whether somebody of clearance may read, in domain d, what
// carries the label with the given canonical bytes. It is what fills the
// store's clearance classes: every caller of store.Tx's AddClass and AddLabel
// asks here. What does not parse is not readable.
func (h Home) Readable(clearance string, label []byte, d ident.Domain, now time.Time) bool {
	c, err := ParseClearance(clearance)
	if err != nil {
		return false
	}
	l, err := marking.ParseLabel(label)
	if err != nil {
		return false
	}
	ok, _ := gate.Readable(l, gate.Clearance{
		Side: h.Side, Codes: h.Codes, TLP: c.TLP, Unmarked: c.Unmarked, Domain: d, Now: now,
	})
	return ok
}

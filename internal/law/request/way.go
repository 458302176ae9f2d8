package request

import (
	_ "embed" // the table of ways
	"fmt"
	"slices"
	"strings"
	"sync"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// Way is one way of law by which authorities of one side can be asked by
// another's, and what is known of who may use it.
type Way struct {
	ID      string            `json:"id"`
	Name    map[string]string `json:"name"` // by language, as What, Basis and How
	What    map[string]string `json:"what"`
	Basis   map[string]string `json:"basis"`
	How     map[string]string `json:"how"`
	Carries []Kind            `json:"carries"` // what can be asked for by it
	Treaty  bool              `json:"treaty,omitempty"`
	// Parties says of country codes in lower case where they stand; anyone
	// stands for all others. Who is not there is not known to be a party.
	Parties map[string]Standing `json:"parties"`
	Sources []string            `json:"sources"`
}

// Standing is where a side stands to a way.
type Standing string

// The standings. An Unconfirmed side may be a member, so both confirm first.
const (
	Party       Standing = "yes"
	NoParty     Standing = "no"
	NotInForce  Standing = "not-in-force"
	Unconfirmed Standing = "unconfirmed"
	Unknown     Standing = "unknown"
)

const anyone = "*"

//go:embed ways.json
var waysFile []byte

// waysWire is the file.
type waysWire struct {
	Note    string            `json:"note"`
	Sources map[string]string `json:"sources"`
	Ways    []Way             `json:"ways"`
}

var readWays = sync.OnceValues(func() (w waysWire, err error) {
	err = canon.UnmarshalStrict(waysFile, &w)
	return w, err
})

// Country is a side as the table of ways knows it: its id, and other names it
// has in lists.
type Country struct {
	ID    string
	Name  string // for sentences; the id when empty
	Codes []string
}

func (c Country) name() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// Pair is the two sides of an agreement.
type Pair [2]Country

// standing is where a country stands to w.
func (w Way) standing(c Country) Standing {
	for _, name := range append([]string{c.ID}, c.Codes...) {
		if s, ok := w.Parties[strings.ToLower(name)]; ok {
			return s
		}
	}
	if s, ok := w.Parties[anyone]; ok {
		return s
	}
	return Unknown
}

// Option is a way as a pair of sides may use it for something.
type Option struct {
	Way
	// Offered says that it can be asked by this way; Confirm, that both sides
	// first confirm that they belong to it.
	Offered, Confirm bool
	// Standing is where each side of the pair stands.
	Standing [2]Standing
}

// Options returns every way that carries a kind, in the order people are
// offered them, those that the pair cannot use among them: Offered says which.
func (p Pair) Options(k Kind) ([]Option, error) {
	file, err := readWays()
	if err != nil {
		return nil, fmt.Errorf("ways of law: %w", err)
	}
	var out []Option
	for _, w := range file.Ways {
		if !slices.Contains(w.Carries, k) {
			continue
		}
		o := Option{Way: w, Offered: true}
		for i, c := range p {
			o.Standing[i] = w.standing(c)
			o.Offered = o.Offered && (o.Standing[i] == Party || o.Standing[i] == Unconfirmed)
			o.Confirm = o.Confirm || o.Standing[i] == Unconfirmed
		}
		o.Confirm = o.Confirm && o.Offered
		out = append(out, o)
	}
	return out, nil
}

// WayOf returns a way by its id.
func WayOf(id string) (Way, bool) {
	file, err := readWays()
	i := slices.IndexFunc(file.Ways, func(w Way) bool { return w.ID == id })
	if err != nil || i < 0 {
		return Way{}, false
	}
	return file.Ways[i], true
}

// NeedsWay reports whether a request names the way of law by which it is asked:
// one to law enforcement, and one to preserve data.
func NeedsWay(k Kind, c Channel) bool { return c == LawEnforcement || k == Preservation }

// CheckWay returns nil when a may be asked between the two sides by the way it
// names. Otherwise the error is fault.Denied for a way that this pair does not
// have, and names what they can use instead: what it is, on which basis, how.
func (p Pair) CheckWay(a Asked) error {
	if !NeedsWay(a.Kind, a.Channel) {
		return nil
	}
	options, err := p.Options(a.Kind)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(options, func(o Option) bool { return o.ID == a.Way })
	switch {
	case i < 0:
		return fault.Errorf(fault.Denied, "this cannot be asked for by the way %q. %s", a.Way, instead(options))
	case !options[i].Offered:
		return fault.Errorf(fault.Denied, "%s is not open between %s and %s: %s. %s",
			options[i].Name["en"], p[0].name(), p[1].name(), p.lacks(options[i]), instead(options))
	}
	return nil
}

// lacks says in English what keeps a pair from a way.
func (p Pair) lacks(o Option) string {
	var out []string
	for i, c := range p {
		switch o.Standing[i] {
		case NoParty:
			out = append(out, c.name()+" is not a party to it")
		case NotInForce:
			out = append(out, "it is not in force for "+c.name())
		case Unknown:
			out = append(out, "it is not known whether "+c.name()+" is a party to it")
		case Party, Unconfirmed:
		}
	}
	return strings.Join(out, ", ")
}

// instead names in English what a pair can use.
func instead(options []Option) string {
	var out []string
	for _, o := range options {
		if o.Offered {
			out = append(out, fmt.Sprintf("%s (%s): %s", o.Name["en"], strings.TrimSuffix(o.Basis["en"], "."), strings.TrimSuffix(o.How["en"], ".")))
		}
	}
	if len(out) == 0 {
		return "No other way is known between the two."
	}
	return "Instead: " + strings.Join(out, "; ") + "."
}

// IsSource reports whether the table says what a source is.
func IsSource(id string) bool {
	file, err := readWays()
	return err == nil && file.Sources[id] != ""
}

package people

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// Clearance is what an account may see. The zero Clearance sees nothing. Two
// that admit to the same are equal.
type Clearance struct {
	// TLP is the highest level that may be read.
	TLP marking.TLP
	// Unmarked admits to what has no TLP or terms that were not understood.
	Unmarked bool
	// Classification holds the highest level of each national scheme that may be
	// read, as in marking.Terms; "" is nothing classified.
	Classification string
	// Compartments names those whose lists the reader's organisation is on, as
	// compartmentText writes them. They come of the lists alone: no account and
	// no organisation is given any.
	Compartments string
	// Guests names the sides of others who are in the room, as guestText writes
	// them: what they may not have is not shown. No account has any.
	Guests string
	// Members names the industry members who are in the room, or of whom the
	// reader is: what another member contributed is not shown before who that is
	// was taken out. No account has any of itself.
	Members string
}

// DefaultClearance is that of an account for which nothing was said.
var DefaultClearance = Clearance{TLP: marking.Green}

const (
	unmarked = "+unmarked"
	forWord  = "FOR:"
	withWord = "WITH:"
	ofWord   = "MEMBER:"
)

// ParseClearance reads a level of TLP, with "+UNMARKED" behind it or not, and
// codes of classification levels after it, in any case: TLP:RED+UNMARKED,
// amber+strict, "TLP:AMBER IN-C". Anything else is fault.Invalid.
func ParseClearance(s string) (Clearance, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		words = []string{""}
	}
	level, all := strings.CutSuffix(strings.ToLower(words[0]), unmarked)
	tlp, err := marking.ParseTLP(level)
	if err != nil {
		return Clearance{}, err
	}
	c := Clearance{TLP: tlp, Unmarked: all}
	for _, w := range words[1:] {
		w = strings.ToUpper(w)
		if sides, ok := strings.CutPrefix(w, withWord); ok && c.Guests == "" && sides != "" {
			c.Guests = strings.ToLower(sides)
			continue
		}
		if list, ok := strings.CutPrefix(w, forWord); ok && c.Compartments == "" && list != "" {
			c.Compartments = strings.ToLower(list)
			continue
		}
		if members, ok := strings.CutPrefix(w, ofWord); ok && c.Members == "" && members != "" {
			c.Members = strings.ToLower(members)
			continue
		}
		if _, ok := marking.LevelOf(w); !ok {
			return Clearance{}, fault.Errorf(fault.Invalid, "clearance %.40q: want codes of classification levels after the TLP, such as IN-C", w)
		}
		c.Classification = marking.Combine(marking.Terms{Classification: c.Classification}, marking.Terms{Classification: w}).Classification
	}
	return c, nil
}

// String returns the clearance as ParseClearance reads it, which is also the
// name of its class in the store; the zero Clearance is "no clearance", which
// does not parse.
func (c Clearance) String() string {
	if c.TLP == marking.NoTLP {
		return "no clearance"
	}
	out := c.TLP.String()
	if c.Unmarked {
		out += strings.ToUpper(unmarked)
	}
	if c.Classification != "" {
		out += " " + strings.ReplaceAll(c.Classification, "+", " ")
	}
	if c.Compartments != "" {
		out += " " + forWord + c.Compartments
	}
	if c.Guests != "" {
		out += " " + withWord + c.Guests
	}
	if c.Members != "" {
		out += " " + ofWord + c.Members
	}
	return out
}

// Under returns what is left of c under a ceiling: what both admit to.
func (c Clearance) Under(ceiling Clearance) Clearance {
	return Clearance{
		TLP: min(c.TLP, ceiling.TLP), Unmarked: c.Unmarked && ceiling.Unmarked,
		Classification: marking.MeetLevels(c.Classification, ceiling.Classification),
		Compartments:   meetWords(c.Compartments, ceiling.Compartments),
		Guests:         joinGuests(c.Guests, ceiling.Guests),
		Members:        joinGuests(c.Members, ceiling.Members),
	}
}

// guestText writes sides and their other names: jp/jpn,uk/gb.
func guestText(parties []gate.Party) string {
	out := ""
	for _, p := range parties {
		out = joinGuests(out, strings.Join(append([]string{string(p.Side)}, p.Codes...), "/"))
	}
	return out
}

func joinGuests(a, b string) string {
	var all []string
	for _, s := range []string{a, b} {
		all = slices.AppendSeq(all, strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' }))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// parties is guestText backwards.
func parties(guests string) (out []gate.Party) {
	for g := range strings.FieldsFuncSeq(guests, func(r rune) bool { return r == ',' }) {
		names := strings.Split(g, "/")
		out = append(out, gate.Party{Side: ident.Side(names[0]), Codes: names[1:]})
	}
	return out
}

// Home is the side a node serves.
type Home struct {
	Side  ident.Side
	Codes []string // its other names in releasable-to lists, in lower case
	// Classification is the highest level of each scheme that the node may hold;
	// "" is nothing classified.
	Classification string
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
		Side: h.Side, Codes: h.Codes, TLP: c.TLP, Unmarked: c.Unmarked, Classification: c.Classification,
		Compartments: compartments(c.Compartments),
		With:         parties(c.Guests), Members: strings.FieldsFunc(c.Members, func(r rune) bool { return r == ',' }), Domain: d, Now: now,
	})
	return ok
}

package people

import (
	"slices"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Industry reports whether organisations of the kind are industry members:
// what their people bring is a member's, by no word of theirs.
func (k Kind) Industry() bool { return k == Operator || k == Vendor || k == SectorBody }

// Sponsors reports whether organisations of the kind may sponsor members.
func (k Kind) Sponsors() bool { return k == Ministry || k == CERT || k == Regulator }

const maxAliases = 50

// aliases returns what o is known as besides its name, one a line.
func (o Organisation) aliases() (string, error) {
	var out []string
	for _, a := range o.Aliases {
		a, err := text("other name of the organisation", a)
		if err != nil {
			return "", err
		}
		if a != "" {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > maxAliases {
		return "", fault.Errorf(fault.Invalid, "%d other names, want at most %d", len(out), maxAliases)
	}
	return strings.Join(out, "\n"), nil
}

// fitSponsor returns fault.Invalid when row cannot have its sponsor.
func fitSponsor(tx *store.Tx, row store.Organisation) error {
	if row.Sponsor == "" {
		return nil
	}
	if !Kind(row.Kind).Industry() {
		return fault.New(fault.Invalid, "only an operator, a vendor or a sector body has a sponsor")
	}
	s, err := tx.Organisation(row.Sponsor)
	if fault.Is(err, fault.NotFound) || err == nil && !Kind(s.Kind).Sponsors() {
		return fault.Errorf(fault.Invalid, "sponsor %.80q: want a ministry, a CERT or a regulator of this side", row.Sponsor)
	}
	return err
}

// Membership returns the industry member whose account this is; false when it
// is nobody's of industry. An account with the role alone is of a member that
// has no more than that.
func Membership(tx *store.Tx, account string) (o Organisation, is bool, err error) {
	a, err := tx.Account(account)
	if fault.Is(err, fault.NotFound) {
		return o, false, nil // a name of the node's own
	}
	if err != nil {
		return o, false, err
	}
	is = slices.Contains(strings.FieldsFunc(a.Roles, func(r rune) bool { return r == ',' || r == ' ' }), string(Member))
	if a.Org == "" {
		return o, is, nil
	}
	row, err := tx.Organisation(a.Org)
	if fault.Is(err, fault.NotFound) {
		return o, is, nil
	}
	o = organisationOf(row)
	return o, is || o.Kind.Industry(), err
}

// MemberID is what the node knows the industry member as to whom an account
// belongs, whose organisation is o: one without an organisation is alone.
func MemberID(o Organisation, account string) string {
	if o.ID == "" {
		return "~" + account
	}
	return o.ID
}

// industry returns the member an account reads for, "" when it is not of industry.
func industry(tx *store.Tx, account string) (string, error) {
	o, is, err := Membership(tx, account)
	if err != nil || !is {
		return "", err
	}
	return MemberID(o, account), nil
}

// KnownAs returns the names and domains of every industry member, those that
// left among them.
func KnownAs(tx *store.Tx) (out []string, err error) {
	rows, err := tx.Organisations()
	for _, row := range rows {
		if o := organisationOf(row); o.Kind.Industry() {
			out = append(append(out, o.Name), o.Aliases...)
		}
	}
	return out, err
}

// MembersOf returns how many open industry members each sector has.
func MembersOf(tx *store.Tx) (map[string]int, error) {
	rows, err := tx.Organisations()
	out := map[string]int{}
	for _, row := range rows {
		o := organisationOf(row)
		if !o.Kind.Industry() || o.Closed {
			continue
		}
		for _, s := range o.Sectors {
			out[s]++
		}
	}
	return out, err
}

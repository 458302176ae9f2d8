package node

import (
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// memberOf tells intake of which industry member an account is.
func memberOf(tx *store.Tx, account string) (*intake.Member, error) {
	o, is, err := people.Membership(tx, account)
	if err != nil || !is {
		return nil, err
	}
	m := &intake.Member{ID: people.MemberID(o, account), Sectors: o.Sectors, Look: o.Look && o.Sponsor != ""}
	if m.Names, err = people.KnownAs(tx); o.Name != "" {
		m.Names = append(append(m.Names, o.Name), o.Aliases...)
	}
	return m, err
}

// industry tells the release acts what they have to know of members.
type industry struct{}

func (industry) KnownAs(tx *store.Tx) ([]string, error) { return people.KnownAs(tx) }

func (industry) MembersOf(tx *store.Tx) (map[string]int, error) { return people.MembersOf(tx) }

// SponsorOf returns the organisation whose officer sees first what an account
// contributes, "" for none.
func (industry) SponsorOf(tx *store.Tx, account string) (string, error) {
	o, is, err := people.Membership(tx, account)
	if err != nil || !is || !o.Look {
		return "", err
	}
	return o.Sponsor, nil
}

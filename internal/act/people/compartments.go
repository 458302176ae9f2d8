package people

import (
	"slices"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/members"
	"twoseas/internal/store"
)

// The forms of a place in an audience, behind its caveat and an @.
const (
	someList   = "+"
	everyList  = "*"
	withPrefix = "/" // and the partner
)

// compartmentText writes places in audiences: les@+,les@/jp,les@in-jp-2022.
func compartmentText(list []gate.Compartment) string {
	words := make([]string, len(list))
	for i, k := range list {
		where := someList
		switch {
		case k.All:
			where = everyList
		case k.Partner != "":
			where = withPrefix + string(k.Partner)
		case k.Agreement != "":
			where = string(k.Agreement)
		}
		words[i] = strings.ToLower(k.Caveat) + "@" + where
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

// compartments is compartmentText backwards. What it does not read admits to
// nothing.
func compartments(text string) (out []gate.Compartment) {
	for w := range strings.SplitSeq(text, ",") {
		code, where, ok := strings.Cut(w, "@")
		if !ok || where == "" || where == withPrefix {
			continue
		}
		k := gate.Compartment{Caveat: strings.ToUpper(code)}
		partner, with := strings.CutPrefix(where, withPrefix)
		switch {
		case where == everyList:
			k.All = true
		case with:
			k.Partner = ident.Side(partner)
		case where != someList:
			k.Agreement = ident.Agreement(where)
		}
		out = append(out, k)
	}
	return out
}

// meetWords returns the words, separated by commas, that are in both lists.
func meetWords(a, b string) string {
	theirs := strings.Split(b, ",")
	words := slices.DeleteFunc(strings.Split(a, ","), func(w string) bool { return !slices.Contains(theirs, w) })
	return strings.Join(words, ",")
}

// compartmentsOf returns the compartments of tx's domain whose newest list of
// this side names the actor's organisation and, in a room, that of everybody
// there. Guests are on no list. The list alone says who belongs: it counts from
// the moment it is made.
func (p *People) compartmentsOf(tx *store.Tx, by Actor) (string, error) {
	orgs := by.organisations()
	if slices.Contains(orgs, "") {
		return "", nil
	}
	lists, err := tx.MemberListsOf(p.home.Side)
	if err != nil || len(lists) == 0 {
		return "", err
	}
	var in []gate.Compartment
	out := map[string]bool{} // caveats with a list that does not name them
	for _, s := range lists {
		l, err := members.Claimed(s.Note)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(orgs, func(o string) bool { return !slices.Contains(l.Members, o) }) {
			out[l.Compartment] = true
			continue
		}
		ch, err := tx.Channel(l.Agreement)
		if err != nil {
			return "", err
		}
		in = append(in, gate.Compartment{Caveat: l.Compartment}, gate.Compartment{Caveat: l.Compartment, Agreement: l.Agreement},
			gate.Compartment{Caveat: l.Compartment, Partner: ch.Partner})
	}
	for _, k := range slices.Clone(in) {
		if !out[k.Caveat] {
			in = append(in, gate.Compartment{Caveat: k.Caveat, All: true})
		}
	}
	return compartmentText(in), nil
}

// audiences are those of tx's domain whose newest list of this side names an
// organisation.
func (p *People) audiences(tx *store.Tx, org string) (out []Audience, err error) {
	lists, err := tx.MemberListsOf(p.home.Side)
	if err != nil || org == "" {
		return nil, err
	}
	for _, s := range lists {
		l, err := members.Claimed(s.Note)
		if err != nil {
			return nil, err
		}
		if slices.Contains(l.Members, org) {
			out = append(out, Audience{l.Agreement, l.Compartment})
		}
	}
	return out, nil
}

// organisations returns that of the actor and of everybody in the room, "" for
// who belongs to none.
func (a Actor) organisations() []string {
	if a.room == nil {
		return []string{a.Org}
	}
	return append([]string{a.Org}, a.room.orgs...)
}

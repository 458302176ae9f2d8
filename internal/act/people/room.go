package people

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Guests are people in a room who have no account here.
type Guests struct {
	// TLP is the highest level they may be shown; they are cleared for nothing
	// classified.
	TLP marking.TLP
	// Sides are those they are of, besides one's own: what may not be released to
	// one of them is not shown.
	Sides []gate.Party
}

// Room is who sees what an actor is shown while a meeting is on. It is never
// changed.
type Room struct {
	// Accounts are the others in the room who have one.
	Accounts []string
	Guests   *Guests // nil without
	Until    time.Time

	acts map[Act]bool // what everybody in the room may do
	orgs []string     // of the others, "" for who has none
	name string
}

// guestActs are what a room with guests admits to.
var guestActs = []Act{Read}

// In returns the actor in a room: it sees and may do what everybody there may,
// and nothing else, whatever changes while the meeting is on. Somebody who
// lost the account, or has none that reads, sees nothing, and then nobody does.
// What is kept by an actor alone is not there meanwhile.
func (p *People) In(tx *store.Tx, by Actor, r Room) (Actor, error) {
	out := by
	var err error
	if out.Clearance, err = p.Cleared(tx, by.Clearance); err != nil {
		return Actor{}, err
	}
	r.acts, r.orgs = map[Act]bool{}, nil
	for _, act := range Acts() {
		r.acts[act] = by.can(act) && (r.Guests == nil || slices.Contains(guestActs, act))
	}
	for _, name := range r.Accounts {
		other, err := p.participant(tx, name)
		if err != nil {
			return Actor{}, err
		}
		out.Clearance = out.Clearance.Under(other.Clearance)
		r.orgs = append(r.orgs, other.Org)
		for act, may := range r.acts {
			r.acts[act] = may && other.can(act)
		}
	}
	if r.Guests != nil {
		out.Clearance = out.Clearance.Under(Clearance{TLP: r.Guests.TLP, Guests: guestText(r.Guests.Sides)})
		r.orgs = append(r.orgs, "")
	}
	if out.Clearance.TLP == marking.NoTLP {
		out.Clearance = Clearance{}
	}
	r.name = strings.Join(r.Accounts, " ")
	if r.Guests != nil {
		r.name += " and guests"
	}
	out.room = &r
	return out, nil
}

// participant returns who an account in a room is now: nobody when it is not
// there, is shut or may not read.
func (p *People) participant(tx *store.Tx, name string) (Actor, error) {
	a, _, err := Admit(tx, name)
	if fault.Is(err, fault.Denied) {
		return Actor{}, nil
	}
	if err != nil || !a.can(Read) {
		return Actor{}, err
	}
	a.Clearance, err = p.reads(tx, a)
	return a, err
}

// Room returns the room the actor is in while a meeting is on, nil otherwise.
func (a Actor) Room() *Room { return a.room }

// may reports whether everybody in the room may do act. Without a room
// everybody may.
func (r *Room) may(act Act) bool { return r == nil || r.acts[act] }

func (r *Room) key() string {
	if r == nil {
		return ""
	}
	return "with " + r.name + " of " + strings.Join(r.orgs, " ")
}

// rightsIn returns what was granted to an actor; in a room, what was granted to
// everybody there. Guests are granted nothing.
func (p *People) rightsIn(tx *store.Tx, by Actor) (map[string]Right, error) {
	rights, err := rightsOf(tx, by.Name)
	if err != nil || by.room == nil {
		return rights, err
	}
	if by.room.Guests != nil {
		return nil, nil
	}
	for _, name := range by.room.Accounts {
		theirs, err := rightsOf(tx, name)
		if err != nil {
			return nil, err
		}
		for c, r := range rights {
			rights[c] = Right{Read: r.Read && theirs[c].Read, Write: r.Write && theirs[c].Write}
		}
	}
	return rights, nil
}

// Package people knows who acts: accounts, their passwords and API tokens, what
// each role may do and what each account may read and write.
//
// Invariants: the zero Actor may do nothing; a password is stored only as its
// Argon2id hash and a token only as its SHA-256, and neither is ever part of an
// error; a wrong name and a wrong password cannot be told apart, by words or by
// time; a cache never answers what the store would refuse for longer than it
// takes the news to arrive, and never what the limit on failed logins would.
package people

import (
	"fmt"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
)

// Act is something a person may or may not do.
type Act string

// The acts. The text of each completes "may not …".
const (
	Read       Act = "read threat data"
	Write      Act = "write to collections"
	Import     Act = "import threat data"
	Contribute Act = "contribute threat data of the own organisation"
	Export     Act = "export threat data"
	Respond    Act = "answer with sightings and opinions"
	Review     Act = "see the release queue"
	Approve    Act = "approve or refuse a release"
	Recall     Act = "recall what was sent"
	Onward     Act = "ask to pass on what is another's"
	Exchange   Act = "manage partners and channels"
	Agree      Act = "add, sign or amend agreements"
	Assist     Act = "handle requests for assistance"
	Incidents  Act = "handle incidents"
	Liaise     Act = "handle law-enforcement requests"
	Reach      Act = "see the points of contact of both sides"
	Appoint    Act = "keep the points of contact of this side"
	Convene    Act = "keep the institutional calendar"
	Audit      Act = "read the audit log"
	Manage     Act = "manage the accounts of the own organisation"
	Administer Act = "administer accounts and collections"
)

// Acts returns every act, in the order of the table of roles.
func Acts() []Act {
	return []Act{
		Read, Write, Import, Contribute, Export, Respond, Review, Approve, Recall, Onward, Exchange,
		Agree, Assist, Incidents, Liaise, Reach, Appoint, Convene, Audit, Manage, Administer,
	}
}

// coming are acts that nothing of the node does yet: no route is opened by one,
// and nobody is told of them. Each leaves this list with its capability.
var coming = []Act{Convene}

// Offered returns the acts that can be done now, in the order of Acts.
func Offered() []Act {
	return slices.DeleteFunc(Acts(), func(a Act) bool { return slices.Contains(coming, a) })
}

// Role is what a person is on this node; an account has one or more.
type Role string

// The roles (DESIGN §1).
const (
	Administrator    Role = "administrator"
	Analyst          Role = "analyst"
	ReleasingOfficer Role = "releasing-officer"
	DutyOfficer      Role = "duty-officer"
	DeskOfficer      Role = "desk-officer"
	Liaison          Role = "liaison" // law enforcement
	Member           Role = "member"  // industry
	Auditor          Role = "auditor"
	// OrganisationAdministrator looks after the accounts of one organisation;
	// see Role.Local.
	OrganisationAdministrator Role = "organisation-administrator"
)

// roles says what each role may do; this is the only place that does. Whoever
// hands out roles may not release, and whoever audits changes nothing.
var roles = map[Role][]Act{
	Administrator:    {Administer, Manage, Exchange, Reach},
	Analyst:          {Read, Write, Import, Export, Respond, Review, Recall, Assist, Incidents, Reach},
	ReleasingOfficer: {Read, Export, Respond, Review, Approve, Recall, Onward, Reach},
	DutyOfficer:      {Read, Respond, Review, Recall, Onward, Exchange, Assist, Incidents, Reach, Appoint},
	DeskOfficer:      {Read, Agree, Convene, Reach, Appoint},
	Liaison:          {Read, Respond, Liaise, Reach},
	Member:           {Read, Write, Contribute, Respond},
	Auditor:          {Read, Export, Audit, Reach},

	OrganisationAdministrator: {Manage},
}

// Roles returns every role, in the order of DESIGN §1, the organisations' own
// administrators last.
func Roles() []Role {
	return []Role{
		Administrator, Analyst, ReleasingOfficer, DutyOfficer, DeskOfficer, Liaison, Member, Auditor,
		OrganisationAdministrator,
	}
}

// Local reports whether the role is of an organisation only: its own
// administrator may hand it out. Every other role is of the whole node.
func (r Role) Local() bool { return r == Member || r == OrganisationAdministrator }

// May reports whether the role may do act.
func (r Role) May(act Act) bool { return slices.Contains(roles[r], act) }

// ParseRole returns s as a Role, or fault.Invalid.
func ParseRole(s string) (Role, error) {
	if _, ok := roles[Role(s)]; !ok {
		return "", fault.Errorf(fault.Invalid, "role %.40q: want one of %s", s, roleText(Roles(), ", "))
	}
	return Role(s), nil
}

// Actor is who acts. The zero Actor may do nothing. An Actor handed out by a
// login is shared: its Roles must not be changed.
type Actor struct {
	Name, Org string
	Roles     []Role
	Clearance Clearance
	// Token is the id of the API token that was shown, "" after a password.
	Token string
	// Session is the id of the session the request belongs to, "" outside one.
	Session string

	system bool
	room   *Room // of a meeting that is on; nil otherwise
}

// System returns the actor of the node's own work, or of somebody who holds
// its data directory. It may do everything but approve a release, which is a
// decision of a named officer.
func System(name string) Actor {
	return Actor{
		Name: name, system: true,
		Clearance: Clearance{TLP: marking.Red, Unmarked: true},
	}
}

// IsSystem reports whether a is the node itself and no person.
func (a Actor) IsSystem() bool { return a.system }

// May returns nil when a may do act and fault.Denied otherwise.
func (a Actor) May(act Act) error {
	if a.can(act) {
		return nil
	}
	if a.room != nil && !a.room.may(act) {
		return fault.Errorf(fault.Denied, "%s may not %s while meeting others who may not: end the meeting first", a, act)
	}
	return fault.Errorf(fault.Denied, "%s may not %s", a, act)
}

// can is May without the words.
func (a Actor) can(act Act) bool {
	if a.system {
		return act != Approve
	}
	if !a.room.may(act) {
		return false
	}
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.May(act) })
}

// String returns the actor's name for people and logs.
func (a Actor) String() string {
	switch {
	case a.Name == "":
		return "nobody"
	case a.Token != "":
		return fmt.Sprintf("%s (token %s)", a.Name, a.Token)
	}
	return a.Name
}

package marking

import "slices"

// The kinds of object an agreement's rules speak of.
const (
	Threat        = "threat"
	Incident      = "incident"
	Practice      = "practice"
	Vulnerability = "vulnerability"
	Reference     = "reference"
	Feedback      = "feedback"
	// Control is what two nodes say to each other about what they shared:
	// recalls, onward requests, member lists, and the answers to them. Only
	// nodes write it and nobody reads it as data; pages show what it did.
	Control = "control"
	// Contact is whom to ask on a side: posts, and the checks whether they can
	// be reached. It is read in the directory of contacts and nowhere else.
	Contact = "contact"
	// Request is a request for assistance and each step about it. Only those
	// read it whose work it is, on the pages of requests.
	Request = "request"
	// Own is what a side writes down for itself: notes, and wordings that were
	// not approved. No rule of an agreement can speak of it and no gate lets it
	// out or in.
	Own = "own"
	// Coordination is the joint disclosure of a vulnerability and each step
	// about it, drafts of the advisory among them. Only those read it whose work
	// it is, until what was agreed is published as objects of other kinds.
	Coordination = "coordination"
)

// desk lists the kinds that only nodes write, for what people do at the desk
// or what follows from it, and that nobody reads as data.
var desk = []string{Contact, Control, Coordination, Own, Request}

// IsDesk reports whether objects of a kind are written by nodes only and shown
// by the pages and acts that they belong to, and by no other way: no search,
// no feed, no collection, no export. A handler of act/exchange takes them in.
func IsDesk(kind string) bool { return slices.Contains(desk, kind) }

// Kinds returns every kind that an agreement may speak of.
func Kinds() []string {
	return []string{Contact, Control, Coordination, Feedback, Incident, Practice, Reference, Request, Threat, Vulnerability}
}

// IsKind reports whether s is a kind.
func IsKind(s string) bool { return s == Own || slices.Contains(Kinds(), s) }

// kinds maps the STIX types whose kind is not threat. The types of the OASIS
// incident extension suite (event, impact, task) go with the incident.
var kinds = map[string]string{
	"incident": Incident, "event": Incident, "impact": Incident, "task": Incident,
	"x-twoseas-incident-entry": Incident, "x-twoseas-incident-wording": Incident,
	"x-twoseas-own-note": Own, "x-twoseas-own-wording": Own,
	"course-of-action": Practice,
	"vulnerability":    Vulnerability,
	"note":             Feedback, "opinion": Feedback, "sighting": Feedback,
	"x-twoseas-recall": Control, "x-twoseas-recall-answer": Control,
	"x-twoseas-onward-request": Control, "x-twoseas-onward-answer": Control,
	"x-twoseas-onward-evidence": Control, "x-twoseas-members": Control,
	"x-twoseas-contact": Contact, "x-twoseas-contact-check": Contact, "x-twoseas-contact-answer": Contact,
	"x-twoseas-coordination": Coordination, "x-twoseas-coordination-step": Coordination,
	"x-twoseas-request": Request, "x-twoseas-request-step": Request, "x-twoseas-custody": Request,
	"x-twoseas-passage": Request, "x-twoseas-passage-consent": Request,
	"identity": Reference, "location": Reference, "marking-definition": Reference,
	"language-content": Reference, "extension-definition": Reference,
}

// KindOf returns the kind of a STIX type. Every other type is a threat: the
// remaining SDOs, relationships, observables, and custom types, which threat
// feeds use to describe threats (x-mitre-tactic); what such an object may do
// is then decided by its markings under the rules that are tested most. No
// type has no kind, which nothing releases.
func KindOf(stixType string) string {
	if stixType == "" {
		return ""
	}
	if k, ok := kinds[stixType]; ok {
		return k
	}
	return Threat
}

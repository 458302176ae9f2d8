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
)

// Kinds returns every kind.
func Kinds() []string {
	return []string{Feedback, Incident, Practice, Reference, Threat, Vulnerability}
}

// IsKind reports whether s is a kind.
func IsKind(s string) bool { return slices.Contains(Kinds(), s) }

// kinds maps the STIX types whose kind is not threat. The types of the OASIS
// incident extension suite (event, impact, task) go with the incident.
var kinds = map[string]string{
	"incident": Incident, "event": Incident, "impact": Incident, "task": Incident,
	"course-of-action": Practice,
	"vulnerability":    Vulnerability,
	"note":             Feedback, "opinion": Feedback, "sighting": Feedback,
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

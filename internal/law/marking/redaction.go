package marking

import "slices"

// Redaction is a named set of STIX properties that are taken out together.
// The names are a closed set: an agreement may use no other.
type Redaction struct {
	Name string
	// Properties are the properties that go, wherever in the object they stand,
	// and with them every other mention of what they said.
	Properties []string
	// Text says what is taken out, as it reads in a sentence.
	Text string
}

var redactions = []Redaction{
	{
		Name:       "contributor",
		Properties: []string{"authors", "contact_information", "created_by_ref", "x_twoseas_contributor"},
		Text:       "who contributed it",
	},
	{
		Name:       "victim",
		Properties: []string{"where_sighted_refs", "x_twoseas_victim", "x_twoseas_victim_ref", "x_twoseas_victim_refs"},
		Text:       "who was affected",
	},
}

// What a label may also name as made, and no agreement asks for.
const (
	ByHand   = "hand"       // an officer took something out of this very object
	Followed = "references" // it named something that was redacted, and names now what was made of that
)

// made reports whether a label may name a redaction as made.
func made(name string) bool {
	_, ok := RedactionOf(name)
	return ok || name == ByHand || name == Followed
}

// RedactionOf returns the redaction of a name.
func RedactionOf(name string) (Redaction, bool) {
	i := slices.IndexFunc(redactions, func(r Redaction) bool { return r.Name == name })
	if i < 0 {
		return Redaction{}, false
	}
	return redactions[i], true
}

// RedactionNames returns every name, sorted.
func RedactionNames() []string {
	names := make([]string, len(redactions))
	for i, r := range redactions {
		names[i] = r.Name
	}
	return names
}

package marking

import "slices"

// Redaction is a named set of STIX properties that are taken out together.
// The names are a closed set: an agreement may use no other.
type Redaction struct {
	Name string
	// Properties are the top-level properties that go. References from other
	// objects are not touched: a relationship that points at a victim's
	// identity needs a label of its own.
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

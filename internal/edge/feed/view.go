package feed

import (
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
	"twoseas/internal/store"
)

// view reads what is stored. Feeds need none of what stix.Parse checks, which
// intake did.
func view(m store.Member) (*stix.Object, bool) {
	props, err := canon.View(m.Body)
	if err != nil {
		return nil, false // erased
	}
	revoked, _ := props["revoked"].(bool)
	return &stix.Object{Props: props, ID: m.ID, Type: m.Type, Revoked: revoked}, true
}

// text returns a property that is a text, or "".
func text(o *stix.Object, name string) string {
	s, _ := o.Props[name].(string)
	return s
}

// list returns the texts of a property that is a list of them.
func listOf(o *stix.Object, name string) []string {
	all, _ := o.Props[name].([]any)
	var out []string
	for _, v := range all {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func texts(o *stix.Object, name string) string { return strings.Join(listOf(o, name), ";") }

// moment returns a property that is a time; zero when it is not there.
func moment(o *stix.Object, name string) time.Time {
	t, err := stix.ParseTimestamp(text(o, name))
	if err != nil {
		return time.Time{}
	}
	return t
}

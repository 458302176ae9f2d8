// Package observe finds the values an object names and somebody may look up:
// the observable properties of STIX cyber-observables and what an indicator's
// pattern compares with.
package observe

import (
	"strings"

	"twoseas/internal/format/ioc"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/stix/pattern"
)

// MaxValues bounds the values taken from one object.
const MaxValues = 4096

// properties names, per SCO type, the properties that hold a value (STIX 2.1
// §6). Hashes are read wherever a type has them.
var properties = map[string][]string{
	"artifact":             {"url"},
	"autonomous-system":    {"number"},
	"directory":            {"path"},
	"domain-name":          {"value"},
	"email-addr":           {"value"},
	"email-message":        {"subject", "message_id"},
	"file":                 {"name"},
	"ipv4-addr":            {"value"},
	"ipv6-addr":            {"value"},
	"mac-addr":             {"value"},
	"mutex":                {"name"},
	"process":              {"command_line"},
	"url":                  {"value"},
	"user-account":         {"account_login", "user_id"},
	"windows-registry-key": {"key"},
	"x509-certificate":     {"serial_number"},
}

// positive are the operators by which a pattern looks for a value.
var positive = map[string]bool{"=": true, "IN": true, "ISSUBSET": true}

// Values returns the values o names, normalised, each once, at most MaxValues.
func Values(o *stix.Object) []ioc.Value {
	var c collector
	switch o.Type {
	case "indicator":
		c.indicator(o.Props)
	case "observed-data":
		if objects, ok := o.Props["objects"].(map[string]any); ok {
			for _, v := range objects {
				if m, ok := v.(map[string]any); ok {
					c.observable(m)
				}
			}
		}
	default:
		c.observable(o.Props)
	}
	return c.values
}

// Alone returns the values each of which, seen by itself, is what an indicator
// indicates, normalised, each once: those that a list to block or to look for
// may hold. An object of another type, and a pattern that needs more than one
// thing, has none.
func Alone(o *stix.Object) []ioc.Value {
	kind, _ := o.Props["pattern_type"].(string)
	text, _ := o.Props["pattern"].(string)
	if o.Type != "indicator" || kind != "stix" {
		return nil
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return nil // of another version of the language
	}
	var c collector
	for _, cmp := range p.Alone() {
		if strings.Contains(cmp.Path, "resolves_to_refs") { // the name is indicated, not the address it has
			continue
		}
		for _, v := range cmp.Values {
			c.add(cmp.ObjectType, cmp.Path, v)
		}
	}
	return c.values
}

type collector struct {
	values []ioc.Value
}

func (c *collector) add(objectType, path, value string) {
	v, ok := ioc.FromSTIX(objectType, path, value)
	if !ok || len(c.values) >= MaxValues {
		return
	}
	for _, have := range c.values[max(0, len(c.values)-64):] { // near repeats; the index takes the rest
		if have == v {
			return
		}
	}
	c.values = append(c.values, v)
}

func (c *collector) indicator(props map[string]any) {
	kind, _ := props["pattern_type"].(string)
	text, _ := props["pattern"].(string)
	if kind != "stix" {
		return
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return // stix.Parse has refused or warned already
	}
	for _, cmp := range p.Observables() {
		if cmp.Negated || !positive[cmp.Op] {
			continue
		}
		for _, v := range cmp.Values {
			c.add(cmp.ObjectType, cmp.Path, v)
		}
	}
}

func (c *collector) observable(props map[string]any) {
	kind, _ := props["type"].(string)
	names, ok := properties[kind]
	if !ok {
		return
	}
	for _, name := range names {
		switch v := props[name].(type) {
		case string:
			c.add(kind, name, v)
		case float64:
			c.add(kind, name, number(v))
		}
	}
	hashes, _ := props["hashes"].(map[string]any)
	for name, v := range hashes {
		if s, ok := v.(string); ok {
			c.add(kind, "hashes.'"+name+"'", s)
		}
	}
}

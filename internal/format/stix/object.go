package stix

import (
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// Kind is the class of an object's type (STIX 2.1 §1.4 and §11.2).
type Kind uint8

// The kinds. Custom is every type the standard does not define.
const (
	Custom Kind = iota
	SDO         // STIX Domain Object
	SRO         // STIX Relationship Object
	SCO         // STIX Cyber-observable Object
	Meta        // language content, marking definition, extension definition
)

var kindNames = [...]string{"custom", "SDO", "SRO", "SCO", "meta"}

// String returns the kind as the standard abbreviates it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown kind"
}

// KindOf returns the kind of a type name.
func KindOf(typ string) Kind { return kinds[typ] }

// Object is one validated object: canonical bytes beside a parsed view.
type Object struct {
	Raw   []byte         // RFC 8785 bytes
	Props map[string]any // decoded view of Raw; read only

	ID, Type          string
	Created, Modified time.Time // zero when absent; finer than a nanosecond is cut off
	CreatedByRef      string
	Revoked           bool
	ValidUntil        time.Time // of an indicator (STIX 2.1 §4.7); zero when absent
	SpecVersion       string    // "2.1", also for what was lifted from 2.0
	MarkingRefs       []string  // object_marking_refs and every granular marking_ref, sorted, unique
	Warnings          []Problem // what was lifted, unknown or not as it SHOULD be
}

// Version returns what TAXII 2.1 §3.4 takes for the object's version:
// modified, else created, else the zero time.
func (o *Object) Version() time.Time {
	if !o.Modified.IsZero() {
		return o.Modified
	}
	return o.Created
}

// Kind returns the class of the object's type.
func (o *Object) Kind() Kind { return KindOf(o.Type) }

// Options says what is known about an object from outside it.
type Options struct {
	// SpecVersion is the enclosing bundle's spec_version: "2.0" lifts what
	// does not carry one of its own. Empty decides per object.
	SpecVersion string
}

// Parse validates one object and returns it with its canonical bytes; raw is
// not kept. The error is an *Invalid that lists what is wrong with the
// object, or a fault.Invalid or fault.TooLarge when raw is not usable JSON.
//
// Parse(o.Raw) gives the same Raw.
func Parse(raw []byte, opt Options) (Object, error) {
	if len(raw) > canon.MaxObject {
		return Object{}, fault.Errorf(fault.TooLarge, "the object is larger than %d MiB", canon.MaxObject>>20)
	}
	bytes, err := canon.Canonicalize(raw)
	if err != nil {
		return Object{}, err
	}
	props, err := canon.View(bytes)
	if err != nil {
		return Object{}, err
	}
	c := &checker{obj: props}
	c.path = c.steps[:0]
	if needsLift(props, opt) {
		lift(c, props)
		if bytes, err = canon.Marshal(props); err != nil {
			return Object{}, err
		}
	}
	c.object()
	if len(c.problems) > 0 {
		return Object{}, c.invalid()
	}
	return c.build(bytes), nil
}

// build makes the Object of a view in which no problem was found.
func (c *checker) build(raw []byte) Object {
	o := Object{
		Raw:          raw,
		Props:        c.obj,
		ID:           str(c.obj, "id"),
		Type:         str(c.obj, "type"),
		CreatedByRef: str(c.obj, "created_by_ref"),
		SpecVersion:  str(c.obj, "spec_version"),
		MarkingRefs:  markingRefs(c.obj),
		Warnings:     sorted(c.warnings),
	}
	o.Created, o.Modified = present(c.obj, "created"), present(c.obj, "modified")
	o.Revoked, _ = c.obj["revoked"].(bool)
	if o.Type == "indicator" {
		o.ValidUntil = present(c.obj, "valid_until")
	}
	if o.SpecVersion == "" {
		o.SpecVersion = "2.1" // the implicit value of SCOs (STIX 2.1 §3.2)
	}
	return o
}

// present returns a timestamp property; the zero time stands for its absence
// alone, so one that says the very first moment is a nanosecond later.
func present(m map[string]any, name string) time.Time {
	t, ok := instant(m, name)
	if ok && t.IsZero() {
		return t.Add(time.Nanosecond)
	}
	return t
}

// markingRefs returns every marking the object refers to, sorted and unique.
func markingRefs(m map[string]any) []string {
	whole, _ := m["object_marking_refs"].([]any)
	parts, _ := m["granular_markings"].([]any)
	if len(whole)+len(parts) == 0 {
		return nil
	}
	refs := make([]string, 0, len(whole)+len(parts))
	for _, v := range whole {
		if s, ok := v.(string); ok {
			refs = append(refs, s)
		}
	}
	for _, v := range parts {
		g, _ := v.(map[string]any)
		if s, ok := g["marking_ref"].(string); ok {
			refs = append(refs, s)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// str returns a string property, or "" when it is absent or something else.
func str(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// instant returns a timestamp property, if it is there and well formed.
func instant(m map[string]any, name string) (time.Time, bool) {
	s, ok := m[name].(string)
	if !ok {
		return time.Time{}, false
	}
	t, err := ParseTimestamp(s)
	return t, err == nil
}

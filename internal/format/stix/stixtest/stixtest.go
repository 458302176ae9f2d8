// Package stixtest makes valid STIX 2.1 objects for tests and benchmarks: a
// builder for each type with good defaults, changed by options, and streams
// of many distinct indicators. Everything it returns is canonical (RFC 8785).
//
// A builder's object has a new identifier at each call, counted up from one
// for the process; give it one with ID where the identifier matters.
package stixtest

import (
	"fmt"
	"sync/atomic"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
)

// Props are the properties of an object under construction.
type Props map[string]any

// Option changes an object under construction.
type Option func(Props)

// Created and modified of every object unless an option says otherwise: the
// day on which the reference memorandum was signed.
var created = time.Date(2022, 3, 19, 9, 0, 0, 0, time.UTC)

var counter atomic.Uint64

// NewID returns an identifier of typ that no other call returned in this
// process: a version 4 UUID that counts.
func NewID(typ string) string { return NumberedID(typ, counter.Add(1)) }

// NumberedID returns the same identifier for the same type and number.
func NumberedID(typ string, n uint64) string {
	return fmt.Sprintf("%s--%08x-0000-4000-8000-%012x", typ, uint32(n>>48), n&(1<<48-1))
}

// Timestamp writes t as STIX does, to the millisecond.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Set gives a property a value of the kinds that JSON has.
func Set(name string, v any) Option { return func(p Props) { p[name] = v } }

// Without drops properties.
func Without(names ...string) Option {
	return func(p Props) {
		for _, n := range names {
			delete(p, n)
		}
	}
}

// ID gives the object an identifier.
func ID(id string) Option { return Set("id", id) }

// Name gives the object a name.
func Name(s string) Option { return Set("name", s) }

// Pattern gives an indicator a STIX pattern.
func Pattern(s string) Option { return Set("pattern", s) }

// Marking adds markings to object_marking_refs.
func Marking(ids ...string) Option {
	return func(p Props) {
		refs, _ := p["object_marking_refs"].([]string)
		p["object_marking_refs"] = append(refs, ids...)
	}
}

// TLP marks the object with a level of TLP 2.0: clear, green, amber,
// amber+strict or red. It panics on another.
func TLP(level string) Option { return Marking(TLPID(level)) }

// CreatedBy names the identity that made the object.
func CreatedBy(id string) Option { return Set("created_by_ref", id) }

// CreatedAt sets created, and modified with it.
func CreatedAt(t time.Time) Option {
	return func(p Props) { p["created"], p["modified"] = Timestamp(t), Timestamp(t) }
}

// ModifiedAt sets modified alone, for a later version.
func ModifiedAt(t time.Time) Option { return Set("modified", Timestamp(t)) }

// Revoked says that the originator has withdrawn the object.
func Revoked() Option { return Set("revoked", true) }

// build applies options to defaults and writes the object.
func build(p Props, opts []Option) []byte {
	for _, o := range opts {
		o(p)
	}
	raw, err := canon.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("stixtest: %v", err)) // an option set what JSON cannot hold
	}
	return raw
}

// versioned are the defaults of an object with versions.
func versioned(typ string, own Props) Props {
	p := Props{
		"type": typ, "id": NewID(typ), "spec_version": "2.1",
		"created": Timestamp(created), "modified": Timestamp(created),
	}
	for k, v := range own {
		p[k] = v
	}
	return p
}

// Object makes an object of any type that has versions, known or not.
func Object(typ string, opts ...Option) []byte { return build(versioned(typ, nil), opts) }

// Indicator makes an indicator of a domain name.
func Indicator(opts ...Option) []byte {
	return build(versioned("indicator", Props{
		"name": "Login page for credentials", "indicator_types": []string{"malicious-activity"},
		"pattern": "[domain-name:value = 'login.example.com']", "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": Timestamp(created),
	}), opts)
}

// Malware makes a malware family.
func Malware(opts ...Option) []byte {
	return build(versioned("malware", Props{
		"name": "Example RAT", "is_family": true, "malware_types": []string{"remote-access-trojan"},
	}), opts)
}

// Identity makes an organisation.
func Identity(opts ...Option) []byte {
	return build(versioned("identity", Props{"name": "Example CERT", "identity_class": "organization"}), opts)
}

// Vulnerability makes a vulnerability with a CVE.
func Vulnerability(cve string, opts ...Option) []byte {
	return build(versioned("vulnerability", Props{
		"name": cve, "external_references": []any{Props{"source_name": "cve", "external_id": cve}},
	}), opts)
}

// Incident makes an incident.
func Incident(opts ...Option) []byte {
	return build(versioned("incident", Props{"name": "Credentials stolen"}), opts)
}

// Report makes a report about the objects refs.
func Report(refs []string, opts ...Option) []byte {
	return build(versioned("report", Props{
		"name": "Weekly report", "report_types": []string{"threat-report"}, "published": Timestamp(created), "object_refs": refs,
	}), opts)
}

// Note makes a note on the objects refs.
func Note(refs []string, opts ...Option) []byte {
	return build(versioned("note", Props{"content": "Seen again today.", "object_refs": refs}), opts)
}

// Opinion makes an opinion, one of opinion-enum, on the objects refs.
func Opinion(opinion string, refs []string, opts ...Option) []byte {
	return build(versioned("opinion", Props{"opinion": opinion, "object_refs": refs}), opts)
}

// ObservedData makes an observation of the observables refs.
func ObservedData(refs []string, opts ...Option) []byte {
	return build(versioned("observed-data", Props{
		"first_observed": Timestamp(created), "last_observed": Timestamp(created), "number_observed": 1, "object_refs": refs,
	}), opts)
}

// Relationship makes a relationship from source to target.
func Relationship(source, typ, target string, opts ...Option) []byte {
	return build(versioned("relationship", Props{"relationship_type": typ, "source_ref": source, "target_ref": target}), opts)
}

// Sighting makes a sighting of one object, once.
func Sighting(of string, opts ...Option) []byte {
	return build(versioned("sighting", Props{"sighting_of_ref": of, "count": 1}), opts)
}

// Observable makes an SCO of typ under the identifier that its properties
// give, or a new one where they give none.
func Observable(typ string, props Props, opts ...Option) []byte {
	p := Props{"type": typ, "spec_version": "2.1"}
	for k, v := range props {
		p[k] = v
	}
	id, err := stix.SCOID(typ, p)
	if err != nil {
		id = NewID(typ)
	}
	p["id"] = id
	return build(p, opts)
}

// Statement makes a marking with a text.
func Statement(text string, opts ...Option) []byte {
	p := versioned("marking-definition", Props{"definition_type": "statement", "definition": Props{"statement": text}})
	delete(p, "modified")
	return build(p, opts)
}

// Bundle wraps objects. It does not look at them.
func Bundle(objects ...[]byte) []byte {
	b := []byte(`{"id":"` + NewID("bundle") + `","objects":[`)
	for i, raw := range objects {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, raw...)
	}
	return append(b, `],"type":"bundle"}`...)
}

// IDOf returns the identifier of an object. It panics on what is no object.
func IDOf(raw []byte) string {
	m, err := canon.Decode(raw)
	if err != nil {
		panic(fmt.Sprintf("stixtest: %v", err))
	}
	id, _ := m["id"].(string)
	return id
}

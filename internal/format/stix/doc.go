// Package stix parses, validates and keeps STIX 2.1 objects. What came in is
// kept as canonical bytes (RFC 8785) beside a decoded view; properties and
// types the standard does not know survive untouched.
//
// The standard is in tables: one per object type, naming each property, the
// kind of value it takes and the section that says so (shape, in shape.go),
// with small functions for what holds between properties. Section numbers are
// those of STIX Version 2.1, OASIS Standard of 10 June 2021, with Errata 01.
//
// Three answers are possible about each point: nothing; a warning, where the
// standard says SHOULD or leaves a vocabulary open; a problem, where it says
// MUST, and then the object is refused. Objects of STIX 2.0 are lifted to 2.1
// and say so in warnings (lift.go).
package stix

// Package misp turns events of the MISP core format into STIX 2.1 objects.
//
// Invariants: an event of any size is read with memory bounded by one of its
// elements, two numbers per element, and its tags; the same event gives the
// same objects, byte for byte; what MISP says of handling becomes markings and
// is never dropped, while distribution levels, which are no authority for a
// release, are only kept; an attribute that cannot be expressed in STIX is kept
// whole, and every object made of a MISP element carries that element in
// Extension, so that the way back need not guess.
package misp

import (
	"io"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/feed"
)

// Extension is the id of the property extension that keeps what MISP said:
// one of the members event, attribute, object and cluster holds the element
// without what only its instance knew (numbers, owners' addresses). See
// docs/formats/misp.md.
const Extension = "extension-definition--0f7c9b0e-6a4d-4f0c-8e0a-5b1d3c2e7a96"

// space is the namespace of ids for elements without a usable UUID; it was
// drawn once.
var space = [16]byte{0x7e, 0x24, 0x1c, 0xa5, 0x0d, 0x93, 0x4e, 0x71, 0xb6, 0x58, 0x2f, 0xc4, 0x90, 0x1a, 0xe3, 0x6d}

// Bounds of an event.
const (
	maxElement = 32 << 20 // bytes of one attribute, object, galaxy or report
	maxHeader  = 1 << 20  // bytes of one plain member of an event
	maxEvents  = 10_000
	maxTags    = 2_000
)

// Open returns the input from its beginning; it is asked for it twice, since
// an event says its markings after its attributes.
type Open func() (io.ReadCloser, error)

// Read turns every event of the input into objects: one event, the answer of
// a server with many, or an array of events. An element that cannot be read is
// told as a problem; input that breaks off ends with an error after what came
// before it.
func Read(open Open, out feed.Out) error { return ReadFrom(open, Sender{}, out) }

// Sender is who hands events over: what an event does not say of its creator
// and of its time, a server that is given it says.
type Sender struct {
	Org Org
	At  time.Time
	// Stood is what stands for the one event that is handed over where the server
	// has it already, and World what that names: what became something else since
	// then is revoked. nil for an event that is new.
	Stood *Object
	World World
}

// ReadFrom is Read for events that somebody hands over.
func ReadFrom(open Open, from Sender, out feed.Out) error {
	headers, broken, err := scan(open)
	if err != nil {
		return err
	}
	for _, h := range headers {
		h.given(from)
	}
	in, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	n, place := 0, 0
	c := canon.NewCursor(in, maxElement)
	err = document(c, func(first string) error {
		if n >= len(headers) { // the second reading broke off later than the first
			return broken
		}
		w := &writer{out: out, event: headers[n], place: place, ids: map[[16]byte]uint8{}}
		n++
		if err := w.stood(from); err != nil {
			return err
		}
		err := w.read(c, first)
		place = w.place
		return err
	})
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.Invalid, `not a MISP event: want {"Event": {...}} or {"response": [...]}`)
	}
	return c.End()
}

// scan reads what events say of themselves. broken is where the input stopped
// making sense; the events up to there are good.
func scan(open Open) (headers []*header, broken, err error) {
	in, err := open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = in.Close() }() // only read
	c := canon.NewCursor(in, maxElement)
	broken = document(c, func(first string) error {
		if len(headers) >= maxEvents {
			return fault.Errorf(fault.TooLarge, "more than %d events", maxEvents)
		}
		h := &header{}
		headers = append(headers, h) // an event that breaks off is read as far as it goes
		err := members(c, first, func(name string) error { return h.member(c, name) })
		h.settle()
		return err
	})
	if fault.KindOf(broken) == fault.Internal && broken != nil {
		return nil, nil, broken // the input itself failed
	}
	return headers, broken, nil
}

// document calls event inside of each event object, after the name of its
// first member where that has been read already.
func document(c *canon.Cursor, event func(first string) error) error {
	switch c.Kind() {
	case '[':
		if err := c.Enter(); err != nil {
			return err
		}
		for c.More() {
			if err := document(c, event); err != nil {
				return err
			}
		}
		return c.Leave()
	case '{':
		if c.Depth() > 4 {
			return fault.New(fault.Invalid, "no MISP event where one is expected")
		}
		return envelope(c, event)
	}
	return c.Skip()
}

// envelope reads {"response": …}, {"Event": …} or an event itself.
func envelope(c *canon.Cursor, event func(first string) error) error {
	if err := c.Enter(); err != nil {
		return err
	}
	wrapped := false
	for c.More() {
		name, err := c.Name()
		if err != nil {
			return err
		}
		switch {
		case name == "response" && (c.Kind() == '[' || c.Kind() == '{'):
			wrapped, err = true, document(c, event)
		case name == "Event" && c.Kind() == '{':
			wrapped = true
			if err = c.Enter(); err == nil {
				err = event("")
			}
		case wrapped:
			err = c.Skip()
		case eventMember[name]:
			return event(name)
		default:
			err = c.Skip()
		}
		if err != nil {
			return err
		}
	}
	return c.Leave()
}

// eventMember names what only an event begins with.
var eventMember = map[string]bool{
	"id": true, "orgc_id": true, "org_id": true, "date": true, "threat_level_id": true, "info": true, "published": true, "uuid": true,
	"analysis": true, "timestamp": true, "distribution": true, "Attribute": true, "Object": true, "Orgc": true, "Tag": true,
}

// members calls fn for each member of the object that is open, with the cursor
// before its value, and leaves the object.
func members(c *canon.Cursor, first string, fn func(name string) error) error {
	for first != "" || c.More() {
		name := first
		first = ""
		if name == "" {
			var err error
			if name, err = c.Name(); err != nil {
				return err
			}
		}
		if err := fn(name); err != nil {
			return err
		}
	}
	return c.Leave()
}

// elements calls fn with each element of the array that begins here.
func elements(c *canon.Cursor, fn func(raw []byte) error) error {
	if c.Kind() != '[' {
		return c.Skip()
	}
	if err := c.Enter(); err != nil {
		return err
	}
	for c.More() {
		raw, err := c.Value()
		if err != nil {
			return err
		}
		if err := fn(raw); err != nil {
			return err
		}
	}
	return c.Leave()
}

// moment writes a time as STIX does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// named returns a UUID made of names, for what has none of its own.
func named(parts ...string) string {
	var name strings.Builder
	for _, p := range parts {
		name.WriteString(p + "\x00")
	}
	return ident.NamedUUID(space, name.String())
}

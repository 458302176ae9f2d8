// Package plot draws figures as SVG for pages and printed packs: lines, bars,
// a calendar of heat, spans on a time line, and the two shores.
//
// Invariants: a figure is a pure function of its fields, byte for byte; it
// carries its title and description; it has a twin that says the same as a
// table; it says how it looks by class names alone, so that a strict content
// security policy holds and a style sheet decides about light, dark and print;
// it fills whatever width it is given and keeps the size of its text, so it
// reads at 360 px. Every text comes from the caller, in the reader's language,
// and is escaped here.
package plot

import (
	"html"
	"math"
	"strconv"
	"strings"
)

// Frame is what every figure has.
type Frame struct {
	// ID is unique on the page: letters, digits and hyphens.
	ID string
	// Title names the figure, Desc says in a sentence what is to be seen.
	Title, Desc string
}

// Table is the twin of a figure. The first cell of a row is its heading.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

// Number writes a value as the reader's language does; nil stands for plain
// decimals.
type Number func(float64) string

func (n Number) show(v float64) string {
	if n == nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return dec(v)
	}
	return n(v)
}

// canvas writes elements. Attribute and text values are escaped by it and
// nowhere else.
type canvas struct{ b strings.Builder }

// open starts an element; attrs are names and values in turn.
func (c *canvas) open(tag string, attrs ...string) {
	c.tag(tag, attrs)
	c.b.WriteByte('>')
}

// leaf writes an element without content.
func (c *canvas) leaf(tag string, attrs ...string) {
	c.tag(tag, attrs)
	c.b.WriteString("/>")
}

// said writes an element that names itself when pointed at.
func (c *canvas) said(title, tag string, attrs ...string) {
	c.open(tag, attrs...)
	c.word("title", title)
	c.end(tag)
}

// word writes an element that holds text.
func (c *canvas) word(tag, text string, attrs ...string) {
	c.open(tag, attrs...)
	c.b.WriteString(clean(text))
	c.end(tag)
}

func (c *canvas) end(tag string) { c.b.WriteString("</" + tag + ">") }

func (c *canvas) tag(tag string, attrs []string) {
	c.b.WriteString("<" + tag)
	for i := 0; i+1 < len(attrs); i += 2 {
		c.b.WriteString(" " + attrs[i] + `="` + clean(attrs[i+1]) + `"`)
	}
}

// begin opens the figure's own element. It is a picture to assistive
// technology, or a group when its parts can be reached one by one.
func (c *canvas) begin(f Frame, class, role string, height float64) {
	id := name(f.ID)
	c.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "plot plot-"+class, "role", role,
		"aria-labelledby", id+"-title "+id+"-desc", "width", "100%", "height", dec(height))
	c.word("title", f.Title, "id", id+"-title")
	c.word("desc", f.Desc, "id", id+"-desc")
}

func (c *canvas) finish() string {
	c.end("svg")
	return c.b.String()
}

// stretch opens a part of its own coordinates, 0 to 100 across, that is as
// wide as the given share of the figure. What is drawn in it is stretched;
// text and circles belong outside.
func (c *canvas) stretch(x, y, width, height float64) {
	c.open("svg", "x", pct(x), "y", dec(y), "width", pct(width), "height", dec(height),
		"viewBox", "0 0 100 "+dec(height), "preserveAspectRatio", "none")
}

// clean escapes a text and leaves out what no XML document may contain.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if (r < 0x20 && r != '\n' && r != '\t') || r == 0x7f || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	return html.EscapeString(s)
}

// name keeps what may stand in an id or a class.
func name(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return -1
	}, s)
}

// dec writes a number with at most two decimals; what is none is 0.
func dec(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func pct(v float64) string { return dec(v) + "%" }

package store

import "math"

// Group is conditions of which at least one must hold; an empty Group holds
// for nothing.
type Group struct {
	Terms   []int64
	Labels  []int64
	Objects []int64 // versions
}

// Span bounds a time; zero leaves an end open. Both ends belong to it, to the
// second.
type Span struct {
	Name     string // Received, Created or Modified
	From, To int64  // microseconds
}

// Place is where a page ends: the next begins behind it. The zero Place is
// none.
type Place struct{ Key, Seq int64 }

// IsZero reports whether p is no place.
func (p Place) IsZero() bool { return p == Place{} }

// Sought says which object versions are looked for. Nothing exists for it that
// Class may not see: no row, no count, no difference in order. Of the versions
// of an id only the newest the class may see is found.
type Sought struct {
	Class  int64
	Labels []int64 // of those the class may see only these, in rising order; nil for all of them
	Groups []Group // each must hold
	Spans  []Span
	Order  string // Received, which is the order of arrival, Created or Modified
	Oldest bool   // first; else newest first
	After  Place
	Limit  int // of a page, > 0
	// CountTo is up to which number matches are counted; 0 counts none.
	CountTo int
}

// Matches is a page of what was sought.
type Matches struct {
	Seqs []int64
	Next Place // none on the last page
	// Count is how many there are in all; More says that there are more.
	Count int
	More  bool
}

// bounds returns the ends of a span in seconds.
func (s Span) bounds() (from, to int64) {
	from, to = 0, math.MaxInt64
	if s.From != 0 {
		from = int64(seconds(s.From))
	}
	if s.To != 0 {
		to = int64(seconds(s.To))
	}
	return from, to
}

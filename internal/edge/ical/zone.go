package ical

import (
	"fmt"
	"maps"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"
)

// zones is the zones that entries are meant in, and the time they are needed
// for.
type zones map[string]*span

type span struct {
	zone        *time.Location
	first, last time.Time
}

func (z zones) add(zone *time.Location, start, end time.Time) {
	s, known := z[zone.String()]
	if !known {
		z[zone.String()] = &span{zone, start, end}
		return
	}
	if start.Before(s.first) {
		s.first = start
	}
	if end.After(s.last) {
		s.last = end
	}
}

// write puts a VTIMEZONE for each zone into the calendar: every change of its
// offset that the entries lie between, each at its instant.
func (z zones) write(out *ics.Calendar) {
	for _, name := range slices.Sorted(maps.Keys(z)) {
		s := z[name]
		t := ics.NewTimezone(name)
		for at := s.first; ; {
			begins, ends := at.In(s.zone).ZoneBounds()
			t.Components = append(t.Components, observance(s.zone, at, begins))
			if ends.IsZero() || ends.After(s.last) {
				break
			}
			at = ends
		}
		out.Components = append([]ics.Component{t}, out.Components...)
	}
}

// observance is one stretch of a zone with the same offset: that of at, which
// began at begins, zero for ever.
func observance(zone *time.Location, at, begins time.Time) ics.Component {
	name, to := at.In(zone).Zone()
	from := to
	start := "19700101T000000"
	if !begins.IsZero() {
		_, from = begins.Add(-time.Second).In(zone).Zone()
		start = begins.UTC().Add(time.Duration(from) * time.Second).Format("20060102T150405")
	}
	set := func(c *ics.ComponentBase) {
		c.SetProperty(ics.ComponentPropertyDtStart, start)
		c.SetProperty("TZOFFSETFROM", offset(from))
		c.SetProperty("TZOFFSETTO", offset(to))
		c.SetProperty("TZNAME", name)
	}
	if at.In(zone).IsDST() {
		d := &ics.Daylight{}
		set(&d.ComponentBase)
		return d
	}
	s := &ics.Standard{}
	set(&s.ComponentBase)
	return s
}

// offset writes seconds east of UTC as RFC 5545 §3.3.14 has it.
func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if rest := seconds % 60; rest != 0 {
		text += fmt.Sprintf("%02d", rest)
	}
	return text
}

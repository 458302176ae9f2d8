package plot

import "strings"

// Stream is what an area of cooperation saw in one direction.
type Stream struct {
	Crossed  int64 // reached the other shore
	Held     int64 // waits at the shore it comes from
	Refused  int64 // turned back
	Recalled int64 // called back after it had crossed
}

func (s Stream) quiet() bool { return s == Stream{} }

// Lane is one area of cooperation.
type Lane struct {
	Ref     string // 1(1)
	Title   string
	Out, In Stream // from the own shore, from the partner's
}

// ShoreWords is how the picture says things.
type ShoreWords struct {
	Area, Direction                  string // heads of the twin
	Crossed, Held, Refused, Recalled string
}

// Shores is the picture of what crossed between two sides: the own shore on
// the left, the partner's on the right, and a band for each area and direction
// as wide as what crossed. What is held stands as a darker edge at the shore,
// what was refused turns back, and a recall is a thin line against the stream.
type Shores struct {
	Frame
	Own, Partner string
	Words        ShoreWords
	Lanes        []Lane
	Number       Number
}

// The picture's measures, in pixels down and hundredths across.
const (
	shoreHead  = 30.0
	shoreFoot  = 10.0
	shoreWide  = 24.0
	laneQuiet  = 22.0
	laneLabel  = 20.0
	laneGap    = 8.0
	bandMost   = 40.0
	bandLeast  = 2.0
	bandBow    = 4.0
	turnBack   = 9.0
	recallRoom = 6.0
)

// Table returns the twin: a row for each area and direction.
func (s Shores) Table() Table {
	w := s.Words
	t := Table{Caption: s.Title, Head: []string{w.Area, w.Direction, w.Crossed, w.Held, w.Refused, w.Recalled}}
	for _, l := range s.Lanes {
		for _, out := range []bool{true, false} {
			st := l.stream(out)
			t.Rows = append(t.Rows, []string{
				strings.TrimSpace(l.Ref + " " + l.Title), s.way(out),
				s.count(st.Crossed), s.count(st.Held), s.count(st.Refused), s.count(st.Recalled),
			})
		}
	}
	return t
}

func (l Lane) stream(out bool) Stream {
	if out {
		return l.Out
	}
	return l.In
}

// way says a direction with names and an arrow, never by colour alone.
func (s Shores) way(out bool) string {
	if out {
		return s.Own + " → " + s.Partner
	}
	return s.Partner + " → " + s.Own
}

func (s Shores) count(n int64) string { return s.Number.show(float64(n)) }

// SVG draws the picture. Each lane can be reached by keyboard and says its
// numbers.
func (s Shores) SVG() string {
	height := shoreHead + shoreFoot
	for _, l := range s.Lanes {
		height += s.height(l)
	}
	cv := &canvas{}
	cv.begin(s.Frame, "shores", "group", height)
	cv.leaf("rect", "class", "plot-water", "x", "0", "y", "0", "width", "100%", "height", dec(height))
	y := shoreHead
	for _, l := range s.Lanes {
		s.lane(cv, l, y)
		y += s.height(l)
	}
	s.coast(cv, "own", 0, height, "M0 0H92", "V%H0Z")
	s.coast(cv, "partner", 100-shoreWide, height, "M100 0H8", "V%H100Z")
	cv.word("text", s.Own, "class", "plot-shore-name plot-own", "x", "1%", "y", "20")
	cv.word("text", s.Partner, "class", "plot-shore-name plot-partner plot-end", "x", "99%", "y", "20")
	y = shoreHead
	for _, l := range s.Lanes {
		s.numbers(cv, l, y)
		y += s.height(l)
	}
	return cv.finish()
}

// coast draws one shore over the ends of the bands, its edge a little uneven.
func (s Shores) coast(cv *canvas, whose string, x, height float64, from, to string) {
	cv.stretch(x, 0, shoreWide, height)
	inner, outer := "84", "94"
	if whose == "partner" {
		inner, outer = "16", "6"
	}
	var d strings.Builder
	d.WriteString(from)
	for y := 0.0; y < height; y += 2 * shoreHead {
		d.WriteString("C" + outer + " " + dec(y+shoreHead/2) + " " + inner + " " + dec(y+shoreHead) + " " + outer + " " + dec(min(height, y+2*shoreHead)))
	}
	cv.leaf("path", "class", "plot-shore plot-shore-"+whose, "d", d.String()+strings.ReplaceAll(to, "%", dec(height)))
	cv.end("svg")
}

// height returns how much room a lane needs.
func (s Shores) height(l Lane) float64 {
	if l.Out.quiet() && l.In.quiet() {
		return laneQuiet
	}
	return laneLabel + s.room(l.Out) + s.room(l.In) + laneGap
}

func (s Shores) room(st Stream) float64 {
	if st.quiet() {
		return 0
	}
	h := max(s.width(st.Crossed), s.width(st.Held), bandLeast) + 2*bandBow
	if st.Refused > 0 {
		h += turnBack
	}
	if st.Recalled > 0 {
		h += recallRoom
	}
	return max(h, laneLabel)
}

// width returns how wide a band of n is: in proportion to the widest, and
// never so thin that something looks like nothing.
func (s Shores) width(n int64) float64 {
	most := int64(1)
	for _, l := range s.Lanes {
		most = max(most, l.Out.Crossed, l.In.Crossed, l.Out.Held, l.In.Held)
	}
	if n <= 0 {
		return 0
	}
	return max(bandLeast, bandMost*float64(n)/float64(most))
}

// lane draws the two bands of an area.
func (s Shores) lane(cv *canvas, l Lane, y float64) {
	cv.open("g", "class", "plot-lane", "tabindex", "0", "role", "img", "aria-label", s.say(l))
	cv.word("title", s.say(l))
	cv.leaf("rect", "class", "plot-lane-box", "x", "0", "y", dec(y), "width", "100%", "height", dec(s.height(l)))
	cv.word("text", l.Ref, "class", "plot-tick plot-middle plot-narrow", "x", "50%", "y", dec(y+14))
	cv.word("text", strings.TrimSpace(l.Ref+" "+cut(l.Title)), "class", "plot-tick plot-middle plot-wide", "x", "50%", "y", dec(y+14))
	if l.Out.quiet() && l.In.quiet() {
		cv.leaf("line", "class", "plot-quiet", "x1", pct(shoreWide), "x2", pct(100-shoreWide), "y1", dec(y+laneLabel), "y2", dec(y+laneLabel))
	} else {
		top := y + laneLabel
		s.stream(cv, l.Out, "own", top, false)
		s.stream(cv, l.In, "partner", top+s.room(l.Out), true)
	}
	cv.end("g")
}

// stream draws one direction of a lane; from the right it is mirrored.
func (s Shores) stream(cv *canvas, st Stream, tone string, y float64, mirror bool) {
	if st.quiet() {
		return
	}
	room := s.room(st)
	cv.stretch(shoreWide-4, y, 100-2*shoreWide+8, room)
	if mirror {
		cv.open("g", "transform", "matrix(-1 0 0 1 100 0)")
	} else {
		cv.open("g")
	}
	next := s.band(cv, st, tone)
	next = s.refused(cv, st, tone, next)
	if st.Recalled > 0 {
		cv.leaf("path", "class", "plot-recall plot-stroke-"+tone, "d", "M100 "+dec(next+2)+"H0", "vector-effect", "non-scaling-stroke")
	}
	cv.end("g")
	cv.end("svg")
}

// band draws what crossed and what waits, and returns where it ends.
func (s Shores) band(cv *canvas, st Stream, tone string) float64 {
	top, w := bandBow, s.width(st.Crossed)
	if w > 0 {
		high, low := dec(top), dec(top+w)
		bow, bowLow := dec(top-bandBow), dec(top+w-bandBow)
		cv.leaf("path", "class", "plot-band plot-band-"+tone,
			"d", "M0 "+high+"C33 "+bow+" 67 "+bow+" 100 "+high+"V"+low+"C67 "+bowLow+" 33 "+bowLow+" 0 "+low+"Z")
	}
	if held := s.width(st.Held); held > 0 {
		cv.leaf("path", "class", "plot-held plot-held-"+tone, "d", "M0 "+dec(top)+"H12V"+dec(top+held)+"H0Z")
		w = max(w, held)
	}
	return top + w + bandBow
}

// refused draws the line that turns back, and returns where it ends.
func (s Shores) refused(cv *canvas, st Stream, tone string, y float64) float64 {
	if st.Refused == 0 {
		return y
	}
	high, low := dec(y), dec(y+turnBack-3)
	cv.leaf("path", "class", "plot-refused plot-stroke-"+tone,
		"d", "M0 "+high+"H40C56 "+high+" 56 "+low+" 40 "+low+"H24", "vector-effect", "non-scaling-stroke")
	return y + turnBack
}

// numbers writes onto the shores what left each of them.
func (s Shores) numbers(cv *canvas, l Lane, y float64) {
	for _, out := range []bool{true, false} {
		st := l.stream(out)
		if st.quiet() {
			continue
		}
		at, class, x, text := y+laneLabel+14, "plot-number plot-own", "1%", "→ "+s.count(st.Crossed)
		if !out {
			at, class, x, text = at+s.room(l.Out), "plot-number plot-partner plot-end", "99%", s.count(st.Crossed)+" ←"
		}
		cv.word("text", text, "class", class, "x", x, "y", dec(at))
	}
}

// say puts a lane's numbers into words.
func (s Shores) say(l Lane) string {
	var text strings.Builder
	text.WriteString(strings.TrimSpace(l.Ref + " " + l.Title))
	for _, out := range []bool{true, false} {
		st := l.stream(out)
		text.WriteString(". " + s.way(out) + ": " + s.Words.Crossed + " " + s.count(st.Crossed))
		for _, p := range []struct {
			word string
			n    int64
		}{{s.Words.Held, st.Held}, {s.Words.Refused, st.Refused}, {s.Words.Recalled, st.Recalled}} {
			if p.n > 0 {
				text.WriteString(", " + p.word + " " + s.count(p.n))
			}
		}
	}
	return text.String()
}

// cut shortens a title that the strait has no room for.
func cut(title string) string {
	const most = 48
	r := []rune(title)
	if len(r) <= most {
		return title
	}
	return string(r[:most-1]) + "…"
}

package plot

import "time"

// Span is one row of a time line: from Start to End, or a moment when End is
// zero.
type Span struct {
	Name       string
	Note       string // said on the right of the name, such as a clause
	Tone       string
	Start, End time.Time
}

// Spans is a time line, one row a span, with a line at Now.
type Spans struct {
	Frame
	Heads    [3]string // of the twin: name, start, end
	From, To time.Time
	Now      time.Time // no line when outside
	NowName  string
	Rows     []Span
	Date     func(time.Time) string
}

const (
	spanTop = 24.0
	spanRow = 36.0
)

// Table returns the twin.
func (s Spans) Table() Table {
	t := Table{Caption: s.Title, Head: s.Heads[:]}
	for _, r := range s.Rows {
		end := Missing
		if !r.End.IsZero() {
			end = s.date(r.End)
		}
		t.Rows = append(t.Rows, []string{r.Name, s.date(r.Start), end})
	}
	return t
}

// SVG draws the time line.
func (s Spans) SVG() string {
	cv := &canvas{}
	height := spanTop + spanRow*float64(len(s.Rows))
	cv.begin(s.Frame, "spans", "img", height)
	cv.word("text", s.date(s.From), "class", "plot-tick", "x", "0", "y", "12")
	cv.word("text", s.date(s.To), "class", "plot-tick plot-end", "x", "100%", "y", "12")
	for i, r := range s.Rows {
		s.row(cv, r, spanTop+spanRow*float64(i))
	}
	if x, ok := s.at(s.Now); ok && !s.Now.IsZero() {
		cv.said(s.NowName, "line", "class", "plot-now", "x1", pct(x), "x2", pct(x), "y1", dec(spanTop-8), "y2", dec(height))
	}
	return cv.finish()
}

func (s Spans) row(cv *canvas, r Span, y float64) {
	cv.word("text", r.Name, "class", "plot-key", "x", "0", "y", dec(y+12))
	cv.word("text", r.Note, "class", "plot-tick plot-end", "x", "100%", "y", dec(y+12))
	cv.leaf("line", "class", "plot-grid", "x1", "0", "x2", "100%", "y1", dec(y+24), "y2", dec(y+24))
	x, inside := s.at(r.Start)
	if r.End.IsZero() {
		if inside {
			cv.said(r.Name+": "+s.date(r.Start), "circle", "class", "plot-tone-"+name(r.Tone), "cx", pct(x), "cy", dec(y+24), "r", "5")
		}
		return
	}
	end, _ := s.at(r.End)
	cv.said(r.Name+": "+s.date(r.Start)+" – "+s.date(r.End), "rect", "class", "plot-tone-"+name(r.Tone),
		"x", pct(x), "y", dec(y+20), "width", pct(max(0.5, end-x)), "height", "8")
}

// at returns where a moment is, held inside, and whether it was inside.
func (s Spans) at(t time.Time) (float64, bool) {
	whole := s.To.Sub(s.From)
	if whole <= 0 {
		return 0, false
	}
	x := 100 * float64(t.Sub(s.From)) / float64(whole)
	return min(max(x, 0), 100), x >= 0 && x <= 100
}

func (s Spans) date(t time.Time) string { return named(s.Date, t, time.DateOnly) }

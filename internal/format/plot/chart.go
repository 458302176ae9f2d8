package plot

import (
	"math"
	"strings"
)

// Series is one line, or one layer of bars. Tone is a class of the style
// sheet: own, partner, wait, work, done, soon, or a plain 1 to 6.
type Series struct {
	Name   string
	Tone   string
	Values []float64 // one for each of Chart.X; math.NaN() where there is none
}

// Chart is values over steps: days, areas, kinds.
type Chart struct {
	Frame
	Axis   string   // what X is, head of the twin's first column
	X      []string // one label a step
	Series []Series
	Number Number
}

// The box a chart is drawn in. Width is in hundredths of the figure.
const (
	chartLeft   = 12.0
	chartWidth  = 86.0
	chartTop    = 12.0
	chartHeight = 160.0
	chartFoot   = 28.0
	legendRow   = 20.0
)

// Missing is what the twin writes where there is no value.
const Missing = "–"

// Table returns the chart's twin.
func (c Chart) Table() Table {
	t := Table{Caption: c.Title, Head: []string{c.Axis}}
	for _, s := range c.Series {
		t.Head = append(t.Head, s.Name)
	}
	for i, x := range c.X {
		row := []string{x}
		for _, s := range c.Series {
			row = append(row, c.cell(s, i))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (c Chart) cell(s Series, i int) string {
	if v := s.value(i); finite(v) {
		return c.Number.show(v)
	}
	return Missing
}

func (s Series) value(i int) float64 {
	if i >= len(s.Values) {
		return math.NaN()
	}
	return s.Values[i]
}

// begin draws what all charts share: frame, lines across, labels below and the
// names of the series. It returns the scale of the values.
func (c Chart) begin(cv *canvas, class string, top float64) scale {
	s := scaleTo(top)
	cv.begin(c.Frame, class, "img", chartTop+chartHeight+chartFoot+legendRow*float64(c.legendRows()))
	for _, v := range s.ticks {
		y := dec(chartTop + s.at(v))
		cv.leaf("line", "class", "plot-grid", "x1", pct(chartLeft), "x2", pct(chartLeft+chartWidth), "y1", y, "y2", y)
		cv.word("text", c.Number.show(v), "class", "plot-tick plot-end", "x", pct(chartLeft-1), "y", y, "dy", "4")
	}
	c.steps(cv)
	c.legend(cv)
	return s
}

// steps writes as many labels under the box as have room at 360 px; the rest
// is in the twin.
func (c Chart) steps(cv *canvas) {
	every := max(1, (len(c.X)+4)/5)
	for i := 0; i < len(c.X); i += every {
		cv.word("text", c.X[i], "class", "plot-tick plot-middle", "x", pct(c.middle(i)), "y", dec(chartTop+chartHeight+18))
	}
}

func (c Chart) legendRows() int { return len(c.Series) }

// legend names the series, one a row: two names side by side have no room on a
// telephone.
func (c Chart) legend(cv *canvas) {
	for i, s := range c.Series {
		y := chartTop + chartHeight + chartFoot + legendRow*float64(i)
		cv.leaf("rect", "class", "plot-tone-"+name(s.Tone), "x", pct(chartLeft), "y", dec(y), "width", "12", "height", "12")
		cv.word("text", s.Name, "class", "plot-key", "x", pct(chartLeft), "y", dec(y), "dx", "18", "dy", "10")
	}
}

// middle returns where step i is, in hundredths of the figure.
func (c Chart) middle(i int) float64 {
	return chartLeft + chartWidth*(float64(i)+0.5)/float64(max(1, len(c.X)))
}

// lines draws a line a series; a value that is missing leaves a gap.
func (c Chart) lines() string {
	var all []float64
	for _, s := range c.Series {
		all = append(all, s.Values...)
	}
	cv := &canvas{}
	sc := c.begin(cv, "line", highest(all))
	cv.stretch(chartLeft, chartTop, chartWidth, chartHeight)
	for _, s := range c.Series {
		c.path(cv, s, sc)
	}
	cv.end("svg")
	for _, s := range c.Series {
		c.dots(cv, s, sc)
	}
	return cv.finish()
}

func (c Chart) path(cv *canvas, s Series, sc scale) {
	var d strings.Builder
	pen := "M"
	for i := range c.X {
		v := s.value(i)
		if !finite(v) {
			pen = "M"
			continue
		}
		x := 100 * (float64(i) + 0.5) / float64(len(c.X))
		d.WriteString(pen + dec(x) + " " + dec(sc.at(v)))
		pen = "L"
	}
	if d.Len() > 0 {
		cv.leaf("path", "class", "plot-stroke plot-tone-"+name(s.Tone), "d", d.String(), "vector-effect", "non-scaling-stroke")
	}
}

func (c Chart) dots(cv *canvas, s Series, sc scale) {
	for i, x := range c.X {
		if v := s.value(i); finite(v) {
			cv.said(s.Name+", "+x+": "+c.Number.show(v), "circle", "class", "plot-dot plot-tone-"+name(s.Tone),
				"cx", pct(c.middle(i)), "cy", dec(chartTop+sc.at(v)), "r", "3")
		}
	}
}

// bars draws the series of a step on top of each other, first lowest.
// Negative and missing values are left out.
func (c Chart) bars() string {
	sums := make([]float64, len(c.X))
	for _, s := range c.Series {
		for i := range c.X {
			sums[i] += positive(s.value(i))
		}
	}
	cv := &canvas{}
	sc := c.begin(cv, "bar", highest(sums))
	width := chartWidth * 0.7 / float64(max(1, len(c.X)))
	for i, x := range c.X {
		below := 0.0
		for _, s := range c.Series {
			v := positive(s.value(i))
			if v == 0 {
				continue
			}
			high, low := sc.at(below+v), sc.at(below)
			cv.said(s.Name+", "+x+": "+c.Number.show(v), "rect", "class", "plot-tone-"+name(s.Tone),
				"x", pct(c.middle(i)-width/2), "y", dec(chartTop+high), "width", pct(width), "height", dec(low-high))
			below += v
		}
	}
	return cv.finish()
}

func positive(v float64) float64 {
	if !finite(v) || v < 0 {
		return 0
	}
	return v
}

// Line is a chart of lines.
type Line Chart

// SVG draws a line a series; a missing value leaves a gap.
func (l Line) SVG() string { return Chart(l).lines() }

// Table returns the twin.
func (l Line) Table() Table { return Chart(l).Table() }

// Bar is a chart of bars, stacked when there are several series.
type Bar Chart

// SVG draws the series of a step on top of each other, first lowest; missing
// and negative values are left out.
func (b Bar) SVG() string { return Chart(b).bars() }

// Table returns the twin.
func (b Bar) Table() Table { return Chart(b).Table() }

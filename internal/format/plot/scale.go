package plot

import "math"

// scale maps 0 to Top onto a height; Ticks are the values worth a line.
type scale struct {
	top   float64
	ticks []float64
}

// scaleTo returns a scale from 0 that holds every value below or at highest,
// with two to five ticks at round numbers.
func scaleTo(highest float64) scale {
	if !(highest > 0) || math.IsInf(highest, 0) {
		return scale{top: 1, ticks: []float64{0, 1}}
	}
	step := roundStep(highest / 4)
	s := scale{ticks: []float64{0}}
	for s.top < highest {
		s.top = float64(len(s.ticks)) * step
		s.ticks = append(s.ticks, s.top)
	}
	return s
}

// roundStep returns the next of 1, 2, 5, 10, ... that is at least v.
func roundStep(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= v {
			return m * unit
		}
	}
	return 10 * unit
}

// at returns how far down in the box of a chart a value is.
func (s scale) at(v float64) float64 {
	return chartHeight * (1 - min(max(v, 0), s.top)/s.top)
}

// highest returns the largest finite value, at least 0.
func highest(values []float64) float64 {
	h := 0.0
	for _, v := range values {
		if finite(v) {
			h = max(h, v)
		}
	}
	return h
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

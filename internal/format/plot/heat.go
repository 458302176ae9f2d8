package plot

import (
	"strconv"
	"time"
)

// Heat is a calendar: a column a week from Monday, a row a day of the week, a
// cell the darker the more happened on that day.
type Heat struct {
	Frame
	Day, Value string // heads of the twin
	// From is the first day; Values holds one value a day from there on.
	From   time.Time
	Values []float64
	// Date and Month name a day and a month to the reader.
	Date, Month func(time.Time) string
	Number      Number
}

const (
	heatTop  = 20.0
	heatCell = 16.0
	heatMost = 4 // levels above nothing
)

// Table returns the twin: the days on which something happened.
func (h Heat) Table() Table {
	t := Table{Caption: h.Title, Head: []string{h.Day, h.Value}}
	for i, v := range h.Values {
		if positive(v) > 0 {
			t.Rows = append(t.Rows, []string{h.date(h.day(i)), h.Number.show(v)})
		}
	}
	return t
}

// SVG draws the calendar.
func (h Heat) SVG() string {
	cv := &canvas{}
	cv.begin(h.Frame, "heat", "img", heatTop+7*heatCell)
	most := highest(h.Values)
	lead := weekday(h.From)
	weeks := max(1, (lead+len(h.Values)+6)/7)
	width := 100 / float64(weeks)
	month, room := time.Month(0), -1
	for i, v := range h.Values {
		week, row := (lead+i)/7, (lead+i)%7
		day := h.day(i)
		if day.Month() != month && week > room {
			month, room = day.Month(), week+weeks/8
			cv.word("text", h.month(day), "class", "plot-tick", "x", pct(float64(week)*width), "y", "12")
		}
		cv.said(h.date(day)+": "+h.Number.show(positive(v)), "rect",
			"class", "plot-heat-"+strconv.Itoa(level(v, most)),
			"x", pct(float64(week)*width), "y", dec(heatTop+float64(row)*heatCell),
			"width", pct(width*0.88), "height", dec(heatCell-2))
	}
	return cv.finish()
}

// level puts a value into one of the steps from nothing to most.
func level(v, most float64) int {
	if positive(v) == 0 {
		return 0
	}
	return min(heatMost, 1+int(v/most*heatMost))
}

func (h Heat) day(i int) time.Time { return h.From.AddDate(0, 0, i) }

func (h Heat) date(t time.Time) string { return named(h.Date, t, time.DateOnly) }

func (h Heat) month(t time.Time) string { return named(h.Month, t, "Jan") }

func named(f func(time.Time) string, t time.Time, layout string) string {
	if f == nil {
		return t.Format(layout)
	}
	return f(t)
}

// weekday counts from Monday.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

package plot_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"twoseas/internal/format/plot"
)

var update = flag.Bool("update", false, "write the golden files")

// figure is what every kind of figure does.
type figure interface {
	SVG() string
	Table() plot.Table
}

var day = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)

func frame(id string) plot.Frame {
	return plot.Frame{ID: id, Title: "What crossed, " + id, Desc: "A figure of a test."}
}

func shores() plot.Shores {
	return plot.Shores{
		Frame: frame("shores"), Own: "India", Partner: "Japan",
		Words: plot.ShoreWords{Area: "Area", Direction: "Direction", Crossed: "crossed", Held: "held", Refused: "refused", Recalled: "recalled"},
		Lanes: []plot.Lane{
			{
				Ref: "1(1)", Title: "Timely sharing of information on threats and incidents, and of good practice",
				Out: plot.Stream{Crossed: 1200, Held: 40, Refused: 12, Recalled: 1}, In: plot.Stream{Crossed: 800},
			},
			{Ref: "1(2)", Title: "Joint mechanisms"},
			{Ref: "1(6)", Title: "Supply chain", Out: plot.Stream{Crossed: 1}, In: plot.Stream{Crossed: 3, Refused: 2, Recalled: 2}},
			{Ref: "1(7)", Title: "With businesses", Out: plot.Stream{Held: 7}},
		},
	}
}

func chart(id string) plot.Chart {
	return plot.Chart{
		Frame: frame(id), Axis: "Day", X: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
		Series: []plot.Series{
			{Name: "India to Japan", Tone: "own", Values: []float64{3, 7, math.NaN(), 12, 4, 0, 1}},
			{Name: "Japan to India", Tone: "partner", Values: []float64{1, 2, 2, -5, 9}},
		},
	}
}

func heat() plot.Heat {
	h := plot.Heat{Frame: frame("heat"), Day: "Day", Value: "Items", From: day.AddDate(0, 0, -40)}
	for i := range 41 {
		h.Values = append(h.Values, float64(i*i%17))
	}
	return h
}

func spans() plot.Spans {
	return plot.Spans{
		Frame: frame("spans"), Heads: [3]string{"What", "From", "To"}, From: day, To: day.AddDate(1, 0, 0), Now: day.AddDate(0, 2, 0), NowName: "today",
		Rows: []plot.Span{
			{Name: "Term", Note: "3(1)", Tone: "work", Start: day.AddDate(-4, 0, 0), End: day.AddDate(0, 4, 2)},
			{Name: "Dialogue", Note: "2(1)", Tone: "soon", Start: day.AddDate(0, 1, 0)},
			{Name: "Long ago", Tone: "done", Start: day.AddDate(-1, 0, 0)},
		},
	}
}

func figures() map[string]figure {
	return map[string]figure{
		"shores": shores(), "line": plot.Line(chart("line")), "bar": plot.Bar(chart("bar")), "heat": heat(), "spans": spans(),
		"shores-empty": plot.Shores{Frame: frame("empty")}, "line-empty": plot.Line{Frame: frame("none")},
		"bar-empty": plot.Bar{Frame: frame("none")}, "heat-empty": plot.Heat{Frame: frame("none")}, "spans-empty": plot.Spans{Frame: frame("none")},
	}
}

// TestGolden compares each figure and its twin with what was looked at once.
// go test -update writes them anew.
func TestGolden(t *testing.T) {
	for name, f := range figures() {
		got := f.SVG() + "\n"
		for _, row := range append([][]string{f.Table().Head}, f.Table().Rows...) {
			got += strings.Join(row, " | ") + "\n"
		}
		file := filepath.Join("testdata", name+".svg.txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		if again := figures()[name].SVG() + "\n"; !strings.HasPrefix(got, again) {
			t.Errorf("%s: drawn twice, two figures", name)
		}
	}
}

// TestWellFormed holds every figure to XML, to a title and a description that
// it is labelled by, and to class names as its only style.
func TestWellFormed(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i:style=|<script|<style|javascript:|href=|\son[a-z]+=)|NaN|Inf`)
	for name, f := range figures() {
		svg := f.SVG()
		if bad := forbidden.FindString(svg); bad != "" {
			t.Errorf("%s: holds %q", name, bad)
		}
		if err := readXML(svg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range []string{"<title id=", "<desc id=", `width="100%"`, "aria-labelledby="} {
			if !strings.Contains(svg, want) {
				t.Errorf("%s: has no %s", name, want)
			}
		}
		table := f.Table()
		for _, row := range table.Rows {
			if len(row) != len(table.Head) {
				t.Errorf("%s: a row of %d cells under %d heads", name, len(row), len(table.Head))
			}
		}
	}
}

// readXML reads a document to its end and checks that ids are unique and that
// every number is one.
func readXML(svg string) error {
	ids := map[string]bool{}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					return errors.New("the id " + a.Value + " stands twice")
				}
				ids[a.Value] = true
			case "height", "r":
				if strings.HasPrefix(a.Value, "-") {
					return errors.New(a.Name.Local + " is " + a.Value)
				}
			}
		}
	}
}

// TestHostile puts script and what XML does not allow into every text.
func TestHostile(t *testing.T) {
	const evil = "\"'><script>alert(1)</script>&\x00\x1b\xff<svg onload=x>"
	c := chart(evil)
	c.Title, c.Desc, c.Axis, c.X[0] = evil, evil, evil, evil
	c.Series[0].Name, c.Series[0].Tone = evil, evil
	s := shores()
	s.ID, s.Title, s.Own, s.Partner, s.Words.Crossed = evil, evil, evil, evil, evil
	s.Lanes[0].Ref, s.Lanes[0].Title = evil, evil
	sp := spans()
	sp.NowName, sp.Rows[0].Name, sp.Rows[0].Note, sp.Rows[0].Tone = evil, evil, evil, evil
	h := heat()
	h.Date = func(time.Time) string { return evil }
	h.Month = h.Date
	for i, f := range []figure{plot.Line(c), plot.Bar(c), s, sp, h} {
		svg := f.SVG()
		if strings.Contains(svg, "<script") || strings.Contains(svg, "<svg onload") {
			t.Errorf("figure %d: the text became an element", i)
		}
		if err := readXML(svg); err != nil {
			t.Errorf("figure %d: %v", i, err)
		}
	}
}

// TestBandIsAsWideAsWhatCrossed measures the bands: in proportion, and never
// nothing for something.
func TestBandIsAsWideAsWhatCrossed(t *testing.T) {
	s := shores()
	for _, tt := range []struct {
		crossed int64
		want    string
	}{
		{0, ""}, {1, "V6C"}, {600, "V24C"}, {1200, "V44C"}, // from 4: at least 2, 20, 40
	} {
		s.Lanes = []plot.Lane{{Ref: "a", Out: plot.Stream{Crossed: tt.crossed}, In: plot.Stream{Crossed: 1200}}}
		own := regexp.MustCompile(`plot-band-own" d="[^"]*"`).FindString(s.SVG())
		if (tt.want == "") != (own == "") || !strings.Contains(own, tt.want) {
			t.Errorf("%d of 1200: %q has no %q", tt.crossed, own, tt.want)
		}
	}
}

// TestShoresSayWhatTheTableSays looks for every number of the twin in what the
// lanes say.
func TestShoresSayWhatTheTableSays(t *testing.T) {
	s := shores()
	svg := s.SVG()
	for _, want := range []string{"India → Japan: crossed 1200, held 40, refused 12, recalled 1", "Japan → India: crossed 3, refused 2, recalled 2"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no lane says %q", want)
		}
	}
	if got := len(s.Table().Rows); got != 2*len(s.Lanes) {
		t.Errorf("the twin has %d rows for %d lanes", got, len(s.Lanes))
	}
	if n := strings.Count(svg, `tabindex="0"`); n != len(s.Lanes) {
		t.Errorf("%d of %d lanes can be reached by keyboard", n, len(s.Lanes))
	}
}

// TestGap checks that a missing value neither joins its neighbours nor shows.
func TestGap(t *testing.T) {
	c := chart("gap")
	svg := plot.Line(c).SVG()
	if n := strings.Count(regexp.MustCompile(`plot-tone-own" d="([^"]*)"`).FindString(svg), "M"); n != 2 {
		t.Errorf("the line has %d parts, want 2", n)
	}
	if got := plot.Line(c).Table().Rows[2][1]; got != plot.Missing {
		t.Errorf("the twin says %q for a missing value", got)
	}
	if strings.Contains(svg, "Japan to India, Sat") {
		t.Error("a value that is not there has a dot")
	}
}

// TestExtremes draws what no scale is made for.
func TestExtremes(t *testing.T) {
	for _, v := range []float64{0, -1, 1e-9, 1e300, math.Inf(1), math.NaN(), math.MaxFloat64} {
		c := plot.Chart{Frame: frame("x"), X: []string{"a"}, Series: []plot.Series{{Name: "s", Values: []float64{v}}}}
		for _, svg := range []string{plot.Line(c).SVG(), plot.Bar(c).SVG()} {
			if err := readXML(svg); err != nil || len(svg) > 1<<16 {
				t.Errorf("%g: %v, %d bytes", v, err, len(svg))
			}
		}
	}
	s := shores()
	s.Lanes[0].Out.Crossed = math.MaxInt64
	s.Lanes[1].In.Crossed = -4
	if err := readXML(s.SVG()); err != nil {
		t.Error(err)
	}
}

package bench_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/canon"
)

// figure is one row of the table: what was done, and what it must come to.
type figure struct {
	work, unit string
	floor      float64 // 0 for what is only told
	atMost     bool    // floor is a ceiling
	measured   float64
	set        bool
}

// The figures, in the order of the table.
var (
	intakeRate    = &figure{work: "intake of attack-enterprise.json", unit: "objects/s", floor: 10_000}
	postRate      = &figure{work: "TAXII POST of the same, envelopes of 1,000", unit: "objects/s", floor: 8_000}
	walkRate      = &figure{work: "TAXII walk of the same, limit 1,000", unit: "objects/s", floor: 60_000}
	walkBytes     = &figure{work: "TAXII walk of the same, limit 1,000", unit: "MB/s", floor: 80}
	matchRate     = &figure{work: "TAXII match[id], 8 clients", unit: "requests/s", floor: 10_000}
	matchTail     = &figure{work: "TAXII match[id], 8 clients", unit: "ms at p99", floor: 5, atMost: true}
	nothingRate   = &figure{work: "TAXII added_after, nothing new, 8 clients", unit: "requests/s", floor: 10_000}
	nothingTail   = &figure{work: "TAXII added_after, nothing new, 8 clients", unit: "ms at p99", floor: 5, atMost: true}
	lookupRate    = &figure{work: "lookup of one value among 1,000,000 indicators", unit: "lookups/s", floor: 20_000}
	lookupTail    = &figure{work: "lookup of one value among 1,000,000 indicators", unit: "ms at p99", floor: 1, atMost: true}
	crossingRate  = &figure{work: "node to node, 100,000 indicators, until converged", unit: "objects/s", floor: 6_000}
	peakMemory    = &figure{work: "peak memory with 1,000,000 objects, all at work", unit: "MB resident", floor: 300, atMost: true}
	costRatio     = &figure{work: "cost per object at 1,000,000 against 10,000", unit: "times", floor: 1.5, atMost: true}
	startTime     = &figure{work: "start to serving, 1,000,000 objects stored", unit: "s", floor: 1, atMost: true}
	startAgain    = &figure{work: "the same after kill -9 while taking in", unit: "s"}
	millionRate   = &figure{work: "intake of 1,000,000 indicators", unit: "objects/s"}
	millionWalk   = &figure{work: "TAXII walk of 1,000,000 indicators, limit 1,000", unit: "objects/s"}
	objectTail    = &figure{work: "page of an object, 1,000,000 stored", unit: "ms at p95", floor: 50, atMost: true}
	listTail      = &figure{work: "page of a search, 1,000,000 stored", unit: "ms at p95", floor: 50, atMost: true}
	pageTail      = &figure{work: "slowest of the other pages, 1,000,000 stored", unit: "ms at p95", floor: 50, atMost: true}
	searchTail    = &figure{work: "search among 1,000,000 indicators, any filters", unit: "ms at p95", floor: 200, atMost: true}
	feedsCPU      = &figure{work: "100 feeds polled with nothing new", unit: "s of CPU", floor: 5, atMost: true}
	matchingTime  = &figure{work: "private matching of 10,000 values against 1,000,000", unit: "s", floor: 60, atMost: true}
	recallTime    = &figure{work: "recall of 10,000 objects, receipt back with every edge done", unit: "s", floor: 10, atMost: true}
	mispTime      = &figure{work: "MISP event of 150,000 attributes taken in", unit: "s", floor: 15, atMost: true}
	mispMemory    = &figure{work: "MISP event of 150,000 attributes taken in", unit: "MB resident", floor: 300, atMost: true}
	mispOut       = &figure{work: "the same event sent again", unit: "s"}
	mispSearch    = &figure{work: "MISP search returning 10,000 attributes", unit: "s", floor: 1, atMost: true}
	figuresInTurn = []*figure{
		intakeRate, postRate, walkRate, walkBytes, matchRate, matchTail, nothingRate, nothingTail, lookupRate, lookupTail,
		crossingRate, peakMemory, costRatio, startTime, startAgain, millionRate, millionWalk, searchTail, objectTail, listTail, pageTail, feedsCPU, matchingTime, recallTime,
		mispTime, mispMemory, mispOut, mispSearch,
	}
)

// is records what was measured, for the table and for the benchmark's own line.
func (f *figure) is(b *testing.B, measured float64) {
	f.measured, f.set = measured, true
	b.ReportMetric(measured, strings.ReplaceAll(f.unit, " ", "-"))
}

// verdict says how the figure stands to its floor.
func (f *figure) verdict() string {
	switch {
	case f.floor == 0:
		return ""
	case !f.set:
		return "not measured"
	case small:
		return "small run"
	case f.atMost && f.measured > f.floor, !f.atMost && f.measured < f.floor:
		return "BELOW"
	}
	return "ok"
}

func (f *figure) bound() string {
	switch {
	case f.floor == 0:
		return "-"
	case f.atMost:
		return "<= " + number(f.floor)
	}
	return ">= " + number(f.floor)
}

// number prints enough digits to be compared, and no more.
func number(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// row and results are bench/latest.json.
type row struct {
	Work     string  `json:"work"`
	Unit     string  `json:"unit"`
	Floor    float64 `json:"floor,omitzero"`
	AtMost   bool    `json:"at_most,omitzero"`
	Measured float64 `json:"measured"`
}

type results struct {
	Machine string `json:"machine"`
	Date    string `json:"date"`
	Go      string `json:"go"`
	Load    string `json:"load"` // of the machine when the run ended
	Small   bool   `json:"small,omitzero"`
	Rows    []row  `json:"rows"`
}

// report prints the table and writes it to the file TWOSEAS_BENCH_JSON names.
// When nothing was measured it does neither.
func report(w io.Writer) error {
	r := results{
		Machine: machine(), Date: time.Now().UTC().Format(time.RFC3339), Go: runtime.Version(), Load: firstLine("/proc/loadavg"), Small: small,
	}
	for _, f := range figuresInTurn {
		if f.set {
			r.Rows = append(r.Rows, row{f.work, f.unit, f.floor, f.atMost, f.measured})
		}
	}
	if len(r.Rows) == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%-50s %-12s %10s %10s  %s\n", "work", "unit", "floor", "measured", r.Machine)
	for _, f := range figuresInTurn {
		measured := "-"
		if f.set {
			measured = number(f.measured)
		}
		fmt.Fprintf(w, "%-50s %-12s %10s %10s  %s\n", f.work, f.unit, f.bound(), measured, f.verdict())
	}
	path := os.Getenv("TWOSEAS_BENCH_JSON")
	if path == "" {
		return nil
	}
	raw, err := canon.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

func machine() string {
	cpu := ""
	raw, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		if _, rest, ok := bytes.Cut(raw, []byte("model name\t: ")); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			cpu = ", " + string(line)
		}
	}
	return fmt.Sprintf("%s/%s, %d cores%s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), cpu)
}

func firstLine(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return line
}

func TestVerdicts(t *testing.T) {
	if small {
		t.Skip("a small run judges nothing")
	}
	for _, c := range []struct {
		f    figure
		want string
	}{
		{figure{floor: 10, measured: 10, set: true}, "ok"},
		{figure{floor: 10, measured: 9.9, set: true}, "BELOW"},
		{figure{floor: 10, measured: 10, set: true, atMost: true}, "ok"},
		{figure{floor: 10, measured: 10.1, set: true, atMost: true}, "BELOW"},
		{figure{floor: 10}, "not measured"},
		{figure{measured: 3, set: true}, ""},
	} {
		if diff := cmp.Diff(c.want, c.f.verdict()); diff != "" {
			t.Errorf("%+v: %s", c.f, diff)
		}
	}
}

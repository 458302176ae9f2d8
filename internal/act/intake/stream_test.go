package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestPositionsAndOrderSurviveTheParallelPipeline(t *testing.T) {
	const n = 5000
	bad := map[int]bool{}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 700 {
		bad[rng.IntN(n)] = true
	}
	d := newDoor(t, storetest.SQLite)
	var steps []int
	rep, err := d.in.Stream(t.Context(), d.h, clear, strings.NewReader(many(n, func(i int) string {
		if bad[i] {
			return fmt.Sprintf(`{"type":"indicator","id":"indicator--%s"}`, uuid(i))
		}
		return ""
	})), func(rep intake.Report) { steps = append(steps, rep.Read) })
	if err != nil || rep.Read != n || rep.New != n-len(bad) || rep.Refused != len(bad) || len(rep.Refusals) != len(bad) {
		t.Fatalf("%d read, %d new, %d refused, %v", rep.Read, rep.New, rep.Refused, err)
	}
	last := -1
	for _, r := range rep.Refusals {
		if !bad[r.Position] || r.ID != "indicator--"+uuid(r.Position) || r.Position <= last || !strings.Contains(r.Reason, "required") {
			t.Fatalf("after position %d: %s", last, r)
		}
		last = r.Position
	}
	i := 0
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			for bad[i] {
				i++
			}
			if o.ID != "indicator--"+uuid(i) {
				return fmt.Errorf("%s where %d was wanted", o.ID, i)
			}
			i++
			return nil
		})
	}); err != nil {
		t.Error(err)
	}
	if len(steps) != 3 || steps[0] != 2000 || steps[1] != 4000 || steps[2] != n {
		t.Errorf("progress at %v", steps)
	}
}

func TestInputThatBreaksOffKeepsWhatCameBefore(t *testing.T) {
	whole := many(3000, nil)
	cut := strings.Index(whole, uuid(2500))
	for name, c := range map[string]struct {
		r    io.Reader
		new  int
		want string
	}{
		"cut":                   {strings.NewReader(whole[:cut]), 2500, "ends too early"},
		"broken":                {strings.NewReader(whole[:cut] + "\"]]" + whole[cut:]), 2500, "byte"},
		"with something behind": {strings.NewReader(whole + "x"), 3000, "byte"},
		"a reader that fails":   {io.MultiReader(strings.NewReader(whole[:cut]), failing{}), 2500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			rep, err := d.in.Stream(t.Context(), d.h, clear, c.r, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || name != "a reader that fails" && !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v", err)
			}
			if rep.New != c.new || d.stored() != c.new {
				t.Errorf("%d new, %d stored, want %d", rep.New, d.stored(), c.new)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cable cut") }

func TestWhatComesInMayTakeManyForms(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		new  int
		bad  bool
	}{
		"a bundle":                {bundle(indicator(1, 0), indicator(2, 0)), 2, false},
		"an envelope":             {`{"more":false,"objects":[` + indicator(1, 0) + `]}`, 1, false},
		"an array":                {`[` + indicator(1, 0) + `]`, 1, false},
		"one object":              {indicator(1, 0), 1, false},
		"an empty bundle":         {`{"type":"bundle","id":"bundle--` + uuid(0) + `"}`, 0, false},
		"a bundle of STIX 2.0":    {`{"type":"bundle","id":"bundle--` + uuid(0) + `","spec_version":"2.0","objects":[` + old + `]}`, 1, false},
		"a version of no version": {`{"type":"bundle","id":"bundle--` + uuid(0) + `","spec_version":2,"objects":[` + indicator(1, 0) + `]}`, 0, true},
		"nothing":                 {"", 0, true},
		"a number":                {"1", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			rep, err := d.in.Stream(t.Context(), d.h, clear, strings.NewReader(c.text), nil)
			if (err != nil) != c.bad || rep.New != c.new || rep.Refused > 0 {
				t.Errorf("%+v %v", rep, err)
			}
			if err == nil && rep.Offset != int64(len(c.text)) && rep.New > 0 {
				t.Errorf("at byte %d of %d", rep.Offset, len(c.text))
			}
		})
	}
	d := newDoor(t, storetest.SQLite)
	if _, err := d.in.Envelope(t.Context(), d.h, clear, strings.NewReader(indicator(1, 0)), nil); !errors.Is(err, canon.ErrNotEnvelope) || d.stored() > 0 {
		t.Errorf("one object where an envelope must be: %v", err)
	}
	seen := 0
	rep, err := d.in.Envelope(t.Context(), d.h, clear, strings.NewReader(`{"objects":[`+indicator(1, 0)+`,{}]}`), func(items []intake.Item, results []intake.Result) {
		seen += len(items)
		if len(results) != 2 || results[0].Outcome != intake.Added || results[1].Outcome != intake.Refused || items[1].Position != 1 {
			t.Errorf("%+v", results)
		}
	})
	if err != nil || seen != 2 || rep.New != 1 || rep.Refused != 1 {
		t.Errorf("%d seen, %+v, %v", seen, rep, err)
	}
}

// old is an indicator of STIX 2.0.
const old = `{"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",
	"labels":["malicious-activity"],"pattern":"[domain-name:value = 'x.example']","valid_from":"2020-01-01T00:00:00Z"}`

func TestAReportCountsAllAndKeepsSomeWords(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	rep, err := d.in.Stream(t.Context(), d.h, clear, strings.NewReader("["+strings.Repeat("{},", 4999)+"{}]"), nil)
	if err != nil || rep.Refused != 5000 || len(rep.Refusals) != 1000 || rep.Refusals[999].Position != 999 {
		t.Errorf("%d refused, %d in words, %v", rep.Refused, len(rep.Refusals), err)
	}
}

func TestElementsAreBounded(t *testing.T) {
	text := "[" + strings.Repeat(`{"a":1},`, 9) + `{"a":1}]`
	for limit, bad := range map[int]bool{11: false, 10: true, 3: true} {
		raws, err := intake.Elements(strings.NewReader(text), limit)
		if bad != fault.Is(err, fault.TooLarge) || len(raws) != min(limit, 10) {
			t.Errorf("limit %d: %d, %v", limit, len(raws), err)
		}
	}
}

// source makes a bundle as it is read, of n objects with padding.
type source struct {
	n, padding, made int
	buf              bytes.Buffer
}

func (s *source) Read(p []byte) (int, error) {
	for s.buf.Len() < len(p) && s.made < s.n {
		begin := ","
		if s.made == 0 {
			begin = `{"type":"bundle","id":"bundle--` + uuid(0) + `","objects":[`
		}
		s.buf.WriteString(begin + indicator(s.made, 0, `"description":"`+strings.Repeat("x", s.padding)+`"`))
		if s.made++; s.made == s.n {
			s.buf.WriteString("]}")
		}
	}
	return s.buf.Read(p) // io.EOF at the end
}

func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	n := 40_000
	if os.Getenv("CI") != "" {
		n = 200_000 // takes a while
	}
	for name, c := range map[string]struct {
		source source
		most   uint64
	}{
		"small objects":           {source{n: n, padding: 200}, 60 << 20},
		"60 objects of 4 MB each": {source{n: 60, padding: 4_000_000}, 200 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			defer debug.SetGCPercent(debug.SetGCPercent(25)) // what is in use, not what is left over
			runtime.GC()
			var peak atomic.Uint64
			done := make(chan struct{})
			go watch(&peak, done)
			rep, err := d.in.Stream(t.Context(), d.h, intake.Source{DefaultTLP: marking.Clear}, &c.source, nil)
			close(done)
			if err != nil || rep.Refused > 0 || rep.New < c.source.n {
				t.Fatalf("%d new, %d refused, %v", rep.New, rep.Refused, err)
			}
			t.Logf("%d objects, %d MB, heap at most %d MB", rep.New, rep.Bytes>>20, peak.Load()>>20)
			if peak.Load() > c.most {
				t.Errorf("the heap grew to %d MB, at most %d wanted", peak.Load()>>20, c.most>>20)
			}
		})
	}
}

// watch notes the most that the heap held.
func watch(peak *atomic.Uint64, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(20 * time.Millisecond):
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
		}
	}
}

package intake_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// nobody reads and nothing leaves: intake alone.
type nobody struct{}

func (nobody) Readable(string, []byte, ident.Domain, time.Time) bool { return true }
func (nobody) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error {
	return nil
}
func (nobody) Relabelled(*store.Tx, int64, marking.Label) error { return nil }

// BenchmarkStream takes in the enterprise ATT&CK bundle: validated, labelled,
// indexed, committed.
func BenchmarkStream(b *testing.B) {
	path := "../../../../shared/data/stix/attack-enterprise.json"
	if _, err := os.Stat(path); err != nil {
		b.Skip("no ../shared/data/stix: ", err)
	}
	for b.Loop() {
		b.StopTimer()
		s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "s.db"), clock.Func(time.Now))
		if err != nil {
			b.Fatal(err)
		}
		h, err := s.Domain(b.Context(), ident.Live)
		if err != nil {
			b.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		rep, err := intake.New("in", nobody{}, nobody{}).Stream(b.Context(), h, intake.Source{DefaultTLP: marking.Clear}, f, nil)
		if err != nil || rep.New != 24771 {
			b.Fatalf("%+v %v", rep, err)
		}
		b.StopTimer()
		f.Close()
		s.Close()
		b.ReportMetric(float64(rep.Read)/b.Elapsed().Seconds()*float64(b.N), "objects/s")
		b.StartTimer()
	}
}

package stix_test

import (
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix"
)

// FuzzParse asserts that Parse returns, that what it took it takes again with
// the same bytes, and that what it refused it explains.
func FuzzParse(f *testing.F) {
	for _, raw := range everyType(f) {
		f.Add(raw, false)
		f.Add(raw, true)
	}
	f.Add([]byte(`{"type":"observed-data","objects":{"0":{"type":"file","created":1}}}`), true)
	f.Fuzz(func(t *testing.T, raw []byte, old bool) {
		opt := stix.Options{}
		if old {
			opt.SpecVersion = "2.0"
		}
		o, err := stix.Parse(raw, opt)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge || err.Error() == "" {
				t.Fatalf("Parse(%q): %v is of kind %v", raw, err, k)
			}
			return
		}
		again, err := stix.Parse(o.Raw, opt)
		if err != nil || string(again.Raw) != string(o.Raw) {
			t.Fatalf("Parse(%q) gives %q; that gives %q, %v", raw, o.Raw, again.Raw, err)
		}
		for path, id := range stix.References(&o) {
			if path == "" || id == "" {
				t.Fatalf("Parse(%q): reference %q at %q", raw, id, path)
			}
		}
		o.Version()
	})
}

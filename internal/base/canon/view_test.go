package canon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

func TestViewRefusesWhatIsNotCanonical(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":               ``,
		"an array":              `[]`,
		"an end too early":      `{"a":`,
		"an open string":        `{"a":"b`,
		"an open escape":        `{"a":"b\`,
		"half an escape":        `{"a":"\u00"}`,
		"a wide escape":         `{"a":"\u20ac"}`,
		"an unknown escape":     `{"a":"\q"}`,
		"text after the end":    `{}x`,
		"two members, no comma": `{"a":1"b":2}`,
		"half a word":           `{"a":tru}`,
		"no number":             `{"a":}`,
	} {
		if got, err := canon.View([]byte(in)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, %v, want fault.Invalid", name, got, err)
		}
	}
}

func FuzzViewIsDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":[1,2.5e-7,"x\u00e9",{}],"b":null}`, `{"q":"\"\\\b\f\n\r\t\u0001"}`,
		`{"t":true,"f":[false,[]],"n":-1e300}`, `{"a":{"b":{"c":["d",["e"]]},"f":"g"},"h":"i"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = canon.View(raw) // whatever it is given, it returns
		c, err := canon.Canonicalize(raw)
		if err != nil {
			return
		}
		want, wantErr := canon.Decode(c)
		got, err := canon.View(c)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("View(%s): %v, Decode: %v", c, err, wantErr)
		}
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Fatalf("View(%s) (-Decode +View):\n%s", c, diff)
		}
	})
}

package stix

import (
	"maps"
	"slices"

	"twoseas/internal/base/canon"
)

// Bundle is what a bundle says of itself, beside its objects.
type Bundle struct {
	ID          string
	SpecVersion string // "2.0" or empty: pass it to Parse in Options
	Warnings    []Problem
}

// CheckBundle validates the members that stand beside a bundle's "objects"
// (STIX 2.1 §8), as canon.Objects collects them. An empty header, of a TAXII
// envelope or a bare list, and a header without a type give a zero Bundle.
// The error is an *Invalid.
//
// The members after the objects are known only at the end of the input; the
// spec_version that lifts objects may be among them, but then the objects
// themselves carry none and are lifted for that.
func CheckBundle(header map[string][]byte) (Bundle, error) {
	if _, ok := header["type"]; !ok {
		return Bundle{}, nil
	}
	c := &checker{obj: make(map[string]any, len(header)), section: "8"}
	c.path = c.steps[:0]
	for _, name := range slices.Sorted(maps.Keys(header)) {
		var v any
		if err := canon.Unmarshal(header[name], &v); err != nil {
			c.failAt(name, "8", "is not usable JSON")
			continue
		}
		c.obj[name] = v
	}
	bundleShape.check(c, c.obj)
	if typ := str(c.obj, "type"); typ != "bundle" {
		c.failAt("type", "8", "is not bundle")
	}
	if typ, _, ok := splitID(str(c.obj, "id")); ok && typ != "bundle" {
		c.failAt("id", "2.9", "is not of type bundle")
	}
	if len(c.problems) > 0 {
		return Bundle{}, c.invalid()
	}
	return Bundle{ID: str(c.obj, "id"), SpecVersion: str(c.obj, "spec_version"), Warnings: sorted(c.warnings)}, nil
}

// bundleShape has spec_version, which is of STIX 2.0 (part 1 §5.1); 2.1 took
// it from bundles.
var bundleShape = structure("8",
	need("type", text),
	need("id", identifier),
	may("spec_version", only(specVersions)),
	may("objects", list(anyValue)))

func anyValue(*checker, any) {}

package stix_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix"
)

// mutation spoils one property of a valid object.
type mutation struct {
	name string
	// spoil returns what to put in place of v, the value of property name,
	// and whether the mutation applies to it. Nothing in place: drop.
	spoil func(name string, v any) (any, bool)
}

type nothing struct{}

var mutations = []mutation{
	{"dropped", func(string, any) (any, bool) { return nothing{}, true }},
	{"of another kind", func(_ string, v any) (any, bool) {
		if _, ok := v.(bool); ok {
			return "yes", true
		}
		return true, true
	}},
	{"null", func(string, any) (any, bool) { return nil, true }},
	{"a list without elements", func(_ string, v any) (any, bool) {
		_, ok := v.([]any)
		return []any{}, ok
	}},
	{"a date without time", func(_ string, v any) (any, bool) {
		s, _ := v.(string)
		return "2022-03-19", isMoment(s)
	}},
	{"the 30th of February", func(_ string, v any) (any, bool) {
		s, _ := v.(string)
		return "2022-02-30T00:00:00.000Z", isMoment(s)
	}},
	{"a local time", func(_ string, v any) (any, bool) {
		s, _ := v.(string)
		return strings.TrimSuffix(s, "Z") + "+09:00", isMoment(s)
	}},
	{"a reference to a bundle", func(name string, _ any) (any, bool) {
		id := any("bundle--00000001-0000-4000-8000-000000000001")
		if strings.HasSuffix(name, "_refs") {
			return []any{id}, true
		}
		return id, strings.HasSuffix(name, "_ref")
	}},
	{"a reference that is no identifier", func(name string, _ any) (any, bool) {
		if strings.HasSuffix(name, "_refs") {
			return []any{"indicator-1"}, true
		}
		return "indicator-1", strings.HasSuffix(name, "_ref") || name == "id"
	}},
	{"a fraction", func(_ string, v any) (any, bool) {
		n, ok := v.(float64)
		return n + 0.5, ok
	}},
	{"less than zero", func(_ string, v any) (any, bool) {
		_, ok := v.(float64)
		return -1.0, ok
	}},
	{"odd hexadecimal", func(name string, _ any) (any, bool) { return "abc", strings.HasSuffix(name, "_hex") }},
	{"a short digest", func(name string, v any) (any, bool) {
		_, ok := v.(map[string]any)
		return map[string]any{"SHA-256": "abc"}, ok && strings.HasSuffix(name, "hashes")
	}},
}

func isMoment(s string) bool {
	_, err := stix.ParseTimestamp(s)
	return err == nil
}

// TestEveryTypeIsValid is the ground TestMutations stands on.
func TestEveryTypeIsValid(t *testing.T) {
	all := everyType(t)
	for _, typ := range stix.Types() {
		o, err := stix.Parse(all[typ], stix.Options{})
		if err != nil || len(o.Warnings) > 0 {
			t.Errorf("%s: %v, warnings %v", typ, err, o.Warnings)
		}
		for name := range stix.Table(typ) {
			if _, ok := o.Props[name]; !ok && !commonNames[name] && !oneOfTwo[typ+"."+name] {
				t.Errorf("%s: the example has no %s", typ, name)
			}
		}
	}
	if want := map[stix.Kind]int{stix.SDO: 19, stix.SRO: 2, stix.SCO: 18, stix.Meta: 3}; !maps.Equal(stix.Kinds(), want) {
		t.Errorf("types by kind: got %v, want %v", stix.Kinds(), want)
	}
}

// commonNames are tested on the attack pattern alone; oneOfTwo exclude what
// the examples have.
var (
	commonNames = map[string]bool{
		"spec_version": true, "created_by_ref": true, "revoked": true, "labels": true, "confidence": true, "lang": true,
		"created": true, "modified": true, "external_references": true, "object_marking_refs": true, "granular_markings": true, "extensions": true, "defanged": true,
	}
	oneOfTwo = map[string]bool{"artifact.url": true, "email-message.body": true, "observed-data.objects": true}
)

// TestMutations spoils every property of an object of every type in every way
// that applies. What Parse then finds names the property and a section, and
// agrees with the schemas but for what mutationDifferences lists.
func TestMutations(t *testing.T) {
	s := openSchemas(t)
	found := map[string]bool{} // to whether we refuse
	total := 0
	for typ, raw := range everyType(t) {
		for _, m := range mutations {
			mutants(raw, m, func(path string, mutant []byte) {
				total++
				ours := refusedAt(t, mutant, path, typ+": "+path+" is "+m.name)
				if theirs := s.check(mutant) != nil; ours != theirs {
					found[typ+"."+path+" is "+m.name] = ours
				}
			})
		}
	}
	if total < 2500 {
		t.Errorf("only %d mutants", total)
	}
	occurred := make([]bool, len(mutationDifferences))
	for what, ours := range found {
		i := slices.IndexFunc(mutationDifferences, func(d mutationDifference) bool {
			return d.weRefuse == ours && d.what.MatchString(what)
		})
		if i < 0 {
			t.Errorf("not listed: %s; we refuse it: %t, the schema: %t", what, ours, !ours)
			continue
		}
		occurred[i] = true
	}
	for i, d := range mutationDifferences {
		if !occurred[i] {
			t.Errorf("listed and did not occur: %s (%s)", d.what, d.reason)
		}
	}
}

// mutationDifference is a known disagreement with the schemas about mutants.
type mutationDifference struct {
	weRefuse bool
	what     *regexp.Regexp // "type.path is mutation"
	reason   string
}

var mutationDifferences = []mutationDifference{
	{true, regexp.MustCompile(`is the 30th of February$`), "the schema's pattern knows no calendar; §2.16 asks for a valid date"},
	{true, regexp.MustCompile(`_refs? is a reference to a bundle$`), "a bundle is not an object (§8) and the schemas leave most references without target types"},
	{true, regexp.MustCompile(`_refs? is a reference that is no identifier$`), "the schemas of observables take any string, for the deprecated container of §4.14"},
	{true, regexp.MustCompile(`^attack-pattern\.external_references(\[0\]\.url)? is dropped$`), "a selector points there (§7.2.3.1); the schema does not follow selectors"},
	{true, regexp.MustCompile(`^file\.name is dropped$`), "§3.1 takes an encoding only beside what it encodes"},
	{true, regexp.MustCompile(`^extension-definition\.created_by_ref is dropped$`), "§7.3 requires it, the schema forgot"},
	{true, regexp.MustCompile(`(number|_count|_packets|number_of_subkeys) is less than zero$`), "these count things; the schema has no minimum"},
	{true, regexp.MustCompile(`^language-content\.contents\.`), "§7.1 asks for a dictionary under each language; the schema takes any value"},
	{true, regexp.MustCompile(`^process\.environment_variables\.PATH is of another kind$`), "§6.13 asks for strings; the schema takes any value"},
	{true, regexp.MustCompile(`unix-account-ext\.gid is a fraction$`), "§6.16.2 asks for an integer; the schema takes any number"},
	{false, regexp.MustCompile(`^[a-z-]+\.spec_version is dropped$`), "an object without spec_version is of STIX 2.0 (§3.2) and is lifted"},
	{false, regexp.MustCompile(`^process\..*startup_info\.[A-Za-z]+ is (null|of another kind)$`), "the members of a Windows structure are kept as they came"},
	{false, regexp.MustCompile(`\.rank is null$`), "what an extension adds is its owner's to define, and is kept as it came"},
}

// refusedAt reports whether Parse refuses the mutant; if so, one of the
// problems must be at the path, or at what holds it, and each have a section.
func refusedAt(t *testing.T, mutant []byte, path, what string) bool {
	t.Helper()
	_, err := stix.Parse(mutant, stix.Options{SpecVersion: "2.1"})
	if err == nil {
		return false
	}
	invalid, ok := errors.AsType[*stix.Invalid](err)
	if !ok || !fault.Is(err, fault.Invalid) {
		t.Errorf("%s: got %v, want an *Invalid that is a fault.Invalid", what, err)
		return true
	}
	named := slices.ContainsFunc(invalid.Problems, func(p stix.Problem) bool {
		// At the property, at what holds it, or at what it was needed for.
		return strings.HasPrefix(p.Path, path) || strings.HasPrefix(path, p.Path) || strings.Contains(strings.ReplaceAll(p.Text, ".[", "["), path)
	})
	if !named {
		t.Errorf("%s: %v does not name the path", what, err)
	}
	for _, p := range invalid.Problems {
		if p.Section == "" || p.Text == "" {
			t.Errorf("%s: %+v has no section or text", what, p)
		}
	}
	return true
}

// everyType returns the objects of testdata/every.json by type.
func everyType(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{}
	for _, raw := range elements(tb, filepath.Join("testdata", "every.json")) {
		m, err := canon.Decode(raw)
		if err != nil {
			tb.Fatal(err)
		}
		all[m["type"].(string)] = raw
	}
	return all
}

// mutants calls do with each mutant of the object, at every depth.
func mutants(raw []byte, m mutation, do func(path string, mutant []byte)) {
	paths := []string{}
	root, _ := canon.Decode(raw)
	walk(root, "", func(path string, _ map[string]any, _ string) { paths = append(paths, path) })
	for _, want := range paths {
		root, _ := canon.Decode(raw)
		applied := false
		walk(root, "", func(path string, in map[string]any, name string) {
			if path != want {
				return
			}
			v, ok := m.spoil(name, in[name])
			if applied = ok; !ok {
				return
			}
			if in[name] = v; v == (nothing{}) {
				delete(in, name)
			}
		})
		if !applied {
			continue
		}
		if mutant, err := canon.Marshal(root); err == nil {
			do(want, mutant)
		}
	}
}

// walk visits every property at every depth, parents first.
func walk(v any, path string, visit func(path string, in map[string]any, name string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := strings.TrimPrefix(path+"."+name, ".")
			child := v[name]
			visit(at, v, name)
			walk(child, at, visit)
		}
	case []any:
		for i, x := range v {
			walk(x, fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

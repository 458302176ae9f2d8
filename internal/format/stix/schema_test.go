package stix_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
)

// schemas are the OASIS JSON schemas, compiled once for a test.
type schemas struct {
	tb       testing.TB
	compiler *jsonschema.Compiler
	raw      map[string]map[string]any // by $id
	of       map[string]string         // type to $id
	done     map[string]*jsonschema.Schema
}

func openSchemas(tb testing.TB) *schemas {
	tb.Helper()
	s := &schemas{tb, jsonschema.NewCompiler(), map[string]map[string]any{}, map[string]string{}, map[string]*jsonschema.Schema{}}
	s.compiler.AssertFormat()
	root := shared(tb, "stix-schemas/schemas")
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		m := doc.(map[string]any)
		id := m["$id"].(string)
		s.raw[id] = m
		if title, ok := m["title"].(string); ok {
			s.of[title] = id
		}
		return s.compiler.AddResource(id, doc)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// check returns what the schema of the object's type says of it. A type that
// has none is held to the common properties, as the schema of bundles does.
func (s *schemas) check(raw []byte) error {
	s.tb.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		s.tb.Fatal(err)
	}
	typ := fmt.Sprint(doc.(map[string]any)["type"])
	id, ok := s.of[typ]
	if !ok {
		id = s.of["core"]
	}
	if s.done[id] == nil {
		if s.done[id], err = s.compiler.Compile(id); err != nil {
			s.tb.Fatal(err)
		}
	}
	return s.done[id].Validate(doc)
}

// difference is a known disagreement between this package and the schemas.
type difference struct {
	id     string // of the object
	ours   bool   // whether Parse takes it; the schema says the opposite
	reason string
}

// TestWeAgreeWithTheSchemas holds Parse against the OASIS schemas on every
// object there is. A difference that is not listed fails, and so does a
// listed one that no longer occurs.
func TestWeAgreeWithTheSchemas(t *testing.T) {
	s := openSchemas(t)
	listed := map[string]difference{}
	for _, d := range dataDifferences {
		listed[d.id] = d
	}
	total := 0
	for _, path := range exampleFiles(t) {
		for i, raw := range elements(t, path) {
			total++
			_, ours := stix.Parse(raw, stix.Options{})
			theirs := s.check(raw)
			if (ours == nil) == (theirs == nil) {
				continue
			}
			id, _ := canon.Decode(raw)
			key := fmt.Sprint(id["id"])
			if d, ok := listed[key]; ok && d.ours == (ours == nil) {
				delete(listed, key)
				continue
			}
			t.Errorf("%s objects[%d]: Parse: %v\nschema: %v", filepath.Base(path), i, ours, theirs)
		}
	}
	for id, d := range listed {
		t.Errorf("the difference about %s is listed (%s) and did not occur", id, d.reason)
	}
	if total < 29000 {
		t.Errorf("compared only %d objects", total)
	}
	t.Logf("compared %d objects, %d differences", total, len(dataDifferences))
}

// exampleFiles are all files of STIX in the shared data, and our own with an
// object of every type.
func exampleFiles(tb testing.TB) []string {
	tb.Helper()
	files := []string{filepath.Join("testdata", "every.json")}
	for _, dir := range []string{shared(tb, "stix"), shared(tb, "stix-schemas/examples")} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".json" {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return files
}

var dataDifferences = []difference{}

// TestTheTablesHaveThePropertiesOfTheSchemas compares names, so that a typing
// mistake in a table does not pass as an unknown property.
func TestTheTablesHaveThePropertiesOfTheSchemas(t *testing.T) {
	s := openSchemas(t)
	for _, typ := range stix.Types() {
		theirs := map[string]bool{}
		s.properties(s.raw[s.of[typ]], s.of[typ], theirs)
		ours := stix.Table(typ)
		got := without(theirs, ours)
		for _, name := range without(ours, theirs) {
			got = append(got, "+"+name)
		}
		if diff := cmp.Diff(tableDifferences[typ], got); diff != "" {
			t.Errorf("%s, differences of table and schema (-listed +found):\n%s", typ, diff)
		}
	}
}

// tableDifferences lists by type the properties that only the schema has and,
// after a plus, those that only our table has.
var tableDifferences = func() map[string][]string {
	all := map[string][]string{}
	for _, typ := range stix.Types() {
		if stix.KindOf(typ) == stix.SCO { // §3.6 speaks of those who version observables
			all[typ] = []string{"+created", "+created_by_ref", "+modified", "+revoked"}
		}
	}
	return all
}()

// without returns the names of a that b does not have, sorted.
func without(a, b map[string]bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// properties collects the names that a schema defines for the object itself.
func (s *schemas) properties(m map[string]any, base string, into map[string]bool) {
	if ref, ok := m["$ref"].(string); ok && !strings.HasPrefix(ref, "#") {
		id := base[:strings.Index(base, "/schemas/")] + "/schemas/" + strings.TrimPrefix(ref, "../")
		s.properties(s.raw[id], id, into)
	}
	props, _ := m["properties"].(map[string]any)
	for name := range props {
		into[name] = true
	}
	for _, word := range []string{"allOf", "oneOf", "anyOf"} {
		all, _ := m[word].([]any)
		for _, sub := range all {
			s.properties(sub.(map[string]any), base, into)
		}
	}
}

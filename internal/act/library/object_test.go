package library_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

func (s *shelf) object(t *testing.T, class int64, id string, version int64) library.Object {
	t.Helper()
	o, err := s.l.Object(t.Context(), s.h, analyst, class, id, version)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObject(t *testing.T) {
	s := newShelf(t)
	s.take(t, marking.Amber, "in", sdo("malware", 1, 9, `"name":"Geodo","is_family":true`))
	s.take(t, marking.Amber, "in", sdo("report", 7, 1, `"name":"About it","published":"2026-01-01T00:00:00Z","object_refs":["`+id("malware", 1)+`","`+id("tool", 70)+`"]`))
	s.take(t, marking.Clear, "in", sdo("note", 8, 1, `"content":"of both","object_refs":["`+id("malware", 1)+`","`+id("malware", 5)+`"]`))
	s.catchUp(t)
	t.Run("the newest one may see, with its history", func(t *testing.T) {
		all := s.object(t, store.AllLabels, id("malware", 1), 0)
		less := s.object(t, s.slow, id("malware", 1), 0)
		if all.Name != "Geodo" || len(all.Versions) != 2 || !all.Newest || less.Name != "Emotet" || len(less.Versions) != 1 || !less.Newest {
			t.Errorf("all %q of %d, less %q of %d", all.Name, len(all.Versions), less.Name, len(less.Versions))
		}
		want := []library.Change{{Path: "description", Before: "A banking trojan that loads others."}, {Path: "name", Before: "Emotet", After: "Geodo"}}
		if diff := cmp.Diff(want, all.Versions[0].Changes); diff != "" {
			t.Error(diff)
		}
		older := s.object(t, store.AllLabels, id("malware", 1), less.Seq)
		if older.Name != "Emotet" || older.Newest {
			t.Errorf("the older version: %q, newest %v", older.Name, older.Newest)
		}
		if _, err := s.l.Object(t.Context(), s.h, analyst, s.slow, id("malware", 1), all.Seq); !fault.Is(err, fault.NotFound) {
			t.Errorf("a version that is not theirs: %v", err)
		}
	})
	t.Run("what is beside it", func(t *testing.T) {
		for class, want := range map[int64]string{store.AllLabels: "note report relationship", s.slow: "note relationship"} {
			var got []string
			o := s.object(t, class, id("malware", 1), 0)
			for _, b := range o.Beside {
				got = append(got, b.Type)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("class %d: %v, want %s", class, got, want)
			}
			i := slices.IndexFunc(o.Beside, func(b library.Beside) bool { return b.Type == "relationship" })
			if b := o.Beside[i]; b.Other != id("indicator", 2) || b.Outgoing || o.Names[b.Other].Name == "" {
				t.Errorf("class %d: %+v", class, b)
			}
		}
	})
	t.Run("names only of what one may see", func(t *testing.T) {
		o := s.object(t, store.AllLabels, id("report", 7), 0)
		if len(o.References) != 2 || o.Names[id("malware", 1)].Name != "Geodo" {
			t.Errorf("%+v %+v", o.References, o.Names)
		}
		if _, ok := o.Names[id("tool", 70)]; ok {
			t.Error("a name of what is not there")
		}
		o = s.object(t, s.slow, id("note", 8), 0)
		if _, ok := o.Names[id("malware", 5)]; ok || o.Names[id("malware", 1)].Name != "Emotet" {
			t.Errorf("less: %+v", o.Names)
		}
		names, err := s.l.Names(t.Context(), s.h, analyst, s.slow, []string{id("malware", 1), id("malware", 5)})
		if diff := cmp.Diff(map[string]string{id("malware", 1): "Emotet"}, names); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("not there and not theirs are one", func(t *testing.T) {
		_, gone := s.l.Object(t.Context(), s.h, analyst, s.slow, id("malware", 99), 0)
		_, hidden := s.l.Object(t.Context(), s.h, analyst, s.slow, id("malware", 5), 0)
		if !fault.Is(gone, fault.NotFound) || hidden == nil || gone.Error() != hidden.Error() {
			t.Errorf("%v, %v", gone, hidden)
		}
		if _, err := s.l.Object(t.Context(), s.h, people.Actor{}, store.AllLabels, id("malware", 1), 0); !fault.Is(err, fault.Denied) {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestChanges(t *testing.T) {
	for _, tc := range []struct {
		name, before, after string
		want                []library.Change
	}{
		{"nothing", `{"a":1}`, `{"a":1}`, nil},
		{"its own time", `{"modified":"x"}`, `{"modified":"y"}`, nil},
		{"new and gone", `{"a":"x"}`, `{"b":true}`, []library.Change{{"a", "x", ""}, {"b", "", "true"}}},
		{"inside", `{"a":{"b":[1,{"c":"x"}]}}`, `{"a":{"b":[1,{"c":"y"}]}}`, []library.Change{{"a.b[1].c", "x", "y"}}},
		{"a longer list", `{"a":[1]}`, `{"a":[1,2]}`, []library.Change{{"a", "[1]", "[1,2]"}}},
		{"another kind of value", `{"a":"1"}`, `{"a":{"b":1}}`, []library.Change{{"a", "1", `{"b":1}`}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := library.Changes([]byte(tc.before), []byte(tc.after))
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
	long := `{"a":"` + strings.Repeat("長", 5000) + `"}`
	if got, err := library.Changes([]byte(`{}`), []byte(long)); err != nil || len([]rune(got[0].After)) > 400 {
		t.Errorf("a long value is not cut: %v", err)
	}
}

func TestKept(t *testing.T) {
	s := newShelf(t)
	keep := func(by people.Actor, name, value string) error {
		return s.l.Keep(t.Context(), s.h, by, store.Kept{Kind: "search", Name: name, Value: value})
	}
	if err := keep(people.Actor{}, "a", "b"); !fault.Is(err, fault.Denied) {
		t.Errorf("nobody: %v", err)
	}
	if err := keep(analyst, "a", strings.Repeat("x", 1<<20)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a long one: %v", err)
	}
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = keep(analyst, strings.Repeat("x", n+1), "q=1")
	}
	if !fault.Is(err, fault.TooLarge) || n > 300 {
		t.Errorf("%d kept, then %v", n, err)
	}
}

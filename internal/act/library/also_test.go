package library_test

import (
	"fmt"
	"testing"

	"twoseas/internal/act/library"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// also returns how many others say what an object says, as its page and as a
// search tell a class, which must agree.
func (s *shelf) also(t *testing.T, class int64, of string) int {
	t.Helper()
	s.catchUp(t)
	o, err := s.l.Object(t.Context(), s.h, analyst, class, of, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.l.Search(t.Context(), s.h, analyst, class, library.Filter{Text: of, Also: true}, store.Place{}, 10)
	if err != nil || len(p.Rows) != 1 {
		t.Fatalf("%d rows: %v", len(p.Rows), err)
	}
	if p.Rows[0].Also != o.Also.Count {
		t.Errorf("the search says %d, the page %d", p.Rows[0].Also, o.Also.Count)
	}
	if want := min(5, o.Also.Count); len(o.Also.Rows) != want {
		t.Errorf("%d of %d are shown, want %d", len(o.Also.Rows), o.Also.Count, want)
	}
	return o.Also.Count
}

func says(n, minute int, value string, more ...string) string {
	out := fmt.Sprintf(`"pattern":"[domain-name:value = '%s']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`, value)
	for _, m := range more {
		out += "," + m
	}
	return sdo("indicator", n, minute, out)
}

func TestWhoElseSaysItIsCountedAsFarAsTheReaderMaySee(t *testing.T) {
	s := newShelf(t)
	var all int64
	if err := s.h.Write(t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.AddClass("all", func([]byte) bool { return true })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	of := id("indicator", 100)
	s.take(t, marking.Clear, "in", says(100, 1, "shared.example"), says(101, 1, "another.example"))
	step := func(what string, want, wantAll int) {
		t.Helper()
		if got := s.also(t, s.slow, of); got != want {
			t.Errorf("%s: a reader of TLP:CLEAR is told of %d, want %d", what, got, want)
		}
		if got := s.also(t, all, of); got != wantAll {
			t.Errorf("%s: who may see all is told of %d, want %d", what, got, wantAll)
		}
	}
	step("alone", 0, 0)
	s.take(t, marking.Amber, "jp", says(102, 1, "shared.example"))
	step("one that the reader may not see", 0, 1)
	s.take(t, marking.Clear, "jp", says(103, 1, "shared.example"))
	step("one of the partner", 1, 2)
	s.take(t, marking.Clear, "in", says(100, 2, "shared.example", `"name":"newer"`))
	step("a newer version of itself", 1, 2)
	s.take(t, marking.Clear, "jp", says(103, 2, "moved.example"))
	step("the partner's says something else now", 0, 1)
	s.take(t, marking.Clear, "jp", says(104, 1, "shared.example", `"revoked":true`))
	step("a revoked one", 0, 1)
	s.take(t, marking.Clear, "in", sdo("malware", 105, 1, `"name":"shared.example","is_family":false`))
	step("what only mentions it", 0, 1)
}

func TestManyWhoSayTheSameAreCountedToABound(t *testing.T) {
	s := newShelf(t)
	var raws []string
	for n := range library.AlsoTo + 2 {
		raws = append(raws, says(200+n, 1, "shared.example"))
	}
	s.take(t, marking.Clear, ident.Side("in"), raws...)
	o, err := s.l.Object(t.Context(), s.h, analyst, s.slow, id("indicator", 200), 0)
	if err != nil || o.Also.Count != library.AlsoTo || !o.Also.More {
		t.Errorf("%d, more %v, %v", o.Also.Count, o.Also.More, err)
	}
}

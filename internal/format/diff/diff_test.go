package diff_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/diff"
)

func rows(t testing.TB, a, b string) []diff.Row {
	t.Helper()
	x, err := canon.Canonicalize([]byte(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := canon.Canonicalize([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := diff.Compare(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		name, a, b string
		want       []diff.Row
	}{
		{"equal", `{"a":1,"b":"x"}`, `{"b":"x","a":1}`, []diff.Row{{"a", diff.Same, "1", "1"}, {"b", diff.Same, "x", "x"}}},
		{"taken out and put in", `{"a":1,"c":true}`, `{"b":null,"c":true}`, []diff.Row{{"a", diff.Removed, "1", ""}, {"b", diff.Added, "", "null"}, {"c", diff.Same, "true", "true"}}},
		{"a text is not a number", `{"a":1}`, `{"a":"1"}`, []diff.Row{{"a", diff.Changed, "1", "1"}}},
		{"deeper", `{"a":{"b":{"c":1,"d":2}}}`, `{"a":{"b":{"c":3}}}`, []diff.Row{{"a.b.c", diff.Changed, "1", "3"}, {"a.b.d", diff.Removed, "2", ""}}},
		{"an element in the middle goes", `{"l":["a","b","c"]}`, `{"l":["a","c"]}`, []diff.Row{{"l[0]", diff.Same, "a", "a"}, {"l[1]", diff.Removed, "b", ""}, {"l[1]", diff.Same, "c", "c"}}},
		{"objects of a list", `{"l":[{"u":1,"v":2}]}`, `{"l":[{"u":1}]}`, []diff.Row{{"l[0].u", diff.Same, "1", "1"}, {"l[0].v", diff.Removed, "2", ""}}},
		{"another shape", `{"a":[1]}`, `{"a":{"x":1}}`, []diff.Row{{"a[0]", diff.Removed, "1", ""}, {"a.x", diff.Added, "", "1"}}},
		{"empty ones are values too", `{"a":[],"b":{}}`, `{"a":[1]}`, []diff.Row{{"a", diff.Removed, "[]", ""}, {"a[0]", diff.Added, "", "1"}, {"b", diff.Removed, "{}", ""}}},
		{"an empty list becomes an empty object", `{"a":[]}`, `{"a":{}}`, []diff.Row{{"a", diff.Changed, "[]", "{}"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, rows(t, tc.a, tc.b)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatIsNotAnObjectIsRefused(t *testing.T) {
	for _, bad := range []string{"", "[]", "{", `"x"`, `{"a": 1}`} {
		if _, err := diff.Compare([]byte(bad), []byte("{}")); err == nil {
			t.Errorf("%q was compared", bad)
		}
		if _, err := diff.Compare([]byte("{}"), []byte(bad)); err == nil {
			t.Errorf("%q was compared with", bad)
		}
	}
}

// anything draws JSON of a little depth.
func anything(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch n := rapid.IntRange(0, 6).Draw(t, "shape"); {
		case n == 0 && depth > 0:
			m := map[string]any{}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				m[rapid.SampledFrom([]string{"a", "b", "c", "d.e", "f[0]"}).Draw(t, "name")] = anything(depth-1).Draw(t, "value")
			}
			return m
		case n == 1 && depth > 0:
			list := []any{}
			for range rapid.IntRange(0, 4).Draw(t, "length") {
				list = append(list, anything(depth-1).Draw(t, "element"))
			}
			return list
		case n == 2:
			return float64(rapid.IntRange(0, 2).Draw(t, "number"))
		case n == 3:
			return nil
		}
		return rapid.SampledFrom([]string{"x", "y", "", "日本"}).Draw(t, "text")
	})
}

func object(t *rapid.T, name string) []byte {
	m := map[string]any{"always": anything(3).Draw(t, name), "list": []any{anything(2).Draw(t, "first"), anything(2).Draw(t, "second")}}
	raw, err := canon.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestNothingIsLeftOutAndTheSidesAreAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := object(t, "a"), object(t, "b")
		there, err := diff.Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := diff.Compare(b, a)
		if err != nil {
			t.Fatal(err)
		}
		if count(there, diff.Removed) != count(back, diff.Added) || count(there, diff.Added) != count(back, diff.Removed) || count(there, diff.Changed) != count(back, diff.Changed) {
			t.Fatalf("%s\n%s\n%v\n%v", a, b, there, back)
		}
		if (diff.Count(there) == 0) != (string(a) == string(b)) {
			t.Fatalf("%d differences between\n%s\n%s", diff.Count(there), a, b)
		}
		all, err := diff.List(a)
		if err != nil {
			t.Fatal(err)
		}
		of := func(rows []diff.Row, drop diff.Kind) (out []string) {
			for _, r := range rows {
				if r.Kind != drop {
					out = append(out, r.Before)
				}
			}
			return out
		}
		want, got := map[string]int{}, map[string]int{}
		for _, s := range of(all, diff.Added) {
			want[s]++
		}
		for _, s := range of(there, diff.Added) {
			got[s]++
		}
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Fatalf("the first side of\n%s\n%s\nis %v, want %v", a, b, got, want)
		}
	})
}

func count(rows []diff.Row, k diff.Kind) (n int) {
	for _, r := range rows {
		if r.Kind == k {
			n++
		}
	}
	return n
}

func TestTop(t *testing.T) {
	for path, want := range map[string]string{"a": "a", "a.b": "a", "a[0].b": "a", "": ""} {
		if got := diff.Top(path); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}

package members_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/members"
	"twoseas/internal/law/note"
)

var at = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)

func first(list ...string) members.List {
	return members.List{Agreement: "in-jp-2022", Domain: ident.Live, Side: "jp", Compartment: "LIMDIS", Number: 1, At: at, Members: list}
}

func next(before members.List, list ...string) members.List {
	l := before
	l.Number, l.Previous, l.Members = before.Number+1, ident.Sum(before.Text()), list
	return l
}

func TestOneListOnlyIsEverTheNext(t *testing.T) {
	one := first("ipa", "jpcert")
	two := next(one, "jpcert")
	if err := one.Follows(nil); err != nil {
		t.Error(err)
	}
	if err := two.Follows(&one); err != nil {
		t.Error(err)
	}
	for what, l := range map[string]func() (members.List, *members.List){
		"the same again":         func() (members.List, *members.List) { return two, &two },
		"the first again":        func() (members.List, *members.List) { return one, &one },
		"a second to begin with": func() (members.List, *members.List) { return two, nil },
		"a gap":                  func() (members.List, *members.List) { return next(two, "jpcert"), &one },
		"another history":        func() (members.List, *members.List) { other := first("nisc"); return two, &other },
		"an older one":           func() (members.List, *members.List) { l := two; l.At = at.Add(-time.Second); return l, &one },
	} {
		list, before := l()
		if err := list.Follows(before); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whoever is on a list is on it because every change since the first says so.
func TestChangesLeadFromOneListToTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []string {
			l := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), func(s string) string { return s }).Draw(t, name)
			slices.Sort(l)
			return l
		}
		before, after := draw("before"), draw("after")
		joined, left := members.Changes(before, after)
		made := slices.DeleteFunc(slices.Concat(before, joined), func(m string) bool { return slices.Contains(left, m) })
		slices.Sort(made)
		if !slices.Equal(made, after) {
			t.Fatalf("%v, and %v joined and %v left, is %v, want %v", before, joined, left, made, after)
		}
		l := first(after...)
		back, err := members.Parse(l.Text())
		if err != nil || !bytes.Equal(back.Text(), l.Text()) || !slices.Equal(back.Members, after) {
			t.Fatalf("%q reads as %+v: %v", l.Text(), back, err)
		}
	})
}

func TestAListIsItsSidesWord(t *testing.T) {
	key := func(side ident.Side, b byte) note.Signer {
		s, err := note.Generate(bytes.NewReader(bytes.Repeat([]byte{b}, 64)), side)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	jp, other, in := key("jp", 1), key("jp", 2), key("in", 3)
	for what, c := range map[string]struct {
		signer, known note.Signer
		ok            bool
	}{
		"its side":         {jp, jp, true},
		"another key":      {other, jp, false},
		"another side":     {in, in, false},
		"a side not known": {jp, in, false},
	} {
		msg, err := c.signer.Sign(first("jpcert").Text())
		if err != nil {
			t.Fatal(err)
		}
		l, err := members.Open(msg, c.known.Verifier())
		if (err == nil) != c.ok || c.ok && !slices.Equal(l.Members, []string{"jpcert"}) {
			t.Errorf("signed by %s: %+v, %v", what, l, err)
		}
	}
}

func TestListsThatAreRefused(t *testing.T) {
	long := make([]string, members.Max+1)
	for i := range long {
		long[i] = fmt.Sprintf("m%04d", i)
	}
	for what, change := range map[string]func(*members.List){
		"not in order":            func(l *members.List) { l.Members = []string{"b", "a"} },
		"one twice":               func(l *members.List) { l.Members = []string{"a", "a"} },
		"a name of lines":         func(l *members.List) { l.Members = []string{"a\nb"} },
		"no name":                 func(l *members.List) { l.Members = []string{""} },
		"too many":                func(l *members.List) { l.Members = long },
		"a caveat of no audience": func(l *members.List) { l.Compartment = "ORCON" },
		"number 0":                func(l *members.List) { l.Number = 0 },
		"a first with one before": func(l *members.List) { l.Previous = ident.Digest{1} },
		"a second with none":      func(l *members.List) { l.Number = 2 },
	} {
		l := first("jpcert")
		change(&l)
		if got, err := members.Parse(l.Text()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	one := first("ipa", "jpcert")
	f.Add(one.Text())
	f.Add(next(one).Text())
	f.Add([]byte("twoseas/members/v1\nagreement in-jp-2022\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := members.Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%v", err)
			}
			return
		}
		if !bytes.Equal(l.Text(), text) {
			t.Errorf("%q is written %q", text, l.Text())
		}
		if l.Number < 1 || len(l.Members) > members.Max || !slices.Contains(members.Compartments(), l.Compartment) {
			t.Errorf("%+v", l)
		}
	})
}

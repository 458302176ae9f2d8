package canon_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

func TestCursorWalksWhatItIsAskedFor(t *testing.T) {
	c := canon.NewCursor(strings.NewReader(` {"a": [1, {"b":[]} , "x"], "skip": {"deep":[[[1]]]}, "c": null} `), 1000)
	if err := c.Enter(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for c.More() {
		name, err := c.Name()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case name == "skip":
			err = c.Skip()
		case c.Kind() == '[':
			if err = c.Enter(); err != nil {
				break
			}
			for c.More() {
				v, err := c.Value()
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(v))
			}
			err = c.Leave()
		default:
			var v []byte
			v, err = c.Value()
			got = append(got, name+"="+string(v))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Leave(); err != nil {
		t.Fatal(err)
	}
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
	if want := `1|{"b":[]}|"x"|c=null`; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestCursorStopsAtWhatIsTooMuch(t *testing.T) {
	long := canon.NewCursor(strings.NewReader(`["`+strings.Repeat("x", 300_000)+`"]`), 1000)
	if err := long.Enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := long.Value(); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a long value: %v", err)
	}
	if err := long.Skip(); !fault.Is(err, fault.TooLarge) {
		t.Errorf("after an error: %v", err)
	}
	deep := canon.NewCursor(strings.NewReader(strings.Repeat("[", 100_000)), 1000)
	if err := deep.Skip(); !fault.Is(err, fault.Invalid) {
		t.Errorf("deep nesting: %v", err)
	}
	cut := canon.NewCursor(strings.NewReader(`{"a":[1,`), 1000)
	if err := cut.Enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := cut.Name(); err != nil {
		t.Fatal(err)
	}
	if err := cut.Skip(); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "too early") {
		t.Errorf("cut off: %v", err)
	}
}

// TestCursorSkipsMoreThanItWouldKeep: a value of any size is passed over.
func TestCursorSkipsMoreThanItWouldKeep(t *testing.T) {
	in := io.MultiReader(strings.NewReader("["), strings.NewReader(strings.Repeat(`{"a":"bcd"},`, 500_000)), strings.NewReader("0]"))
	c := canon.NewCursor(in, 1000)
	if err := c.Skip(); err != nil {
		t.Fatal(err)
	}
	if err := c.End(); err != nil {
		t.Fatal(err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"d"}`))
	f.Add([]byte(`[[[[{]]]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := canon.NewCursor(bytes.NewReader(raw), 100)
		for range len(raw) + 2 {
			var err error
			switch k := c.Kind(); {
			case k == '{' || k == '[':
				err = c.Enter()
			case k == '}' || k == ']':
				err = c.Leave()
			case c.Depth() == 0 && k == 0:
				return
			default:
				_, err = c.Value()
			}
			if err != nil {
				return
			}
		}
		t.Fatalf("no end in %q", raw)
	})
}

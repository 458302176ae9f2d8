package canon_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

func TestCanonicalize(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"members are sorted by UTF-16 code unit", `{"b":1,"a":2,"\u20ac":3}`, `{"a":2,"b":1,"€":3}`},
		{"numbers are written as ECMAScript does", `[1.0,1e3,0.000001,-0]`, `[1,1000,0.000001,0]`},
		{"escapes become characters", `"\u0041\/"`, `"A/"`},
		{"the largest exact integer stays", `9007199254740991`, `9007199254740991`},
		{"a large number stays readable", `1e20`, `100000000000000000000`},
		{"a large double written as an integer stays", `100000000000000000000`, `100000000000000000000`},
		{"digits inside strings are text", `"90071992547409931"`, `"90071992547409931"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := canon.Canonicalize([]byte(tc.in))
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"an integer a double cannot hold":  `{"n":9007199254740993}`,
		"a number beyond a double's range": `{"n":1e400}`,
		"a duplicate name":                 `{"a":1,"a":2}`,
		"a lone surrogate":                 `"\ud800"`,
		"invalid UTF-8":                    "\"\xff\"",
		"deep nesting":                     strings.Repeat("[", 101) + strings.Repeat("]", 101),
		"nothing":                          ``,
		"two values":                       `1 2`,
	} {
		if got, err := canon.Canonicalize([]byte(in)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %s, %v, want fault.Invalid", name, got, err)
		}
	}
}

func FuzzCanonicalize(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-7,"x\u00e9"],"b":null}`, `[{}]`, `-0`, `1e400`, `"\ud83d\ude00"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := canon.Canonicalize(raw)
		if err != nil {
			return
		}
		twice, err := canon.Canonicalize(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("canon(%q) = %q, canon of that = %q, %v", raw, once, twice, err)
		}
	})
}

func read(t *testing.T, in string) (out []string, header map[string][]byte, err error) {
	t.Helper()
	s := canon.NewObjects(strings.NewReader(in))
	for {
		raw, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out, s.Header, nil
		}
		if err != nil {
			return out, s.Header, err
		}
		out = append(out, string(raw))
	}
}

func TestObjects(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     string
	}{
		{"a bundle", `{"type":"bundle","id":"b","objects":[{"a":1}, {"b":2}]}`, `{"a":1}|{"b":2}`},
		{"a bundle whose header comes last", `{"objects":[{"a":1}],"type":"bundle"}`, `{"a":1}`},
		{"an empty bundle", `{"type":"bundle","id":"b"}`, ``},
		{"an empty envelope", `{}`, ``},
		{"an array", `[{"a":1},{"b":2}]`, `{"a":1}|{"b":2}`},
		{"one object", `{"type":"x"}`, `{"type":"x"}`},
		{"an element with a duplicate name is handed on", `[{"a":1,"a":2}]`, `{"a":1,"a":2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _, err := read(t, tc.in)
			if err != nil || strings.Join(got, "|") != tc.want {
				t.Errorf("got %q, %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestObjectsKeepsWhatCameBeforeAFault(t *testing.T) {
	got, _, err := read(t, `{"type":"bundle","objects":[{"a":1},{"b":`)
	if len(got) != 1 || !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "byte") {
		t.Errorf("got %q, %v, want one element and an error with its byte", got, err)
	}
	if _, _, err := read(t, `[1] 2`); !fault.Is(err, fault.Invalid) {
		t.Errorf("text after the value: got %v, want fault.Invalid", err)
	}
}

func TestObjectsBoundsAnElement(t *testing.T) {
	huge := `[{"a":"` + strings.Repeat("x", canon.MaxObject+1) + `"}]`
	if _, _, err := read(t, huge); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v, want fault.TooLarge", err)
	}
	many := `[` + strings.Repeat(`{"a":"`+strings.Repeat("x", 1<<20)+`"},`, 20) + `{}]`
	if got, _, err := read(t, many); err != nil || len(got) != 21 {
		t.Errorf("got %d elements, %v, want 21: the bound is for one element", len(got), err)
	}
}

func TestEnvelope(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     string
		notOne   bool
		invalid  bool
	}{
		{"an envelope", `{"more":false,"objects":[{"a":1},{"b":2}]}`, `{"a":1}|{"b":2}`, false, false},
		{"an envelope without objects in it", `{"objects":[]}`, ``, false, false},
		{"a bundle has all an envelope needs", `{"type":"bundle","objects":[{"a":1}]}`, `{"a":1}`, false, false},
		{"an empty object", `{}`, ``, true, false},
		{"one STIX object", `{"type":"indicator","id":"x"}`, ``, true, false},
		{"objects that are no array", `{"objects":{"a":1}}`, ``, true, false},
		{"an array", `[{"a":1}]`, ``, true, false},
		{"a string", `"x"`, ``, true, false},
		{"half an array", `[{"a":1}`, ``, false, true},
		{"no JSON", `<xml/>`, ``, false, true},
		{"nothing", ``, ``, false, true},
		{"text behind it", `{"objects":[{"a":1}]}x`, `{"a":1}`, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := canon.NewEnvelope(strings.NewReader(tc.in))
			var got []string
			var err error
			for {
				var raw []byte
				if raw, err = s.Next(); err != nil {
					break
				}
				got = append(got, string(raw))
			}
			if strings.Join(got, "|") != tc.want {
				t.Errorf("got %q, want %s", got, tc.want)
			}
			if is := errors.Is(err, canon.ErrNotEnvelope); is != tc.notOne {
				t.Errorf("got %v, want ErrNotEnvelope: %v", err, tc.notOne)
			}
			if clean := errors.Is(err, io.EOF); clean == (tc.notOne || tc.invalid) || !clean && !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzObjects(f *testing.F) {
	f.Add([]byte(`{"type":"bundle","objects":[{"a":1}]}`))
	f.Add([]byte(`[{},{}]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		s := canon.NewObjects(bytes.NewReader(raw))
		for {
			if _, err := s.Next(); err != nil {
				return
			}
		}
	})
}

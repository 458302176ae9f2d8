package ident_test

import (
	"bytes"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

func TestNamesAreStrict(t *testing.T) {
	for _, ok := range []string{"in", "jp", "in-jp-2022", "a", strings.Repeat("x", 64)} {
		if _, err := ident.ParseSide(ok); err != nil {
			t.Errorf("side %q: %v", ok, err)
		}
		if _, err := ident.ParseAgreement(ok); err != nil {
			t.Errorf("agreement %q: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "IN", "-in", "in-", "i n", "in/jp", "ïn", "in\n", strings.Repeat("x", 65)} {
		if _, err := ident.ParseSide(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("side %q: %v, want fault.Invalid", bad, err)
		}
		if _, err := ident.ParseAgreement(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("agreement %q: %v, want fault.Invalid", bad, err)
		}
	}
}

func TestDomainsPrintAsTheyParse(t *testing.T) {
	for _, s := range []string{"live", "exercise/tide-1"} {
		d, err := ident.ParseDomain(s)
		if err != nil || d.String() != s || d.IsZero() || d.IsExercise() != (s != "live") {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	}
	for _, bad := range []string{"", "Live", "exercise/", "exercise", "exercise/A", "exercise/a/b", "no domain"} {
		if d, err := ident.ParseDomain(bad); !fault.Is(err, fault.Invalid) || !d.IsZero() {
			t.Errorf("%q: %v, %v, want fault.Invalid", bad, d, err)
		}
	}
	var zero ident.Domain
	if _, err := ident.ParseDomain(zero.String()); err == nil {
		t.Error("the zero domain must not parse back to anything")
	}
}

func TestDigestsPrintAsTheyParse(t *testing.T) {
	d := ident.Sum([]byte("a"), []byte("b"))
	if d != ident.Sum([]byte("ab")) {
		t.Error("Sum is of the concatenation")
	}
	back, err := ident.ParseDigest(d.String())
	if err != nil || back != d {
		t.Errorf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", d.String()[7:], strings.ToUpper(d.String()), d.String() + "0", "sha256:" + strings.Repeat("g", 64)} {
		if _, err := ident.ParseDigest(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, want fault.Invalid", bad, err)
		}
	}
}

func TestUUIDsHaveTheRandomForm(t *testing.T) {
	u, err := ident.NewUUID(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if err != nil || u != "ffffffff-ffff-4fff-bfff-ffffffffffff" {
		t.Errorf("got %s, %v", u, err)
	}
	if _, err := ident.NewUUID(bytes.NewReader(nil)); err == nil {
		t.Error("without randomness there is no UUID")
	}
}

func TestObjectIDs(t *testing.T) {
	const u = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02"
	for s, want := range map[string]bool{
		"indicator--" + u: true, "x-twoseas-request--" + u: true, u: false, "--" + u: false, "Indicator--" + u: false,
		"indicator--" + strings.ToUpper(u): false, "indicator--" + u + "0": false, "indicator--" + strings.Replace(u, "-", "0", 1): false,
		"indicator--" + u[:35] + "-": false, strings.Repeat("a", 300) + "--" + u: false,
	} {
		if ident.IsObject(s) != want {
			t.Errorf("%q: want %v", s, want)
		}
	}
	if !ident.IsObjectOf("x-a--"+u, "x-a") || ident.IsObjectOf("x-ab--"+u, "x-a") || ident.IsObjectOf("x-a--"+u, "") {
		t.Error("the type of an id is not told")
	}
}

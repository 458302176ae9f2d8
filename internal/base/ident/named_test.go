package ident_test

import (
	"testing"

	"twoseas/internal/base/ident"
)

func TestNamedUUID(t *testing.T) {
	// The example of RFC 9562, appendix A.4: www.example.com in the space of DNS.
	dns, err := ident.ParseUUID("6ba7b810-9dad-11d1-80b4-00C04FD430C8")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ident.NamedUUID(dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseUUIDRefuses(t *testing.T) {
	for _, s := range []string{"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810-9dad-11d1-80b4-00c04fd4-0c8", "-ba7b810-9dad-11d1-80b4-00c04fd430c8"} {
		if u, err := ident.ParseUUID(s); err == nil {
			t.Errorf("%q is read as %x", s, u)
		}
	}
}

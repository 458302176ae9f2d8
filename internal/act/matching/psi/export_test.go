package psi

import (
	"testing"

	"github.com/cloudflare/circl/oprf"
)

// FromKey is a Key of the library's.
func FromKey(t *testing.T, k *oprf.PrivateKey) Key {
	t.Helper()
	raw, err := k.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	s := suite.Group().NewScalar()
	if err := s.UnmarshalBinary(raw); err != nil {
		t.Fatal(err)
	}
	return Key{private: k, scalar: s}
}

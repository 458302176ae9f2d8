package keys

import (
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// A place names a secret that is not a signing key, such as a password that
// the node shows to others: "feed abuse-list".
func placeName(place string) (string, error) {
	kind, name, ok := strings.Cut(place, " ")
	if !ok || kind == "" || name == "" {
		return "", fault.Errorf(fault.Invalid, "secret %q: want a kind and a name", place)
	}
	return place, nil
}

// Keep seals secret and keeps it in the transaction's domain under place, such
// as "feed abuse-list", instead of one kept there before.
func (r *Ring) Keep(tx *store.Tx, place string, secret []byte) error {
	name, err := placeName(place)
	if err != nil {
		return err
	}
	sealed, err := sealSecret(r.seal, tx.Domain(), name, secret)
	if err != nil {
		return err
	}
	return tx.SetSecret(name, sealed)
}

// Reveal returns what was kept under place, or fault.NotFound.
func (r *Ring) Reveal(tx *store.Tx, place string) ([]byte, error) {
	name, err := placeName(place)
	if err != nil {
		return nil, err
	}
	sealed, err := tx.Secret(name)
	if err != nil {
		return nil, err
	}
	return openSecret(r.seal, tx.Domain(), name, sealed)
}

// Forget removes what was kept under place, if anything was.
func (r *Ring) Forget(tx *store.Tx, place string) error {
	name, err := placeName(place)
	if err != nil {
		return err
	}
	return tx.DropSecret(name)
}

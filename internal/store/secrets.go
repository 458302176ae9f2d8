package store

import "twoseas/internal/base/fault"

// Secret returns the sealed secret of that name in the transaction's domain,
// or fault.NotFound.
func (t *Tx) Secret(name string) ([]byte, error) {
	var sealed []byte
	found, err := t.Get([]any{&sealed}, "SELECT sealed FROM secret WHERE domain = $1 AND name = $2", t.domain, name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.Errorf(fault.NotFound, "no secret %q in %s", name, t.name)
	}
	return sealed, nil
}

// SetSecret keeps a sealed secret in place of an earlier one of that name. The
// store never holds what opens it.
func (t *Tx) SetSecret(name string, sealed []byte) error {
	_, err := t.Exec(`
		INSERT INTO secret (domain, name, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (domain, name) DO UPDATE SET sealed = excluded.sealed`, t.domain, name, sealed)
	return err
}

// DropSecret removes the secret of that name, if there is one.
func (t *Tx) DropSecret(name string) error {
	_, err := t.Exec("DELETE FROM secret WHERE domain = $1 AND name = $2", t.domain, name)
	return err
}

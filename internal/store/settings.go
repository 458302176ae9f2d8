package store

// Setting returns a node-wide fact, nil when it was never set.
func (t *Tx) Setting(name string) (value []byte, err error) {
	_, err = t.Get([]any{&value}, "SELECT value FROM setting WHERE name = $1", name)
	return value, err
}

// SetSetting records a node-wide fact.
func (t *Tx) SetSetting(name string, value []byte) error {
	_, err := t.Exec(`INSERT INTO setting (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

package store

// Searched is what somebody searched for, beside the leaf Ix of the home log.
type Searched struct {
	Ix    int64
	Salt  []byte
	Words string
}

// AddSearched keeps what the leaves of the home log have digests of.
func (t *Tx) AddSearched(list []Searched) error {
	for _, s := range list {
		if _, err := t.Exec("INSERT INTO searched (domain, ix, salt, words) VALUES ($1, $2, $3, $4)", t.domain, s.Ix, s.Salt, s.Words); err != nil {
			return err
		}
	}
	return nil
}

// Searched returns what was searched for at a leaf; found is false when it was
// erased, or nothing was.
func (t *Tx) Searched(ix int64) (s Searched, found bool, err error) {
	s.Ix = ix
	found, err = t.Get([]any{&s.Salt, &s.Words}, "SELECT salt, words FROM searched WHERE domain = $1 AND ix = $2", t.domain, ix)
	return s, found, err
}

package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// SaveCosigned keeps a checkpoint of l that the partner cosigned, in place of
// one of the same size. When it is the newest state of the log, it is served
// as the log's checkpoint from now on.
func (t *Tx) SaveCosigned(l Log, size int64, note []byte) error {
	_, err := t.Exec(`
		INSERT INTO log_cosigned (domain, log, size, note) VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain, log, size) DO UPDATE SET note = excluded.note`, t.domain, l.ID, size, note)
	if err != nil {
		return err
	}
	if _, err := t.Exec("UPDATE log SET cosigned = $3 WHERE domain = $1 AND id = $2 AND cosigned < $3",
		t.domain, l.ID, size); err != nil {
		return err
	}
	_, err = t.Exec("UPDATE log SET checkpoint = $4 WHERE domain = $1 AND id = $2 AND size = $3",
		t.domain, l.ID, size, note)
	return err
}

// Cosigned calls each with the cosigned checkpoints of a log whose size is
// over after and at most upTo, smallest first.
func (t *Tx) Cosigned(log, after, upTo int64, each func(size int64, note []byte) error) error {
	return t.Each(func(r *sql.Rows) error {
		var size int64
		var note []byte
		if err := r.Scan(&size, &note); err != nil {
			return err
		}
		return each(size, note)
	}, `
		SELECT size, note FROM log_cosigned
		WHERE domain = $1 AND log = $2 AND size > $3 AND size <= $4 ORDER BY size`, t.domain, log, after, upTo)
}

// CosignedBefore returns the cosigned checkpoints of a log that are smaller
// than size, largest first, at most limit.
func (t *Tx) CosignedBefore(log, size, limit int64) ([][]byte, error) {
	var notes [][]byte
	err := t.Each(func(r *sql.Rows) error {
		var note []byte
		err := r.Scan(&note)
		notes = append(notes, note)
		return err
	}, `
		SELECT note FROM log_cosigned
		WHERE domain = $1 AND log = $2 AND size < $3 ORDER BY size DESC LIMIT $4`, t.domain, log, size, limit)
	return notes, err
}

// Witnessed is the newest checkpoint of a partner's log that this node
// cosigned, with both signatures.
type Witnessed struct {
	Origin string
	Size   int64
	Root   ident.Digest
	Note   []byte
}

// Witnessed returns what this node cosigned last of the log of that origin,
// or fault.NotFound.
func (t *Tx) Witnessed(origin string) (Witnessed, error) {
	list, err := t.witnessed(`
		SELECT origin, size, root, note FROM witnessed
		WHERE domain = $1 AND origin = $2`, t.domain, origin)
	if err != nil {
		return Witnessed{}, err
	}
	if len(list) == 0 {
		return Witnessed{}, fault.Errorf(fault.NotFound, "nothing of the ledger %s was cosigned here", origin)
	}
	return list[0], nil
}

// AllWitnessed returns what this node cosigned last of each log of others in
// the transaction's domain, by origin.
func (t *Tx) AllWitnessed() ([]Witnessed, error) {
	return t.witnessed("SELECT origin, size, root, note FROM witnessed WHERE domain = $1 ORDER BY origin", t.domain)
}

func (t *Tx) witnessed(query string, args ...any) ([]Witnessed, error) {
	var list []Witnessed
	err := t.Each(func(r *sql.Rows) error {
		var w Witnessed
		var root []byte
		err := r.Scan(&w.Origin, &w.Size, &root, &w.Note)
		if err != nil {
			return err
		}
		w.Root, err = ident.DigestOf(root)
		list = append(list, w)
		return err
	}, query, args...)
	return list, err
}

// SaveWitnessed keeps w as the newest state of its log. A smaller state than
// the one kept is fault.Conflict: a witness never goes back.
func (t *Tx) SaveWitnessed(w Witnessed) error {
	n, err := t.Exec(`
		INSERT INTO witnessed (domain, origin, size, root, note) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note
		WHERE witnessed.size <= excluded.size`, t.domain, w.Origin, w.Size, w.Root[:], w.Note)
	if err == nil && n != 1 {
		err = fault.Errorf(fault.Conflict, "more than %d leaves of the ledger %s were cosigned here", w.Size, w.Origin)
	}
	return err
}

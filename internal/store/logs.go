package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store/db"
)

// Log is a ledger of this node: its newest state and the checkpoint note that
// says so. Leaves and hashes are never changed or removed.
type Log struct {
	ID         int64
	Origin     string
	Size       int64
	Root       ident.Digest
	Checkpoint []byte // signed by this node, and cosigned once the partner did; empty at size 0
	Cosigned   int64  // size of the newest checkpoint the partner cosigned
}

// Growth is what one append adds to a log.
type Growth struct {
	Leaves     [][]byte
	FirstHash  int64 // index of the first hash, by tlog.StoredHashIndex
	Hashes     []ident.Digest
	Root       ident.Digest // with the leaves
	Checkpoint []byte       // likewise
}

var (
	leafBulk = db.MustBulk("log_leaf", "", "domain bigint", "log bigint", "ix bigint", "body bytea")
	nodeBulk = db.MustBulk("log_node", "", "domain bigint", "log bigint", "ix bigint", "hash bytea")
)

const logColumns = "id, origin, size, root, checkpoint, cosigned"

// Logs returns the logs of the transaction's domain, oldest first.
func (t *Tx) Logs() ([]Log, error) {
	return t.logs("SELECT "+logColumns+" FROM log WHERE domain = $1 ORDER BY id", t.domain)
}

// Log returns the log of that origin, or fault.NotFound.
func (t *Tx) Log(origin string) (Log, error) {
	list, err := t.logs("SELECT "+logColumns+" FROM log WHERE domain = $1 AND origin = $2", t.domain, origin)
	if err != nil {
		return Log{}, err
	}
	if len(list) == 0 {
		return Log{}, fault.Errorf(fault.NotFound, "no ledger %s", origin)
	}
	return list[0], nil
}

// OpenLog is Log, but an absent log is made, with no leaves.
func (t *Tx) OpenLog(origin string) (Log, error) {
	l, err := t.Log(origin)
	if !fault.Is(err, fault.NotFound) {
		return l, err
	}
	l = Log{Origin: origin, Root: ident.Sum(), Checkpoint: []byte{}}
	if l.ID, err = take(t.Tx, "log", 1); err != nil {
		return Log{}, err
	}
	_, err = t.Exec("INSERT INTO log (domain, id, origin, size, root, checkpoint, cosigned) VALUES ($1, $2, $3, 0, $4, $5, 0)",
		t.domain, l.ID, origin, l.Root[:], l.Checkpoint)
	return l, err
}

func (t *Tx) logs(query string, args ...any) ([]Log, error) {
	var list []Log
	err := t.Each(func(r *sql.Rows) error {
		var l Log
		var root []byte
		err := r.Scan(&l.ID, &l.Origin, &l.Size, &root, &l.Checkpoint, &l.Cosigned)
		if err != nil {
			return err
		}
		l.Root, err = ident.DigestOf(root)
		list = append(list, l)
		return err
	}, query, args...)
	return list, err
}

// GrowLog appends g to the log that is still as l says; if it is not, the
// error is fault.Conflict and the transaction must end.
func (t *Tx) GrowLog(l Log, g Growth) error {
	err := t.Insert(leafBulk, len(g.Leaves), func(i int, args []any) {
		args[0], args[1], args[2], args[3] = t.domain, l.ID, l.Size+int64(i), g.Leaves[i]
	})
	if err != nil {
		return err
	}
	err = t.Insert(nodeBulk, len(g.Hashes), func(i int, args []any) {
		args[0], args[1], args[2], args[3] = t.domain, l.ID, g.FirstHash+int64(i), g.Hashes[i][:]
	})
	if err != nil {
		return err
	}
	n, err := t.Exec(`
		UPDATE log SET size = $3, root = $4, checkpoint = $5
		WHERE domain = $1 AND id = $2 AND size = $6 AND root = $7`,
		t.domain, l.ID, l.Size+int64(len(g.Leaves)), g.Root[:], g.Checkpoint, l.Size, l.Root[:])
	if err == nil && n != 1 {
		err = fault.Errorf(fault.Conflict, "the ledger %s grew meanwhile", l.Origin)
	}
	return err
}

// maxHashes bounds the placeholders of one statement: a full tile.
const maxHashes = 256

// LogHashes calls each with the stored hashes at the given indexes, which must
// be distinct; one that is missing is not called for.
func (t *Tx) LogHashes(log int64, indexes []int64, each func(ix int64, h ident.Digest)) error {
	for len(indexes) > 0 {
		some := indexes[:min(len(indexes), maxHashes)]
		indexes = indexes[len(some):]
		width := 4 // a power of two, so that few statements are ever prepared
		for width < len(some) {
			width *= 2
		}
		args := make([]any, 0, 2+width)
		args = append(args, t.domain, log)
		for i := range width {
			args = append(args, some[min(i, len(some)-1)])
		}
		err := t.Each(scanHash(each),
			"SELECT ix, hash FROM log_node WHERE domain = $1 AND log = $2 AND ix "+db.In(3, width), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// LogHashRange calls each with the stored hashes from index from to before to,
// in order; missing ones are left out.
func (t *Tx) LogHashRange(log, from, to int64, each func(ix int64, h ident.Digest)) error {
	return t.Each(scanHash(each), `
		SELECT ix, hash FROM log_node
		WHERE domain = $1 AND log = $2 AND ix >= $3 AND ix < $4 ORDER BY ix`, t.domain, log, from, to)
}

func scanHash(each func(ix int64, h ident.Digest)) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var ix int64
		var raw sql.RawBytes
		if err := r.Scan(&ix, &raw); err != nil {
			return err
		}
		h, err := ident.DigestOf(raw)
		if err != nil {
			return err
		}
		each(ix, h)
		return nil
	}
}

// LogLeaves calls each with the leaves from index from to before to, in order;
// missing ones are left out. The bytes are each's to keep.
func (t *Tx) LogLeaves(log, from, to int64, each func(ix int64, leaf []byte) error) error {
	return t.Each(scanLeaf(each), `
		SELECT ix, body FROM log_leaf
		WHERE domain = $1 AND log = $2 AND ix >= $3 AND ix < $4 ORDER BY ix`, t.domain, log, from, to)
}

func scanLeaf(each func(ix int64, leaf []byte) error) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var ix int64
		var leaf []byte
		if err := r.Scan(&ix, &leaf); err != nil {
			return err
		}
		return each(ix, leaf)
	}
}

// LogEnd returns the index after the last stored leaf and the one after the
// last stored hash of a log.
func (t *Tx) LogEnd(log int64) (int64, int64, error) {
	var leaves, hashes int64
	_, err := t.Get([]any{&leaves},
		"SELECT ix + 1 FROM log_leaf WHERE domain = $1 AND log = $2 ORDER BY ix DESC LIMIT 1", t.domain, log)
	if err != nil {
		return 0, 0, err
	}
	_, err = t.Get([]any{&hashes},
		"SELECT ix + 1 FROM log_node WHERE domain = $1 AND log = $2 ORDER BY ix DESC LIMIT 1", t.domain, log)
	return leaves, hashes, err
}

// LogLeavesLike calls each with the leaves of a log that begin with prefix, in
// order. It reads the whole log.
func (t *Tx) LogLeavesLike(log int64, prefix string, each func(ix int64, leaf []byte) error) error {
	return t.Each(scanLeaf(each), `
		SELECT ix, body FROM log_leaf
		WHERE domain = $1 AND log = $2 AND substr(body, 1, $3) = $4 ORDER BY ix`,
		t.domain, log, int64(len(prefix)), []byte(prefix))
}

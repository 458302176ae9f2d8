package store

import "database/sql"

// AddImport records that an account brought the versions numbered low..high
// in.
func (t *Tx) AddImport(low, high int64, account string) error {
	_, err := t.Exec("INSERT INTO import_batch (domain, low, high, account, at) VALUES ($1, $2, $3, $4, $5)",
		t.domain, low, high, account, t.now)
	return err
}

// Importer returns the account that brought a version in, and of a redacted
// one the account that brought in what it was made from; "" when nobody did:
// it came from a partner, or the node made it.
func (t *Tx) Importer(object int64) (account string, err error) {
	source, err := t.SourceOf(object)
	if err != nil {
		return "", err
	}
	if source != 0 {
		object = source
	}
	_, err = t.Get([]any{&account}, `SELECT account FROM (
			SELECT b.account, b.high FROM import_batch b WHERE b.domain = $1 AND b.low <= $2 ORDER BY b.low DESC LIMIT 1
		) AS nearest WHERE high >= $2`, t.domain, object)
	return account, err
}

// Brought returns the versions numbered below before that any of accounts
// brought in, newest first.
func (t *Tx) Brought(accounts []string, before int64, limit int) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var seq int64
		err := r.Scan(&seq)
		out = append(out, seq)
		return err
	}, `SELECT o.seq FROM import_batch b CROSS JOIN object o
		WHERE b.domain = $1 AND `+t.AnyText("b.account", 2)+`
		AND b.low < $3 AND o.domain = $1 AND o.seq >= b.low AND o.seq <= b.high AND o.seq < $3 AND o.type <> 'erased'
		ORDER BY o.seq DESC LIMIT $4 + 0`, t.domain, t.Texts(accounts), before, int64(limit))
	return out, err
}

// HoldState returns the state of a held item, "" when it never waited.
func (t *Tx) HoldState(channel, object int64) (state string, err error) {
	_, err = t.Get([]any{&state}, "SELECT state FROM hold WHERE domain = $1 AND channel = $2 AND object = $3", t.domain, channel, object)
	return state, err
}

// HeldBrought counts the waiting items of a channel that an account brought in
// itself, of what class may see.
func (t *Tx) HeldBrought(channel int64, account string, class int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM held q WHERE q.domain = $1 AND q.channel = $2 AND q.state = 'waiting'
		AND EXISTS (SELECT 1 FROM import_batch b WHERE b.domain = $1 AND b.account = $3 AND b.low <= q.object AND b.high >= q.object)
		AND ($4 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $4 AND p.label = q.label))`,
		t.domain, channel, account, class)
	return n, err
}

// SourceOf returns the version that a redacted one was made from, 0 when it is
// none.
func (t *Tx) SourceOf(object int64) (source int64, err error) {
	_, err = t.Get([]any{&source}, "SELECT source FROM derived WHERE domain = $1 AND object = $2", t.domain, object)
	return source, err
}

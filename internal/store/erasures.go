package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"io"
	"slices"
	"strings"

	"twoseas/internal/base/fault"
)

// States of an erasure.
const (
	ErasureAsked   = "asked"
	ErasureDone    = "done"
	ErasureRefused = "refused"
)

// Erasure is what one person asked to erase and another decided on. Backups is
// JSON of act/erasure; Copies is how many versions went.
type Erasure struct {
	ID, Object, Reason, State, Asker, Decider string
	Asked, Decided, Copies                    int64
	Backups                                   []byte
}

// AddErasure records a request made now.
func (t *Tx) AddErasure(e Erasure) error {
	_, err := t.Exec(`INSERT INTO erasure (domain, id, object, reason, state, asked, asker, decided, decider, copies, backups)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', 0, $8)`, t.domain, e.ID, e.Object, e.Reason, ErasureAsked, t.now, e.Asker, []byte("[]"))
	return err
}

// Erasures returns at most limit requests, the newest first.
func (t *Tx) Erasures(limit int) ([]Erasure, error) {
	return t.erasures("TRUE ORDER BY asked DESC, id LIMIT $2 + 0", int64(limit))
}

// Erasure returns one request, or fault.NotFound.
func (t *Tx) Erasure(id string) (Erasure, error) {
	list, err := t.erasures("id = $2", id)
	if err != nil || len(list) == 0 {
		if err == nil {
			err = fault.New(fault.NotFound, "no such erasure")
		}
		return Erasure{}, err
	}
	return list[0], nil
}

func (t *Tx) erasures(condition string, arg any) (out []Erasure, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var e Erasure
		err := r.Scan(&e.ID, &e.Object, &e.Reason, &e.State, &e.Asked, &e.Asker, &e.Decided, &e.Decider, &e.Copies, &e.Backups)
		out = append(out, e)
		return err
	}, "SELECT id, object, reason, state, asked, asker, decided, decider, copies, backups FROM erasure WHERE domain = $1 AND "+condition, t.domain, arg)
	return out, err
}

// SaveErasure records what was decided now.
func (t *Tx) SaveErasure(e Erasure) error {
	_, err := t.Exec("UPDATE erasure SET state = $3, decided = $4, decider = $5, copies = $6, backups = $7 WHERE domain = $1 AND id = $2",
		t.domain, e.ID, e.State, t.now, e.Decider, e.Copies, bytesOf(e.Backups))
	return err
}

// BackupMade is a backup that was written. Until is when it goes by itself, 0
// when nobody said so; Gone is when somebody said that it has gone.
type BackupMade struct {
	ID, Place       string
	At, Until, Gone int64
}

// AddBackup records a backup made now.
func (t *Tx) AddBackup(b BackupMade) error {
	_, err := t.Exec("INSERT INTO backup_made (id, at, place, until, gone) VALUES ($1, $2, $3, $4, 0)", b.ID, t.now, b.Place, b.Until)
	return err
}

// BackupsMade returns the backups that may still be there, the oldest first.
func (t *Tx) BackupsMade() (out []BackupMade, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var b BackupMade
		err := r.Scan(&b.ID, &b.At, &b.Place, &b.Until)
		out = append(out, b)
		return err
	}, "SELECT id, at, place, until FROM backup_made WHERE gone = 0 AND (until = 0 OR until > $1) ORDER BY at, id", t.now)
	return out, err
}

// BackupGone records that a backup is there no more, or returns fault.NotFound.
func (t *Tx) BackupGone(id string) error {
	n, err := t.Exec("UPDATE backup_made SET gone = $2 WHERE id = $1 AND gone = 0", id, t.now)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no such backup is known")
	}
	return err
}

// Copies returns the versions that redaction made of a version.
func (t *Tx) Copies(seq int64) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, "SELECT object FROM derived WHERE domain = $1 AND source = $2 ORDER BY object", t.domain, seq)
	return out, err
}

// FoundBy returns the values a version is looked up by.
func (t *Tx) FoundBy(seq int64) (out []string, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s string
		err := r.Scan(&s)
		out = append(out, s)
		return err
	}, "SELECT value FROM observable WHERE domain = $1 AND object = $2 ORDER BY value", t.domain, seq)
	return out, err
}

// ForgetTraces removes what is kept about a version beside it from which its
// content could be guessed: digests of what officers signed, and when it lapses.
func (t *Tx) ForgetTraces(seq int64) error {
	none := make([]byte, 32)
	for _, table := range []string{"hold", "approval", "hold_word", "review"} {
		if _, err := t.Exec("UPDATE "+table+" SET digest = $3 WHERE domain = $1 AND object = $2", t.domain, seq, none); err != nil {
			return err
		}
	}
	if _, err := t.Exec("DELETE FROM derived WHERE domain = $1 AND (source = $2 OR object = $2)", t.domain, seq); err != nil {
		return err
	}
	if _, err := t.Exec("DELETE FROM cut WHERE domain = $1 AND source = $2", t.domain, seq); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM lapse WHERE domain = $1 AND object = $2", t.domain, seq)
	return err
}

// mentions are the places where words of an object may have been kept: what names
// their rows, the column, and what is done to a row that mentions it.
var mentions = []struct{ key, table, column, act string }{
	{"id", "status", "body", "DELETE FROM status WHERE domain = $1 AND id = $2"},
	{"account || ' ' || name", "idempotency", "body", "DELETE FROM idempotency WHERE domain = $1 AND account || ' ' || name = $2"},
	{"id", "upload", "finding", "UPDATE upload SET finding = $3 WHERE domain = $1 AND id = $2"},
	{"id", "upload", "report", "UPDATE upload SET report = $3 WHERE domain = $1 AND id = $2"},
	{"account || ' ' || name", "kept", "value", "DELETE FROM kept WHERE domain = $1 AND account || ' ' || name = $2"},
	{"word", "cut", "word", "DELETE FROM cut WHERE domain = $1 AND word = $2"},
	{"CAST(ix AS TEXT)", "searched", "words", "DELETE FROM searched WHERE domain = $1 AND CAST(ix AS TEXT) = $2"},
	{"id", "marking", "body", "DELETE FROM marking WHERE domain = $1 AND id = $2"},
}

// ForgetMentions removes what is kept in passing and holds one of words: answers
// to repeated requests, reports and previews of imports, searches people keep
// and made, and uploads that wait with it. It returns how many rows that were.
func (t *Tx) ForgetMentions(words []string) (n int64, err error) {
	if len(words) == 0 {
		return 0, nil
	}
	for _, m := range mentions {
		if m.table == "marking" && !strings.HasPrefix(words[0], "marking-definition--") {
			continue
		}
		found, err := t.mentioning("SELECT "+m.key+", "+m.column+" FROM "+m.table+" WHERE domain = $1", words)
		if err != nil {
			return n, err
		}
		for _, key := range found {
			args := []any{t.domain, key}
			if strings.Contains(m.act, "$3") {
				args = append(args, []byte{})
			}
			k, err := t.Exec(m.act, args...)
			if err != nil {
				return n, err
			}
			n += k
		}
	}
	staged, err := t.mentioning("SELECT upload, body FROM upload_chunk WHERE domain = $1 ORDER BY upload, n", words)
	if err != nil {
		return n, err
	}
	packed, err := t.packedMentioning(words)
	if err != nil {
		return n, err
	}
	for _, id := range packed {
		if !slices.Contains(staged, id) {
			staged = append(staged, id)
		}
	}
	for _, id := range staged {
		if err := t.RemoveUpload(id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// mentioning returns the keys of the rows whose value holds one of words, also
// where it is cut between two rows of one key.
func (t *Tx) mentioning(query string, words []string) (keys []string, err error) {
	longest := 0
	for _, w := range words {
		longest = max(longest, len(w))
	}
	var last string
	var tail []byte
	err = t.Each(func(r *sql.Rows) error {
		var key string
		var body []byte
		if err := r.Scan(&key, &body); err != nil {
			return err
		}
		if key != last {
			tail = nil
		}
		text := append(tail, body...)
		for _, w := range words {
			if len(w) >= 4 && bytes.Contains(text, []byte(w)) && (len(keys) == 0 || keys[len(keys)-1] != key) {
				keys = append(keys, key)
			}
		}
		last, tail = key, bytes.Clone(text[max(0, len(text)-longest):])
		return nil
	}, query, t.domain)
	return keys, err
}

// packedMentioning returns the uploads that came compressed and hold one of
// words, or cannot be looked into: what nobody can search may hold it, and can
// be uploaded again.
func (t *Tx) packedMentioning(words []string) (ids []string, err error) {
	var packed []string
	if err := t.Each(func(r *sql.Rows) error {
		var id string
		var head []byte
		err := r.Scan(&id, &head)
		if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
			packed = append(packed, id)
		}
		return err
	}, "SELECT upload, substr(body, 1, 2) FROM upload_chunk WHERE domain = $1 AND n = 0 ORDER BY upload", t.domain); err != nil {
		return nil, err
	}
	for _, id := range packed {
		chunks := &chunkReader{t: t, upload: id}
		z, err := gzip.NewReader(chunks)
		found := err != nil
		if err == nil {
			found, err = holds(z, words)
			found = found || err != nil
		}
		if chunks.err != nil {
			return nil, chunks.err
		}
		if found {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// chunkReader reads the bytes of an upload.
type chunkReader struct {
	t      *Tx
	upload string
	next   int64
	rest   []byte
	err    error // of the store
}

// Read reads on; the chunk after the last is the end.
func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		body, err := c.t.Chunk(c.upload, c.next)
		if fault.Is(err, fault.NotFound) {
			return 0, io.EOF
		}
		if err != nil {
			c.err = err
			return 0, err
		}
		c.rest, c.next = body, c.next+1
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// maxUnpacked bounds what is read of a compressed upload: what is longer counts
// as one that cannot be looked into.
const maxUnpacked = 4 << 30

// holds reports whether what r reads holds one of words.
func holds(r io.Reader, words []string) (bool, error) {
	longest := 1
	for _, w := range words {
		longest = max(longest, len(w))
	}
	buf := make([]byte, 0, longest+64<<10)
	for total := 0; ; {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for _, w := range words {
			if len(w) >= 4 && bytes.Contains(buf, []byte(w)) {
				return true, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, ended(r)
		}
		if total += n; err != nil || total > maxUnpacked {
			return true, err
		}
		keep := min(longest, len(buf))
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
}

// ended returns why r ended, nil when it was at its end.
func ended(r io.Reader) error {
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Scrub has the engine give up the places where what was deleted still stands:
// SQLite writes its file anew, PostgreSQL frees the rows for others to overwrite.
// Nobody else writes meanwhile.
func (h *Handle) Scrub(ctx context.Context) error { return h.store.DB.Scrub(ctx) }

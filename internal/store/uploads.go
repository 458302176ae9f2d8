package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Upload is what a person brought in to be imported. Its bytes are in chunks
// beside it.
type Upload struct {
	ID, Account string
	Class       int64 // of the account's clearance
	Name        string
	State       string
	Options     []byte
	Finding     []byte // what was found in it
	Report      []byte // what became of it
	Failure     string
	Size        int64
	Chunks      int64
	Done        int64 // bytes worked through
	Created     int64
	Changed     int64
}

// The states of an upload.
const (
	UploadStaging   = "staging"   // its bytes are arriving
	UploadExamine   = "examine"   // waits to be looked at, or is being looked at
	UploadReady     = "ready"     // the person decides
	UploadImport    = "import"    // waits to be imported, or is being imported
	UploadDone      = "done"      // imported; the report says how
	UploadFailed    = "failed"    // could not be read to its end
	UploadCancelled = "cancelled" // given up by the person
)

const uploadColumns = "id, account, class, name, state, options, finding, report, failure, size, chunks, done, created, changed"

func scanUpload(r *sql.Rows) (u Upload, err error) {
	err = r.Scan(&u.ID, &u.Account, &u.Class, &u.Name, &u.State, &u.Options, &u.Finding, &u.Report, &u.Failure,
		&u.Size, &u.Chunks, &u.Done, &u.Created, &u.Changed)
	for _, b := range []*[]byte{&u.Options, &u.Finding, &u.Report} {
		if len(*b) == 0 {
			*b = nil // the engines give an empty value in two ways
		}
	}
	return u, err
}

// AddUpload records a new upload; its times are the transaction's.
func (t *Tx) AddUpload(u *Upload) error {
	u.Created, u.Changed = t.now, t.now
	_, err := t.Exec(`INSERT INTO upload (domain, id, account, class, name, state, options, finding, report, failure, size, chunks, done,
		created, changed, lease_owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, '', 0)`,
		t.domain, u.ID, u.Account, u.Class, u.Name, u.State, bytesOf(u.Options), bytesOf(u.Finding), bytesOf(u.Report), u.Failure,
		u.Size, u.Chunks, u.Done, t.now)
	t.Notify(TopicImport)
	return err
}

// bytesOf returns b, or no bytes for nil, which would be NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// SaveUpload records everything about an upload but whose it is, and takes it
// from the process that works at it.
func (t *Tx) SaveUpload(u Upload) error {
	n, err := t.Exec(`UPDATE upload SET class = $3, state = $4, options = $5, finding = $6, report = $7, failure = $8, size = $9, chunks = $10,
		done = $11, changed = $12, lease_owner = '', lease_until = 0 WHERE domain = $1 AND id = $2`,
		t.domain, u.ID, u.Class, u.State, bytesOf(u.Options), bytesOf(u.Finding), bytesOf(u.Report), u.Failure, u.Size, u.Chunks, u.Done, t.now)
	if err == nil && n == 0 {
		err = errNoUpload
	}
	t.Notify(TopicImport)
	return err
}

var errNoUpload = fault.New(fault.NotFound, "no such import")

// Upload returns the upload of that id, or fault.NotFound.
func (t *Tx) Upload(id string) (u Upload, err error) {
	err = errNoUpload
	if e := t.Each(func(r *sql.Rows) error {
		u, err = scanUpload(r)
		return err
	}, "SELECT "+uploadColumns+" FROM upload WHERE domain = $1 AND id = $2", t.domain, id); e != nil {
		return u, e
	}
	return u, err
}

// Uploads returns the uploads of an account, the newest first.
func (t *Tx) Uploads(account string, limit int) (out []Upload, err error) {
	err = t.Each(func(r *sql.Rows) error {
		u, err := scanUpload(r)
		out = append(out, u)
		return err
	}, "SELECT "+uploadColumns+" FROM upload WHERE domain = $1 AND account = $2 ORDER BY created DESC, id LIMIT $3 + 0", t.domain, account, int64(limit))
	return out, err
}

// StaleUploads returns the ids of uploads that nothing happened to since a
// time, and that nothing will happen to by itself.
func (t *Tx) StaleUploads(before int64) (out []string, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	}, "SELECT id FROM upload WHERE domain = $1 AND changed < $2 AND state NOT IN ('examine', 'import') ORDER BY id", t.domain, before)
	return out, err
}

// UploadWaits reports whether TakeUpload would find something for a lease of
// that length.
func (t *Tx) UploadWaits(length int64) (waits bool, err error) {
	return t.Get([]any{new(int64)}, `SELECT 1 FROM upload WHERE domain = $1 AND state IN ('examine', 'import')
		AND (lease_owner = '' OR lease_until < $2 OR lease_until > $3) LIMIT $4 + 0`, t.domain, t.now, t.now+2*length, int64(1))
}

// TakeUpload gives the upload that has waited longest to owner, for so many
// microseconds, or fault.NotFound when none waits. A lease that ends later
// than twice the time from now was taken by a clock since set back.
func (t *Tx) TakeUpload(owner string, length int64) (u Upload, err error) {
	err = errNoUpload
	if e := t.Each(func(r *sql.Rows) error {
		u, err = scanUpload(r)
		return err
	}, "SELECT "+uploadColumns+` FROM upload WHERE domain = $1 AND state IN ('examine', 'import')
		AND (lease_owner = '' OR lease_until < $2 OR lease_until > $3) ORDER BY changed, id LIMIT $4 + 0`,
		t.domain, t.now, t.now+2*length, int64(1)); e != nil {
		return u, e
	}
	if err != nil {
		return u, err
	}
	_, err = t.Exec("UPDATE upload SET lease_owner = $3, lease_until = $4 WHERE domain = $1 AND id = $2", t.domain, u.ID, owner, t.now+length)
	return u, err
}

// AdvanceUpload records how far owner has come with an upload and renews its
// lease. It is fault.Conflict when the upload is not owner's any more, or is
// not in state: what owner does in this transaction must not stand then.
func (t *Tx) AdvanceUpload(u Upload, owner string, length int64) error {
	n, err := t.Exec(`UPDATE upload SET report = $3, done = $4, changed = $5, lease_until = $6
		WHERE domain = $1 AND id = $2 AND lease_owner = $7 AND state = $8`,
		t.domain, u.ID, bytesOf(u.Report), u.Done, t.now, t.now+length, owner, u.State)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "the import was stopped, or another process is at it")
	}
	t.Notify(TopicImport)
	return err
}

// RemoveUpload removes an upload and its bytes.
func (t *Tx) RemoveUpload(id string) error {
	if err := t.DropChunks(id); err != nil {
		return err
	}
	n, err := t.Exec("DELETE FROM upload WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && n == 0 {
		err = errNoUpload
	}
	t.Notify(TopicImport)
	return err
}

// AddChunk keeps the bytes numbered n of an upload.
func (t *Tx) AddChunk(upload string, n int64, body []byte) error {
	_, err := t.Exec("INSERT INTO upload_chunk (domain, upload, n, body) VALUES ($1, $2, $3, $4)", t.domain, upload, n, bytesOf(body))
	return err
}

// Chunk returns the bytes numbered n of an upload, or fault.NotFound.
func (t *Tx) Chunk(upload string, n int64) (body []byte, err error) {
	found, err := t.Get([]any{&body}, "SELECT body FROM upload_chunk WHERE domain = $1 AND upload = $2 AND n = $3", t.domain, upload, n)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "the uploaded bytes are not here any more")
	}
	return body, err
}

// DropChunks removes the bytes of an upload.
func (t *Tx) DropChunks(upload string) error {
	_, err := t.Exec("DELETE FROM upload_chunk WHERE domain = $1 AND upload = $2", t.domain, upload)
	return err
}

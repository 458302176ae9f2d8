package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// AgreementVersion is one version of an agreement as it is stored: the
// canonical document, which the hash is of, and the text it was read from.
type AgreementVersion struct {
	ID       ident.Agreement
	Version  int64
	Hash     ident.Digest
	Document []byte // canonical JSON
	Source   []byte // as it came
	Added    int64  // microseconds
}

const versionColumns = "id, version, hash, document, source, added"

func scanVersion(r *sql.Rows) (AgreementVersion, error) {
	var v AgreementVersion
	var hash []byte
	err := r.Scan(&v.ID, &v.Version, &hash, &v.Document, &v.Source, &v.Added)
	if err != nil {
		return v, err
	}
	v.Hash, err = ident.DigestOf(hash)
	return v, err
}

// SaveAgreement stores a version, in place of one under the same number that
// nobody has signed. One that was signed stays: fault.Conflict.
func (t *Tx) SaveAgreement(v AgreementVersion) error {
	t.Notify(TopicConfig)
	n, err := t.Exec(`
		INSERT INTO agreement (domain, id, version, hash, document, source, added)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (domain, id, version) DO UPDATE SET hash = $4, document = $5, source = $6, added = $7
		WHERE NOT EXISTS (SELECT 1 FROM agreement_signature AS s
			WHERE s.domain = $1 AND s.agreement = $2 AND s.version = $3 AND s.hash = agreement.hash)`,
		t.domain, string(v.ID), v.Version, v.Hash[:], v.Document, v.Source, t.now)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Conflict, "version %d of %s is signed; a change of it is a new version", v.Version, v.ID)
	}
	return err
}

// Agreement returns one version of an agreement, or fault.NotFound.
func (t *Tx) Agreement(id ident.Agreement, version int64) (AgreementVersion, error) {
	list, err := t.versions("SELECT "+versionColumns+` FROM agreement
		WHERE domain = $1 AND id = $2 AND version = $3`, t.domain, string(id), version)
	if err == nil && len(list) == 0 {
		return AgreementVersion{}, fault.Errorf(fault.NotFound, "there is no version %d of the agreement %s in %s", version, id, t.name)
	}
	if err != nil {
		return AgreementVersion{}, err
	}
	return list[0], nil
}

// AgreementVersions returns every version of an agreement, oldest first.
func (t *Tx) AgreementVersions(id ident.Agreement) ([]AgreementVersion, error) {
	return t.versions("SELECT "+versionColumns+` FROM agreement
		WHERE domain = $1 AND id = $2 ORDER BY version`, t.domain, string(id))
}

// Agreements returns the names of the agreements of the domain, in order.
func (t *Tx) Agreements() ([]ident.Agreement, error) {
	return t.names("SELECT DISTINCT id FROM agreement WHERE domain = $1 ORDER BY id", t.domain)
}

func (t *Tx) names(query string, args ...any) ([]ident.Agreement, error) {
	var list []ident.Agreement
	err := t.Each(func(r *sql.Rows) error {
		var id ident.Agreement
		err := r.Scan(&id)
		list = append(list, id)
		return err
	}, query, args...)
	return list, err
}

func (t *Tx) versions(query string, args ...any) ([]AgreementVersion, error) {
	var list []AgreementVersion
	err := t.Each(func(r *sql.Rows) error {
		v, err := scanVersion(r)
		list = append(list, v)
		return err
	}, query, args...)
	return list, err
}

// SignedVersion names a version by its number and what both sides signed.
type SignedVersion struct {
	Version int64
	Hash    ident.Digest
}

// SignedVersions returns the versions of an agreement that a side and another
// one have signed as they are stored here, newest first.
func (t *Tx) SignedVersions(id ident.Agreement, side ident.Side) ([]SignedVersion, error) {
	var list []SignedVersion
	err := t.Each(func(r *sql.Rows) error {
		var v SignedVersion
		var hash []byte
		err := r.Scan(&v.Version, &hash)
		if err != nil {
			return err
		}
		v.Hash, err = ident.DigestOf(hash)
		list = append(list, v)
		return err
	}, `SELECT v.version, v.hash FROM agreement AS v WHERE v.domain = $1 AND v.id = $2
		AND EXISTS (SELECT 1 FROM agreement_signature AS s
			WHERE s.domain = $1 AND s.agreement = $2 AND s.version = v.version AND s.hash = v.hash AND s.side = $3)
		AND EXISTS (SELECT 1 FROM agreement_signature AS s
			WHERE s.domain = $1 AND s.agreement = $2 AND s.version = v.version AND s.hash = v.hash AND s.side <> $3)
		ORDER BY v.version DESC`, t.domain, string(id), string(side))
	return list, err
}

// AgreementSignature is a side's signed note on one version.
type AgreementSignature struct {
	Agreement ident.Agreement
	Version   int64
	Side      ident.Side
	// Hash is of the document that was signed. It counts for the version
	// stored here only when the hashes agree.
	Hash ident.Digest
	Note []byte
	At   int64 // when it was stored, in microseconds
}

// SignAgreement stores a signature, in place of an earlier one of that side
// on that version.
func (t *Tx) SignAgreement(s AgreementSignature) error {
	t.Notify(TopicConfig)
	_, err := t.Exec(`
		INSERT INTO agreement_signature (domain, agreement, version, side, at, hash, note, told)
		VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE)
		ON CONFLICT (domain, agreement, version, side) DO UPDATE SET at = $5, hash = $6, note = $7, told = FALSE`,
		t.domain, string(s.Agreement), s.Version, string(s.Side), t.now, s.Hash[:], s.Note)
	return err
}

const signatureColumns = "version, side, at, hash, note"

func (t *Tx) signatures(id ident.Agreement, query string, args ...any) ([]AgreementSignature, error) {
	var list []AgreementSignature
	err := t.Each(func(r *sql.Rows) error {
		s := AgreementSignature{Agreement: id}
		var hash []byte
		err := r.Scan(&s.Version, &s.Side, &s.At, &hash, &s.Note)
		if err != nil {
			return err
		}
		s.Hash, err = ident.DigestOf(hash)
		list = append(list, s)
		return err
	}, query, args...)
	return list, err
}

// AgreementSignatures returns the signatures on one version, in the order of
// their sides.
func (t *Tx) AgreementSignatures(id ident.Agreement, version int64) ([]AgreementSignature, error) {
	return t.signatures(id, "SELECT "+signatureColumns+` FROM agreement_signature
		WHERE domain = $1 AND agreement = $2 AND version = $3 ORDER BY side`, t.domain, string(id), version)
}

// UntoldSignatures returns the signatures of a side on an agreement that its
// partner is not known to have, oldest version first.
func (t *Tx) UntoldSignatures(id ident.Agreement, side ident.Side) ([]AgreementSignature, error) {
	return t.signatures(id, "SELECT "+signatureColumns+` FROM agreement_signature
		WHERE domain = $1 AND agreement = $2 AND side = $3 AND NOT told ORDER BY version`, t.domain, string(id), string(side))
}

// SignatureTold records that the partner has exactly this signature.
func (t *Tx) SignatureTold(s AgreementSignature) error {
	_, err := t.Exec(`UPDATE agreement_signature SET told = TRUE
		WHERE domain = $1 AND agreement = $2 AND version = $3 AND side = $4 AND note = $5`,
		t.domain, string(s.Agreement), s.Version, string(s.Side), s.Note)
	return err
}

// AgreementsSignedBy returns the agreements of which a side has signed a
// version, in order.
func (t *Tx) AgreementsSignedBy(side ident.Side) ([]ident.Agreement, error) {
	return t.names(`SELECT DISTINCT agreement FROM agreement_signature
		WHERE domain = $1 AND side = $2 ORDER BY agreement`, t.domain, string(side))
}

// AgreementEvent is something that happened to an agreement (law/agreement
// has the life cycle).
type AgreementEvent struct {
	Agreement ident.Agreement
	N         int64 // 1, 2, … in the order of recording
	Event     string
	Side      ident.Side // whose act it is; empty for a date
	At        int64      // when it took effect, in microseconds
	Detail    string
}

// AddAgreementEvent records e as the next event of its agreement and returns
// its number. It belongs in a write transaction.
func (t *Tx) AddAgreementEvent(e AgreementEvent) (int64, error) {
	t.Notify(TopicConfig)
	var n int64
	_, err := t.Get([]any{&n}, `
		INSERT INTO agreement_event (domain, agreement, n, event, side, at, detail)
		SELECT $1, $2, COALESCE(MAX(n), 0) + 1, $3, $4, $5, $6 FROM agreement_event
		WHERE domain = $1 AND agreement = $2
		RETURNING n`,
		t.domain, string(e.Agreement), e.Event, string(e.Side), e.At, e.Detail)
	return n, err
}

// AgreementEvents returns what happened to an agreement, in the order of
// recording.
func (t *Tx) AgreementEvents(id ident.Agreement) ([]AgreementEvent, error) {
	var list []AgreementEvent
	err := t.Each(func(r *sql.Rows) error {
		e := AgreementEvent{Agreement: id}
		err := r.Scan(&e.N, &e.Event, &e.Side, &e.At, &e.Detail)
		list = append(list, e)
		return err
	}, `SELECT n, event, side, at, detail FROM agreement_event
		WHERE domain = $1 AND agreement = $2 ORDER BY n`, t.domain, string(id))
	return list, err
}

package accord

import (
	"bytes"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Terms is an agreement as it is carried out at one moment.
type Terms struct {
	Doc           *agreement.Document
	Table         *gate.Table // halted when the agreement's state permits no exchange
	Version       int64
	Hash          ident.Digest
	Self, Partner ident.Side
	Life          agreement.Life
	State         agreement.State
	Permits       agreement.Permissions
}

// place is where a text is known under its hash: a signature in one domain
// says nothing in another.
type place struct {
	domain ident.Domain
	hash   ident.Digest
}

// compiled is a version whose text and both signatures were verified. tables
// is guarded by Accords.mu; the rest does not change.
type compiled struct {
	doc     *agreement.Document
	partner ident.Side
	tables  map[agreement.State]*gate.Table
}

// InForce returns the newest version that both sides have signed. Before there
// is one the error is fault.NotFound (nothing is known of the agreement) or
// fault.Denied, and says who has not signed.
func (a *Accords) InForce(tx *store.Tx, id ident.Agreement) (Terms, error) {
	signed, err := tx.SignedVersions(id, a.self)
	if err != nil {
		return Terms{}, err
	}
	if len(signed) == 0 {
		return Terms{}, a.notInForce(tx, id)
	}
	c, err := a.open(tx, id, signed[0])
	if err != nil {
		return Terms{}, err
	}
	life, err := a.life(tx, c.doc)
	if err != nil {
		return Terms{}, err
	}
	return Terms{
		Doc: c.doc, Table: a.table(c, life.State), Version: signed[0].Version, Hash: signed[0].Hash,
		Self: a.self, Partner: c.partner, Life: life, State: life.State, Permits: life.Permits(),
	}, nil
}

// SignedVersions returns the hashes of all versions that both sides have
// signed, newest first: what was shipped under an earlier one stays valid.
func (a *Accords) SignedVersions(tx *store.Tx, id ident.Agreement) ([]ident.Digest, error) {
	list, err := tx.SignedVersions(id, a.self)
	hashes := make([]ident.Digest, len(list))
	for i, v := range list {
		hashes[i] = v.Hash
	}
	return hashes, err
}

func (a *Accords) table(c *compiled, s agreement.State) *gate.Table {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := c.tables[s]
	if !ok {
		t = c.doc.TableIn(s)
		c.tables[s] = t
	}
	return t
}

// open returns a version as compiled before, or verifies and compiles it.
func (a *Accords) open(tx *store.Tx, id ident.Agreement, v store.SignedVersion) (*compiled, error) {
	at := place{tx.Domain(), v.Hash}
	a.mu.Lock()
	c, ok := a.compiled[at]
	a.mu.Unlock()
	if ok {
		return c, nil
	}
	stored, err := tx.Agreement(id, v.Version)
	if err != nil {
		return nil, err
	}
	doc, err := read(stored)
	if err != nil {
		return nil, err
	}
	c = &compiled{doc: doc, tables: map[agreement.State]*gate.Table{}}
	if c.partner, err = doc.OtherSide(a.self); err != nil {
		return nil, err
	}
	if err := a.verify(tx, doc); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.compiled[at] = c
	return c, nil
}

// verify checks both sides' stored signatures on a document once more: what
// the database says is not evidence.
func (a *Accords) verify(tx *store.Tx, d *agreement.Document) error {
	text, err := d.SigningText()
	if err != nil {
		return err
	}
	sigs, err := tx.AgreementSignatures(d.ID(), int64(d.Version))
	if err != nil {
		return err
	}
	good := map[ident.Side]bool{}
	for _, s := range sigs {
		known, err := a.known(tx, s.Side)
		if err != nil {
			return err
		}
		n, err := note.Open(s.Note, known...)
		good[s.Side] = err == nil && bytes.Equal(n.Text, []byte(text)) && keyIn(d, s.Side, known) == nil
	}
	for _, side := range d.SideIDs() {
		if !good[side] {
			return fault.Errorf(fault.Conflict, "the stored signature of %s on %s, version %d, does not verify", side, d.Agreement, d.Version)
		}
	}
	return nil
}

// known returns all keys a side has had, newest last.
func (a *Accords) known(tx *store.Tx, side ident.Side) ([]note.Verifier, error) {
	if side == a.self {
		return a.ring.History(tx)
	}
	return a.ring.Partner(tx, side)
}

// notInForce says why nothing is in force.
func (a *Accords) notInForce(tx *store.Tx, id ident.Agreement) error {
	list, err := a.versions(tx, id)
	if err != nil {
		return err
	}
	newest := list[len(list)-1]
	partner, err := a.partner(tx, id)
	if err != nil {
		return err
	}
	sigs, err := tx.AgreementSignatures(id, newest.Version)
	if err != nil {
		return err
	}
	signed := map[ident.Side]bool{}
	for _, s := range sigs {
		if s.Hash != newest.Hash {
			return fault.Errorf(fault.Denied, "%s is not in force: %s has signed another text as version %d than is stored here; the hashes are %s there and %s here", id, s.Side, newest.Version, s.Hash, newest.Hash)
		}
		signed[s.Side] = true
	}
	switch {
	case signed[a.self]:
		return fault.Errorf(fault.Denied, "%s is not in force: version %d waits for the signature of %s", id, newest.Version, partner)
	case signed[partner]:
		return fault.Errorf(fault.Denied, "%s is not in force: version %d waits for our signature; %s has signed", id, newest.Version, partner)
	}
	return fault.Errorf(fault.Denied, "%s is not in force: nobody has signed version %d", id, newest.Version)
}

// settle does what follows when another version than before is in force.
func (a *Accords) settle(tx *store.Tx, id ident.Agreement, before int64) error {
	now, err := a.inForceNumber(tx, id)
	if err != nil || now == before {
		return err
	}
	terms, err := a.InForce(tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.OpenChannel(id, terms.Partner); err != nil {
		return err
	}
	if terms.Life.Amendment {
		for _, side := range terms.Doc.SideIDs() {
			e := agreement.Event{Name: agreement.Agree, By: side, On: a.clock.Now(), Version: int(now), Written: true}
			if err := a.happen(tx, id, e); err != nil {
				return err
			}
		}
	}
	return a.onForce(tx, id)
}

// inForceNumber returns the number of the version in force, 0 when there is
// none.
func (a *Accords) inForceNumber(tx *store.Tx, id ident.Agreement) (int64, error) {
	signed, err := tx.SignedVersions(id, a.self)
	if err != nil || len(signed) == 0 {
		return 0, err
	}
	return signed[0].Version, nil
}

package accord

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Standing is where an agreement is in its life.
type Standing struct {
	agreement.Life
	Permits agreement.Permissions
	// Force is the number of the version in force, 0 before there is one; the
	// life is then only as far as signatures tell.
	Force int64
	// Events is what the sides said and did, oldest first, with the document's
	// own history before it.
	Events []agreement.Event
}

// Standing returns where an agreement is in its life; fault.NotFound when no
// version is stored.
func (a *Accords) Standing(ctx context.Context, h *store.Handle, id ident.Agreement) (Standing, error) {
	var s Standing
	err := h.Read(ctx, func(tx *store.Tx) error {
		terms, err := a.InForce(tx, id)
		if fault.Is(err, fault.Denied) {
			s.Life, err = a.unsigned(tx, id)
			s.Permits = s.Life.Permits()
			return err
		}
		if err != nil {
			return err
		}
		s.Life, s.Permits, s.Force = terms.Life, terms.Permits, terms.Version
		s.Events, err = events(tx, terms.Doc)
		return err
	})
	return s, err
}

// unsigned returns the life of an agreement of which no version is in force:
// drafting, or approved once a side has signed.
func (a *Accords) unsigned(tx *store.Tx, id ident.Agreement) (agreement.Life, error) {
	d, err := a.newest(tx, id)
	if err != nil {
		return agreement.Life{}, err
	}
	life := agreement.Life{State: agreement.Drafting, Version: d.Version}
	sigs, err := tx.AgreementSignatures(id, int64(d.Version))
	if len(sigs) > 0 {
		life.State = agreement.Approved
	}
	return life, err
}

// Original is one side's signed note on a version.
type Original struct {
	Side ident.Side
	Hash ident.Digest // of the text it signed
	Same bool         // that is the text stored here
	By   string       // short name of the key, "" when it does not hold
	Note []byte
	At   int64 // when it was stored here, in microseconds
}

// Originals returns the signatures on one version, each checked anew against
// the keys its side is known to have had.
func (a *Accords) Originals(ctx context.Context, h *store.Handle, id ident.Agreement, number int64) ([]Original, error) {
	var list []Original
	err := h.Read(ctx, func(tx *store.Tx) error {
		v, err := tx.Agreement(id, number)
		if err != nil {
			return err
		}
		sigs, err := tx.AgreementSignatures(id, number)
		if err != nil {
			return err
		}
		for _, s := range sigs {
			known, err := a.known(tx, s.Side)
			if err != nil {
				return err
			}
			o := Original{Side: s.Side, Hash: s.Hash, Same: s.Hash == v.Hash, Note: s.Note, At: s.At}
			if n, err := note.Open(s.Note, known...); err == nil {
				o.By = n.Sigs[0].Short()
			}
			list = append(list, o)
		}
		return nil
	})
	return list, err
}

// File returns one of the files of a version: source.yaml, as it was added;
// canonical.json, as it is hashed; SIDE.note.txt, a side's signature on it.
// Another name is fault.NotFound.
func (a *Accords) File(ctx context.Context, h *store.Handle, id ident.Agreement, number int64, name string) ([]byte, error) {
	d, source, err := a.Document(ctx, h, id, number)
	if err != nil {
		return nil, err
	}
	switch name {
	case "source.yaml":
		return source, nil
	case "canonical.json":
		return d.Canonical()
	}
	list, err := a.Originals(ctx, h, id, number)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		if name == string(o.Side)+".note.txt" {
			return o.Note, nil
		}
	}
	return nil, fault.Errorf(fault.NotFound, "version %d of %s has no file %.80q", number, id, name)
}

// Answer is what a version says of something on its way to the partner.
type Answer struct {
	Version  Version
	InForce  bool
	Label    marking.Label
	Decision gate.Decision
	// Steps are the single changes that would open more.
	Steps []gate.Step
}

// Ask returns what a version says of something labelled l that this side would
// send: the version in force, as its life permits, when number is 0; otherwise
// that version as if it were in force. Nothing is recorded and nothing leaves.
func (a *Accords) Ask(ctx context.Context, h *store.Handle, id ident.Agreement, number int64, l marking.Label) (Answer, error) {
	ans := Answer{Label: l}
	err := h.Read(ctx, func(tx *store.Tx) error {
		table, partner, err := a.tableFor(tx, id, number, &ans)
		if err != nil {
			return err
		}
		c := gate.Context{From: a.self, To: partner, Domain: tx.Domain(), Now: a.clock.Now()}
		ans.Decision, ans.Steps = gate.Decide(l, table, c), gate.Steps(l, table, c)
		return nil
	})
	return ans, err
}

// tableFor returns the table that a question is put to.
func (a *Accords) tableFor(tx *store.Tx, id ident.Agreement, number int64, ans *Answer) (*gate.Table, ident.Side, error) {
	terms, err := a.InForce(tx, id)
	if err == nil && (number == 0 || number == terms.Version) {
		ans.Version, ans.InForce = Version{ID: id, Number: terms.Version, Hash: terms.Hash}, true
		return terms.Table, terms.Partner, nil
	}
	if err != nil && (number == 0 || !fault.Is(err, fault.Denied)) {
		return nil, "", err
	}
	v, err := tx.Agreement(id, number)
	if err != nil {
		return nil, "", err
	}
	d, err := read(v)
	if err != nil {
		return nil, "", err
	}
	partner, err := d.OtherSide(a.self)
	ans.Version = name(v)
	return d.Table(), partner, err
}

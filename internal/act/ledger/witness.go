package ledger

import (
	"bytes"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Behind says that a witness has cosigned another size than a request starts
// from: the log asks again with CosignRequestFrom. It is tlog-witness's answer
// 409 with the size as its body, and no cause for alarm.
type Behind struct{ Size int64 }

// Error says so.
func (b *Behind) Error() string {
	return "the witness knows the ledger at another size than the request starts from"
}

// Fork is the evidence that a partner signed two histories of one log: what
// this node cosigned, and the request it refused. It is cause for alarm.
type Fork struct {
	Origin   string
	Have     []byte // checkpoint note with both sides' signatures
	Shown    []byte // the partner's add-checkpoint request
	Sentence string
}

// Error says what does not fit.
func (f *Fork) Error() string { return f.Sentence }

// CosignRequest returns the add-checkpoint request that asks the partner to
// cosign the newest state of the exchange log, from the last state it is known
// to have cosigned. It reports false when there is nothing to ask for.
func (l *Ledger) CosignRequest(tx *store.Tx, a ident.Agreement) ([]byte, bool, error) {
	log, err := l.log(tx, a)
	if fault.Is(err, fault.NotFound) {
		return nil, false, nil
	}
	if err != nil || log.Cosigned == log.Size {
		return nil, false, err
	}
	body, err := l.request(tx, log, log.Cosigned)
	return body, err == nil, err
}

// CosignRequestFrom is CosignRequest from the size that the partner says it
// knows, which it answers with when an answer of its own was lost or its store
// was restored. A partner that has cosigned more than there is here is
// fault.Conflict: it is this node whose store was set back.
func (l *Ledger) CosignRequestFrom(tx *store.Tx, a ident.Agreement, known int64) ([]byte, error) {
	log, err := l.log(tx, a)
	if err != nil {
		return nil, err
	}
	if known > log.Size {
		return nil, fault.Errorf(fault.Conflict,
			"the partner has cosigned %d leaves of the ledger %s, this node has %d: its store was set back to an earlier state", known, log.Origin, log.Size)
	}
	return l.request(tx, log, known)
}

func (l *Ledger) log(tx *store.Tx, a ident.Agreement) (store.Log, error) {
	origin, err := l.exchange(tx, a)
	if err != nil {
		return store.Log{}, err
	}
	return tx.Log(origin)
}

func (l *Ledger) request(tx *store.Tx, log store.Log, old int64) ([]byte, error) {
	proof, err := merkle.ProveConsistency(old, log.Size, newHashes(tx, log))
	if err != nil {
		return nil, err
	}
	return merkle.AddCheckpoint{Old: old, Proof: proof, Note: log.Checkpoint}.Body(), nil
}

// StoreCosignature keeps the partner's cosignature, which is its response to
// the given request of this node. Lines by keys other than the partner's
// newest are ignored, as tlog-witness has it; none by that key is
// fault.Denied.
func (l *Ledger) StoreCosignature(tx *store.Tx, a ident.Agreement, partner ident.Side, request, response []byte) error {
	log, err := l.log(tx, a)
	if err != nil {
		return err
	}
	req, err := merkle.ParseAddCheckpoint(request)
	if err != nil {
		return err
	}
	c, err := l.own(tx, log, req.Note)
	if err != nil {
		return err
	}
	by, err := l.ring.PartnerKey(tx, partner)
	if err != nil {
		return err
	}
	cosigned, err := addLines(req.Note, response, by)
	if err != nil {
		return err
	}
	return tx.SaveCosigned(log, c.Size, cosigned)
}

// own returns the checkpoint in msg if this node signed it and it is a state
// that the log has had.
func (l *Ledger) own(tx *store.Tx, log store.Log, msg []byte) (merkle.Checkpoint, error) {
	mine, err := l.ring.History(tx)
	if err != nil {
		return merkle.Checkpoint{}, err
	}
	c, _, err := merkle.OpenCheckpoint(msg, log.Origin, mine...)
	if err != nil {
		return merkle.Checkpoint{}, err
	}
	if c.Size > log.Size {
		return merkle.Checkpoint{}, fault.Errorf(fault.Conflict, "a checkpoint of %d leaves of the ledger %s, which has %d", c.Size, log.Origin, log.Size)
	}
	root, err := merkle.TreeRoot(c.Size, newHashes(tx, log))
	if err != nil {
		return merkle.Checkpoint{}, err
	}
	if root != c.Root {
		return merkle.Checkpoint{}, fault.Errorf(fault.Conflict, "the ledger %s never was in the state of %d leaves that the checkpoint says", log.Origin, c.Size)
	}
	return c, nil
}

// addLines adds the cosignature of by among the lines of a response to a
// checkpoint.
func addLines(msg, response []byte, by note.Verifier) ([]byte, error) {
	err := fault.Errorf(fault.Denied, "cosignature: none by %s", by.Short())
	for line := range bytes.Lines(response) {
		out, e := note.AddCosignature(msg, line, by)
		if e == nil {
			return out, nil
		}
		err = e
	}
	return nil, err
}

// Witness answers a partner's add-checkpoint request with this node's
// cosignature lines, dated by its clock. The state cosigned is kept in the
// same transaction; the answer may leave only after the commit.
//
// Errors: fault.NotFound for a log that is not the partner's or of another
// domain, fault.Denied when the partner's newest key did not sign,
// fault.Invalid for a malformed request, and fault.Conflict around a *Behind,
// or around a *Fork when the log is not a continuation of what was cosigned
// before; then nothing is ever cosigned on the second branch.
func (l *Ledger) Witness(tx *store.Tx, partner ident.Side, body []byte) ([]byte, error) {
	req, err := merkle.ParseAddCheckpoint(body)
	if err != nil {
		return nil, err
	}
	origin, err := partnerOrigin(req.Note, partner, tx.Domain())
	if err != nil {
		return nil, err
	}
	key, err := l.ring.PartnerKey(tx, partner)
	if err != nil {
		return nil, err
	}
	known, err := tx.Witnessed(origin)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	d, err := merkle.Cosign(merkle.Witnessed{Size: known.Size, Root: known.Root}, origin, req, key)
	switch {
	case fault.Is(err, fault.Conflict):
		return nil, fault.Errorf(fault.Conflict, "%w", &Fork{Origin: origin, Have: known.Note, Shown: body, Sentence: err.Error()})
	case err != nil:
		return nil, err
	case d.Action == merkle.Refresh:
		return nil, fault.Errorf(fault.Conflict, "%w", &Behind{Size: known.Size})
	}
	return l.cosign(tx, d.Checkpoint, req.Note)
}

// cosign signs a state that continues what is known, and keeps it.
func (l *Ledger) cosign(tx *store.Tx, c merkle.Checkpoint, msg []byte) ([]byte, error) {
	signer, err := l.ring.Signer(tx)
	if err != nil {
		return nil, err
	}
	line, err := note.Cosign(msg, signer, l.clock.Now())
	if err != nil {
		return nil, err
	}
	both, err := note.AddCosignature(msg, line, signer.Verifier())
	if err != nil {
		return nil, err
	}
	return line, tx.SaveWitnessed(store.Witnessed{Origin: c.Origin, Size: c.Size, Root: c.Root, Note: both})
}

// partnerOrigin returns the origin of the checkpoint in msg, not yet opened,
// if it is of an exchange log of the partner in domain d.
func partnerOrigin(msg []byte, partner ident.Side, d ident.Domain) (string, error) {
	text, err := note.Text(msg)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(string(text), "\n")
	side, a, domain, err := merkle.ParseOrigin(origin)
	if err != nil || side != partner || a == home || domain != d {
		return "", fault.Errorf(fault.NotFound, "%.200q is not an exchange ledger of %s in %s", origin, partner, d)
	}
	return origin, nil
}

package keys

import (
	"bytes"
	"strings"
	"time"

	"filippo.io/age"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// opening names the secret that opens what is encrypted to this node: age
// identities, one a line, the newest first.
const opening = "bundle-identity"

// RecipientTitle is the first line of the note by which a node says to what
// its partner encrypts files for it (https://c2sp.org/age):
//
//	twoseas/recipient/v1
//	side jp
//	domain live
//	recipient age1pq1…
//	from 2026-11-22T09:00:00Z
const RecipientTitle = "twoseas/recipient/v1"

// maxIdentities bounds how many earlier identities still open files.
const maxIdentities = 5

// recipientNote is the text of such a note.
type recipientNote struct {
	side      ident.Side
	domain    ident.Domain
	recipient string
	from      time.Time
}

func (n recipientNote) text() []byte {
	return []byte(RecipientTitle + "\nside " + string(n.side) + "\ndomain " + n.domain.String() +
		"\nrecipient " + n.recipient + "\nfrom " + note.FormatTime(n.from) + "\n")
}

func parseRecipientNote(text []byte) (recipientNote, error) {
	l := note.ReadLines("recipient", RecipientTitle, string(text))
	n := recipientNote{
		side:      note.Field(l, "side", ident.ParseSide),
		domain:    note.Field(l, "domain", ident.ParseDomain),
		recipient: note.Field(l, "recipient", oneRecipient),
		from:      note.Field(l, "from", note.ParseTime),
	}
	return n, l.End()
}

// oneRecipient refuses what age would not encrypt to: anything but one X25519
// or hybrid recipient.
func oneRecipient(s string) (string, error) {
	if _, err := parseRecipient(s); err != nil {
		return "", err
	}
	return s, nil
}

func parseRecipient(s string) (age.Recipient, error) {
	if r, err := age.ParseHybridRecipient(s); err == nil && r.String() == s {
		return r, nil
	}
	r, err := age.ParseX25519Recipient(s)
	if err != nil || r.String() != s {
		return nil, fault.Errorf(fault.Invalid, "%.20q…: want an age recipient", s)
	}
	return r, nil
}

// Recipient returns the signed note that tells partners to what they encrypt
// files for this node; inside a Write. The identity is made when there is none
// and when renew is set. It is a hybrid one (ML-KEM-768 and X25519): what is
// copied from a medium today is not to be read by a machine of tomorrow.
func (r *Ring) Recipient(tx *store.Tx, renew bool) ([]byte, error) {
	list, err := r.identities(tx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || renew {
		fresh, err := age.GenerateHybridIdentity() // draws from the system's generator itself
		if err != nil {
			return nil, err
		}
		list = append([]*age.HybridIdentity{fresh}, list...)
		if err := r.keepIdentities(tx, list[:min(len(list), maxIdentities)]); err != nil {
			return nil, err
		}
	}
	signer, err := r.Signer(tx)
	if err != nil {
		return nil, err
	}
	n := recipientNote{side: r.side, domain: tx.Domain(), recipient: list[0].Recipient().String(), from: r.clock.Now()}
	return signer.Sign(n.text())
}

// Identities returns what opens files that partners encrypted to this node in
// the transaction's domain, newest first; fault.NotFound when no partner was
// told a recipient yet.
func (r *Ring) Identities(tx *store.Tx) ([]age.Identity, error) {
	list, err := r.identities(tx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Errorf(fault.NotFound, "%s has told nobody yet to what files for it are encrypted", r.side)
	}
	out := make([]age.Identity, len(list))
	for i, id := range list {
		out[i] = id
	}
	return out, nil
}

func (r *Ring) identities(tx *store.Tx) ([]*age.HybridIdentity, error) {
	sealed, err := tx.Secret(opening)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	raw, err := openSecret(r.seal, tx.Domain(), opening, sealed)
	if err != nil {
		return nil, err
	}
	var out []*age.HybridIdentity
	for line := range strings.Lines(string(raw)) {
		id, err := age.ParseHybridIdentity(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

func (r *Ring) keepIdentities(tx *store.Tx, list []*age.HybridIdentity) error {
	var b bytes.Buffer
	for _, id := range list {
		b.WriteString(id.String() + "\n")
	}
	sealed, err := sealSecret(r.seal, tx.Domain(), opening, b.Bytes())
	if err != nil {
		return err
	}
	return tx.SetSecret(opening, sealed)
}

// AcceptRecipient takes over to what files for a partner are encrypted from
// now on. The note must be signed with the partner's newest key. It reports
// whether that was news; one that was overtaken by a newer note is not, and
// not an error.
func (r *Ring) AcceptRecipient(tx *store.Tx, side ident.Side, msg []byte) (bool, error) {
	key, err := r.PartnerKey(tx, side)
	if err != nil {
		return false, err
	}
	opened, err := note.Open(msg, key)
	if err != nil {
		return false, err
	}
	n, err := parseRecipientNote(opened.Text)
	if err != nil {
		return false, err
	}
	if n.side != side || n.domain != tx.Domain() {
		return false, fault.Errorf(fault.Denied, "a recipient of %s in %s came as one of %s in %s", n.side, n.domain, side, tx.Domain())
	}
	known, err := tx.Recipient(side)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if n.from.UnixMicro() < known.Since || n.recipient == known.Text {
		return false, nil
	}
	return true, tx.SaveRecipient(side, store.Recipient{Text: n.recipient, Since: n.from.UnixMicro()})
}

// PartnerRecipient returns to what a file for a partner is encrypted, or
// fault.NotFound.
func (r *Ring) PartnerRecipient(tx *store.Tx, side ident.Side) (age.Recipient, error) {
	known, err := tx.Recipient(side)
	if err != nil {
		return nil, err
	}
	return parseRecipient(known.Text)
}

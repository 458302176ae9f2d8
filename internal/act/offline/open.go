package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// opened is a bundle of the partner's whose manifest was verified, read up to
// the first entry that is not about keys.
type opened struct {
	*bundle.Reader
	close io.Closer
	link  ident.Digest
	keys  [][]byte
	known []note.Verifier // the partner's keys, those that the bundle brings included
}

// open decrypts a bundle and verifies its manifest. It changes nothing.
func (o *Offline) open(ctx context.Context, h *store.Handle, src Source) (*opened, error) {
	var ids []age.Identity
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		ids, err = o.Ring.Identities(tx)
		return err
	}); err != nil {
		return nil, err
	}
	f, err := src()
	if err != nil {
		return nil, err
	}
	b := &opened{close: f}
	if err := o.read(ctx, h, b, f, ids); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

func (o *Offline) read(ctx context.Context, h *store.Handle, b *opened, f io.Reader, ids []age.Identity) error {
	plain, err := age.Decrypt(f, ids...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return fault.Errorf(fault.Denied, "the file is not encrypted to this node: it is meant for somebody else, or for a key that this node has replaced since")
	}
	if err != nil {
		return damaged(err)
	}
	if b.Reader, err = bundle.NewReader(whole{plain}); err != nil {
		return err
	}
	m := b.Manifest
	if m.To != o.Self || m.Domain != h.Domain() {
		return fault.Errorf(fault.Denied, "the file is for %s in %s, this node is of %s in %s", m.To, m.Domain, o.Self, h.Domain())
	}
	partner, err := o.Accords.Partner(ctx, h, m.Agreement)
	if err != nil {
		return err
	}
	if partner != m.From {
		return fault.Errorf(fault.Denied, "the file says that it is from %s; %s is with %s", m.From, m.Agreement, partner)
	}
	for e, ok := b.Peek(); ok && e.Kind == bundle.Key; e, ok = b.Peek() {
		_, msg, err := b.Next()
		if err != nil {
			return err
		}
		b.keys = append(b.keys, msg)
	}
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		b.known, err = o.Ring.Partner(tx, partner)
		return err
	}); err != nil {
		return err
	}
	b.known = rotated(b.known, b.keys)
	if len(b.known) == 0 {
		return fault.Errorf(fault.Denied, "no key of %s is known: pair first", partner)
	}
	b.link = m.Link()
	return b.Verify(b.known[len(b.known)-1])
}

// rotated returns the keys that are known once the rotations among the notes
// are taken over, each signed by the key before and the next one.
func rotated(known []note.Verifier, notes [][]byte) []note.Verifier {
	if len(known) == 0 {
		return nil
	}
	for _, msg := range notes {
		if r, err := note.OpenRotation(msg, known[len(known)-1]); err == nil {
			known = append(known, r.New)
		}
	}
	return known
}

// whole says of a stream that does not decrypt what that means to people.
type whole struct{ r io.Reader }

// Read reads.
func (w whole) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Errorf(fault.Invalid, "the file was altered or cut off on its way: %w", err)
}

// standing returns nil when the bundle is the next one to import, and
// otherwise says why it is not.
func standing(tx *store.Tx, m bundle.Manifest) error {
	if err := acknowledged(tx, m); err != nil {
		return err
	}
	same, err := tx.Bundle(m.Agreement, store.In, m.Number)
	switch {
	case err == nil && same.Link == m.Link():
		return fault.Errorf(fault.Conflict, "file %d of %s was imported already, on %s by %s", m.Number, m.From, day(same.At), same.People)
	case err == nil:
		return fault.Errorf(fault.Conflict, "another file %d of %s was imported on %s: %s signed two different ones under that number", m.Number, m.From, day(same.At), m.From)
	case !fault.Is(err, fault.NotFound):
		return err
	}
	last, _, err := mark(tx.LastBundle(m.Agreement, store.In))
	if err != nil {
		return err
	}
	if m.Number < last.Number {
		return fault.Errorf(fault.Conflict, "file %d of %s is older than file %d, which is imported and holds all that was in it", m.Number, m.From, last.Number)
	}
	if m.Follows.Number > last.Number {
		return fault.Errorf(fault.Conflict, "file %d of %s continues file %d; %s not imported here yet. Import first what is missing; if it is lost, ask %s to export with --again",
			m.Number, m.From, m.Follows.Number, missing(last.Number+1, m.Follows.Number), m.From)
	}
	before, err := tx.Bundle(m.Agreement, store.In, m.Follows.Number)
	if err == nil && before.Link != m.Follows.Link {
		return fault.Errorf(fault.Conflict, "file %d of %s continues another file %d than the one imported here", m.Number, m.From, m.Follows.Number)
	}
	if fault.Is(err, fault.NotFound) { // none, or one that a later one made unnecessary
		return nil
	}
	return err
}

// acknowledged refuses a bundle that acknowledges one this node does not know
// to have written.
func acknowledged(tx *store.Tx, m bundle.Manifest) error {
	if m.Seen.Number == 0 {
		return nil
	}
	ours, err := tx.Bundle(m.Agreement, store.Out, m.Seen.Number)
	if fault.Is(err, fault.NotFound) || err == nil && ours.Link != m.Seen.Link {
		return fault.Errorf(fault.Conflict, "%s says that it imported a file %d that this node does not know to have written: its store was set back to an earlier state", m.From, m.Seen.Number)
	}
	return err
}

func missing(first, last int64) string {
	if first == last {
		return fmt.Sprintf("file %d is", first)
	}
	return fmt.Sprintf("files %d to %d are", first, last)
}

func day(micro int64) string {
	return strings.TrimSuffix(time.UnixMicro(micro).UTC().Format("2006-01-02 15:04:05"), ":00") + " UTC"
}

package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

// agreementTitle is the first line of the text by which a side signs a
// version of the agreement.
const agreementTitle = "twoseas/agreement/v1"

// agreement checks one side's or both sides' signature of a version.
func (l *ledger) agreement(leaf []byte) error {
	n, err := l.open(agreementTitle, leaf)
	if err != nil {
		return err
	}
	t := note.ReadLines("agreement signature", agreementTitle, string(n.Text))
	agreement := note.Field(t, "agreement", ident.ParseAgreement)
	note.Field(t, "version", note.Decimal)
	hash := note.Field(t, "hash", ident.ParseDigest)
	if err := t.Err(); err != nil {
		return err
	}
	if agreement != l.Agreement {
		return fault.Errorf(fault.Denied, "a signature of %s in the ledger of %s", agreement, l.Agreement)
	}
	if l.signed[hash] == nil {
		l.signed[hash] = map[ident.Side]bool{}
	}
	for _, v := range n.Sigs {
		l.signed[hash][v.Side()] = true
	}
	return nil
}

// finish checks the signed states once all leaves are read, and sums up.
func (l *ledger) finish(given []note.Verifier) error {
	for _, side := range []ident.Side{l.Owner, l.Partner} {
		if side != "" && !l.rings[side].anchored(given) {
			l.problem(-1, "none of the keys given is one that %s has here: %s", side, shortNames(l.rings[side].keys()))
		}
	}
	cosigned := int64(-1)
	for _, msg := range append([][]byte{l.Checkpoint}, l.Earlier...) {
		c, by, err := l.state(msg)
		if err != nil {
			l.problem(-1, "%s", err)
		} else if by {
			cosigned = max(cosigned, c.Size)
		}
	}
	if !l.Home() {
		l.pending(cosigned)
	}
	root, err := l.tree.Root(l.tree.Size())
	if err != nil {
		return err
	}
	l.report.Logs = append(l.report.Logs, LogSummary{
		File: l.file, Owner: l.Owner, Partner: l.Partner, Agreement: l.Agreement, Domain: l.Domain,
		Size: l.tree.Size(), Root: root, Cosigned: cosigned,
	})
	return nil
}

// state checks one checkpoint: the owner's signature with the key of that
// time, no other but cosignatures of the partner, and that the leaves in the
// file have that root at that size, which is stronger than a consistency
// proof. It reports whether the partner cosigned.
func (l *ledger) state(msg []byte) (merkle.Checkpoint, bool, error) {
	origin := merkle.Origin(l.Owner, l.Agreement, l.Domain)
	c, n, err := merkle.OpenCheckpoint(msg, origin, l.keys()...)
	if err != nil {
		return c, false, err
	}
	if key := l.rings[l.Owner].at(c.Size); len(n.Sigs) != 1 || n.Sigs[0] != key || len(n.Unknown) > 0 {
		return c, false, fault.Errorf(fault.Denied, "the checkpoint of %d leaves wants the signature of %s, cosignatures of %s and no other", c.Size, key.Short(), l.Partner)
	}
	if l.Home() && len(n.Cosigs) > 0 {
		return c, false, fault.Errorf(fault.Denied, "the checkpoint of %d leaves of a home log is cosigned", c.Size)
	}
	for _, cs := range n.Cosigs {
		if !l.rings[l.Partner].mayCosign(cs.By, c.Size) {
			return c, false, fault.Errorf(fault.Denied, "the checkpoint of %d leaves is cosigned with %s, which is not or no longer a key of %s", c.Size, cs.By.Short(), l.Partner)
		}
	}
	root, err := l.tree.Root(c.Size)
	if err != nil {
		return c, false, err
	}
	if root != c.Root {
		return c, false, fault.Errorf(fault.Conflict, "the leaves do not have the root that %s signed for %d of them", l.Owner, c.Size)
	}
	return c, len(n.Cosigs) > 0, nil
}

// pending remarks on what still waits for the other side.
func (l *ledger) pending(cosigned int64) {
	switch size := l.tree.Size(); {
	case cosigned < 0 && size > 0:
		l.note(-1, "%s has cosigned no checkpoint in this file", l.Partner)
	case cosigned >= 0 && cosigned == size-1:
		l.note(-1, "%s has not yet cosigned leaf %d", l.Partner, cosigned)
	case cosigned >= 0 && cosigned < size:
		l.note(-1, "%s has not yet cosigned leaves %d to %d", l.Partner, cosigned, size-1)
	}
	for _, side := range []ident.Side{l.Owner, l.Partner} {
		w := l.ways[side]
		var open []uint64
		for n := range w.sent {
			if _, ok := w.receipts[n]; !ok {
				open = append(open, n)
			}
		}
		if len(open) > 0 {
			l.note(-1, "no receipt yet of %s of %s", numbered("shipment", open), side)
		}
	}
}

func shortNames(keys []note.Verifier) string {
	s := make([]string, len(keys))
	for i, v := range keys {
		s[i] = v.Short()
	}
	return strings.Join(s, ", ")
}

// numbered names things by number: "shipment 3", "shipments 3, 5 to 9".
func numbered(what string, numbers []uint64) string {
	slices.Sort(numbers)
	var parts []string
	for i := 0; i < len(numbers); {
		first, last := numbers[i], numbers[i]
		for i++; i < len(numbers) && numbers[i] == last+1; i++ {
			last++
		}
		switch {
		case len(parts) == 20:
			return fmt.Sprintf("%ss %s and more", what, strings.Join(parts, ", "))
		case first == last:
			parts = append(parts, strconv.FormatUint(first, 10))
		default:
			parts = append(parts, fmt.Sprintf("%d to %d", first, last))
		}
	}
	if len(numbers) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(parts, ", ")
}

// numbers returns the keys of m in order.
func numbers[V any](m map[uint64]V) []uint64 { return slices.Sorted(maps.Keys(m)) }

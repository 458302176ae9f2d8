package nodetest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

// VerifyLedgers exports both ledgers and verifies them from the files and the
// two public keys alone. It returns the report, which holds.
func VerifyLedgers(tb testing.TB, a, b *node.Node) verify.Report {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	var files []io.Reader
	var keys []note.Verifier
	for _, n := range []*node.Node{a, b} {
		var file bytes.Buffer
		if err := n.ExportLedger(ctx, InJp, &file); err != nil {
			tb.Fatal(err)
		}
		key, err := n.PublicKey(ctx)
		if err != nil {
			tb.Fatal(err)
		}
		v, err := note.ParseVerifier(key)
		if err != nil {
			tb.Fatal(err)
		}
		files, keys = append(files, &file), append(keys, v)
	}
	r, err := verify.Verify(files, keys)
	if err != nil {
		tb.Fatal(err)
	}
	if !r.OK || len(r.Logs) != 2 {
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			tb.Error(err)
		}
		tb.Fatalf("the ledgers do not verify:\n%s", &text)
	}
	return r
}

// piece is one object version as both sides must hold it.
type piece struct {
	ID     string
	Digest ident.Digest
}

// Crossed compares what one node has put on its release list and shipped with
// what the other holds of it: nothing lost, nothing doubled, no byte changed.
// It returns how many versions crossed. Refused items do not count as lost
// when refused is their number.
func Crossed(tb testing.TB, from, to *node.Node, refused int) int {
	tb.Helper()
	sent, received, held := released(tb, from), arrived(tb, to), owned(tb, to, from.Config.Side)
	for p, n := range sent {
		if n != 1 {
			tb.Errorf("%s is %d times on the release list of %s", p.ID, n, from.Config.Side)
		}
	}
	for p, n := range received {
		if n != 1 || held[p] != 1 || sent[p] != 1 {
			tb.Errorf("%s: received %d times by %s, stored %d times, released %d times", p.ID, n, to.Config.Side, held[p], sent[p])
		}
	}
	if len(received)+refused != len(sent) {
		tb.Errorf("%s released %d, %s received %d and refused %d", from.Config.Side, len(sent), to.Config.Side, len(received), refused)
	}
	return len(received)
}

func read(tb testing.TB, n *node.Node, fn func(tx *store.Tx, ch store.Channel) error) {
	tb.Helper()
	if err := n.Live.Read(context.WithoutCancel(tb.Context()), func(tx *store.Tx) error {
		ch, err := tx.Channel(InJp)
		if err != nil {
			return err
		}
		return fn(tx, ch)
	}); err != nil {
		tb.Fatal(err)
	}
}

func released(tb testing.TB, n *node.Node) map[piece]int {
	tb.Helper()
	out := map[piece]int{}
	read(tb, n, func(tx *store.Tx, ch store.Channel) error {
		return tx.Releases(ch.ID, 0, 1<<30, func(e store.Release) error {
			out[piece{e.ID, ident.Sum(e.Body)}]++
			return nil
		})
	})
	return out
}

func arrived(tb testing.TB, n *node.Node) map[piece]int {
	tb.Helper()
	out := map[piece]int{}
	read(tb, n, func(tx *store.Tx, ch store.Channel) error {
		for i := int64(1); i <= ch.InNumber; i++ {
			s, err := tx.Shipment(ch.ID, store.In, i)
			if err != nil {
				return err
			}
			for _, it := range s.Items {
				if it.Object == 0 {
					continue
				}
				o, err := tx.Object(it.Object)
				if err != nil {
					return err
				}
				out[piece{o.ID, ident.Sum(o.Body)}]++
			}
		}
		return nil
	})
	return out
}

// owned returns what a node stores of a side.
func owned(tb testing.TB, n *node.Node, side ident.Side) map[piece]int {
	tb.Helper()
	out := map[piece]int{}
	read(tb, n, func(tx *store.Tx, _ store.Channel) error {
		labels, err := LabelsOf(tx, side)
		if err != nil {
			return err
		}
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			if labels[o.Label] {
				out[piece{o.ID, ident.Sum(o.Body)}]++
			}
			return nil
		})
	})
	return out
}

// LabelsOf returns the labels of what belongs to a side.
func LabelsOf(tx *store.Tx, side ident.Side) (map[int64]bool, error) {
	stored, err := tx.Labels()
	if err != nil {
		return nil, err
	}
	out := map[int64]bool{}
	for _, l := range stored {
		m, err := marking.ParseLabel(l.Resolved)
		if err != nil {
			return nil, err
		}
		out[l.ID] = m.Origin == side
	}
	return out, nil
}

package ledger

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// HomeName is what the home log is called where an exchange log is called by
// its agreement. Whether a reader may see the one or the other is the caller's
// to decide.
const HomeName = string(home)

// named returns the log that name stands for in the transaction's domain.
func (l *Ledger) named(tx *store.Tx, name string) (store.Log, error) {
	if name == HomeName {
		return tx.Log(l.HomeOrigin(tx.Domain()))
	}
	return l.log(tx, ident.Agreement(name))
}

// State is a state of a log, and who cosigned it when.
type State struct {
	Size   int64
	Root   ident.Digest
	Note   []byte
	By     string            // short name of the key that signed it
	Cosigs []CosignatureLine // by known keys
}

// CosignatureLine is one cosignature under a state.
type CosignatureLine struct {
	By string
	At time.Time
}

// States is what a log stands at.
type States struct {
	Origin string
	Newest State
	// Cosigned holds the states that the partner cosigned, newest first.
	Cosigned []State
	// Theirs is the newest state of the partner's own log that this node
	// cosigned, if there is one.
	Theirs *State
}

// States returns the newest state of a log, up to limit states that the
// partner cosigned, and what was cosigned here of the partner's log of the
// same agreement. A log without leaves is fault.NotFound.
func (l *Ledger) States(ctx context.Context, h *store.Handle, name string, limit int) (States, error) {
	var out States
	err := h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.named(tx, name)
		if err != nil {
			return err
		}
		keys, err := l.ring.All(tx)
		if err != nil {
			return err
		}
		out.Origin = log.Origin
		if out.Newest, err = state(log.Checkpoint, keys); err != nil {
			return err
		}
		notes, err := tx.CosignedBefore(log.ID, log.Size+1, int64(limit))
		if err != nil {
			return err
		}
		for _, msg := range notes {
			s, err := state(msg, keys)
			if err != nil {
				return err
			}
			out.Cosigned = append(out.Cosigned, s)
		}
		out.Theirs, err = l.theirs(tx, name, keys)
		return err
	})
	return out, err
}

// theirs returns what was cosigned here of the partner's log of an agreement.
func (l *Ledger) theirs(tx *store.Tx, name string, keys []note.Verifier) (*State, error) {
	all, err := tx.AllWitnessed()
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		side, a, _, err := merkle.ParseOrigin(w.Origin)
		if err != nil {
			return nil, err
		}
		if string(a) == name && side != l.ring.Side() {
			s, err := state(w.Note, keys)
			return &s, err
		}
	}
	return nil, nil //nolint:nilnil // a partner may not have asked yet
}

// state opens a checkpoint for reading.
func state(msg []byte, keys []note.Verifier) (State, error) {
	n, err := note.Open(msg, keys...)
	if err != nil {
		return State{}, err
	}
	c, err := merkle.ParseCheckpoint(n.Text)
	if err != nil {
		return State{}, err
	}
	s := State{Size: c.Size, Root: c.Root, Note: msg, By: n.Sigs[0].Short()}
	for _, cs := range n.Cosigs {
		s.Cosigs = append(s.Cosigs, CosignatureLine{By: string(cs.By.Side()), At: cs.At})
	}
	return s, nil
}

// Leaf is one leaf as people read it.
type Leaf struct {
	Index  int64
	Note   []byte
	Hash   ident.Digest // SHA-256(0x00 || leaf), RFC 6962 §2.1
	Title  string       // the first line: twoseas/shipment/v1
	Fields []Field      // the other lines, each cut at its first space
	By     []string     // short names of known keys whose signatures hold
	Others []string     // and of the keys that are not known here
}

// Kind is what the title says between its slashes: "shipment".
func (f Leaf) Kind() string {
	_, rest, _ := strings.Cut(f.Title, "/")
	kind, _, _ := strings.Cut(rest, "/")
	return kind
}

// Value returns the value of the first line of that name, "" without one.
func (f Leaf) Value(name string) string {
	i := slices.IndexFunc(f.Fields, func(l Field) bool { return l.Name == name })
	if i < 0 {
		return ""
	}
	return f.Fields[i].Value
}

// Filter chooses leaves. The zero Filter chooses all.
type Filter struct {
	Kind string // as Leaf.Kind
	Text string // stands somewhere in the note's text
}

func (f Filter) fits(text []byte) bool {
	return (f.Kind == "" || bytes.HasPrefix(text, []byte(noteTitle+f.Kind+"/"))) &&
		(f.Text == "" || bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(f.Text))))
}

// Leaves of a page are looked for in so many at once, and in so many in all:
// a filter that fits nothing must not read a log of millions in one request.
const (
	window  = 512
	maxLook = 16 * window
)

// Latest is one page of leaves.
type Latest struct {
	Leaves []Leaf // newest first
	// Next is where the following page begins: leaves before that index. 0
	// when the beginning of the log was reached.
	Next int64
}

// Latest returns up to limit leaves before an index, or the newest when before
// is 0, that fit the filter. It looks through a bounded number of leaves, so a
// page may hold fewer than limit and still have a Next.
func (l *Ledger) Latest(ctx context.Context, h *store.Handle, name string, f Filter, before int64, limit int) (Latest, error) {
	var out Latest
	err := h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.named(tx, name)
		if err != nil {
			return err
		}
		keys, err := l.ring.All(tx)
		if err != nil {
			return err
		}
		if before <= 0 || before > log.Size {
			before = log.Size
		}
		out, err = latest(tx, log, f, before, limit, keys)
		return err
	})
	return out, err
}

func latest(tx *store.Tx, log store.Log, f Filter, before int64, limit int, keys []note.Verifier) (Latest, error) {
	out := Latest{Next: before}
	for stop := max(0, before-maxLook); out.Next > stop && len(out.Leaves) < limit; {
		from := max(0, out.Next-window)
		var fit []Leaf
		err := tx.LogLeaves(log.ID, from, out.Next, func(ix int64, msg []byte) error {
			text, err := note.Text(msg)
			if err == nil && f.fits(text) {
				fit = append(fit, Leaf{Index: ix, Note: msg})
			}
			return err
		})
		if err != nil {
			return out, err
		}
		out.Next = from
		slices.Reverse(fit)
		if room := limit - len(out.Leaves); len(fit) > room {
			fit = fit[:room]
			out.Next = fit[room-1].Index
		}
		for _, leaf := range fit {
			leaf, err := open(leaf, keys)
			if err != nil {
				return out, fmt.Errorf("leaf %d: %w", leaf.Index, err)
			}
			out.Leaves = append(out.Leaves, leaf)
		}
	}
	return out, nil
}

// open reads a leaf and checks its signatures. One by a known key that does
// not hold is fault.Denied: the store was altered.
func open(f Leaf, keys []note.Verifier) (Leaf, error) {
	n, err := note.Open(f.Note, keys...)
	if err != nil {
		return f, err
	}
	f.Hash = ident.Digest(tlog.RecordHash(f.Note))
	for _, v := range n.Sigs {
		f.By = append(f.By, v.Short())
	}
	f.Others = n.Unknown
	f.Title, f.Fields = lines(string(n.Text))
	return f, nil
}

func lines(text string) (string, []Field) {
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	fields := make([]Field, 0, len(all)-1)
	for _, s := range all[1:] {
		name, value, _ := strings.Cut(s, " ")
		fields = append(fields, Field{Name: name, Value: value})
	}
	return all[0], fields
}

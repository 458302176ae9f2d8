package intake

import (
	"context"
	"time"

	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// turnBatch bounds how many versions lapse in one transaction, so that others
// get to write in between.
const turnBatch = 1000

// instants returns when a label begins or ends to mean what it says.
func instants(l marking.Label) []int64 {
	var out []int64
	for _, t := range []time.Time{l.NotBefore, l.Expires} {
		if !t.IsZero() {
			out = append(out, t.UnixMicro())
		}
	}
	return out
}

// until returns when an object that src brings lapses, zero for never: what it
// says itself, or what src says of its kind.
func (it *Item) until(src Source) time.Time {
	if !it.Object.ValidUntil.IsZero() || src.Lapse == nil {
		return it.Object.ValidUntil
	}
	v := it.Object.Version()
	if v.IsZero() {
		return v
	}
	return src.Lapse(marking.KindOf(it.Object.Type), v)
}

func (it *Item) lapsed(src Source, now int64) bool {
	t := it.until(src)
	return !t.IsZero() && t.UnixMicro() <= now
}

// lapse notes when what was stored lapses, if it has not already.
func (b *batch) lapse() error {
	var out []store.Lapse
	for f, i := range b.from {
		if t := b.items[i].until(b.src); !t.IsZero() && t.UnixMicro() > b.tx.Now() {
			out = append(out, store.Lapse{At: t.UnixMicro(), Object: b.fresh[f].Seq})
		}
	}
	return b.tx.AddLapses(out)
}

// Turned is what Turn found due.
type Turned struct {
	Labels  int       // labels whose embargo ended or that expired
	Objects int       // versions that lapsed by themselves
	Next    time.Time // the next instant; zero when there is none
}

// Turn lets what is due take effect: where an embargo ended, what waited is
// routed; what expired leaves reads and queues. Several processes may: what one
// has done another leaves.
func (in *Intake) Turn(ctx context.Context, h *store.Handle) (done Turned, err error) {
	for {
		var next, now int64
		if err := h.Query(ctx, func(tx *store.Tx) (err error) {
			now = tx.Now()
			next, err = tx.NextTurn()
			return err
		}); err != nil || next == 0 {
			return done, err
		}
		if next > now {
			done.Next = time.UnixMicro(next).UTC()
			return done, nil
		}
		if err := h.Write(ctx, func(tx *store.Tx) error { return in.turn(tx, &done) }); err != nil {
			return done, err
		}
	}
}

// Schedule looks through all labels once, for those of a store that was written
// before there was a table of turns, or restored from a backup.
func (in *Intake) Schedule(ctx context.Context, h *store.Handle) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		all, err := tx.Labels()
		if err != nil {
			return err
		}
		l := newLabeller(tx, in.self, in.readers)
		for _, s := range all {
			m, err := marking.ParseLabel(s.Resolved)
			if err != nil {
				return err
			}
			at := instants(m)
			if err := tx.AddTurns(s.ID, at); err != nil {
				return err
			}
			if m.Expires.IsZero() || m.Expires.UnixMicro() > tx.Now() {
				continue
			}
			if err := tx.Repermit(s.ID, l.permitter(m)); err != nil {
				return err
			}
		}
		return nil
	})
}

// turn does a part of what is due.
func (in *Intake) turn(tx *store.Tx, done *Turned) error {
	due, err := tx.TakeTurns()
	if err != nil {
		return err
	}
	l := newLabeller(tx, in.self, in.readers)
	for _, d := range due {
		if err := in.turnLabel(tx, l, d.Label); err != nil {
			return err
		}
		done.Labels++
	}
	lapses, err := tx.Lapsing(turnBatch)
	if err != nil {
		return err
	}
	for _, x := range lapses {
		n, err := in.lapseOne(tx, l, x)
		if err != nil {
			return err
		}
		done.Objects += n
	}
	return nil
}

func (in *Intake) turnLabel(tx *store.Tx, l *labeller, id int64) error {
	m, err := l.meaning(id)
	if err != nil {
		return err
	}
	if err := tx.Repermit(id, l.permitter(m)); err != nil {
		return err
	}
	if !m.Expires.IsZero() && m.Expires.UnixMicro() <= tx.Now() {
		return tx.Unhold(id)
	}
	return in.router.Relabelled(tx, id, m)
}

// lapseOne moves a version that lapses, and those of its owner that it had
// replaced, to a label that nobody reads and nothing releases. It returns how
// many moved.
func (in *Intake) lapseOne(tx *store.Tx, l *labeller, x store.Lapse) (n int, err error) {
	if err := tx.DropLapse(x); err != nil {
		return 0, err
	}
	o, err := tx.Object(x.Object)
	if err != nil || o.Type == "erased" {
		return 0, err
	}
	origin, err := l.origin(o.Label)
	if err != nil {
		return 0, err
	}
	known, err := tx.Known([]string{o.ID})
	if err != nil {
		return 0, err
	}
	for _, k := range known[o.ID] {
		if k.Version > o.Version {
			continue
		}
		m, err := l.meaning(k.Label)
		if err != nil {
			return n, err
		}
		if m.Origin != origin || m.Withheld != "" {
			continue
		}
		m.Withheld = marking.Lapsed
		to, err := l.as(m)
		if err != nil {
			return n, err
		}
		if err := tx.Move(k.Seq, to); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// as returns the number of the label that means m.
func (l *labeller) as(m marking.Label) (int64, error) {
	return l.intern(combination{Kind: m.Kind, Origin: string(m.Origin), Wire: string(m.Canonical())})
}

package event

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strconv"

	"twoseas/internal/act/collection"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/misp"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Taken is what became of an event that came in.
type Taken struct {
	UUID     string
	Report   intake.Report
	Problems []string // what could not be understood of it, as far as it is kept
	Faults   int      // how many there were
}

// Bounds of an event that comes in.
const (
	maxSpool    = 64 << 20 // bytes, compressed
	maxProblems = 50
)

// Add takes one event in, for by. It returns fault.Denied unless by may write
// to a collection (see target), or when the event is made of what the node
// holds itself; fault.Invalid when body is no event or not that named uuid,
// where one is named. An event that breaks off is an error too; whole batches
// before that are kept, and the same event sent again doubles nothing.
func (e *Events) Add(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, body io.Reader, uuid string) (Taken, error) {
	to, err := e.target(ctx, h, by, access)
	if err != nil {
		return Taken{}, err
	}
	select {
	case e.spool <- struct{}{}:
		defer func() { <-e.spool }()
	case <-ctx.Done():
		return Taken{}, ctx.Err()
	}
	open, err := spooled(body)
	if err != nil {
		return Taken{}, err
	}
	heads, err := misp.Heads(open)
	if err != nil {
		return Taken{}, err
	}
	if len(heads) != 1 {
		return Taken{}, fault.Errorf(fault.Invalid, `want one event, {"Event": {...}}, and got %d`, len(heads))
	}
	if uuid != "" && heads[0].UUID != uuid {
		return Taken{}, fault.Errorf(fault.Invalid, "the event is %s, not %s", heads[0].UUID, uuid)
	}
	if err := e.mayChange(ctx, h, access.Class, heads[0].UUID); err != nil {
		return Taken{}, err
	}
	src, err := e.source(by, access, to, heads[0].Distribution)
	if err != nil {
		return Taken{}, err
	}
	t := Taken{UUID: heads[0].UUID}
	sender, err := e.sender(ctx, h, by, access.Class, t.UUID)
	if err != nil {
		return t, err
	}
	err = e.stream(ctx, h, src, sender, open, &t)
	if err == nil && sender.Stood != nil {
		err = e.narrowAll(ctx, h, access.Class, t.UUID, sender.Stood)
	}
	if e := e.note(context.WithoutCancel(ctx), h, by, to, t); e != nil {
		return t, e
	}
	return t, err
}

// target returns the collection that by's events join: the one with the alias
// misp, else the only one by may write to.
func (e *Events) target(ctx context.Context, h *store.Handle, by people.Actor, access people.Access) (to store.Collection, err error) {
	if err := by.May(people.Write); err != nil {
		return to, err
	}
	var mine []store.Collection
	err = h.Query(ctx, func(tx *store.Tx) error {
		all, err := tx.Collections()
		for _, c := range all {
			if access.Right(c.ID).Write {
				mine = append(mine, c)
			}
		}
		return err
	})
	if err != nil {
		return to, err
	}
	for _, c := range mine {
		if c.Alias == "misp" || len(mine) == 1 {
			return c, nil
		}
	}
	if len(mine) == 0 {
		return to, fault.Errorf(fault.Denied, "%s may not write to any collection", by)
	}
	return to, fault.Errorf(fault.Denied, "%s may write to %d collections: give one of them the alias misp, which events join, or take the right on the others", by, len(mine))
}

// mayChange returns fault.Denied for an event that is made here of what did not
// come from MISP: MISP would write less of it back than there is.
func (e *Events) mayChange(ctx context.Context, h *store.Handle, class int64, uuid string) error {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return err
	}
	if ev, ok := v.byName[uuid]; ok && !ev.Foreign {
		return errOurs
	}
	return nil
}

var errOurs = fault.New(fault.Denied, "This event is made of objects of this node and is not changed from outside: answer it with sightings or an event of your own")

// source says where an event's objects come from. Distribution is no authority:
// an event for one organisation, or for a sharing group, only keeps the
// collection's default from making it more open.
func (e *Events) source(by people.Actor, access people.Access, to store.Collection, distribution string) (intake.Source, error) {
	src, err := collection.Source(by, to)
	if err != nil {
		return src, err
	}
	if (distribution == "0" || distribution == "4") && src.DefaultTLP != marking.NoTLP {
		src.DefaultTLP = max(src.DefaultTLP, marking.AmberStrict)
	}
	if !by.IsSystem() {
		src.MaySee = func(tx *store.Tx, label int64) (bool, error) { return tx.Permits(access.Class, label) }
	}
	return src, nil
}

// sender says who hands an event over, and what stands for it here already.
func (e *Events) sender(ctx context.Context, h *store.Handle, by people.Actor, class int64, uuid string) (misp.Sender, error) {
	s := misp.Sender{Org: e.OrgOf(by), At: e.c.Clock.Now()}
	v, err := e.view(ctx, h, class)
	if err != nil {
		return s, err
	}
	ev, ok := v.byName[uuid]
	if !ok || ev.whole == nil {
		return s, nil
	}
	heads, err := e.heads(ctx, h, class, []string{ev.whole.id})
	if head, ok := heads[ev.whole.id]; ok {
		s.Stood, s.World = &misp.Object{Raw: head.Body}, &world{ctx: ctx, h: h, class: class, events: e}
	}
	return s, err
}

// stream turns the event into objects and has them taken in meanwhile.
func (e *Events) stream(ctx context.Context, h *store.Handle, src intake.Source, sender misp.Sender, open misp.Open, t *Taken) error {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.CloseWithError(e.print(w, open, sender, t))
	}()
	_, err := e.c.Intake.Envelope(ctx, h, src, r, func(items []intake.Item, results []intake.Result) { t.count(items, results) })
	err = errors.Join(err, r.Close())
	<-done
	if err == nil && t.Report.Read == 0 {
		err = fault.New(fault.Invalid, "the event is empty")
	}
	return err
}

// OrgOf returns the organisation of an account, which is that of events that
// it hands over and that name none.
func (e *Events) OrgOf(by people.Actor) misp.Org {
	if by.Org == "" {
		return e.org
	}
	return misp.Org{UUID: orgUUID(by.Org), Name: by.Org}
}

// print writes the objects of an event as an envelope.
func (e *Events) print(w io.Writer, open misp.Open, from misp.Sender, t *Taken) error {
	first := true
	if _, err := io.WriteString(w, `{"objects":[`); err != nil {
		return err
	}
	buf := make([]byte, 0, 64<<10)
	flush := func() error {
		_, err := w.Write(buf)
		buf = buf[:0]
		return err
	}
	err := misp.ReadFrom(open, from, feed.Out{
		Object: func(_ int, raw []byte) error {
			if !first {
				buf = append(buf, ',')
			}
			first = false
			if buf = append(buf, raw...); len(buf) >= 32<<10 {
				return flush()
			}
			return nil
		},
		Problem: func(_ int, id, reason string) error {
			t.Faults++
			if len(t.Problems) < maxProblems {
				t.Problems = append(t.Problems, id+": "+reason)
			}
			return nil
		},
	})
	if err != nil {
		return errors.Join(flush(), err)
	}
	buf = append(buf, "]}"...)
	return flush()
}

// count adds what became of a batch.
func (t *Taken) count(items []intake.Item, results []intake.Result) {
	for i, r := range results {
		t.Report.Read++
		switch r.Outcome {
		case intake.Added:
			t.Report.New++
		case intake.Updated:
			t.Report.Updated++
		case intake.Same:
			t.Report.Same++
		case intake.Refused:
			t.Report.Refused++
			if len(t.Report.Refusals) < maxProblems {
				t.Report.Refusals = append(t.Report.Refusals, intake.Refusal{Position: items[i].Position, ID: r.ID, Reason: r.Reason})
			}
		}
	}
}

// note writes into the home log what came in.
func (e *Events) note(ctx context.Context, h *store.Handle, by people.Actor, to store.Collection, t Taken) error {
	if e.c.Journal == nil {
		return nil
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		return e.c.Journal(tx, by, "event.add", "collection", to.ID, "event", t.UUID, "new", strconv.Itoa(t.Report.New), "same", strconv.Itoa(t.Report.Same),
			"updated", strconv.Itoa(t.Report.Updated), "refused", strconv.Itoa(t.Report.Refused))
	})
}

// spooled keeps body in memory, compressed, since an event says its markings
// after its attributes and so is read twice.
func spooled(body io.Reader) (misp.Open, error) {
	var kept bytes.Buffer
	z, err := gzip.NewWriterLevel(&bounded{w: &kept, left: maxSpool}, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return func() (io.ReadCloser, error) { return gzip.NewReader(bytes.NewReader(kept.Bytes())) }, nil
}

// bounded refuses what is more than left bytes.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, fault.Errorf(fault.TooLarge, "an event has at most %d MiB when it is compressed", maxSpool>>20)
	}
	return b.w.Write(p)
}

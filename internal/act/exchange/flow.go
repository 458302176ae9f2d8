package exchange

import (
	"cmp"
	"context"
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Flow is what crossed under one agreement since some time, and how long it
// took, as far as one reader may know.
type Flow struct {
	Since     time.Time
	Step      time.Duration
	Crossings []Crossing // by direction, time and area
	Paces     []Pace     // by direction, stage and area
	Waits     []Wait     // by area
}

// Crossing is what crossed in one direction, slot and area.
type Crossing struct {
	Direction              string // store.Out or store.In
	At                     time.Time
	Area                   string // such as 1(1), of the agreement in force; "" for what no area names
	Kind                   string // one of marking.Kinds
	Items, Refused, Failed int64
}

// Pace is how long one stage took, of the items it was measured of. Median and
// P90 are right within a tenth.
type Pace struct {
	Direction, Stage string
	Area             string // "*" for all together
	Items            int64
	Median, P90      time.Duration
}

// Wait is what waits of one area on this shore now: for officers, or for the
// next shipment.
type Wait struct {
	Area string
	Held int64
}

// AllAreas stands for all areas together in a Pace.
const AllAreas = "*"

// Flow returns what crossed on the channel of an agreement since some time,
// added up over steps of whole hours, for readers of a clearance class.
func (x *Exchange) Flow(ctx context.Context, h *store.Handle, class int64, a ident.Agreement, since time.Time, step time.Duration) (out Flow, err error) {
	if step < time.Hour || step%time.Hour != 0 {
		return out, fault.Errorf(fault.Invalid, "step %s: want whole hours", step)
	}
	out = Flow{Since: since, Step: step}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		k, err := x.kinds(tx, a)
		if err != nil {
			return err
		}
		from := store.Hour(since.UnixMicro())
		flows, err := tx.Flows(ch.ID, class, from, int64(step/time.Hour))
		if err != nil {
			return err
		}
		out.Crossings = k.crossings(flows)
		paces, err := tx.Paces(ch.ID, class, from)
		if err != nil {
			return err
		}
		out.Paces = k.paces(paces)
		held, err := tx.HeldGroups(ch.ID, store.HoldWaiting, class)
		out.Waits = k.waits(held)
		return err
	})
	return out, err
}

// kinds knows the kind of each label, and the area of each kind.
type kinds struct {
	kind  map[int64]string
	areas []agreement.Area
}

func (x *Exchange) kinds(tx *store.Tx, a ident.Agreement) (kinds, error) {
	k := kinds{kind: map[int64]string{}}
	labels, err := tx.Labels()
	if err != nil {
		return k, err
	}
	for _, l := range labels {
		m, err := marking.ParseLabel(l.Resolved)
		if err != nil {
			return k, err
		}
		k.kind[l.ID] = m.Kind
	}
	terms, err := x.accords.InForce(tx, a)
	if fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) {
		return k, nil // nothing is in force, so there are no areas
	}
	if err == nil {
		k.areas = terms.Doc.Areas
	}
	return k, err
}

// area returns the first area of the agreement that names a kind.
func (k kinds) area(kind string) string {
	for _, a := range k.areas {
		if slices.Contains(a.Kinds, kind) {
			return a.Ref
		}
	}
	return ""
}

func (k kinds) crossings(flows []store.Flow) []Crossing {
	at := map[Crossing]*Crossing{}
	for _, f := range flows {
		kind := k.kind[f.Label]
		key := Crossing{Direction: f.Direction, At: store.HourTime(f.Hour), Area: k.area(kind), Kind: kind}
		c, ok := at[key]
		if !ok {
			c = &key
			at[key] = c
		}
		c.Items += f.Items
		c.Refused += f.Refused
		c.Failed += f.Failed
	}
	var out []Crossing
	for _, c := range at {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Crossing) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), a.At.Compare(b.At), cmp.Compare(a.Area, b.Area), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

type paceKey struct{ direction, stage, area string }

func (k kinds) paces(rows []store.Pace) []Pace {
	all := map[paceKey]map[int64]int64{}
	add := func(key paceKey, bucket, items int64) {
		if all[key] == nil {
			all[key] = map[int64]int64{}
		}
		all[key][bucket] += items
	}
	for _, p := range rows {
		add(paceKey{p.Direction, p.Stage, AllAreas}, p.Bucket, p.Items)
		add(paceKey{p.Direction, p.Stage, k.area(k.kind[p.Label])}, p.Bucket, p.Items)
	}
	var out []Pace
	for key, h := range all {
		p := Pace{Direction: key.direction, Stage: key.stage, Area: key.area}
		for _, n := range h {
			p.Items += n
		}
		p.Median, p.P90 = quantile(h, p.Items, 50), quantile(h, p.Items, 90)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Pace) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Area, b.Area))
	})
	return out
}

// quantile returns the time that so many percent of the total items took at
// most, within a tenth.
func quantile(h map[int64]int64, total, percent int64) time.Duration {
	want := (total*percent + 99) / 100
	var buckets []int64
	for b := range h {
		buckets = append(buckets, b)
	}
	slices.Sort(buckets)
	for _, b := range buckets {
		if want -= h[b]; want <= 0 {
			return store.BucketTime(b)
		}
	}
	return 0
}

func (k kinds) waits(held []store.HeldGroup) []Wait {
	var out []Wait
	for _, g := range held {
		area := k.area(k.kind[g.Label])
		i := slices.IndexFunc(out, func(w Wait) bool { return w.Area == area })
		if i < 0 {
			i, out = len(out), append(out, Wait{Area: area})
		}
		out[i].Held += g.Count
	}
	slices.SortFunc(out, func(a, b Wait) int { return cmp.Compare(a.Area, b.Area) })
	return out
}

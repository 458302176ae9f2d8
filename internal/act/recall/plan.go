package recall

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Shipped names a shipment that this node sent.
type Shipped struct {
	Agreement ident.Agreement `json:"agreement"`
	Number    int64           `json:"number"`
}

// Ask says what is to be called back and why.
type Ask struct {
	Kind   recall.Kind
	Code   string // of recall.Codes; the first when empty
	Reason string // for the partner: short, neutral
	// IDs names objects of this side, Shipments all that was in them.
	IDs       []string
	Shipments []Shipped
	// By names what takes the place of which id, for Supersede.
	By map[string]string
	// Agreements limits who is asked; none is everybody who got it. Only what
	// was spilt is called back from some.
	Agreements []ident.Agreement
	// Keep has this side go on using what was spilt.
	Keep bool
	// Spill also stops the channels.
	Spill bool

	narrowed bool // by the markings, which say it all at home
}

// What becomes of the objects at home.
const (
	HomeWithheld = "withheld" // nobody reads them any more
	HomeNarrowed = "narrowed" // they are read at home, and never go to the partner again
	HomeKept     = "kept"     // nothing: their markings say it already
)

// Reach is what a recall comes to on one channel.
type Reach struct {
	Agreement ident.Agreement
	Partner   ident.Side
	IDs       []string
	Shipments []int64 // that took them there
	Decision  gate.Decision
	channel   store.Channel
}

// Goes reports whether the agreement lets the recall itself go.
func (r Reach) Goes() bool { return r.Decision.Outcome == gate.Release }

// Plan is what will happen.
type Plan struct {
	Ask
	Home     string
	Objects  int // ids at home
	Versions int
	Waiting  int // versions that have not left to anybody
	Reach    []Reach
	// Collections are those of this node that will serve them as revoked.
	Collections []string
	// Digest stands for all of it: the act takes no other.
	Digest ident.Digest

	versions []store.Brief
	stays    map[string]bool
	until    time.Time
}

// MaxObjects bounds the ids of one act.
const MaxObjects = 100_000

// Preview says what a recall would do, and changes nothing. Returns
// fault.Denied unless by may Recall; fault.NotFound for what is not there for
// by; fault.Invalid for what cannot be called back.
func (r *Recalls) Preview(ctx context.Context, h *store.Handle, by people.Actor, ask Ask) (p Plan, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return Plan{}, err
	}
	err = h.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = r.plan(tx, class, ask)
		return err
	})
	return p, err
}

func (r *Recalls) plan(tx *store.Tx, class int64, ask Ask) (p Plan, err error) {
	if ask, err = ask.checked(); err != nil {
		return p, err
	}
	s := selection{r: r, tx: tx, class: class, labels: r.labels(tx), ask: ask, plan: &p}
	p.Ask, p.stays = ask, map[string]bool{}
	for _, step := range []func() error{s.choose, s.own, s.cut, s.reach, s.home, s.served} {
		if err := step(); err != nil {
			return p, err
		}
	}
	p.Digest = p.sum()
	return p, nil
}

// checked fills in what was left out, and refuses what does not fit together.
func (a Ask) checked() (Ask, error) {
	codes := recall.Codes(a.Kind)
	if len(codes) == 0 {
		return a, fault.Errorf(fault.Invalid, "kind %.40q: want recall, wrong, correct, supersede or expire", string(a.Kind))
	}
	a.Code = cmp.Or(a.Code, codes[0])
	if !slices.Contains(codes, a.Code) {
		return a, fault.Errorf(fault.Invalid, "reason %.40q: want one of %s", a.Code, strings.Join(codes, ", "))
	}
	var err error
	if a.Reason, err = recall.Reason(a.Reason); err != nil {
		return a, err
	}
	a.IDs = slices.Compact(slices.Sorted(slices.Values(a.IDs)))
	switch {
	case len(a.IDs) == 0 && len(a.Shipments) == 0:
		return a, fault.New(fault.Invalid, "say which objects are to be called back")
	case len(a.IDs) > MaxObjects:
		return a, fault.Errorf(fault.TooLarge, "%d objects, at most %d at once", len(a.IDs), MaxObjects)
	case a.Kind != recall.Spill && (len(a.Agreements) > 0 || a.Keep):
		return a, fault.New(fault.Invalid, "what is wrong or over is so for everybody: only a recall is for some partners, or leaves the object in use at home")
	case a.Kind == recall.Supersede && len(a.By) == 0:
		return a, fault.New(fault.Invalid, "say which object takes the place of each")
	case a.Kind != recall.Supersede && len(a.By) > 0:
		return a, fault.New(fault.Invalid, "only what is superseded has another object in its place")
	case (a.Code == codeNarrowed) != a.narrowed:
		return a, fault.New(fault.Invalid, "give the objects a narrower marking: who may not have them any more is then asked by itself")
	case a.Kind == recall.Correct && len(a.Shipments) > 0:
		return a, fault.New(fault.Invalid, "name the objects that were corrected, not a shipment")
	}
	return a, nil
}

// selection works out a plan in one transaction.
type selection struct {
	r      *Recalls
	tx     *store.Tx
	class  int64
	labels *labels
	ask    Ask
	plan   *Plan
	seqs   []int64
	named  map[string]bool
}

// choose finds every version of what is named, with what was made from it.
func (s *selection) choose() error {
	s.named = map[string]bool{}
	known, err := s.tx.Known(s.ask.IDs)
	if err != nil {
		return err
	}
	for _, id := range s.ask.IDs {
		if !recall.Recallable(typeOf(id)) {
			return fault.Errorf(fault.Invalid, "objects of type %s are not called back", typeOf(id))
		}
		seen, err := s.seen(known[id])
		if err != nil {
			return err
		}
		if !seen {
			return fault.Errorf(fault.NotFound, "there is no object %s, or it is not for you", id)
		}
		s.named[id] = true
		for _, k := range known[id] {
			s.seqs = append(s.seqs, k.Seq)
		}
	}
	for _, sh := range s.ask.Shipments {
		if err := s.shipment(sh); err != nil {
			return err
		}
	}
	s.seqs, err = s.tx.Family(s.seqs)
	return err
}

// seen reports whether one of the versions is for whoever asks, or was before
// it was called back.
func (s *selection) seen(versions []store.Known) (bool, error) {
	seqs := make([]int64, len(versions))
	for i, k := range versions {
		if ok, err := s.tx.Permits(s.class, k.Label); err != nil || ok {
			return ok, err
		}
		seqs[i] = k.Seq
	}
	if len(seqs) == 0 {
		return false, nil
	}
	rows, err := s.tx.RecalledOf(seqs)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		if ok, err := s.tx.Permits(s.class, row.Was); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// shipment adds everything that was in one, whoever may read it: whoever may
// recall need not be cleared for what is called back.
func (s *selection) shipment(sh Shipped) error {
	ch, err := s.tx.Channel(sh.Agreement)
	if err != nil {
		return err
	}
	found, err := s.tx.Shipment(ch.ID, store.Out, sh.Number)
	if err != nil {
		return err
	}
	objects := make([]int64, 0, len(found.Items))
	for _, it := range found.Items {
		objects = append(objects, it.Object)
	}
	briefs, err := s.tx.Briefs(objects)
	if err != nil {
		return err
	}
	var ids []string
	for _, b := range briefs {
		if recall.Recallable(b.Type) && !s.named[b.ID] {
			s.named[b.ID] = true
			ids = append(ids, b.ID)
		}
	}
	known, err := s.tx.Known(ids)
	for _, versions := range known {
		for _, k := range versions {
			s.seqs = append(s.seqs, k.Seq)
		}
	}
	return err
}

// own leaves the versions that belong to this side, and refuses what belongs
// to another when it was named.
func (s *selection) own() error {
	briefs, err := s.tx.Briefs(s.seqs)
	if err != nil {
		return err
	}
	stood, err := standIns(s.tx, s.seqs)
	if err != nil {
		return err
	}
	for _, b := range briefs {
		m, err := s.labels.of(b.Label)
		if err != nil {
			return err
		}
		switch {
		case stood[b.Seq] || marking.IsDesk(m.Kind):
		case m.Origin == s.r.self:
			s.plan.versions = append(s.plan.versions, b)
		case slices.Contains(s.ask.IDs, b.ID):
			return fault.Errorf(fault.Denied, "%s belongs to %s, and only its originator calls it back", b.ID, m.Origin)
		}
	}
	if len(s.plan.versions) == 0 {
		return fault.New(fault.Conflict, "nothing of it is here any more")
	}
	if n := len(s.ids()); n > MaxObjects {
		return fault.Errorf(fault.TooLarge, "%d objects, at most %d at once", n, MaxObjects)
	}
	return nil
}

// standIns returns which of the versions only stand in for what was withheld.
func standIns(tx *store.Tx, seqs []int64) (map[int64]bool, error) {
	rows, err := tx.RecalledOf(seqs)
	out := map[int64]bool{}
	for _, row := range rows {
		if row.Stub {
			out[row.Object] = true
		}
	}
	return out, err
}

func (s *selection) ids() map[string]bool {
	out := map[string]bool{}
	for _, v := range s.plan.versions {
		out[v.ID] = true
	}
	return out
}

// cut leaves out what is not called back: of what was corrected, the newest
// version, which takes the place of the others.
func (s *selection) cut() error {
	s.plan.until = clock.At(s.tx.Now())
	newest := map[string]int64{}
	for _, v := range s.plan.versions {
		newest[v.ID] = max(newest[v.ID], v.Version)
		if at := clock.At(v.Version); !at.Before(s.plan.until) {
			s.plan.until = at.Add(time.Microsecond)
		}
	}
	if s.ask.Kind == recall.Supersede {
		return s.supersedes()
	}
	if s.ask.Kind != recall.Correct {
		return nil
	}
	s.plan.By = map[string]string{}
	var old []store.Brief
	for _, v := range s.plan.versions {
		if v.Version < newest[v.ID] {
			old = append(old, v)
			s.plan.By[v.ID], s.plan.stays[v.ID] = recall.Stamp(clock.At(newest[v.ID])), true
		}
	}
	if len(old) == 0 {
		return fault.New(fault.Invalid, "there is no newer version: bring the corrected one in first")
	}
	s.plan.versions = old
	return nil
}

// supersedes wants each id to have another in its place that is here.
func (s *selection) supersedes() error {
	all := slices.Sorted(maps.Values(s.ask.By))
	known, err := s.tx.Known(all)
	if err != nil {
		return err
	}
	ids := s.ids()
	for id, by := range s.ask.By {
		seen, err := s.seen(known[by])
		if err != nil {
			return err
		}
		if !seen || ids[by] || !ids[id] {
			return fault.Errorf(fault.Invalid, "%s cannot take the place of %s", by, id)
		}
	}
	return nil
}

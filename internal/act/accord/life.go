package accord

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// EventTitle is the first line of the note that records an event of an
// agreement's life in the exchange log:
//
//	twoseas/event/v1
//	agreement in-jp-2022
//	event discontinue.notify
//	by jp
//	on 2026-11-22T09:00:00Z
//	detail {"effective":"2027-01-31"}
const EventTitle = "twoseas/event/v1"

// detail is what an event says besides its name, side and time.
type detail struct {
	Place     string `json:"place,omitempty"`
	Effective string `json:"effective,omitempty"`
	Until     string `json:"until,omitempty"`
	Version   int    `json:"version,omitzero"`
	Written   bool   `json:"written,omitzero"`
	Subject   string `json:"subject,omitempty"`
}

// Record records something a side said or did: discontinue.notify, extend,
// difference.raise and the others of law/agreement. By is whose act it is,
// ours when empty, or the partner's as it was notified to us; On is when, now
// when zero. What the life cycle does not allow is fault.Conflict or
// fault.Denied and is not recorded. It returns the life after it.
func (a *Accords) Record(ctx context.Context, h *store.Handle, by people.Actor, id ident.Agreement, e agreement.Event) (agreement.Life, error) {
	if err := by.May(people.Agree); err != nil {
		return agreement.Life{}, err
	}
	now := a.clock.Now()
	if e.On.IsZero() {
		e.On = now
	}
	if e.By == "" {
		e.By = a.self
	}
	if e.On.After(now) {
		return agreement.Life{}, fault.Errorf(fault.Invalid, "%s is recorded once it has happened; %s is ahead", e.Name, note.FormatTime(e.On))
	}
	var life agreement.Life
	err := h.Write(ctx, func(tx *store.Tx) error {
		before, err := a.InForce(tx, id)
		if err != nil {
			return err
		}
		if err := a.happen(tx, id, e); err != nil {
			return err
		}
		if life, err = a.life(tx, before.Doc); err != nil {
			return err
		}
		err = a.ledger.Record(tx, by.String(), "agreement.event",
			ledger.Field{Name: "agreement", Value: string(id)},
			ledger.Field{Name: "event", Value: e.Name},
			ledger.Field{Name: "side", Value: string(e.By)})
		if err != nil || before.Permits.Exchange == life.Permits().Exchange {
			return err
		}
		return a.onForce(tx, id)
	})
	return life, err
}

// happen stores and logs an event. Whether the life allows it is for the
// caller to see: a transaction that leaves an impossible life is not
// committed.
func (a *Accords) happen(tx *store.Tx, id ident.Agreement, e agreement.Event) error {
	raw, err := canon.Marshal(detail{
		Place: e.Place, Effective: string(e.Effective), Until: string(e.Until), Version: e.Version, Written: e.Written, Subject: e.Subject,
	})
	if err != nil {
		return err
	}
	_, err = tx.AddAgreementEvent(store.AgreementEvent{
		Agreement: id, Event: e.Name, Side: e.By, At: e.On.UnixMicro(), Detail: string(raw),
	})
	if err != nil {
		return err
	}
	signer, err := a.ring.Signer(tx)
	if err != nil {
		return err
	}
	msg, err := signer.Sign([]byte(EventTitle + "\nagreement " + string(id) + "\nevent " + e.Name +
		"\nby " + string(e.By) + "\non " + note.FormatTime(e.On) + "\ndetail " + string(raw) + "\n"))
	if err != nil {
		return err
	}
	return a.ledger.Append(tx, id, msg)
}

// proposed opens the amendment region when a side signs an amendment, unless
// it is open.
func (a *Accords) proposed(tx *store.Tx, id ident.Agreement, by ident.Side) error {
	terms, err := a.InForce(tx, id)
	if err != nil || terms.Life.Amendment || !terms.Permits.Amend {
		return err
	}
	return a.happen(tx, id, agreement.Event{Name: agreement.Propose, By: by, On: a.clock.Now(), Written: true})
}

// life returns the life, now, of the agreement whose version d is in force.
func (a *Accords) life(tx *store.Tx, d *agreement.Document) (agreement.Life, error) {
	events, err := events(tx, d)
	if err != nil {
		return agreement.Life{}, err
	}
	base := first(d)
	life, err := agreement.Replay(base, events, a.clock.Now())
	life.Version = d.Version
	return life, err
}

// first returns d as if it were the first version. The law counts amendments
// one by one; here a number may have been used up by a text that one side
// signed and the other did not.
func first(d *agreement.Document) *agreement.Document {
	c := *d
	c.Version, c.Previous = 1, ""
	return &c
}

// events returns what happened, in order of time: what the document's own
// dates tell, then what was recorded.
func events(tx *store.Tx, d *agreement.Document) ([]agreement.Event, error) {
	rows, err := tx.AgreementEvents(d.ID())
	if err != nil {
		return nil, err
	}
	list := d.History()
	amendments := []int{1}
	for _, r := range rows {
		var more detail
		if err := canon.UnmarshalStrict([]byte(r.Detail), &more); err != nil {
			return nil, err
		}
		if more.Version > 0 && !slices.Contains(amendments, more.Version) {
			amendments = append(amendments, more.Version)
		}
		list = append(list, agreement.Event{
			Name: r.Event, By: r.Side, On: time.UnixMicro(r.At).UTC(), Place: more.Place,
			Effective: agreement.Date(more.Effective), Until: agreement.Date(more.Until),
			Version: slices.Index(amendments, more.Version) + 1, Written: more.Written, Subject: more.Subject,
		})
	}
	slices.SortStableFunc(list, func(x, y agreement.Event) int { return x.On.Compare(y.On) })
	return list, nil
}

// Calendar returns the agreement's dates as they stand now, for the version
// in force or, before there is one, for the newest.
func (a *Accords) Calendar(ctx context.Context, h *store.Handle, id ident.Agreement) (list []agreement.Entry, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		list, err = a.Dates(tx, id)
		return err
	})
	return list, err
}

// Dates is Calendar within a transaction.
func (a *Accords) Dates(tx *store.Tx, id ident.Agreement) ([]agreement.Entry, error) {
	terms, err := a.InForce(tx, id)
	d := terms.Doc
	if fault.Is(err, fault.Denied) {
		d, err = a.newest(tx, id)
	}
	if err != nil {
		return nil, err
	}
	happened, err := events(tx, d)
	if err != nil {
		return nil, err
	}
	return agreement.Calendar(first(d), happened, a.clock.Now())
}

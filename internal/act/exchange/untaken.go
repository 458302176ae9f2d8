package exchange

import (
	"context"
	"strconv"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Untaken is one page of the reasons why items of a channel were not taken,
// the last met first.
type Untaken struct {
	Reasons []store.Untaken
	Next    string // "" on the last page
	// Uncounted is how many items were not taken before reasons were counted:
	// only the receipts say why.
	Uncounted int64
}

// Untaken returns at most limit reasons from after a place, which is "" at
// first and then Next of the page before. The numbers are those of the signed
// receipts of every shipment.
func (x *Exchange) Untaken(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, after string, limit int) (u Untaken, err error) {
	if err := mayLook(by); err != nil {
		return u, err
	}
	from, err := placeOf(after)
	if err != nil {
		return u, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		if u.Reasons, err = tx.Untakens(ch.ID, from, limit+1); err != nil {
			return err
		}
		if len(u.Reasons) > limit {
			u.Reasons = u.Reasons[:limit]
			last := u.Reasons[limit-1]
			u.Next = strconv.FormatInt(last.At, 10) + "." + last.ID.String()
		}
		counted, err := tx.UntakenItems(ch.ID)
		if err != nil {
			return err
		}
		var s Standing
		if err := s.add(tx, ch); err != nil {
			return err
		}
		u.Uncounted = max(0, s.Sent.Refused+s.Sent.Failed+s.Received.Refused+s.Received.Failed-counted)
		return nil
	})
	return u, err
}

func placeOf(after string) (u store.Untaken, err error) {
	if after == "" {
		return u, nil
	}
	at, id, _ := strings.Cut(after, ".")
	if u.At, err = strconv.ParseInt(at, 10, 64); err == nil {
		u.ID, err = ident.ParseDigest(id)
	}
	if err != nil || u.At <= 0 {
		return u, fault.New(fault.Invalid, "this is no place in the list: begin again")
	}
	return u, nil
}

// untaken counts why items of a shipment were not taken.
func (t *tally) untaken(direction string, number int64, r shipment.Receipt) {
	for _, a := range r.Answers {
		key := store.Untaken{
			Channel: t.ch, Direction: direction, Outcome: string(a.Outcome), Clause: a.Clause, Code: a.Code, Text: a.Text, Number: number,
		}
		t.kept[key]++
	}
	t.totals[direction] += int64(r.Already)
}

// saveUntaken writes what untaken counted.
func (t *tally) saveUntaken() error {
	for u, n := range t.kept {
		u.Items = n
		if err := t.tx.AddUntaken(u); err != nil {
			return err
		}
	}
	for direction, already := range t.totals {
		if already == 0 {
			continue
		}
		if err := t.tx.AddTotal(store.Total{Channel: t.ch, Direction: direction, Already: already}); err != nil {
			return err
		}
	}
	return nil
}

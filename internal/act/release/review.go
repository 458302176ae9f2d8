package release

import (
	"context"
	"math"
	"strconv"
	"strings"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// What a review can find.
const (
	ReviewRight = "right" // the release was right, and could not wait
	ReviewWait  = "wait"  // it was right, and could have waited
	ReviewWrong = "wrong" // it should not have left
)

// ReviewItem is an emergency release and what it was of.
type ReviewItem struct {
	store.Review
	Agreement ident.Agreement
	Item      store.Object
}

// Reviews returns at most limit reviews with numbers below before (0 begins),
// newest first, as far as by may see what they are of: the open ones, or the
// closed.
func (r *Releases) Reviews(ctx context.Context, h *store.Handle, by people.Actor, open bool, before int64, limit int) (out []ReviewItem, err error) {
	if before == 0 {
		before = math.MaxInt64
	}
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		list, err := tx.Reviews(open, class, before, limit)
		if err != nil {
			return err
		}
		for _, v := range list {
			item, err := reviewItem(tx, v)
			if err != nil {
				return err
			}
			out = append(out, item)
		}
		return nil
	})
	return out, err
}

// Review returns one review. What by may not see is not there.
func (r *Releases) Review(ctx context.Context, h *store.Handle, by people.Actor, id int64) (out ReviewItem, err error) {
	err = r.read(ctx, h, by, func(tx *store.Tx, class int64) error {
		v, err := tx.Review(id, class)
		if err != nil {
			return err
		}
		out, err = reviewItem(tx, v)
		return err
	})
	return out, err
}

func reviewItem(tx *store.Tx, v store.Review) (out ReviewItem, err error) {
	out.Review = v
	if out.Item, err = tx.Object(v.Object); err != nil {
		return out, err
	}
	channels, err := tx.Channels()
	for _, ch := range channels {
		if ch.ID == v.Channel {
			out.Agreement = ch.Agreement
		}
	}
	return out, err
}

// CloseReview records what an officer finds of another officer's emergency
// release: outcome is one of ReviewRight, ReviewWait and ReviewWrong, finding
// says it in words. Nobody reviews their own.
func (r *Releases) CloseReview(ctx context.Context, h *store.Handle, by people.Actor, id int64, outcome, finding string) (out ReviewItem, err error) {
	finding = strings.TrimSpace(finding)
	switch {
	case outcome != ReviewRight && outcome != ReviewWait && outcome != ReviewWrong:
		return out, fault.Errorf(fault.Invalid, "outcome %.20q: want right, wait or wrong", outcome)
	case finding == "":
		return out, fault.New(fault.Invalid, "say what you found")
	}
	if err := checkReason(store.Approval{Reason: finding}); err != nil {
		return out, err
	}
	err = r.write(ctx, h, by, func(tx *store.Tx, class int64) error {
		v, err := tx.Review(id, class)
		if err != nil {
			return err
		}
		if v.Officer == by.Name {
			return fault.New(fault.Denied, "you released it: another officer reviews it")
		}
		v.Closer, v.Outcome, v.Finding = by.Name, outcome, finding
		if err := tx.CloseReview(v); err != nil {
			return err
		}
		if out, err = reviewItem(tx, v); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "release.review", ledger.Field{Name: "review", Value: strconv.FormatInt(id, 10)},
			ledger.Field{Name: "object", Value: out.Item.ID}, ledger.Field{Name: "outcome", Value: outcome}, ledger.Field{Name: "finding", Value: line(finding)})
	})
	return out, err
}

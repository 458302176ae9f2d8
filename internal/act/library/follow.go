package library

import (
	"context"
	"strconv"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Sizes of one step: what is read and made ready before the write transaction,
// which is short, begins.
const (
	stepObjects   = 1000
	stepBytes     = 2 << 20
	stepShipments = 20
)

// Behind returns how many versions were stored that cannot be found yet, at
// most: numbers of other domains count with them; and how many shipments came
// or went that the objects in them do not tell of yet. It is for the node
// itself.
func (l *Library) Behind(ctx context.Context, h *store.Handle) (versions, shipments int64, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		last, err := tx.LastObject()
		if err != nil {
			return err
		}
		upTo, err := tx.Indexed()
		if err != nil {
			return err
		}
		versions = max(0, last-upTo)
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			for direction, last := range numbers(ch) {
				upTo, err := tx.Followed(following(ch.ID, direction))
				if err != nil {
					return err
				}
				shipments += max(0, last-upTo)
			}
		}
		return nil
	})
	return versions, shipments, err
}

// numbers are the newest shipments of a channel by direction.
func numbers(ch store.Channel) map[string]int64 {
	return map[string]int64{store.Out: ch.OutNumber, store.In: ch.InNumber}
}

// following is the name under which the shipments of one direction are
// followed.
func following(channel int64, direction string) string {
	return "shipments " + direction + " " + strconv.FormatInt(channel, 10)
}

// CatchUp makes everything that is stored findable, in steps of a transaction
// each. Several processes may: what one has done another leaves.
func (l *Library) CatchUp(ctx context.Context, h *store.Handle) error {
	for {
		more, err := l.step(ctx, h)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		if !more && err == nil {
			break
		}
	}
	return l.followShipments(ctx, h)
}

// step indexes the next objects; more is false when there were none.
func (l *Library) step(ctx context.Context, h *store.Handle) (more bool, err error) {
	var from, to int64
	var rows []store.Posted
	if err := h.Read(ctx, func(tx *store.Tx) (err error) {
		if from, err = tx.Indexed(); err != nil {
			return err
		}
		to = from
		size := 0
		return tx.Objects(from, store.AllLabels, func(o store.Object) error {
			p, err := posted(o)
			if err != nil {
				return err
			}
			rows, to = append(rows, p), o.Seq
			if size += len(o.Body); len(rows) == stepObjects || size >= stepBytes {
				return store.Stop
			}
			return nil
		})
	}); err != nil || len(rows) == 0 {
		return false, err
	}
	return true, h.Write(ctx, func(tx *store.Tx) error { return tx.AddPostings(from, to, rows) })
}

// followShipments notes in which shipments objects crossed.
func (l *Library) followShipments(ctx context.Context, h *store.Handle) error {
	var channels []store.Channel
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		channels, err = tx.Channels()
		return err
	}); err != nil {
		return err
	}
	for _, ch := range channels {
		for direction, last := range numbers(ch) {
			if err := followChannel(ctx, h, ch.ID, direction, last); err != nil {
				return err
			}
		}
	}
	return nil
}

func followChannel(ctx context.Context, h *store.Handle, channel int64, direction string, last int64) error {
	name := following(channel, direction)
	for {
		var from int64
		if err := h.Query(ctx, func(tx *store.Tx) (err error) {
			from, err = tx.Followed(name)
			return err
		}); err != nil || from >= last {
			return err
		}
		to := min(last, from+stepShipments)
		if err := h.Write(ctx, func(tx *store.Tx) error {
			if err := tx.Follow(name, from, to); err != nil {
				return err
			}
			var found []store.Shipment
			if err := tx.Shipments(channel, direction, from+1, to, func(s store.Shipment) error {
				s.Body = nil
				found = append(found, s)
				return nil
			}); err != nil {
				return err
			}
			for _, s := range found {
				if err := tx.AddCrossings(s); err != nil {
					return err
				}
			}
			return nil
		}); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

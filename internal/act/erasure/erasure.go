// Package erasure takes personal data off the node for good.
//
// Invariants: two people agree, one who saw it and another who administers;
// what is erased is in no table, index or free page of the store afterwards, nor
// in a file for a partner, and every proof of what crossed goes on to verify;
// partners that have it are asked to give it back in the same transaction;
// whoever erases is told which backups still hold it and until when (ADR 0034).
package erasure

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// maxListed bounds the requests that are listed, maxReason the reason.
const (
	maxListed = 200
	maxReason = 500
)

// Config is what erasures work with.
type Config struct {
	Exchange *exchange.Exchange
	Recalls  *recall.Recalls
	Files    Files
	Journal  people.Journal
	Rand     io.Reader
}

// Files are those of the exchange by file that lie on this node; shelf.Shelf has
// them.
type Files interface {
	// DropCarrying removes what was written with shipments in it.
	DropCarrying(tx *store.Tx, by string, shipments map[ident.Agreement][]int64) error
}

// Erasures is the erasures of a node. It is safe for concurrent use.
type Erasures struct{ c Config }

// New returns the erasures of a node.
func New(c Config) *Erasures { return &Erasures{c} }

// Backup is a backup that still holds what was erased.
type Backup struct {
	ID    string    `json:"id"`
	Place string    `json:"place"`
	Made  time.Time `json:"made"`
	Until time.Time `json:"until,omitzero"` // zero: nobody said
}

// Request is one erasure, asked for or decided on.
type Request struct {
	ID      string    `json:"id"`
	Object  string    `json:"object"`
	Reason  string    `json:"reason"`
	State   string    `json:"state"`
	Asker   string    `json:"asker"`
	Asked   time.Time `json:"asked"`
	Decider string    `json:"decider,omitempty"`
	Decided time.Time `json:"decided,omitzero"`
	Copies  int64     `json:"copies,omitempty"` // versions and redacted copies that went
	Backups []Backup  `json:"backups,omitempty"`
}

func request(row store.Erasure) (Request, error) {
	r := Request{
		ID: row.ID, Object: row.Object, Reason: row.Reason, State: row.State, Asker: row.Asker, Asked: time.UnixMicro(row.Asked).UTC(),
		Decider: row.Decider, Copies: row.Copies,
	}
	if row.Decided != 0 {
		r.Decided = time.UnixMicro(row.Decided).UTC()
	}
	return r, canon.Unmarshal(row.Backups, &r.Backups)
}

// may admits those who ask and those who decide.
func may(by people.Actor) error {
	if err := by.May(people.Administer); err == nil {
		return nil
	}
	return by.May(people.Recall)
}

// List returns the requests, the newest first. Returns fault.Denied unless by
// may Recall or Administer.
func (e *Erasures) List(ctx context.Context, h *store.Handle, by people.Actor) (out []Request, err error) {
	if err := may(by); err != nil {
		return nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Erasures(maxListed)
		for _, row := range rows {
			r, e := request(row)
			if e != nil {
				return e
			}
			out = append(out, r)
		}
		return err
	})
	return out, err
}

// Ask asks to erase every version of an object that class may see. Returns
// fault.Denied unless by may Recall; fault.NotFound when there is no such object,
// or class may not see it; fault.Invalid without a reason. The reason stays: it
// holds no personal data.
func (e *Erasures) Ask(ctx context.Context, h *store.Handle, by people.Actor, class int64, object, reason string) (r Request, err error) {
	if err := by.May(people.Recall); err != nil {
		return r, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return r, fault.Errorf(fault.Invalid, "say why it is erased, in at most %d letters and without personal data: the reason stays", maxReason)
	}
	var raw [8]byte
	if _, err := io.ReadFull(e.c.Rand, raw[:]); err != nil {
		return r, fmt.Errorf("draw a name: %w", err)
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		seen, err := tx.History(class, object)
		if by.IsSystem() {
			seen, err = tx.History(store.AllLabels, object)
		}
		if err != nil {
			return err
		}
		if len(seen) == 0 {
			return fault.New(fault.NotFound, "there is no such object")
		}
		row := store.Erasure{ID: hex.EncodeToString(raw[:]), Object: object, Reason: reason, Asker: by.Name}
		if err := tx.AddErasure(row); err != nil {
			return err
		}
		if row, err = tx.Erasure(row.ID); err != nil {
			return err
		}
		if r, err = request(row); err != nil {
			return err
		}
		return e.c.Journal(tx, by, "erasure.ask", "erasure", row.ID, "object", object, "reason", reason)
	})
	return r, err
}

// Decide carries a request out, or refuses it. Returns fault.Denied unless by
// may Administer and did not ask for it; fault.Conflict when it was decided on;
// fault.Busy while a shipment that carries the object is not answered.
func (e *Erasures) Decide(ctx context.Context, h *store.Handle, by people.Actor, id string, erase bool) (r Request, err error) {
	if err := by.May(people.Administer); err != nil {
		return r, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Erasure(id)
		switch {
		case err != nil:
			return err
		case row.State != store.ErasureAsked:
			return fault.New(fault.Conflict, "it was decided on already")
		case row.Asker == by.Name:
			return fault.New(fault.Denied, "another person decides: erasing takes two")
		}
		row.Decider, row.State = by.Name, store.ErasureRefused
		if erase {
			if err := e.carryOut(tx, by, &row); err != nil {
				return err
			}
		}
		if err := tx.SaveErasure(row); err != nil {
			return err
		}
		if row, err = tx.Erasure(id); err != nil {
			return err
		}
		if r, err = request(row); err != nil {
			return err
		}
		return e.c.Journal(tx, by, "erasure."+row.State, "erasure", id, "object", row.Object)
	})
	if err != nil || !erase {
		return r, err
	}
	return r, h.Scrub(ctx)
}

// held returns the backups made since an instant.
func held(tx *store.Tx, since int64) ([]Backup, error) {
	made, err := tx.BackupsMade()
	list := []Backup{}
	for _, b := range made {
		if b.At < since {
			continue
		}
		x := Backup{ID: b.ID, Place: b.Place, Made: time.UnixMicro(b.At).UTC()}
		if b.Until != 0 {
			x.Until = time.UnixMicro(b.Until).UTC()
		}
		list = append(list, x)
	}
	return list, err
}

package collection

import (
	"context"
	"fmt"
	"strings"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// maxDetails bounds each list of a status; the counts are always whole.
const maxDetails = 1000

// Status is the status resource of TAXII 2.1 §4.3.1. Objects are taken in
// before it is given out, so it is complete from the start.
type Status struct {
	ID        string   `json:"id"`
	Status    string   `json:"status"`
	At        string   `json:"request_timestamp"`
	Total     int      `json:"total_count"`
	Succeeded int      `json:"success_count"`
	Successes []Detail `json:"successes,omitempty"`
	Failed    int      `json:"failure_count"`
	Failures  []Detail `json:"failures,omitempty"`
	Pending   int      `json:"pending_count"`
}

// Detail is what became of one object.
type Detail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

var errEmpty = fault.Errorf(fault.Invalid, "%w: there are no objects in it", canon.ErrNotEnvelope)

// newStatus returns a status with an id of its own.
func (c *Collections) newStatus() (Status, error) {
	id, err := ident.NewUUID(c.rand)
	if err != nil {
		return Status{}, fmt.Errorf("draw a status id: %w", err)
	}
	return Status{ID: id, Status: "complete"}, nil
}

func (s *Status) count(it *intake.Item, r intake.Result) {
	s.Total++
	if r.Outcome != intake.Refused {
		s.Succeeded++
		if len(s.Successes) < maxDetails {
			s.Successes = append(s.Successes, Detail{ID: r.ID, Version: Version(r.Version)})
		}
		return
	}
	s.Failed++
	if len(s.Failures) == maxDetails {
		return
	}
	d := Detail{ID: r.ID, Message: r.Reason}
	if v := it.Object.Version(); !v.IsZero() {
		d.Version = Version(v.UnixMicro())
	}
	if d.ID == "" {
		d.ID = "unknown" // it has to be something
		d.Message = fmt.Sprintf("objects[%d]: %s", it.Position, r.Reason)
	}
	s.Failures = append(s.Failures, d)
}

// finish fills in what is known at the end.
func (s *Status) finish(now int64) {
	s.At = time.UnixMicro(now).UTC().Format("2006-01-02T15:04:05.000000Z")
	for i := range s.Failures {
		if s.Failures[i].Version == "" { // it had none that could be read
			s.Failures[i].Version = s.At
		}
	}
}

// Version writes an object's version, in microseconds, as STIX does: with
// three digits when it has no more.
func Version(micro int64) string {
	t := time.UnixMicro(micro).UTC().Format("2006-01-02T15:04:05.000000Z")
	if strings.HasSuffix(t, "000Z") {
		return t[:len(t)-len("000Z")] + "Z"
	}
	return t
}

// Status returns the stored body of the status with the given id. Returns
// fault.NotFound when there is none, it is somebody else's or its time is
// over.
func (c *Collections) Status(ctx context.Context, h *store.Handle, by people.Actor, id string) ([]byte, error) {
	var s store.Status
	err := h.Query(ctx, func(tx *store.Tx) (err error) {
		if s, err = tx.Status(id, by.Name); err != nil {
			return err
		}
		if s.At < tx.Now()-StatusLife.Microseconds() {
			return fault.New(fault.NotFound, "there is no such status")
		}
		return nil
	})
	return s.Body, err
}

package intake

import (
	"fmt"

	"twoseas/internal/base/fault"
)

// Outcome is what became of one object.
type Outcome string

// The outcomes. They are never added up into one number.
const (
	Added   Outcome = "new"     // the first version stored of its id
	Updated Outcome = "updated" // another version of an id that is stored
	Same    Outcome = "same"    // stored already, byte for byte
	Refused Outcome = "refused" // not stored; the reason says why
)

// Result is what became of the object at one position.
type Result struct {
	Outcome Outcome
	ID      string
	Version int64  // microseconds; 0 when refused
	Seq     int64  // 0 when refused
	Reason  string // why it was refused
	Remark  string // what else there is to say of it
}

// Refusal is one refused object, as a report keeps it.
type Refusal struct {
	Position int    `json:"position"`
	ID       string `json:"id,omitempty"`
	Reason   string `json:"reason"`
}

// String returns "objects[17] indicator--…: reason".
func (r Refusal) String() string {
	if r.ID == "" {
		return fmt.Sprintf("objects[%d]: %s", r.Position, r.Reason)
	}
	return fmt.Sprintf("objects[%d] %s: %s", r.Position, r.ID, r.Reason)
}

// maxRefusals bounds the refusals a report keeps in words; Refused counts all.
const maxRefusals = 1000

// maxRemarks bounds the remarks a report keeps; Warnings counts the objects.
const maxRemarks = 200

// Report is what became of an import.
type Report struct {
	Read     int       `json:"read"`
	New      int       `json:"new"`
	Same     int       `json:"same"`
	Updated  int       `json:"updated"`
	Refused  int       `json:"refused"`
	Warnings int       `json:"warnings"`
	Bytes    int64     `json:"bytes"`  // of the objects, as stored
	Offset   int64     `json:"offset"` // bytes of the input consumed
	Refusals []Refusal `json:"refusals,omitempty"`
	Remarks  []Refusal `json:"remarks,omitempty"` // what is odd about objects that were taken in
}

// Add counts part in; positions in part are its own.
func (r *Report) Add(part Report) {
	r.Read += part.Read
	r.New += part.New
	r.Same += part.Same
	r.Updated += part.Updated
	r.Refused += part.Refused
	r.Warnings += part.Warnings
	r.Bytes += part.Bytes
	r.Remarks = append(r.Remarks, part.Remarks[:min(len(part.Remarks), maxRemarks-len(r.Remarks))]...)
	r.Refusals = append(r.Refusals, part.Refusals[:min(len(part.Refusals), maxRefusals-len(r.Refusals))]...)
}

func (r *Report) count(it *Item, res Result) {
	r.Read++
	switch res.Outcome {
	case Added:
		r.New++
	case Updated:
		r.Updated++
	case Same:
		r.Same++
	case Refused:
		r.Refused++
		if len(r.Refusals) < maxRefusals {
			r.Refusals = append(r.Refusals, Refusal{it.Position, res.ID, res.Reason})
		}
		return
	}
	r.Bytes += int64(len(it.Object.Raw))
	if len(it.Object.Warnings) > 0 {
		r.Warnings++
		r.remark(it, it.Object.Warnings[0].String())
	}
	if res.Remark != "" {
		r.remark(it, res.Remark)
	}
}

func (r *Report) remark(it *Item, text string) {
	if len(r.Remarks) < maxRemarks {
		r.Remarks = append(r.Remarks, Refusal{it.Position, it.Object.ID, text})
	}
}

func errTooMany(limit int) error {
	return fault.Errorf(fault.TooLarge, "more than %d objects", limit)
}

package store

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Directions of a shipment.
const (
	Out = "out"
	In  = "in"
)

// ShippedItem is one position of a shipment. Object is 0 at the receiver for
// what it refused or failed to take.
type ShippedItem struct {
	Object int64
	Salt   [16]byte
	Label  []byte // canonical wire label
}

// Shipment is a shipment as a node remembers it: enough to prove each item,
// and to send the same bytes again until it is answered.
type Shipment struct {
	Channel   int64
	Direction string
	Number    int64
	Link      ident.Digest // digest of the signed text
	Note      []byte
	Items     []ShippedItem
	Body      []byte // compressed lines; nil once answered, and always nil for In
	Bytes     int64  // of the uncompressed lines
	At        int64
	Receipt   []byte // nil until answered
	Answered  int64
}

// AddShipment stores s.
func (t *Tx) AddShipment(s *Shipment) error {
	labels, items := packItems(s.Items)
	var answered int64
	if s.Receipt != nil {
		answered = t.now
	}
	s.At = t.now
	t.Notify(TopicArrived)
	_, err := t.Exec(`INSERT INTO shipment (domain, channel, direction, number, link, note, labels, items, body, bytes, at, receipt, answered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		t.domain, s.Channel, s.Direction, s.Number, s.Link[:], s.Note, labels, items, s.Body, s.Bytes, s.At, s.Receipt, answered)
	return err
}

// AnswerShipment stores the partner's receipt for an outgoing shipment and
// forgets the body. One that has its receipt is fault.Conflict.
func (t *Tx) AnswerShipment(channel, number int64, receipt []byte) error {
	t.Notify(TopicArrived)
	n, err := t.Exec(`UPDATE shipment SET receipt = $4, answered = $5, body = NULL
		WHERE domain = $1 AND channel = $2 AND direction = 'out' AND number = $3 AND receipt IS NULL`,
		t.domain, channel, number, receipt, t.now)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Conflict, "shipment %d is not there or has its receipt already", number)
	}
	return err
}

const shipmentColumns = "direction, number, link, note, labels, items, body, bytes, at, receipt, answered"

func scanShipment(r *sql.Rows, channel int64) (s Shipment, err error) {
	var link, labels, items sql.RawBytes
	if err := r.Scan(&s.Direction, &s.Number, &link, &s.Note, &labels, &items, &s.Body, &s.Bytes, &s.At, &s.Receipt, &s.Answered); err != nil {
		return s, err
	}
	s.Channel = channel
	copy(s.Link[:], link)
	s.Items, err = unpackItems(labels, items)
	return s, err
}

// Shipment returns one shipment of a channel, or fault.NotFound.
func (t *Tx) Shipment(channel int64, direction string, number int64) (s Shipment, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		s, err = scanShipment(r, channel)
		return err
	}, "SELECT "+shipmentColumns+` FROM shipment
		WHERE domain = $1 AND channel = $2 AND direction = $3 AND number = $4`, t.domain, channel, direction, number)
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "no shipment %d", number)
	}
	return s, err
}

// Unanswered returns the numbers of outgoing shipments without a receipt, in
// order. Those received have theirs from the start.
func (t *Tx) Unanswered(channel int64) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, `SELECT number FROM shipment WHERE domain = $1 AND channel = $2 AND receipt IS NULL ORDER BY number`, t.domain, channel)
	return out, err
}

// Shipments calls fn for the shipments of one direction with numbers from..to.
func (t *Tx) Shipments(channel int64, direction string, from, to int64, fn func(Shipment) error) error {
	return t.Each(func(r *sql.Rows) error {
		s, err := scanShipment(r, channel)
		if err != nil {
			return err
		}
		return fn(s)
	}, "SELECT "+shipmentColumns+` FROM shipment
		WHERE domain = $1 AND channel = $2 AND direction = $3 AND number >= $4 AND number <= $5 ORDER BY number`,
		t.domain, channel, direction, from, to)
}

// SaveItems rewrites the items of a shipment, after one was erased.
func (t *Tx) SaveItems(s *Shipment) error {
	labels, items := packItems(s.Items)
	_, err := t.Exec(`UPDATE shipment SET labels = $5, items = $6
		WHERE domain = $1 AND channel = $2 AND direction = $3 AND number = $4`,
		t.domain, s.Channel, s.Direction, s.Number, labels, items)
	return err
}

// AddErased keeps the leaf hash of an item whose salt and object are gone, or
// were never taken.
func (t *Tx) AddErased(s *Shipment, position int, leaf ident.Digest) error {
	_, err := t.Exec(`INSERT INTO erased (domain, channel, direction, number, position, leaf)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		t.domain, s.Channel, s.Direction, s.Number, int64(position), leaf[:])
	return err
}

// Erased returns the leaf hashes kept for erased items, by position.
func (t *Tx) Erased(s *Shipment) (map[int]ident.Digest, error) {
	out := map[int]ident.Digest{}
	err := t.Each(func(r *sql.Rows) error {
		var position int
		var leaf sql.RawBytes
		if err := r.Scan(&position, &leaf); err != nil {
			return err
		}
		d, err := ident.DigestOf(leaf)
		out[position] = d
		return err
	}, "SELECT position, leaf FROM erased WHERE domain = $1 AND channel = $2 AND direction = $3 AND number = $4",
		t.domain, s.Channel, s.Direction, s.Number)
	return out, err
}

// itemSize is the packed size of one item: object, salt, label number.
const itemSize = 8 + 16 + 4

// packItems writes items as fixed-size records and their few different labels
// once each, one a line.
func packItems(items []ShippedItem) (labels, packed []byte) {
	numbers := map[string]uint32{}
	packed = make([]byte, 0, len(items)*itemSize)
	for _, it := range items {
		n, ok := numbers[string(it.Label)]
		if !ok {
			n = uint32(len(numbers))
			numbers[string(it.Label)] = n
			labels = append(append(labels, it.Label...), '\n')
		}
		packed = binary.BigEndian.AppendUint64(packed, uint64(it.Object))
		packed = append(packed, it.Salt[:]...)
		packed = binary.BigEndian.AppendUint32(packed, n)
	}
	if labels == nil {
		labels = []byte{}
	}
	return labels, packed
}

func unpackItems(labels, packed []byte) ([]ShippedItem, error) {
	lines := bytes.Split(bytes.TrimSuffix(bytes.Clone(labels), []byte("\n")), []byte("\n"))
	if len(packed)%itemSize != 0 {
		return nil, errors.New("stored shipment: items of a broken size")
	}
	out := make([]ShippedItem, len(packed)/itemSize)
	for i := range out {
		p := packed[i*itemSize:]
		out[i].Object = int64(binary.BigEndian.Uint64(p))
		copy(out[i].Salt[:], p[8:24])
		n := binary.BigEndian.Uint32(p[24:])
		if int(n) >= len(lines) {
			return nil, errors.New("stored shipment: a label is missing")
		}
		out[i].Label = lines[n]
	}
	return out, nil
}

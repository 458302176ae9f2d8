package store

import "database/sql"

// ShipmentHeads returns at most limit shipments of one direction with numbers below
// before, newest first, without their items and bodies.
func (t *Tx) ShipmentHeads(channel int64, direction string, before int64, limit int) (out []Shipment, err error) {
	err = t.Each(func(r *sql.Rows) error {
		s := Shipment{Channel: channel, Direction: direction}
		var link sql.RawBytes
		if err := r.Scan(&s.Number, &link, &s.Note, &s.Bytes, &s.At, &s.Receipt, &s.Answered); err != nil {
			return err
		}
		copy(s.Link[:], link)
		out = append(out, s)
		return nil
	}, `SELECT number, link, note, bytes, at, receipt, answered FROM shipment
		WHERE domain = $1 AND channel = $2 AND direction = $3 AND number < $4 ORDER BY number DESC LIMIT $5 + 0`,
		t.domain, channel, direction, before, int64(limit))
	return out, err
}

package store

import (
	"database/sql"

	"twoseas/internal/store/db"
)

// Crossing is one shipment in which an object version crossed.
type Crossing struct {
	Channel   int64
	Direction string
	Number    int64
	Position  int // from 0
}

// Crossings returns the shipments in which a version crossed, as far as
// AddCrossings has followed, in order.
func (t *Tx) Crossings(object int64) (out []Crossing, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Crossing
		err := r.Scan(&c.Channel, &c.Direction, &c.Number, &c.Position)
		out = append(out, c)
		return err
	}, `SELECT channel, direction, number, position FROM crossing WHERE domain = $1 AND object = $2
		ORDER BY channel, direction, number`, t.domain, object)
	return out, err
}

var crossingBulk = db.MustBulk("crossing", "ON CONFLICT DO NOTHING",
	"domain bigint", "object bigint", "channel bigint", "direction text", "number bigint", "position bigint")

// AddCrossings makes the items of a shipment findable by object.
func (t *Tx) AddCrossings(s Shipment) error {
	at := make([]int, 0, len(s.Items))
	for i, it := range s.Items {
		if it.Object != 0 {
			at = append(at, i)
		}
	}
	return t.Insert(crossingBulk, len(at), func(i int, a []any) {
		a[0], a[1], a[2], a[3], a[4], a[5] = t.domain, s.Items[at[i]].Object, s.Channel, s.Direction, s.Number, int64(at[i])
	})
}

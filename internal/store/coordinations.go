package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// TopicCoordination tells of a joint coordination, or a step about one.
const TopicCoordination = "coordination"

// Coordination is a joint coordination of a vulnerability as lists need it;
// what is coordinated and what was done about it are objects. Times are
// microseconds, 0 for never.
type Coordination struct {
	ID              string
	Agreement       ident.Agreement
	Opener, Partner ident.Side
	Object          int64 // newest version of what is coordinated
	Opened          int64
	State           string
	Live            bool  // somebody may still do something
	Instant         int64 // when both have agreed to publish
	Published       int64 // when this node did
	Report          string
	Changed         int64
}

const coordinationColumns = `id, agreement, opener, partner, object, opened, state, live, instant, published, report, changed`

func (t *Tx) coordinations(query string, args ...any) (out []Coordination, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Coordination
		err := r.Scan(&c.ID, &c.Agreement, &c.Opener, &c.Partner, &c.Object, &c.Opened, &c.State, &c.Live, &c.Instant, &c.Published, &c.Report, &c.Changed)
		out = append(out, c)
		return err
	}, query, args...)
	return out, err
}

// SaveCoordination records how a coordination stands.
func (t *Tx) SaveCoordination(c Coordination) error {
	t.Notify(TopicCoordination)
	_, err := t.Exec(`INSERT INTO coordination (domain, `+coordinationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (domain, id) DO UPDATE SET object = excluded.object, state = excluded.state, live = excluded.live, instant = excluded.instant,
			published = excluded.published, report = excluded.report, changed = excluded.changed`,
		t.domain, c.ID, string(c.Agreement), string(c.Opener), string(c.Partner), c.Object, c.Opened, c.State, c.Live, c.Instant, c.Published, c.Report, c.Changed)
	return err
}

// Coordination returns a coordination, or fault.NotFound.
func (t *Tx) Coordination(id string) (Coordination, error) {
	list, err := t.coordinations("SELECT "+coordinationColumns+" FROM coordination WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "there is no such coordination, or it is not for you")
	}
	if err != nil {
		return Coordination{}, err
	}
	return list[0], nil
}

// Coordinations returns those in which somebody may still do something, or the
// others, what changed last first. before and beforeID are the last of the page
// before, 0 and "" at the start.
func (t *Tx) Coordinations(live bool, before int64, beforeID string, limit int64) ([]Coordination, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return t.coordinations("SELECT "+coordinationColumns+` FROM coordination
		WHERE domain = $1 AND live = $2 AND changed <= $3 AND (changed < $3 OR id < $4)
		ORDER BY changed DESC, id DESC LIMIT $5 + 0`, t.domain, live, before, beforeID, limit)
}

// NextPublication returns the coordination that this node publishes next, if
// there is one.
func (t *Tx) NextPublication() (c Coordination, found bool, err error) {
	list, err := t.coordinations("SELECT "+coordinationColumns+` FROM coordination
		WHERE domain = $1 AND published = 0 AND instant > 0 ORDER BY instant, id LIMIT 1`, t.domain)
	if err != nil || len(list) == 0 {
		return c, false, err
	}
	return list[0], true, nil
}

// CoordinationStep says where a step of a coordination is stored, who of this
// side made it, and what the other node said to it. Step 0 is the opening.
type CoordinationStep struct {
	Side     ident.Side
	N        int64
	Object   int64
	Person   string
	Received int64
	Refused  string
}

// SaveCoordinationStep records a step, or what the other node said to it.
func (t *Tx) SaveCoordinationStep(coordination string, s CoordinationStep) error {
	_, err := t.Exec(`INSERT INTO coordination_step (domain, coordination, side, n, object, person, received, refused)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, coordination, side, n) DO UPDATE SET object = excluded.object, received = excluded.received, refused = excluded.refused`,
		t.domain, coordination, string(s.Side), s.N, s.Object, s.Person, s.Received, s.Refused)
	return err
}

// CoordinationSteps returns the steps of a coordination, each side's in its
// order.
func (t *Tx) CoordinationSteps(coordination string) (out []CoordinationStep, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s CoordinationStep
		err := r.Scan(&s.Side, &s.N, &s.Object, &s.Person, &s.Received, &s.Refused)
		out = append(out, s)
		return err
	}, "SELECT side, n, object, person, received, refused FROM coordination_step WHERE domain = $1 AND coordination = $2 ORDER BY side, n",
		t.domain, coordination)
	return out, err
}

// AwaitedCoordinationStep is a step that no receipt has answered for.
type AwaitedCoordinationStep struct {
	Coordination string
	CoordinationStep
}

// AwaitedCoordinationSteps returns the steps of a side under an agreement that
// no receipt has answered for.
func (t *Tx) AwaitedCoordinationSteps(side ident.Side, a ident.Agreement) (out []AwaitedCoordinationStep, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s AwaitedCoordinationStep
		err := r.Scan(&s.Coordination, &s.Side, &s.N, &s.Object, &s.Person, &s.Received, &s.Refused)
		out = append(out, s)
		return err
	}, `SELECT s.coordination, s.side, s.n, s.object, s.person, s.received, s.refused FROM coordination_step s
		JOIN coordination c ON c.domain = $1 AND c.id = s.coordination
		WHERE s.domain = $1 AND s.side = $2 AND s.received = 0 AND s.refused = '' AND c.agreement = $3 ORDER BY s.coordination, s.n`,
		t.domain, string(side), string(a))
	return out, err
}

package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// IncidentPart says that a version belongs to an incident.
type IncidentPart struct {
	Incident string
	Object   int64
	Type     string
}

// AddIncidentPart records p; what is recorded already stays as it is.
func (t *Tx) AddIncidentPart(p IncidentPart) error {
	t.Notify(TopicIncident)
	_, err := t.Exec(`INSERT INTO incident_part (domain, incident, object, type) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		t.domain, p.Incident, p.Object, p.Type)
	return err
}

// IncidentParts returns what belongs to an incident in the order in which it
// came, whoever may see it.
func (t *Tx) IncidentParts(incident string) (out []IncidentPart, err error) {
	err = t.Each(func(r *sql.Rows) error {
		p := IncidentPart{Incident: incident}
		err := r.Scan(&p.Object, &p.Type)
		out = append(out, p)
		return err
	}, "SELECT object, type FROM incident_part WHERE domain = $1 AND incident = $2 ORDER BY object", t.domain, incident)
	return out, err
}

// Incidents returns of the incidents that class may see the newest version that
// it may, the newest first: at most limit, of those numbered below before; 0 is
// from the newest on.
func (t *Tx) Incidents(class, before int64, limit int) (seqs []int64, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	err = t.Each(func(r *sql.Rows) error {
		var seq int64
		err := r.Scan(&seq)
		seqs = append(seqs, seq)
		return err
	}, `SELECT MAX(i.object) AS newest FROM incident_part i CROSS JOIN object o
		WHERE i.domain = $1 AND i.type = 'incident' AND o.domain = $1 AND o.seq = i.object AND o.type <> 'erased' AND `+mayFind+`
		GROUP BY i.incident HAVING MAX(i.object) < $3 ORDER BY newest DESC LIMIT $4 + 0`, t.domain, class, before, limit)
	return seqs, err
}

// IncidentClock is a duty to report an incident at home that runs.
type IncidentClock struct {
	Incident, Clock string
	Started         int64
	Person          string // who started it
}

// StartIncidentClock records that a clock runs, or fault.Conflict when it does
// already.
func (t *Tx) StartIncidentClock(c IncidentClock) error {
	t.Notify(TopicIncident)
	n, err := t.Exec(`INSERT INTO incident_clock (domain, incident, clock, started, person) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		t.domain, c.Incident, c.Clock, c.Started, c.Person)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "this clock runs already")
	}
	return err
}

// StopIncidentClock removes a clock and the reports made under it.
func (t *Tx) StopIncidentClock(incident, clock string) error {
	t.Notify(TopicIncident)
	if _, err := t.Exec("DELETE FROM incident_report WHERE domain = $1 AND incident = $2 AND clock = $3", t.domain, incident, clock); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM incident_clock WHERE domain = $1 AND incident = $2 AND clock = $3", t.domain, incident, clock)
	return err
}

// IncidentClocks returns the clocks of an incident, or of all for "".
func (t *Tx) IncidentClocks(incident string) (out []IncidentClock, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c IncidentClock
		err := r.Scan(&c.Incident, &c.Clock, &c.Started, &c.Person)
		out = append(out, c)
		return err
	}, `SELECT incident, clock, started, person FROM incident_clock WHERE domain = $1 AND ($2 = '' OR incident = $2)
		ORDER BY started, incident, clock`, t.domain, incident)
	return out, err
}

// IncidentReport is a report that was made at home.
type IncidentReport struct {
	Incident, Clock, Step string
	Made                  int64
	Person                string
}

// AddIncidentReport records a report; a second of the same step is
// fault.Conflict.
func (t *Tx) AddIncidentReport(p IncidentReport) error {
	t.Notify(TopicIncident)
	n, err := t.Exec(`INSERT INTO incident_report (domain, incident, clock, step, made, person) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		t.domain, p.Incident, p.Clock, p.Step, p.Made, p.Person)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "this report is recorded already")
	}
	return err
}

// IncidentReports returns the reports made of an incident, in order.
func (t *Tx) IncidentReports(incident string) (out []IncidentReport, err error) {
	err = t.Each(func(r *sql.Rows) error {
		p := IncidentReport{Incident: incident}
		err := r.Scan(&p.Clock, &p.Step, &p.Made, &p.Person)
		out = append(out, p)
		return err
	}, "SELECT clock, step, made, person FROM incident_report WHERE domain = $1 AND incident = $2 ORDER BY made, clock, step", t.domain, incident)
	return out, err
}

// WordingApproval is an officer's approval of a proposed wording, or says whose
// proposal it is.
type WordingApproval struct {
	Person string
	At     int64
	Author bool
}

// ApproveWording records an approval, or the author; a person's second word
// changes nothing.
func (t *Tx) ApproveWording(wording string, a WordingApproval) error {
	t.Notify(TopicIncident)
	_, err := t.Exec("INSERT INTO incident_approval (domain, wording, person, at, author) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		t.domain, wording, a.Person, a.At, a.Author)
	return err
}

// WordingApprovals returns who approved a wording, in order.
func (t *Tx) WordingApprovals(wording string) (out []WordingApproval, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var a WordingApproval
		err := r.Scan(&a.Person, &a.At, &a.Author)
		out = append(out, a)
		return err
	}, "SELECT person, at, author FROM incident_approval WHERE domain = $1 AND wording = $2 ORDER BY at, person", t.domain, wording)
	return out, err
}

package store

import "database/sql"

// Process is one process that works on the store. Jobs is in the form of
// act/health.
type Process struct {
	ID, Host      string
	Started, Seen int64
	Jobs          []byte
}

// SeeProcess records that p lives, now, and what it has running.
func (t *Tx) SeeProcess(p Process) error {
	_, err := t.Exec(`INSERT INTO process (id, host, started, seen, jobs) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET seen = $4, jobs = $5`, p.ID, p.Host, p.Started, t.now, notNil(p.Jobs))
	return err
}

// EndProcess forgets a process, and those not heard of since a time.
func (t *Tx) EndProcess(id string, since int64) error {
	_, err := t.Exec("DELETE FROM process WHERE id = $1 OR seen < $2", id, since)
	return err
}

// Processes returns the processes heard of since a time, the first to start
// first.
func (t *Tx) Processes(since int64) (out []Process, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var p Process
		err := r.Scan(&p.ID, &p.Host, &p.Started, &p.Seen, &p.Jobs)
		out = append(out, p)
		return err
	}, "SELECT id, host, started, seen, jobs FROM process WHERE seen >= $1 ORDER BY started, id", since)
	return out, err
}

package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Collection is a TAXII collection of one domain.
type Collection struct {
	ID, Alias          string // UUID; alias may be empty
	Title, Description string
	DefaultTLP         string // what an object without TLP takes when written here; "" for none
	Ceiling            string // the strictest TLP that may be written here; "" for no ceiling
	N                  int64  // short number, set by AddCollection
	LastAdded          int64  // date-added of the newest member, microseconds
}

const collectionColumns = "id, alias, title, description, default_tlp, ceiling, n, last_added"

func scanCollection(r *sql.Rows) (c Collection, err error) {
	err = r.Scan(&c.ID, &c.Alias, &c.Title, &c.Description, &c.DefaultTLP, &c.Ceiling, &c.N, &c.LastAdded)
	return c, err
}

// Collections returns the collections of the domain, oldest first.
func (t *Tx) Collections() (out []Collection, err error) {
	err = t.Each(func(r *sql.Rows) error {
		c, err := scanCollection(r)
		out = append(out, c)
		return err
	}, "SELECT "+collectionColumns+" FROM collection WHERE domain = $1 ORDER BY n", t.domain)
	return out, err
}

// Collection returns the collection with the given id or alias, or
// fault.NotFound.
func (t *Tx) Collection(id string) (c Collection, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		c, err = scanCollection(r)
		return err
	}, "SELECT "+collectionColumns+" FROM collection WHERE domain = $1 AND (id = $2 OR (alias = $2 AND alias <> ''))", t.domain, id)
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "no collection %q", id)
	}
	return c, err
}

// AddCollection adds c and sets its number. A taken id or alias is
// fault.Conflict.
func (t *Tx) AddCollection(c *Collection) error {
	for _, name := range []string{c.ID, c.Alias} {
		if name == "" {
			continue
		}
		if _, err := t.Collection(name); err == nil {
			return fault.Errorf(fault.Conflict, "collection %q exists", name)
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	n, err := take(t.Tx, "collection", 1)
	if err != nil {
		return err
	}
	c.N = n
	t.Notify(TopicConfig)
	_, err = t.Exec("INSERT INTO collection ("+collectionColumns+", domain) VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $1)",
		t.domain, c.ID, c.Alias, c.Title, c.Description, c.DefaultTLP, c.Ceiling, c.N, c.LastAdded)
	return err
}

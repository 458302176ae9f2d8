package people

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Right is what an account may do with one collection.
type Right struct{ Read, Write bool }

// Access is what an actor may do in one domain. It is a snapshot; ask for it
// with every request.
type Access struct {
	// Class is the store's number of the reader's clearance; 0 sees nothing.
	Class int64

	all         bool             // the node itself: every collection
	read, write bool             // what the actor's roles admit to
	rights      map[string]Right // by collection; shared, never changed
}

// Right returns what the actor may do with a collection: what was granted, as
// far as the actor's roles admit to reading and writing at all.
func (a Access) Right(collection string) Right {
	if a.all {
		return Right{Read: true, Write: true}
	}
	r := a.rights[collection]
	return Right{Read: r.Read && a.read, Write: r.Write && a.write}
}

type accessKey struct {
	domain    ident.Domain
	account   string
	org       string
	system    bool
	clearance Clearance
	room      string // of who else is there
}

type cachedAccess struct {
	access      Access
	epoch       uint64
	from, until int64
}

// Access returns what by may do in h's domain.
func (p *People) Access(ctx context.Context, h *store.Handle, by Actor) (Access, error) {
	key := accessKey{h.Domain(), by.Name, by.Org, by.system, by.Clearance, by.room.key()}
	epoch, now := p.epoch.Load(), p.clock.Now()
	at := now.UnixMicro()
	c, ok := p.access.get(key)
	if !ok || p.deaf.Load() || c.epoch != epoch || at < c.from || at >= c.until {
		a, err := p.readAccess(ctx, h, by)
		if err != nil {
			return Access{}, err
		}
		c = cachedAccess{access: a, epoch: epoch, from: at, until: now.Add(ttl).UnixMicro()}
		p.access.put(key, c)
	}
	a := c.access
	a.all, a.read, a.write = by.system, by.can(Read), by.can(Write)
	return a, nil
}

func (p *People) readAccess(ctx context.Context, h *store.Handle, by Actor) (Access, error) {
	a := Access{}
	var c Clearance
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		if c, err = p.reads(tx, by); err != nil {
			return err
		}
		if c.TLP != marking.NoTLP {
			if c.Compartments, err = p.compartmentsOf(tx, by); err != nil {
				return err
			}
			if a.Class, err = tx.Class(c.String()); err != nil {
				return err
			}
		}
		a.rights, err = p.rightsIn(tx, by)
		return err
	})
	if err != nil || a.Class != 0 || c.TLP == marking.NoTLP {
		return a, err
	}
	a.Class, err = p.addClass(ctx, h, c)
	return a, err
}

// reads is Cleared of an actor, with the industry member the actor is of.
func (p *People) reads(tx *store.Tx, by Actor) (Clearance, error) {
	c, err := p.Cleared(tx, by.Clearance)
	if err != nil || by.system || c.TLP == marking.NoTLP {
		return c, err
	}
	member, err := industry(tx, by.Name)
	c.Members = joinGuests(c.Members, member)
	return c, err
}

// Cleared returns what a clearance admits to on this node: no more than the
// node may hold, and with it the foreign levels that an agreement in force
// calls equivalent. Cleared of what it returned is the same.
func (p *People) Cleared(tx *store.Tx, c Clearance) (Clearance, error) {
	if c.Classification == "" {
		return c, nil
	}
	bound, table, err := p.bounds(tx)
	if err != nil {
		return Clearance{}, err
	}
	c.Classification = marking.MeetLevels(marking.WithEquivalents(c.Classification, table), bound)
	return c, nil
}

// Bound returns the highest level of each scheme that the node may hold, own
// and equivalent; "" is nothing classified.
func (p *People) Bound(tx *store.Tx) (string, error) {
	bound, _, err := p.bounds(tx)
	return bound, err
}

// Ceiling returns the highest level of each of one's own schemes that the node
// may hold; "" is nothing classified.
func (p *People) Ceiling() string { return p.home.Classification }

func (p *People) bounds(tx *store.Tx) (bound string, table []marking.Equivalent, err error) {
	if p.home.Classification == "" || p.equivalents == nil {
		return p.home.Classification, nil, nil
	}
	table, err = p.equivalents(tx)
	return marking.WithEquivalents(p.home.Classification, table), table, err
}

// addClass makes the class of c on its first use.
func (p *People) addClass(ctx context.Context, h *store.Handle, c Clearance) (int64, error) {
	if _, err := ParseClearance(c.String()); err != nil {
		return 0, err
	}
	now := p.clock.Now()
	var id int64
	err := h.Write(ctx, func(tx *store.Tx) error {
		var err error
		id, err = tx.AddClass(c.String(), func(label []byte) bool {
			return p.home.Readable(c.String(), label, tx.Domain(), now)
		})
		return err
	})
	return id, err
}

func rightsOf(tx *store.Tx, account string) (map[string]Right, error) {
	rows, err := tx.RightsOf(account)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Right, len(rows))
	for _, r := range rows {
		out[r.Collection] = Right{Read: r.Read, Write: r.Write}
	}
	return out, nil
}

// Rights returns what was granted to account in h's domain, by collection.
func (p *People) Rights(ctx context.Context, h *store.Handle, account string) (map[string]Right, error) {
	var out map[string]Right
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		out, err = rightsOf(tx, account)
		return err
	})
	return out, err
}

// Grant sets what account may do with the collection of h's domain that has
// this id, in place of what it might before. Returns fault.Denied unless by
// may Administer; fault.NotFound when there is no such account or collection;
// fault.Invalid when nothing is granted.
func (p *People) Grant(ctx context.Context, h *store.Handle, by Actor, r store.Right) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	if !r.Read && !r.Write {
		return fault.New(fault.Invalid, "neither reading nor writing is granted: revoke the right instead")
	}
	account, err := ParseName(r.Account)
	if err != nil {
		return err
	}
	r.Account = account
	e := entry{by, "grant", []string{"account", r.Account, "collection", r.Collection, "right", Right{r.Read, r.Write}.String()}}
	return p.change(ctx, h, e, func(tx *store.Tx) error { return tx.Grant(r) })
}

// String returns the right in words.
func (r Right) String() string {
	switch {
	case r.Read && r.Write:
		return "read and write"
	case r.Read:
		return "read"
	case r.Write:
		return "write"
	}
	return "nothing"
}

// RevokeGrant takes what account may do with a collection. Returns
// fault.Denied unless by may Administer; fault.NotFound when it had no right.
func (p *People) RevokeGrant(ctx context.Context, h *store.Handle, by Actor, collection, account string) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	account, err := ParseName(account)
	if err != nil {
		return err
	}
	e := entry{by, "revoke grant", []string{"account", account, "collection", collection}}
	return p.change(ctx, h, e, func(tx *store.Tx) error { return tx.RevokeGrant(collection, account) })
}

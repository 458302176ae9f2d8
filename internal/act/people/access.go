package people

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
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
	domain  ident.Domain
	account string
	system  bool
}

type cachedAccess struct {
	access      Access
	clearance   Clearance
	epoch       uint64
	from, until int64
}

// Access returns what by may do in h's domain.
func (p *People) Access(ctx context.Context, h *store.Handle, by Actor) (Access, error) {
	key := accessKey{h.Domain(), by.Name, by.system}
	epoch, now := p.epoch.Load(), p.clock.Now()
	at := now.UnixMicro()
	c, ok := p.access.get(key)
	if !ok || p.deaf.Load() || c.epoch != epoch || c.clearance != by.Clearance || at < c.from || at >= c.until {
		a, err := p.readAccess(ctx, h, by)
		if err != nil {
			return Access{}, err
		}
		c = cachedAccess{access: a, clearance: by.Clearance, epoch: epoch, from: at, until: now.Add(ttl).UnixMicro()}
		p.access.put(key, c)
	}
	a := c.access
	a.all, a.read, a.write = by.system, by.can(Read), by.can(Write)
	return a, nil
}

func (p *People) readAccess(ctx context.Context, h *store.Handle, by Actor) (Access, error) {
	a := Access{}
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		if by.Clearance != (Clearance{}) {
			if a.Class, err = tx.Class(by.Clearance.String()); err != nil {
				return err
			}
		}
		a.rights, err = rightsOf(tx, by.Name)
		return err
	})
	if err != nil || a.Class != 0 || by.Clearance == (Clearance{}) {
		return a, err
	}
	a.Class, err = p.addClass(ctx, h, by.Clearance)
	return a, err
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

package cli

import (
	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type collectionCmd struct {
	List   collectionList   `cmd:"" default:"1" help:"List collections."`
	Add    collectionAdd    `cmd:"" help:"Add a collection."`
	Grant  collectionGrant  `cmd:"" help:"Give an account rights."`
	Revoke collectionRevoke `cmd:"" help:"Take an account's rights away."`
}

type collectionList struct{}

type collectionRow struct {
	ID         string  `json:"id"`
	Alias      string  `json:"alias"`
	Title      string  `json:"title"`
	DefaultTLP string  `json:"default_tlp"`
	Ceiling    string  `json:"ceiling"`
	Rights     []right `json:"rights"`
}

// right is what one account may do with a collection.
type right struct {
	User  string `json:"user"`
	Read  bool   `json:"read"`
	Write bool   `json:"write"`
}

// Run lists.
func (c *collectionList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		rows := []collectionRow{}
		err := n.Live.Query(a.ctx, func(tx *store.Tx) error {
			list, err := tx.Collections()
			for _, x := range list {
				r := rowOfCollection(x)
				rights, err := tx.RightsOn(x.ID)
				if err != nil {
					return err
				}
				for _, g := range rights {
					r.Rights = append(r.Rights, right{g.Account, g.Read, g.Write})
				}
				rows = append(rows, r)
			}
			return err
		})
		if err != nil {
			return err
		}
		return a.say(map[string]any{"collections": rows}, func() {
			for _, r := range rows {
				a.printf("%s  %-24s %s  (default %s, ceiling %s)\n", r.ID, r.Alias, r.Title, dash(r.DefaultTLP), dash(r.Ceiling))
				for _, g := range r.Rights {
					a.printf("  %-24s %s\n", g.User, people.Right{Read: g.Read, Write: g.Write})
				}
			}
		})
	})
}

func rowOfCollection(c store.Collection) collectionRow {
	return collectionRow{ID: c.ID, Alias: c.Alias, Title: c.Title, DefaultTLP: c.DefaultTLP, Ceiling: c.Ceiling, Rights: []right{}}
}

type collectionAdd struct {
	Title       string `arg:"" help:"Title."`
	Alias       string `help:"Short name that can stand for the id."`
	Description string `help:"Description."`
	TLP         string `name:"tlp" placeholder:"LEVEL" help:"TLP of objects written here that carry none; without it they stay unreleasable."`
	Ceiling     string `placeholder:"LEVEL" help:"Strictest TLP that may be written here."`
}

// Run adds.
func (c *collectionAdd) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		made, err := n.Collections.Create(a.ctx, n.Live, n.Operator(), store.Collection{
			Title: c.Title, Alias: c.Alias, Description: c.Description, DefaultTLP: c.TLP, Ceiling: c.Ceiling,
		})
		if err != nil {
			return err
		}
		return a.say(rowOfCollection(made), func() { a.printf("%s\n", made.ID) })
	})
}

type collectionGrant struct {
	Collection string `arg:"" help:"Collection, by id or alias."`
	User       string `arg:"" help:"Account."`
	Read       bool   `help:"May read."`
	Write      bool   `help:"May write."`
}

// Run grants.
func (c *collectionGrant) Run(a *app) error {
	return a.with(func(n *node.Node) error { return grant(a, n, c.Collection, c.User, c.Read, c.Write) })
}

type collectionRevoke struct {
	Collection string `arg:"" help:"Collection, by id or alias."`
	User       string `arg:"" help:"Account."`
}

// Run revokes.
func (c *collectionRevoke) Run(a *app) error {
	return a.with(func(n *node.Node) error { return revoke(a, n, c.Collection, c.User) })
}

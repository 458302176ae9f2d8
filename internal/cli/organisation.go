package cli

import (
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/node"
)

type organisationCmd struct {
	List   organisationList   `cmd:"" default:"1" help:"List organisations."`
	Add    organisationAdd    `cmd:"" help:"Add an organisation that accounts may belong to."`
	Change organisationChange `cmd:"" help:"Change an organisation; its people sign in again when its ceiling or state changes."`
}

type organisationList struct{}

// Run lists organisations.
func (c *organisationList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.People.Organisations(a.ctx, n.Operator())
		if err != nil {
			return err
		}
		type row struct {
			ID      string   `json:"id"`
			Name    string   `json:"name"`
			Kind    string   `json:"kind"`
			Sectors []string `json:"sectors"`
			Ceiling string   `json:"ceiling"`
			Closed  bool     `json:"closed"`
		}
		rows := []row{}
		for _, o := range list {
			rows = append(rows, row{o.ID, o.Name, string(o.Kind), append([]string{}, o.Sectors...), o.Ceiling, o.Closed})
		}
		return a.say(map[string]any{"organisations": rows}, func() {
			for _, r := range rows {
				state := ""
				if r.Closed {
					state = "  closed"
				}
				a.printf("%-16s %-12s up to %-20s %s  %s%s\n", r.ID, r.Kind, r.Ceiling, r.Name, strings.Join(r.Sectors, ","), state)
			}
		})
	})
}

type organisationAdd struct {
	ID      string   `arg:"" help:"Short name: letters, digits and . -"`
	Name    string   `required:"" help:"Its name."`
	Kind    string   `required:"" help:"ministry, cert, police, regulator, operator, vendor, sector-body or academia."`
	Sector  []string `help:"Sectors, such as energy."`
	Sponsor string   `help:"Ministry, CERT or regulator under which an industry member contributes."`
	Look    bool     `help:"Its officer sees what the member contributes before it goes."`
	Alias   []string `help:"Other names and domains it is known by."`
	Ceiling string   `default:"TLP:GREEN" help:"Highest clearance that counts for its people; +UNMARKED adds what has no terms."`
}

// Run adds an organisation.
func (c *organisationAdd) Run(a *app) error {
	o := people.Organisation{ID: c.ID, Name: c.Name, Kind: people.Kind(c.Kind), Sectors: c.Sector, Ceiling: c.Ceiling}
	o.Sponsor, o.Look, o.Aliases = c.Sponsor, c.Look, c.Alias
	return a.with(func(n *node.Node) error {
		if err := n.People.AddOrganisation(a.ctx, n.Operator(), o); err != nil {
			return err
		}
		return a.say(map[string]any{"id": c.ID}, func() { a.printf("Organisation %s added.\n", c.ID) })
	})
}

type organisationChange struct {
	ID      string   `arg:"" help:"Short name."`
	Name    string   `help:"Another name."`
	Kind    string   `help:"Another kind."`
	Sector  []string `help:"Other sectors."`
	Ceiling string   `help:"Another ceiling."`
	Sponsor *string  `help:"Another sponsor; none with an empty text."`
	Look    bool     `help:"The sponsor sees first what it contributes." xor:"look"`
	Trust   bool     `help:"The sponsor does not look first." xor:"look"`
	Alias   []string `help:"Other names and domains it is known by, in place of those before."`
	Close   bool     `help:"Shut every account of it out." xor:"state"`
	Open    bool     `help:"Open it again." xor:"state"`
}

// Run changes what was named and leaves the rest.
func (c *organisationChange) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		o, err := n.People.Organisation(a.ctx, n.Operator(), c.ID)
		if err != nil {
			return err
		}
		if c.Name != "" {
			o.Name = c.Name
		}
		if c.Kind != "" {
			o.Kind = people.Kind(c.Kind)
		}
		if c.Sector != nil {
			o.Sectors = c.Sector
		}
		if c.Ceiling != "" {
			o.Ceiling = c.Ceiling
		}
		if c.Sponsor != nil {
			o.Sponsor = *c.Sponsor
		}
		o.Look = c.Look || o.Look && !c.Trust
		if c.Alias != nil {
			o.Aliases = c.Alias
		}
		o.Closed = c.Close || o.Closed && !c.Open
		return n.People.ChangeOrganisation(a.ctx, n.Operator(), o)
	})
}

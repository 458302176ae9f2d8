package people

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Kind is what an organisation is.
type Kind string

// The kinds of organisation under a side.
const (
	Ministry   Kind = "ministry"
	CERT       Kind = "cert"
	Police     Kind = "police"
	Regulator  Kind = "regulator"
	Operator   Kind = "operator" // of infrastructure
	Vendor     Kind = "vendor"
	SectorBody Kind = "sector-body"
	Academia   Kind = "academia"
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{Ministry, CERT, Police, Regulator, Operator, Vendor, SectorBody, Academia}
}

// Organisation is a body of one's own side that people belong to.
type Organisation struct {
	ID, Name string
	Kind     Kind
	Sectors  []string // such as finance or energy
	// Ceiling is the highest clearance that counts for its people, in the text
	// form of Clearance; "" means DefaultClearance.
	Ceiling string
	// Sponsor is the ministry, CERT or regulator under which an industry member
	// contributes, "" for none. Look says that one of its officers sees what
	// the member contributes before it goes.
	Sponsor string
	Look    bool
	// Aliases are other names and the domains it is known by.
	Aliases []string
	// Closed shuts every account of it.
	Closed  bool
	Created time.Time // set by the store
}

var (
	orgRE    = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$`)
	sectorRE = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
)

// maxSectors bounds the sectors of one organisation.
const maxSectors = 32

// row returns o as the store keeps it.
func (o Organisation) row() (store.Organisation, error) {
	o.ID = strings.ToLower(strings.TrimSpace(o.ID))
	if !orgRE.MatchString(o.ID) {
		return store.Organisation{}, fault.Errorf(fault.Invalid, "organisation %.80q: want 1 to 64 letters, digits and inner . -", o.ID)
	}
	return o.rest()
}

// rest is row without a look at the id.
func (o Organisation) rest() (store.Organisation, error) {
	name, err := text("name of the organisation", o.Name)
	if err != nil {
		return store.Organisation{}, err
	}
	if name == "" {
		return store.Organisation{}, fault.New(fault.Invalid, "the organisation has no name")
	}
	if !slices.Contains(Kinds(), o.Kind) {
		return store.Organisation{}, fault.Errorf(fault.Invalid, "kind of organisation %.40q: want one of %v", o.Kind, Kinds())
	}
	sectors := slices.Compact(slices.Sorted(slices.Values(o.Sectors)))
	for _, s := range sectors {
		if !sectorRE.MatchString(s) || len(sectors) > maxSectors {
			return store.Organisation{}, fault.Errorf(fault.Invalid, "sector %.60q: want up to %d sectors of lower-case letters, digits and inner hyphens", s, maxSectors)
		}
	}
	aliases, err := o.aliases()
	if err != nil {
		return store.Organisation{}, err
	}
	c := DefaultClearance
	if o.Ceiling != "" {
		if c, err = clearanceFor(o.Ceiling); err != nil {
			return store.Organisation{}, err
		}
	}
	return store.Organisation{
		ID: o.ID, Name: name, Kind: string(o.Kind), Sectors: strings.Join(sectors, ","), Ceiling: c.String(), Closed: o.Closed,
		Sponsor: o.Sponsor, Look: o.Look && o.Sponsor != "", Aliases: aliases,
	}, nil
}

// AddOrganisation adds an organisation. Returns fault.Denied unless by may
// Administer; fault.Conflict when the id is taken; fault.Invalid.
func (p *People) AddOrganisation(ctx context.Context, by Actor, o Organisation) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	row, err := o.row()
	if err != nil {
		return err
	}
	e := entry{by, "add organisation", organisationFields(row)}
	return p.change(ctx, p.store, e, func(tx *store.Tx) error {
		if err := fitSponsor(tx, row); err != nil {
			return err
		}
		return tx.AddOrganisation(row)
	})
}

// ChangeOrganisation replaces all of the organisation o.ID but its id, and
// ends the sessions of its people when it takes something from them. Returns
// fault.Denied unless by may Administer; fault.NotFound; fault.Invalid.
func (p *People) ChangeOrganisation(ctx context.Context, by Actor, o Organisation) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	row, err := o.rest() // an id that is there is fit
	if err != nil {
		return err
	}
	e := entry{by, "change organisation", organisationFields(row)}
	return p.change(ctx, p.store, e, func(tx *store.Tx) error {
		before, err := tx.Organisation(row.ID)
		if err != nil {
			return err
		}
		if err := fitSponsor(tx, row); err != nil {
			return err
		}
		if before.Ceiling != row.Ceiling || before.Closed != row.Closed {
			if err := tx.EndSessionsOf(row.ID); err != nil {
				return err
			}
		}
		return tx.UpdateOrganisation(row)
	})
}

func organisationFields(row store.Organisation) []string {
	state := "open"
	if row.Closed {
		state = "closed"
	}
	fields := []string{"organisation", row.ID, "kind", row.Kind, "ceiling", row.Ceiling, "state", state}
	if row.Sectors != "" {
		fields = append(fields, "sectors", row.Sectors)
	}
	if row.Sponsor != "" {
		fields = append(fields, "sponsor", row.Sponsor, "look", strconv.FormatBool(row.Look))
	}
	return fields
}

// Organisations returns the organisations in the order of names: every one to
// whoever may Administer or Audit, the own one to others.
func (p *People) Organisations(ctx context.Context, by Actor) ([]Organisation, error) {
	if by.Name == "" {
		return nil, by.May(Manage)
	}
	all := by.can(Administer) || by.can(Audit)
	var out []Organisation
	err := p.store.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Organisations()
		for _, row := range rows {
			if all || row.ID == by.Org {
				out = append(out, organisationOf(row))
			}
		}
		return err
	})
	return out, err
}

// Organisation returns the organisation with the given id, or fault.NotFound,
// also when it is not by's to see.
func (p *People) Organisation(ctx context.Context, by Actor, id string) (Organisation, error) {
	list, err := p.Organisations(ctx, by)
	if err != nil {
		return Organisation{}, err
	}
	i := slices.IndexFunc(list, func(o Organisation) bool { return o.ID == id })
	if i < 0 {
		return Organisation{}, fault.Errorf(fault.NotFound, "there is no organisation %.80q", id)
	}
	return list[i], nil
}

func organisationOf(row store.Organisation) Organisation {
	o := Organisation{
		ID: row.ID, Name: row.Name, Kind: Kind(row.Kind), Ceiling: row.Ceiling, Closed: row.Closed,
		Sponsor: row.Sponsor, Look: row.Look,
		Created: time.UnixMicro(row.Created).UTC(),
	}
	if row.Sectors != "" {
		o.Sectors = strings.Split(row.Sectors, ",")
	}
	if row.Aliases != "" {
		o.Aliases = strings.Split(row.Aliases, "\n")
	}
	return o
}

package demo

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
)

// bodies are organisations of each side, the first four kinds of the desk's
// people; the names are those of the reference memorandum's world.
var bodies = map[ident.Side][]people.Organisation{
	India: {
		{ID: "mea", Name: "Ministry of External Affairs", Kind: people.Ministry, Sectors: []string{"government"}, Ceiling: "TLP:RED+UNMARKED"},
		{ID: "cert-in", Name: "CERT-In", Kind: people.CERT, Sectors: []string{"government"}, Ceiling: "TLP:RED+UNMARKED"},
		{ID: "police", Name: "Cyber crime police", Kind: people.Police, Sectors: []string{"government"}, Ceiling: "TLP:RED"},
		{ID: "grid", Name: "Grid operator (example)", Kind: people.Operator, Sectors: []string{"energy"}, Ceiling: "TLP:AMBER"},
	},
	Japan: {
		{ID: "mofa", Name: "外務省 (Ministry of Foreign Affairs)", Kind: people.Ministry, Sectors: []string{"government"}, Ceiling: "TLP:RED+UNMARKED"},
		{ID: "jpcert", Name: "JPCERT/CC", Kind: people.CERT, Sectors: []string{"government"}, Ceiling: "TLP:RED+UNMARKED"},
		{ID: "police", Name: "サイバー警察 (Cyber police)", Kind: people.Police, Sectors: []string{"government"}, Ceiling: "TLP:RED"},
		{ID: "grid", Name: "送配電事業者 (Grid operator, example)", Kind: people.Operator, Sectors: []string{"energy"}, Ceiling: "TLP:AMBER"},
	},
}

// cast is one account for each role, two for the one of which two people are
// needed. body counts in bodies.
var cast = []struct {
	name, clearance string
	body            int
	role            people.Role
}{
	{"administrator", "TLP:GREEN", 1, people.Administrator},
	{account, "TLP:RED+UNMARKED", 1, people.Analyst},
	{"officer", "TLP:RED+UNMARKED", 1, people.ReleasingOfficer},
	{"officer2", "TLP:RED+UNMARKED", 1, people.ReleasingOfficer},
	{"duty", "TLP:RED+UNMARKED", 1, people.DutyOfficer},
	{"desk", "TLP:AMBER", 0, people.DeskOfficer},
	{"police", "TLP:RED", 2, people.Liaison},
	{"member", "TLP:GREEN", 3, people.Member},
	{"grid-admin", "TLP:GREEN", 3, people.OrganisationAdministrator},
	{"auditor", "TLP:RED+UNMARKED", 0, people.Auditor},
}

// People are the accounts of a side, to sign in with its one password.
func People() []string {
	names := make([]string, len(cast))
	for i, c := range cast {
		names[i] = c.name
	}
	return names
}

// staff makes the organisations and accounts of a side.
func (s *Side) staff(ctx context.Context) error {
	op, own := s.Operator(), bodies[s.Config.Side]
	for _, o := range own {
		if err := s.People.AddOrganisation(ctx, op, o); err != nil {
			return err
		}
	}
	for _, c := range cast {
		if err := s.People.AddAccount(ctx, op, people.Account{
			Name: c.name, Org: own[c.body].ID, Roles: []people.Role{c.role}, Clearance: c.clearance, Password: s.Password,
		}); err != nil {
			return err
		}
	}
	return nil
}

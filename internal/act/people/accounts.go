package people

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Account is a person or a program that may log in.
type Account struct {
	Name  string
	Org   string // id of the organisation, "" for none
	Roles []Role // one or more
	// Clearance is in the text form of Clearance; "" means DefaultClearance.
	// What counts is what the organisation's ceiling leaves of it.
	Clearance string
	// FullName and Email say who the person is; an invitation by e-mail is how
	// an OpenID Connect provider's first sign-in finds the account.
	FullName, Email string
	// Password opens the account; with "" only tokens, passkeys and links do.
	// It is never read back.
	Password string
	Disabled bool
	Created  time.Time // set by the store

	// Read back only.

	HasPassword, HasSecond bool   // Second: a passkey or a code generator
	Effective              string // the clearance under the organisation's ceiling
	OrgClosed              bool   // which shuts the account too
	// Tended says that an organisation's administrator changed it, or what
	// opens it: see Change.
	Tended bool
	// Renewed is when all its ways in were taken back, see Change; zero when
	// that never happened.
	Renewed time.Time
	// Audiences are those whose newest list of this side names the account's
	// organisation; Get alone reads them.
	Audiences []Audience
}

// Audience is a caveat with an audience of its own under an agreement.
type Audience struct {
	Agreement ident.Agreement `json:"agreement"`
	Caveat    string          `json:"caveat"`
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$`)

// ParseName returns s as the name of an account: 1 to 64 letters, digits and
// inner . _ @ -, in lower case whatever s is in, or fault.Invalid.
func ParseName(s string) (string, error) {
	if !nameRE.MatchString(s) { // before lowering: the Kelvin sign is no k
		return "", fault.Errorf(fault.Invalid, "account name %.80q: want 1 to 64 letters, digits and inner . _ @ -", s)
	}
	return strings.ToLower(s), nil
}

// row returns a as the store keeps it, without a password.
func (a Account) row() (store.Account, error) {
	name, err := ParseName(a.Name)
	if err != nil {
		return store.Account{}, err
	}
	rs, err := parseRoles(a.Roles)
	if err != nil {
		return store.Account{}, err
	}
	c := DefaultClearance
	if a.Clearance != "" {
		if c, err = clearanceFor(a.Clearance); err != nil {
			return store.Account{}, err
		}
	}
	return store.Account{
		Name: name, Org: a.Org, Roles: roleText(rs, ","), Clearance: c.String(), Disabled: a.Disabled,
	}, nil
}

// clearanceFor reads a clearance that an account or an organisation may have.
func clearanceFor(s string) (Clearance, error) {
	c, err := ParseClearance(s)
	if err == nil && c.Guests != "" {
		err = fault.New(fault.Invalid, "guests are of a meeting and not of a clearance")
	}
	if err == nil && c.Compartments != "" {
		err = fault.New(fault.Invalid, "who belongs to a compartment is said by its list and not by a clearance")
	}
	return c, err
}

// parseRoles checks rs and returns them sorted, each once.
func parseRoles(rs []Role) ([]Role, error) {
	if len(rs) == 0 {
		return nil, fault.Errorf(fault.Invalid, "the account has no role: want one or more of %s", roleText(Roles(), ", "))
	}
	for _, r := range rs {
		if _, err := ParseRole(string(r)); err != nil {
			return nil, err
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(rs))), nil
}

func roleText(rs []Role, sep string) string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = string(r)
	}
	return strings.Join(names, sep)
}

// actorOf returns who a row of the store is. A role this program does not know
// gives no right; a clearance it cannot read sees nothing.
func actorOf(row store.Account, token string) Actor {
	a := Actor{Name: row.Name, Org: row.Org, Token: token}
	for name := range strings.SplitSeq(row.Roles, ",") {
		if r, err := ParseRole(name); err == nil {
			a.Roles = append(a.Roles, r)
		}
	}
	a.Clearance = clearanceOf(row)
	return a
}

// clearanceOf returns what row's account may see, zero when a clearance is
// unreadable.
func clearanceOf(row store.Account) Clearance {
	c, err := ParseClearance(row.Clearance)
	if err != nil || row.Ceiling == "" {
		return c
	}
	ceiling, _ := ParseClearance(row.Ceiling) // zero when unreadable
	return c.Under(ceiling)
}

// shut reports whether nobody may get in as row.
func shut(row store.Account) bool { return row.Disabled || row.Shut }

// As returns the actor that the account called name is, without a login.
// Returns fault.Denied unless by is the node itself, so that whoever holds the
// data directory can act as a named officer; fault.NotFound when there is no
// such account; fault.Denied when it is disabled.
func (p *People) As(ctx context.Context, by Actor, name string) (Actor, error) {
	if !by.system {
		return Actor{}, fault.Errorf(fault.Denied, "%s may not act as another", by)
	}
	name, err := ParseName(name)
	if err != nil {
		return Actor{}, err
	}
	var row store.Account
	err = p.store.Query(ctx, func(tx *store.Tx) error {
		var err error
		row, err = tx.Account(name)
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	if shut(row) {
		return Actor{}, fault.Errorf(fault.Denied, "account %s is disabled", name)
	}
	return actorOf(row, ""), nil
}

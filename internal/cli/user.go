package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type userCmd struct {
	List     userList     `cmd:"" default:"1" help:"List accounts."`
	Add      userAdd      `cmd:"" help:"Add an account. The password is asked for, or read from standard input."`
	Password userPassword `cmd:"" help:"Set an account's password."`
	Disable  userDisable  `cmd:"" help:"Close an account; what it did stays recorded."`
	Enable   userEnable   `cmd:"" help:"Open a closed account again."`
	Link     userLink     `cmd:"" help:"Make a one-time link that lets the account's person set up how to sign in: an invitation, or the way back in."`
	Sessions userSessions `cmd:"" help:"List who is signed in at the desk as an account, or end that."`
	Token    userToken    `cmd:"" help:"Issue an API token; it is shown once."`
	Tokens   userTokens   `cmd:"" help:"List API tokens."`
	Revoke   userRevoke   `cmd:"" help:"Revoke an API token, or an account's rights on a collection."`
	Grant    userGrant    `cmd:"" help:"Give an account rights on a collection."`
}

type userList struct{}

// Run lists accounts.
func (c *userList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.People.List(a.ctx, n.Operator())
		if err != nil {
			return err
		}
		type row struct {
			Name      string   `json:"name"`
			Org       string   `json:"org"`
			Roles     []string `json:"roles"`
			Clearance string   `json:"clearance"`
			Disabled  bool     `json:"disabled"`
		}
		rows := []row{}
		for _, u := range list {
			r := row{Name: u.Name, Org: u.Org, Clearance: u.Clearance, Disabled: u.Disabled, Roles: []string{}}
			for _, x := range u.Roles {
				r.Roles = append(r.Roles, string(x))
			}
			rows = append(rows, r)
		}
		return a.say(map[string]any{"users": rows}, func() {
			for _, r := range rows {
				state := ""
				if r.Disabled {
					state = "  closed"
				}
				a.printf("%-24s %-22s %s  %s%s\n", r.Name, r.Clearance, strings.Join(r.Roles, ","), r.Org, state)
			}
		})
	})
}

type userAdd struct {
	Name      string   `arg:"" help:"Account name: letters, digits and . _ @ -"`
	Org       string   `placeholder:"ID" help:"Organisation, by id."`
	FullName  string   `placeholder:"NAME" help:"Name of the person."`
	Email     string   `help:"E-mail address, by which single sign-on finds the account."`
	Role      []string `required:"" help:"Roles: administrator, analyst, releasing-officer, duty-officer, desk-officer, liaison, member, auditor, organisation-administrator."`
	Clearance string   `default:"TLP:GREEN" help:"Highest TLP the account may read; +UNMARKED adds what has no terms, codes of classification levels after it what is classified: 'TLP:RED IN-R'."`
	NoLogin   bool     `help:"No password: only API tokens open the account."`
}

// Run adds an account.
func (c *userAdd) Run(a *app) error {
	u := people.Account{Name: c.Name, Org: c.Org, FullName: c.FullName, Email: c.Email, Clearance: c.Clearance}
	for _, r := range c.Role {
		role, err := people.ParseRole(r)
		if err != nil {
			return err
		}
		u.Roles = append(u.Roles, role)
	}
	if !c.NoLogin {
		var err error
		if u.Password, err = a.password(); err != nil {
			return err
		}
	}
	return a.with(func(n *node.Node) error {
		if err := n.People.AddAccount(a.ctx, n.Operator(), u); err != nil {
			return err
		}
		return a.say(map[string]any{"name": c.Name}, func() { a.printf("Account %s added.\n", c.Name) })
	})
}

// password asks for a new password, twice on a terminal.
func (a *app) password() (string, error) {
	first, err := a.password1("Password: ")
	if err != nil || !a.asks() {
		return first, err
	}
	again, err := a.password1("Again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", fault.New(fault.Invalid, "the two passwords differ")
	}
	return first, nil
}

// asks reports whether a person sits at standard input.
func (a *app) asks() bool {
	f, ok := a.in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// password1 asks for a password on a terminal, and reads one line otherwise.
func (a *app) password1(prompt string) (string, error) {
	if f, ok := a.in.(*os.File); ok && a.asks() {
		fmt.Fprint(a.err, prompt)
		raw, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.err)
		return string(raw), err
	}
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fault.Errorf(fault.Invalid, "no password on standard input (%v)", err)
	}
	return line, nil
}

type account struct {
	Name string `arg:"" help:"Account name."`
}

type userPassword struct{ account }

// Run sets a password.
func (c *userPassword) Run(a *app) error {
	p, err := a.password()
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error { return n.People.SetPassword(a.ctx, n.Operator(), c.Name, p) })
}

type userDisable struct{ account }

// Run closes an account.
func (c *userDisable) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.People.Disable(a.ctx, n.Operator(), c.Name) })
}

type userEnable struct{ account }

// Run opens an account.
func (c *userEnable) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.People.Enable(a.ctx, n.Operator(), c.Name) })
}

type userLink struct{ account }

// Run makes a one-time link.
func (c *userLink) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		link, err := linkFor(a, n, c.Name)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"link": link}, func() { a.printf("%s\n", link) })
	})
}

type userSessions struct {
	account
	End bool `help:"End them all."`
}

// Run lists or ends sessions.
func (c *userSessions) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if c.End {
			ended, err := n.Sessions.EndAll(a.ctx, n.Operator(), c.Name)
			if err != nil {
				return err
			}
			return a.say(map[string]any{"ended": ended}, func() { a.printf("%d ended.\n", ended) })
		}
		list, err := n.Sessions.List(a.ctx, n.Operator(), c.Name)
		if err != nil {
			return err
		}
		type row struct {
			ID      string `json:"id"`
			Device  string `json:"device"`
			Address string `json:"address"`
			Method  string `json:"method"`
			Created string `json:"created"`
			Seen    string `json:"seen"`
		}
		rows := []row{}
		for _, x := range list {
			rows = append(rows, row{x.ID, x.Device, x.Address, x.Method, x.Created.Format(time.RFC3339), x.Seen.Format(time.RFC3339)})
		}
		return a.say(map[string]any{"sessions": rows}, func() {
			for _, r := range rows {
				a.printf("%s  %-24s %-20s %-18s seen %s\n", r.ID, r.Device, r.Address, r.Method, r.Seen)
			}
		})
	})
}

type userToken struct {
	account
	Note string        `help:"What it is for."`
	Life time.Duration `help:"How long it is good for (default 365 days)."`
}

// Run issues a token.
func (c *userToken) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		token, err := n.People.IssueToken(a.ctx, n.Operator(), c.Name, c.Note, c.Life)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"token": token}, func() { a.printf("%s\n", token) })
	})
}

type userTokens struct {
	Name string `arg:"" optional:"" help:"Account (default all)."`
}

// Run lists tokens.
func (c *userTokens) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.People.Tokens(a.ctx, n.Operator(), c.Name)
		if err != nil {
			return err
		}
		type row struct {
			ID      string `json:"id"`
			Account string `json:"account"`
			Note    string `json:"note"`
			Created string `json:"created"`
			Expires string `json:"expires"`
		}
		rows := []row{}
		for _, t := range list {
			rows = append(rows, row{t.ID, t.Account, t.Note, t.Created.Format(time.RFC3339), t.Expires.Format(time.RFC3339)})
		}
		return a.say(map[string]any{"tokens": rows}, func() {
			for _, t := range list {
				a.printf("%s  %-24s until %s  %s\n", t.ID, t.Account, t.Expires.Format(time.DateOnly), t.Note)
			}
		})
	})
}

type userRevoke struct {
	What       string `arg:"" help:"Token id; or an account with --collection."`
	Collection string `placeholder:"ID" help:"Take away the account's rights on this collection."`
}

// Run revokes.
func (c *userRevoke) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if c.Collection == "" {
			return n.People.RevokeToken(a.ctx, n.Operator(), c.What)
		}
		return revoke(a, n, c.Collection, c.What)
	})
}

type userGrant struct {
	account
	Collection string `arg:"" help:"Collection, by id or alias."`
	Read       bool   `help:"May read."`
	Write      bool   `help:"May write."`
}

// Run grants.
func (c *userGrant) Run(a *app) error {
	return a.with(func(n *node.Node) error { return grant(a, n, c.Collection, c.Name, c.Read, c.Write) })
}

func grant(a *app, n *node.Node, collection, account string, read, write bool) error {
	if !read && !write {
		return fault.New(fault.Invalid, "say --read, --write or both")
	}
	c, err := collectionOf(a, n, collection)
	if err != nil {
		return err
	}
	return n.People.Grant(a.ctx, n.Live, n.Operator(), store.Right{Collection: c.ID, Account: account, Read: read, Write: write})
}

func revoke(a *app, n *node.Node, collection, account string) error {
	c, err := collectionOf(a, n, collection)
	if err != nil {
		return err
	}
	return n.People.RevokeGrant(a.ctx, n.Live, n.Operator(), c.ID, account)
}

func collectionOf(a *app, n *node.Node, name string) (c store.Collection, err error) {
	err = n.Live.Query(a.ctx, func(tx *store.Tx) error {
		c, err = tx.Collection(name)
		return err
	})
	return c, err
}

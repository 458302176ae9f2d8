package cli

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/table"
	"twoseas/internal/node"
)

type feedCmd struct {
	List        feedList        `cmd:"" default:"1" help:"List feeds and how they are doing."`
	Add         feedAdd         `cmd:"" help:"Add a feed: a TAXII collection, a file by URL or a folder to take from; or a collection to send."`
	Change      feedChange      `cmd:"" help:"Replace what is said of a feed."`
	Run         feedRun         `cmd:"" help:"Run a feed now and say what it brought."`
	Pause       feedPause       `cmd:"" help:"Stop asking a feed."`
	Resume      feedResume      `cmd:"" help:"Ask a paused feed again."`
	Remove      feedRemove      `cmd:"" help:"Forget a feed. What it brought stays."`
	Collections feedCollections `cmd:"" help:"Ask a TAXII server what collections it offers."`
}

// feedPlace is where a feed is and how to get in.
type feedPlace struct {
	URL     string `arg:"" name:"url" help:"https://… of the TAXII collection, API root or server, or of the file; folder:/… for a folder."`
	User    string `placeholder:"NAME" help:"Who we are there (HTTP Basic). Without it, the secret is a bearer token."`
	Secret  string `placeholder:"FILE" help:"File that holds the password or token; - for standard input."`
	CA      string `name:"ca" placeholder:"FILE" help:"PEM file that the server's certificate must come from (default the system's authorities)."`
	Private bool   `help:"It is at a private address or on this machine."`
}

func (c *feedPlace) secret(a *app) (string, error) {
	if c.Secret == "" {
		return "", nil
	}
	var raw []byte
	var err error
	if c.Secret == "-" {
		raw, err = io.ReadAll(io.LimitReader(a.in, 1<<16))
	} else {
		raw, err = os.ReadFile(c.Secret)
	}
	if err != nil {
		return "", fault.Errorf(fault.NotFound, "secret: %w", err)
	}
	s := strings.TrimRight(string(raw), "\r\n")
	if s == "" {
		return "", fault.New(fault.Invalid, "the secret is empty")
	}
	return s, nil
}

func (c *feedPlace) authority() (string, error) {
	if c.CA == "" {
		return "", nil
	}
	raw, err := os.ReadFile(c.CA)
	if err != nil {
		return "", fault.Errorf(fault.NotFound, "certificate authority: %w", err)
	}
	return string(raw), nil
}

type feedFlags struct {
	Name string `arg:"" help:"Name of the feed here: lower-case letters, digits, - and ."`
	feedPlace
	Kind        string        `enum:"taxii,push,stix,csv,text,misp" default:"taxii" help:"taxii: take from a TAXII 2.1 collection; push: send a collection of ours there; stix, csv, text, misp: files with objects, tables, lists of values, events (default taxii)."`
	Remote      string        `placeholder:"NAME" help:"Collection there, by id, alias or title, when the address is that of a server."`
	Every       time.Duration `default:"1h" help:"Time between two looks, from 1m (default 1h)."`
	Type        []string      `placeholder:"TYPE" help:"Only objects of these types."`
	Column      []string      `placeholder:"ROLE" help:"For csv: what each column holds, in order: value, a kind such as domain, first-seen, name, description, tags, tlp, pap, or - for nothing. Without it each table is looked at."`
	Comma       string        `default:"," help:"For csv with --column: the separator (default ,)."`
	Header      bool          `help:"For csv with --column: the first line names the columns."`
	TLP         string        `name:"tlp" placeholder:"LEVEL" help:"TLP of objects that carry none; without it they stay here."`
	Ceiling     string        `placeholder:"LEVEL" help:"Strictest TLP that is taken."`
	Origin      ident.Side    `placeholder:"SIDE" help:"Whose objects these are (default other: a third party, whose consent is needed before anything crosses)."`
	Contributor string        `enum:",member" default:"" help:"member: contributed by an industry member."`
	Sector      []string      `placeholder:"CODE" help:"Sectors concerned."`
	Collection  string        `placeholder:"ID" help:"Collection here that they join, or that is sent."`
	Account     string        `placeholder:"NAME" help:"For push: the account whose rights on the collection decide what is sent."`
}

func (c *feedFlags) settings() (feed.Settings, error) {
	ca, err := c.authority()
	return feed.Settings{
		Kind: feed.Kind(c.Kind), URL: c.URL, Remote: c.Remote, User: c.User, CA: ca, Private: c.Private, Every: int64(c.Every / time.Second),
		Types: c.Type, Origin: c.Origin, Contributor: c.Contributor, Sectors: c.Sector, TLP: c.TLP, Ceiling: c.Ceiling,
		Collection: c.Collection, Account: c.Account, Layout: c.layout(),
	}, err
}

func (c *feedFlags) layout() *table.Layout {
	if len(c.Column) == 0 {
		return nil
	}
	l := &table.Layout{Comma: c.Comma, Header: c.Header}
	for i, role := range c.Column {
		if role == "-" {
			role = table.Ignore
		}
		l.Columns, l.Roles = append(l.Columns, strconv.Itoa(i+1)), append(l.Roles, role)
	}
	return l
}

type feedAdd struct{ feedFlags }

// Run adds.
func (c *feedAdd) Run(a *app) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	secret, err := c.secret(a)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		if err := n.Feeds.Add(a.ctx, n.Live, n.Operator(), c.Name, s, secret); err != nil {
			return err
		}
		return a.say(map[string]any{"feed": c.Name}, func() {
			a.printf("%s is added and runs while the node serves, every %s. To see it work now: twoseas feed run %s\n", c.Name, c.Every, c.Name)
		})
	})
}

type feedChange struct{ feedFlags }

// Run changes. Without --secret the one that is kept stays.
func (c *feedChange) Run(a *app) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	var secret *string
	if c.Secret != "" {
		given, err := c.secret(a)
		if err != nil {
			return err
		}
		secret = &given
	}
	return a.with(func(n *node.Node) error {
		if err := n.Feeds.Change(a.ctx, n.Live, n.Operator(), c.Name, s, secret); err != nil {
			return err
		}
		return a.say(map[string]any{"feed": c.Name}, func() { a.printf("%s is changed.\n", c.Name) })
	})
}

type feedList struct{}

type feedRow struct {
	Name     string        `json:"name"`
	Settings feed.Settings `json:"settings"`
	Secret   bool          `json:"secret"`
	State    string        `json:"state"`
	Due      time.Time     `json:"due"`
	Failures int           `json:"failures"`
	Health   feed.Health   `json:"health"`
}

// stateOf says in a word how a feed is doing.
func stateOf(f feed.Feed) string {
	switch {
	case f.Paused:
		return "paused"
	case f.Failures > 0:
		return "failing"
	case f.Health.Runs == 0:
		return "new"
	}
	return "well"
}

// Run lists.
func (c *feedList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		all, err := n.Feeds.List(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		rows := []feedRow{}
		for _, f := range all {
			rows = append(rows, feedRow{f.Name, f.Settings, f.Secret, stateOf(f), f.Due, f.Failures, f.Health})
		}
		return a.say(map[string]any{"feeds": rows}, func() {
			if len(rows) == 0 {
				a.printf("No feed yet. See twoseas feed add --help.\n")
			}
			for _, r := range rows {
				a.feed(r)
			}
		})
	})
}

func (a *app) feed(r feedRow) {
	a.printf("%-20s %-8s %-6s %s\n", r.Name, r.State, r.Settings.Kind, r.Settings.URL)
	if !r.Health.Succeeded.IsZero() {
		a.printf("  worked %s; %s in %s\n", r.Health.Succeeded.Format(time.RFC3339), count(int(r.Health.Objects), "object"), count(int(r.Health.Runs), "run"))
	}
	if r.Health.Error != "" {
		a.printf("  failed %s in a row: %s\n", count(r.Failures, "time"), r.Health.Error)
	}
	if r.State != "paused" {
		a.printf("  next %s\n", r.Due.Format(time.RFC3339))
	}
}

type feedName struct {
	Name string `arg:"" help:"Name of the feed."`
}

type feedRun struct{ feedName }

// Run runs it.
func (c *feedRun) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		out, err := n.Feeds.Run(a.ctx, n.Live, n.Operator(), c.Name)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"feed": c.Name, "result": out}, func() {
			t := out.Taken
			a.printf("%s: %d new, %d the same, %d updated, %d refused; %d sent, %d refused there\n", c.Name, t.New, t.Same, t.Updated, t.Refused, out.Sent, out.Refused)
			for _, r := range t.Refusals[:min(len(t.Refusals), shownRemarks)] {
				a.printf("  %s\n", r)
			}
			for _, r := range out.Remarks {
				a.printf("  %s\n", r)
			}
		})
	})
}

type feedPause struct{ feedName }

// Run pauses it.
func (c *feedPause) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Feeds.Pause(a.ctx, n.Live, n.Operator(), c.Name) })
}

type feedResume struct{ feedName }

// Run resumes it.
func (c *feedResume) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Feeds.Resume(a.ctx, n.Live, n.Operator(), c.Name) })
}

type feedRemove struct{ feedName }

// Run removes it.
func (c *feedRemove) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Feeds.Remove(a.ctx, n.Live, n.Operator(), c.Name) })
}

type feedCollections struct{ feedPlace }

// Run asks the server.
func (c *feedCollections) Run(a *app) error {
	secret, err := c.secret(a)
	if err != nil {
		return err
	}
	ca, err := c.authority()
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		rows, err := n.Feeds.Offered(a.ctx, n.Live, n.Operator(), feed.Remote{URL: c.URL, User: c.User, Secret: secret, CA: ca, Private: c.Private})
		if err != nil {
			return err
		}
		rows = append([]feed.Offer{}, rows...)
		return a.say(map[string]any{"collections": rows}, func() {
			for _, r := range rows {
				a.printf("%s\n  %s\n", r.URL, r.Title)
			}
		})
	})
}

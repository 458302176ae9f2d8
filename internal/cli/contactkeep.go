package cli

import (
	"strings"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/contact"
	"twoseas/internal/node"
)

// contactText is what a record of this side says.
type contactText struct {
	Post      string   `required:"" placeholder:"TEXT" help:"Such as Duty officer."`
	Agency    string   `required:"" placeholder:"TEXT" help:"Agency."`
	Person    string   `placeholder:"TEXT" help:"Name of the person; the partner gets it."`
	Role      string   `enum:"diplomatic,technical,law-enforcement,sectoral" default:"technical" help:"What the post is for: ${enum}."`
	Area      []string `required:"" placeholder:"REF" help:"Area of cooperation, such as 1(1) (repeatable)."`
	Channel   []string `required:"" sep:"none" placeholder:"KIND=ADDRESS" help:"Way to reach it: phone-24x7, phone-office, email or secure (repeatable)."`
	Backup    string   `placeholder:"ID" help:"Contact that this one stands in for."`
	Language  []string `placeholder:"TAG" help:"Such as en (repeatable)."`
	Zone      string   `required:"" placeholder:"ZONE" help:"Time zone, such as Asia/Tokyo."`
	Days      []int    `default:"1,2,3,4,5" placeholder:"N" help:"Working days, 1 for Monday (default 1,2,3,4,5)."`
	From      string   `default:"09:00" help:"When somebody is there from (default 09:00)."`
	To        string   `default:"18:00" help:"Until when (default 18:00)."`
	Always    bool     `help:"Around the clock."`
	Holiday   []string `placeholder:"DAY" help:"Day on which nobody is there, such as 2027-03-22 (repeatable)."`
	ValidFrom string   `placeholder:"DAY" help:"Day from which it counts (default today)."`
	ReviewDue string   `placeholder:"DAY" help:"Day by which it is looked at again."`
	Handling  string   `placeholder:"TEXT" help:"How the record may be used."`
}

// record returns what the flags say, or fault.Invalid.
func (t contactText) record(id string, now time.Time) (law.Contact, error) {
	c := law.Contact{
		ID: id, Agency: t.Agency, Post: t.Post, Person: t.Person, Role: law.Role(t.Role), Areas: t.Area, BackupOf: t.Backup, Languages: t.Language,
		Hours: law.Hours{Zone: t.Zone, Always: t.Always}, ValidFrom: t.ValidFrom, ReviewDue: t.ReviewDue, Handling: t.Handling,
	}
	if c.ValidFrom == "" {
		c.ValidFrom = now.UTC().Format(time.DateOnly)
	}
	for _, s := range t.Channel {
		kind, address, ok := strings.Cut(s, "=")
		if !ok {
			return c, fault.Errorf(fault.Invalid, "channel %.80q: want one such as email=duty@cert.example", s)
		}
		c.Channels = append(c.Channels, law.Channel{Kind: law.ChannelKind(kind), Address: address})
	}
	if t.Always {
		return c, nil
	}
	c.Hours.Days, c.Hours.Holidays = t.Days, t.Holiday
	for _, bound := range []struct {
		text string
		at   *int
	}{{t.From, &c.Hours.From}, {t.To, &c.Hours.To}} {
		at, err := time.Parse("15:04", bound.text)
		if err != nil {
			return c, fault.Errorf(fault.Invalid, "time of day %.20q: want one such as 22:00", bound.text)
		}
		*bound.at = at.Hour()*60 + at.Minute()
	}
	if c.Hours.To == 0 { // midnight ends the day
		c.Hours.To = 24 * 60
	}
	return c, nil
}

type contactAdd struct {
	Agreement ident.Agreement `arg:"" help:"Agreement it is a contact under."`
	contactText
}

// Run adds.
func (c *contactAdd) Run(a *app) error { return a.setContact(c.Agreement, "", c.contactText) }

type contactChange struct {
	Agreement ident.Agreement `arg:"" help:"Agreement it is a contact under."`
	Contact   string          `arg:"" help:"Id of the contact."`
	contactText
}

// Run changes.
func (c *contactChange) Run(a *app) error { return a.setContact(c.Agreement, c.Contact, c.contactText) }

func (a *app) setContact(id ident.Agreement, changed string, text contactText) error {
	return a.with(func(n *node.Node) error {
		c, err := text.record(changed, n.Clock.Now())
		if err != nil {
			return err
		}
		made, err := n.Contacts.Set(a.ctx, n.Live, n.Operator(), id, c)
		if err != nil {
			return err
		}
		return a.contact(n, made.ID)
	})
}

type contactAssign struct {
	Contact string   `arg:"" help:"Id of the contact."`
	Account string   `arg:"" help:"Account that holds the post."`
	Role    []string `placeholder:"ROLE" help:"Role that goes with the post (repeatable; default all)."`
}

// Run assigns.
func (c *contactAssign) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		var roles []people.Role
		for _, s := range c.Role {
			r, err := people.ParseRole(s)
			if err != nil {
				return err
			}
			roles = append(roles, r)
		}
		if err := n.Contacts.Assign(a.ctx, n.Live, n.Operator(), c.Contact, c.Account, roles); err != nil {
			return err
		}
		return a.contact(n, c.Contact)
	})
}

type contactLeave struct {
	Contact string `arg:"" help:"Id of the contact."`
}

// Run says that the person left.
func (c *contactLeave) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Contacts.Leave(a.ctx, n.Live, n.Operator(), c.Contact); err != nil {
			return err
		}
		return a.contact(n, c.Contact)
	})
}

type contactRetire struct {
	Contact string `arg:"" help:"Id of the contact."`
}

// Run ends a post.
func (c *contactRetire) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Contacts.Retire(a.ctx, n.Live, n.Operator(), c.Contact); err != nil {
			return err
		}
		return a.say(map[string]any{"retired": c.Contact}, func() { a.printf("%s is no more; the partner is told.\n", c.Contact) })
	})
}

type contactVerify struct {
	Contact     string `arg:"" help:"Id of the contact."`
	Fingerprint string `arg:"" help:"As you heard it, whole; blanks and colons do not matter."`
	As          string `required:"" placeholder:"USER" help:"Who heard it; the password is asked for."`
	Kind        string `enum:"pgp,smime,age" default:"pgp" help:"Of the key: ${enum}."`
	Expires     string `placeholder:"DAY" help:"Day on which the key ends."`
	Means       string `required:"" enum:"in-person,telephone,video,diplomatic-note,paper" help:"How you heard it: ${enum}."`
}

// Run records a fingerprint that somebody heard.
func (c *contactVerify) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		both, err := n.Contacts.Hear(a.ctx, n.Live, by, c.Contact, contact.Heard{Kind: c.Kind, Fingerprint: c.Fingerprint, Expires: c.Expires, Means: c.Means})
		if err != nil {
			return err
		}
		return a.say(map[string]any{"verified": both}, func() {
			if both {
				a.printf("Two people have heard it: the key is verified.\n")
			} else {
				a.printf("Recorded. The key counts once another person has heard the same.\n")
			}
		})
	})
}

type contactDrop struct {
	Contact     string `arg:"" help:"Id of the contact."`
	Fingerprint string `arg:"" help:"Of the key, as the contact shows it."`
}

// Run trusts a key no more.
func (c *contactDrop) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Contacts.DropKey(a.ctx, n.Live, n.Operator(), c.Contact, c.Fingerprint); err != nil {
			return err
		}
		return a.contact(n, c.Contact)
	})
}

type contactCheck struct {
	Contact string `arg:"" help:"Id of a contact of the partner."`
}

// Run sends a check.
func (c *contactCheck) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		k, err := n.Contacts.Ask(a.ctx, n.Live, n.Operator(), c.Contact)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"check": k.ID, "window": k.Window().String()}, func() {
			a.printf("Sent. Check %s; there are %s to answer from when the partner's node has it.\n", k.ID, k.Window())
		})
	})
}

type contactAnswer struct {
	Check string `arg:"" help:"Id of the check."`
	As    string `required:"" placeholder:"USER" help:"Who answers; the password is asked for."`
}

// Run answers a check.
func (c *contactAnswer) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		state, err := n.Contacts.Answer(a.ctx, n.Live, by, c.Check)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"state": state}, func() { a.printf("The check is %s.\n", state) })
	})
}

type contactWaive struct {
	Check  string `arg:"" help:"Id of the check."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it stays here."`
}

// Run waives a check.
func (c *contactWaive) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Contacts.Waive(a.ctx, n.Live, n.Operator(), c.Check, c.Reason); err != nil {
			return err
		}
		return a.say(map[string]any{"waived": c.Check}, func() { a.printf("Waived; the partner is told that nobody needs to answer.\n") })
	})
}

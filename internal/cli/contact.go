package cli

import (
	"strings"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
)

type contactCmd struct {
	List   contactList   `cmd:"" default:"withargs" help:"List both sides' points of contact, what nobody covers, and the days meant for exchanging them."`
	Show   contactShow   `cmd:"" help:"Show one contact with its keys and checks."`
	Add    contactAdd    `cmd:"" help:"Add a contact of this side; the partner is told."`
	Change contactChange `cmd:"" help:"Change all of a contact of this side but its keys and who holds it."`
	Assign contactAssign `cmd:"" help:"Say which account holds a post, and which of its roles go with it."`
	Leave  contactLeave  `cmd:"" help:"Say that the person left: sessions, tokens, the calendar and the roles that went with the post end at once."`
	Retire contactRetire `cmd:"" help:"Say that a post is no more."`
	Verify contactVerify `cmd:"" help:"Say that you heard a key's fingerprint out of band; it takes two people."`
	Drop   contactDrop   `cmd:"" help:"Trust a key no more."`
	Check  contactCheck  `cmd:"" help:"Send a communication check to a contact of the partner."`
	Answer contactAnswer `cmd:"" help:"Answer a check of the partner, as who holds the post or stands in for it."`
	Waive  contactWaive  `cmd:"" help:"Take back a check that was not answered."`
}

type contactList struct {
	Agreement ident.Agreement `arg:"" help:"Agreement whose contacts are listed."`
}

type contactRow struct {
	ID       string   `json:"contact"`
	Side     string   `json:"side"`
	Agency   string   `json:"agency"`
	Post     string   `json:"post"`
	Role     string   `json:"role"`
	Areas    []string `json:"areas"`
	Vacant   bool     `json:"vacant"`
	OnDuty   string   `json:"on_duty"`
	There    bool     `json:"there"`
	Check    string   `json:"check"`
	Warnings int      `json:"warnings"`
}

func contactRowOf(e contact.Entry) contactRow {
	r := contactRow{
		e.ID, string(e.Side), e.Agency, e.Post, string(e.Role), append([]string{}, e.Areas...), e.Vacant, e.Duty.Contact, e.Duty.There, "", len(e.Warnings),
	}
	if e.Latest != nil {
		r.Check = string(e.Latest.State)
	}
	return r
}

// state is how somebody at a telephone is told of a row.
func (r contactRow) state() string {
	state := "not there by the hours"
	switch {
	case r.OnDuty == "":
		state = "nobody holds it"
	case r.OnDuty != r.ID:
		state = "ask " + r.OnDuty
	case r.There:
		state = "there now"
	}
	if r.Check != "" {
		state += ", last check " + r.Check
	}
	if r.Warnings > 0 {
		state += ", a key ends soon"
	}
	return state
}

// Run lists.
func (c *contactList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Contacts.Directory(a.ctx, n.Live, n.Operator(), c.Agreement)
		if err != nil {
			return err
		}
		rows, gaps := []contactRow{}, []string{}
		for _, e := range d.Entries {
			rows = append(rows, contactRowOf(e))
		}
		for _, row := range d.Matrix.Areas {
			for _, cell := range row.Cells {
				if cell.Gap() {
					gaps = append(gaps, row.Area+" "+string(cell.Side))
				}
			}
		}
		out := map[string]any{"contacts": rows, "gaps": gaps, "crosses": d.Clause != ""}
		if n := d.Countdown; n != nil {
			out["day"], out["of"] = n.Day, n.Of
		}
		return a.say(out, func() {
			for _, r := range rows {
				a.printf("%s  %s  %s, %s  %s  %s  %s\n", r.ID, r.Side, r.Post, r.Agency, r.Role, strings.Join(r.Areas, ","), r.state())
			}
			if n := d.Countdown; n != nil {
				a.printf("Day %d of %d for exchanging contacts (%s).\n", n.Day, n.Of, d.Clause)
			}
			a.printf("Nobody yet for %d of %d: %s\n", d.Matrix.Gaps, d.Matrix.Gaps+d.Matrix.Covered, strings.Join(gaps, ", "))
			if d.Clause == "" {
				a.printf("No rule of the agreement lets contacts cross: they stay here.\n")
			}
		})
	})
}

type contactShow struct {
	Contact string `arg:"" help:"Id of the contact."`
}

// Run shows.
func (c *contactShow) Run(a *app) error {
	return a.with(func(n *node.Node) error { return a.contact(n, c.Contact) })
}

// contact says what is known of one.
func (a *app) contact(n *node.Node, id string) error {
	d, err := n.Contacts.Contact(a.ctx, n.Live, n.Operator(), id)
	if err != nil {
		return err
	}
	type check struct {
		ID    string `json:"check"`
		State string `json:"state"`
		Sent  string `json:"sent"`
		Due   string `json:"due"`
		By    string `json:"by,omitempty"`
	}
	checks := []check{}
	for _, k := range d.Checks {
		checks = append(checks, check{k.ID, string(k.State), k.Sent.Format(time.RFC3339), k.Due.Format(time.RFC3339), k.Person})
	}
	out := map[string]any{"record": d.Contact, "row": contactRowOf(d.Entry), "checks": checks, "heard": d.Heard, "holder": d.Holder}
	return a.say(out, func() {
		r := contactRowOf(d.Entry)
		a.printf("%s\n%s, %s (%s), %s: %s\n", r.ID, r.Post, r.Agency, r.Side, r.Role, r.state())
		for _, ch := range d.Channels {
			a.printf("  %-13s %s\n", ch.Kind, ch.Address)
		}
		for _, k := range d.Keys {
			a.printf("  %-13s %s  verified by %d people on %s (%s)\n", k.Kind, k.Fingerprint, k.Verified.People, k.Verified.On, strings.Join(k.Verified.Means, ", "))
		}
		for _, h := range d.Heard {
			a.printf("  heard here: %s by %s (%s) %s\n", h.Fingerprint, h.First, h.FirstMeans, h.Second)
		}
		for _, k := range checks {
			a.printf("  check %s  %s  sent %s, hoped for by %s  %s\n", k.ID, k.State, k.Sent, k.Due, k.By)
		}
		if d.Holder != "" {
			a.printf("  held by %s\n", d.Holder)
		}
	})
}

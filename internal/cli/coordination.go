package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/coordination"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type coordinationCmd struct {
	List       coordinationList       `cmd:"" default:"1" help:"List vulnerabilities that are disclosed together, what changed last first."`
	Show       coordinationShow       `cmd:"" help:"Show one: vendors of both sides, the draft, the instant, and what was done."`
	Open       coordinationOpen       `cmd:"" help:"Ask the other side to disclose a vulnerability together."`
	Join       coordinationJoin       `cmd:"" help:"Take part in what the other side opened."`
	Decline    coordinationDecline    `cmd:"" help:"Take no part in it."`
	Vendor     coordinationVendor     `cmd:"" help:"Say how it stands with one of this side's vendors."`
	Draft      coordinationDraft      `cmd:"" help:"Propose the advisory, word for word as both sides are to publish it."`
	AgreeDraft coordinationAgreeDraft `cmd:"" help:"Agree to the other side's draft."`
	Propose    coordinationPropose    `cmd:"" help:"Propose the instant at which both nodes publish."`
	AgreeDate  coordinationAgreeDate  `cmd:"" help:"Agree to the instant the other side proposes."`
	Withhold   coordinationWithhold   `cmd:"" help:"Publish nothing until both sides agree anew."`
	Close      coordinationClose      `cmd:"" help:"End it; what is agreed to after that is not published."`
}

type coordinationList struct {
	Over bool `help:"Those that are over, instead of those in which something may be done."`
}

// Run lists.
func (c *coordinationList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		rows, after := []map[string]any{}, coordination.Place{}
		for {
			l, err := n.Coordinations.List(a.ctx, n.Live, n.Operator(), c.Over, after, 0)
			if err != nil {
				return err
			}
			for _, e := range l.Entries {
				row := coordinationRow(e.Coordination)
				row["title"], row["vulnerabilities"] = e.Opening.Title, e.Opening.Vulnerabilities
				rows = append(rows, row)
			}
			if after = l.Next; after == (coordination.Place{}) {
				break
			}
		}
		return a.say(map[string]any{"coordinations": rows}, func() {
			for _, r := range rows {
				a.printf("%s  %s with %s  %s  %s\n", r["coordination"], r["opener"], r["partner"], r["state"], r["title"])
			}
			if len(rows) == 0 {
				a.printf("There are none. Begin with: twoseas coordination open AGREEMENT --title TEXT\n")
			}
		})
	})
}

func coordinationRow(c store.Coordination) map[string]any {
	row := map[string]any{"coordination": c.ID, "agreement": c.Agreement, "opener": c.Opener, "partner": c.Partner, "state": c.State, "live": c.Live}
	for name, at := range map[string]int64{"opened": c.Opened, "instant": c.Instant, "published": c.Published} {
		if at != 0 {
			row[name] = time.UnixMicro(at).UTC().Format(time.RFC3339)
		}
	}
	if c.Report != "" {
		row["report"] = c.Report
	}
	return row
}

// coordinated names a coordination.
type coordinated struct {
	Coordination string `arg:"" help:"Id of the coordination."`
}

// step makes this side's next step. The person acts on what the command names,
// and not on what it saw on a page.
func (c coordinated) step(a *app, s law.Step) error {
	return a.with(func(n *node.Node) error {
		if err := n.Coordinations.Step(a.ctx, n.Live, n.Operator(), c.Coordination, s, coordination.Known{Ours: -1, Theirs: -1}); err != nil {
			return err
		}
		d, err := n.Coordinations.Show(a.ctx, n.Live, n.Operator(), c.Coordination)
		if err != nil {
			return err
		}
		return a.say(coordinationRow(d.Coordination), func() {
			a.printf("It is %s now.\n", d.State)
			a.standsTill(d)
		})
	})
}

// standsTill says what both sides agreed to, and what may still differ.
func (a *app) standsTill(d coordination.Detail) {
	if ag, ok := d.Course.Agreement(); ok && d.Published == 0 {
		a.printf("Both sides publish at %s what %s wrote, each node by itself.\n", ag.At.Format(time.RFC3339), ag.By)
	}
	if d.Published != 0 {
		a.printf("This node published it at %s: %s\n", time.UnixMicro(d.Published).UTC().Format(time.RFC3339), d.Report)
	}
	for _, e := range d.Unknown {
		a.printf("%s is not known to have this side's step %d (%s) yet: until it has, the two nodes may act differently.\n", d.Other, e.N, e.Move)
	}
	if d.Refused != "" {
		a.printf("%s did not take a step of this side: %s\n", d.Other, d.Refused)
	}
}

type coordinationOpen struct {
	Agreement     ident.Agreement `arg:"" help:"Agreement with the other side."`
	Title         string          `required:"" placeholder:"TEXT" help:"In one line; the other side reads it at TLP:AMBER."`
	Vulnerability []string        `placeholder:"NAME" help:"Name of a vulnerability, such as CVE-2027-1234 (repeatable)."`
	At            time.Time       `placeholder:"TIME" help:"Proposed instant of publication, such as 2027-03-01T04:00:00Z."`
	Language      string          `enum:"en,ja,hi" default:"en" help:"Of the title: ${enum}."`
}

// Run opens.
func (c *coordinationOpen) Run(a *app) error {
	o := law.Opening{Agreement: c.Agreement, Language: c.Language, Title: c.Title, Vulnerabilities: c.Vulnerability}
	return a.with(func(n *node.Node) error {
		id, err := n.Coordinations.Open(a.ctx, n.Live, n.Operator(), o, c.At)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"coordination": id}, func() { a.printf("Opened. Coordination %s\n", id) })
	})
}

type coordinationJoin struct{ coordinated }

// Run joins.
func (c *coordinationJoin) Run(a *app) error { return c.step(a, law.Step{Move: law.Join}) }

type coordinationDecline struct {
	coordinated
	Reason string `placeholder:"TEXT" help:"Why; nothing needs to be said."`
}

// Run declines.
func (c *coordinationDecline) Run(a *app) error {
	return c.step(a, law.Step{Move: law.Decline, Text: c.Reason})
}

type coordinationVendor struct {
	coordinated
	Name    string    `arg:"" help:"Name of the vendor, always spelt alike."`
	Status  string    `arg:"" enum:"to-notify,notified,acknowledged,affected,not-affected,fixed,declined" help:"${enum}."`
	Product []string  `placeholder:"NAME" help:"Product concerned (repeatable)."`
	Since   time.Time `placeholder:"TIME" help:"Since when it is so (default now)."`
	Text    string    `placeholder:"TEXT" help:"What else there is to say."`
}

// Run reports.
func (c *coordinationVendor) Run(a *app) error {
	since, status := c.Since, law.Status(c.Status)
	if since.IsZero() && status != law.ToNotify {
		since = time.Now()
	}
	v := law.Vendor{Name: c.Name, Products: c.Product, Status: status}
	if !since.IsZero() {
		v.On = since.UTC().Truncate(time.Microsecond)
	}
	return c.step(a, law.Step{Move: law.Report, Vendor: v, Text: c.Text})
}

type coordinationDraft struct {
	coordinated
	File          string   `arg:"" help:"File with the text of the advisory."`
	Title         string   `required:"" placeholder:"TEXT" help:"Its title."`
	Product       []string `required:"" placeholder:"NAME" help:"Product it is about (repeatable)."`
	Vulnerability []string `required:"" placeholder:"NAME" help:"Name of a vulnerability, such as CVE-2027-1234 (repeatable)."`
	Language      string   `enum:"en,ja,hi" default:"en" help:"Of the advisory: ${enum}."`
}

// Run proposes a draft.
func (c *coordinationDraft) Run(a *app) error {
	raw, err := readSmall(c.File)
	if err != nil {
		return err
	}
	return c.step(a, law.Step{Move: law.Write, Draft: law.Draft{
		Title: c.Title, Language: c.Language, Text: string(raw), Products: c.Product, Vulnerabilities: c.Vulnerability,
	}})
}

type coordinationAgreeDraft struct {
	coordinated
	Digest ident.Digest `arg:"" help:"Digest of the draft, as twoseas coordination show prints it."`
}

// Run agrees.
func (c *coordinationAgreeDraft) Run(a *app) error {
	return c.step(a, law.Step{Move: law.AgreeDraft, Digest: c.Digest})
}

type coordinationPropose struct {
	coordinated
	At time.Time `arg:"" help:"Instant of publication, such as 2027-03-01T04:00:00Z."`
}

// Run proposes.
func (c *coordinationPropose) Run(a *app) error {
	return c.step(a, law.Step{Move: law.ProposeDate, At: c.At})
}

type coordinationAgreeDate struct {
	coordinated
	At time.Time `arg:"" help:"The instant that is agreed to; it must be the one proposed."`
}

// Run agrees.
func (c *coordinationAgreeDate) Run(a *app) error {
	return c.step(a, law.Step{Move: law.AgreeDate, At: c.At})
}

type coordinationWithhold struct {
	coordinated
	Reason string `required:"" placeholder:"TEXT" help:"Why; the other side reads it."`
}

// Run withholds.
func (c *coordinationWithhold) Run(a *app) error {
	return c.step(a, law.Step{Move: law.Withhold, Text: c.Reason})
}

type coordinationClose struct {
	coordinated
	Reason string `placeholder:"TEXT" help:"Why."`
}

// Run closes.
func (c *coordinationClose) Run(a *app) error {
	return c.step(a, law.Step{Move: law.Close, Text: c.Reason})
}

type coordinationShow struct{ coordinated }

// Run shows.
func (c *coordinationShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Coordinations.Show(a.ctx, n.Live, n.Operator(), c.Coordination)
		if err != nil {
			return err
		}
		var digest string
		written, ok := d.Course.Newest(law.Write)
		if ok {
			sum, err := written.Draft.Digest()
			if err != nil {
				return err
			}
			digest = sum.String()
		}
		row := coordinationRow(d.Coordination)
		row["title"], row["vulnerabilities"], row["vendors"], row["timeline"] = d.Opening.Title, d.Opening.Vulnerabilities, vendorRows(d), coordinationSteps(d)
		row["draft"], row["draft_digest"], row["may"], row["refused"] = written.Draft, digest, d.May, d.Refused
		return a.say(row, func() {
			a.printf("%s\n%s with %s under %s; it is %s.\n", d.Opening.Title, d.Opener, d.Partner, d.Agreement, d.State)
			if len(d.Opening.Vulnerabilities) > 0 {
				a.printf("%s\n", strings.Join(d.Opening.Vulnerabilities, ", "))
			}
			a.vendors(d)
			if ok {
				a.printf("\nDraft %s\n%s\n\n%s\n", digest, written.Draft.Title, written.Draft.Text)
			}
			a.printf("\n")
			for _, e := range d.Timeline {
				a.printf("%s\n", joinWords(e.On.Format(time.RFC3339), string(e.By), string(e.Move), e.Vendor.Name, string(e.Vendor.Status), atText(e.At), e.Draft.Title, e.Text))
			}
			a.standsTill(d)
			for _, m := range d.May {
				a.printf("Next: twoseas coordination %s %s\n", coordinationWord(m), d.ID)
			}
		})
	})
}

// coordinationWord is the command of a move.
func coordinationWord(m law.Move) string {
	if m == law.ProposeDate {
		return "propose"
	}
	return string(m)
}

// joinWords joins what there is.
func joinWords(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "  ")
}

func atText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func vendorRows(d coordination.Detail) []map[string]any {
	rows := []map[string]any{}
	for _, side := range []ident.Side{d.Opener, d.Partner} {
		for _, v := range d.Course.Vendors(side) {
			row := map[string]any{"side": side, "vendor": v.Name, "products": v.Products, "status": v.Status, "text": v.Text}
			if !v.On.IsZero() {
				row["since"] = v.On.Format(time.RFC3339)
			}
			if days, silent := v.Silent(d.Now); silent {
				row["silent_days"] = days
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func coordinationSteps(d coordination.Detail) []map[string]any {
	rows := []map[string]any{}
	for _, e := range d.Timeline {
		row := map[string]any{"by": e.By, "step": e.N, "move": e.Move, "on": e.On.Format(time.RFC3339), "person": e.Person, "text": e.Text}
		if !e.At.IsZero() {
			row["at"] = atText(e.At)
		}
		if !e.Received.IsZero() {
			row["received"] = e.Received.Format(time.RFC3339)
		}
		rows = append(rows, row)
	}
	return rows
}

// vendors prints how it stands with the vendors of both sides; who is silent is
// said, and who was not contacted.
func (a *app) vendors(d coordination.Detail) {
	for _, side := range []ident.Side{d.Opener, d.Partner} {
		all := d.Course.Vendors(side)
		a.printf("\nVendors of %s:\n", side)
		if len(all) == 0 {
			a.printf("  none named so far\n")
		}
		for _, v := range all {
			said := string(v.Status)
			if v.Status == law.ToNotify {
				said = "not contacted"
			} else if days, silent := v.Silent(d.Now); silent {
				said = "no answer since " + v.On.Format(time.DateOnly) + ", " + number(int64(days)) + " days"
			}
			a.printf("  %s\n", joinWords(fmt.Sprintf("%-24s", v.Name), said, strings.Join(v.Products, ", "), v.Text))
		}
	}
}

package cli

import (
	"io"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
)

type auditCmd struct {
	Search auditSearch `cmd:"" default:"withargs" help:"Find what people of this side did: who, what, when, about what."`
	Export auditExport `cmd:"" help:"Write the home audit log to a file, for twoseas verify."`
	Verify auditVerify `cmd:"" help:"Check the home audit log and its index now."`
}

type auditSearch struct {
	Who       string `placeholder:"USER" help:"Only what this account did."`
	What      string `placeholder:"ACT" help:"Only this act, such as read, export or release.approve."`
	About     string `placeholder:"ID" help:"Only what names this object, account, collection or partner."`
	Agreement string `placeholder:"ID" help:"Only what was done under this agreement."`
	From      string `placeholder:"DAY" help:"From this day or time on, 2026-11-22 or 2026-11-22T09:00:00Z."`
	Until     string `placeholder:"DAY" help:"Before this day or time."`
	Limit     int    `default:"50" help:"At most so many, newest first."`
	After     string `placeholder:"PLACE" help:"Go on after a page: what it said is next."`
}

// Run searches.
func (c *auditSearch) Run(a *app) error {
	from, err := instant(c.From)
	if err != nil {
		return err
	}
	until, err := instant(c.Until)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		p, err := n.Audit.Search(a.ctx, n.Operator(), audit.Query{
			Account: c.Who, Act: c.What, About: c.About, Agreement: c.Agreement, From: from, Until: until, Limit: c.Limit, After: c.After,
		})
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, e := range p.Entries {
			fields := []map[string]string{}
			for _, f := range e.Fields {
				fields = append(fields, map[string]string{"name": f.Name, "value": f.Value})
			}
			rows = append(rows, map[string]any{"entry": e.Index, "at": e.At.Format(time.RFC3339), "by": e.By, "act": e.Act, "fields": fields})
		}
		return a.say(map[string]any{"entries": rows, "next": p.Next}, func() {
			if len(rows) == 0 {
				a.printf("Nothing found.\n")
			}
			for _, e := range p.Entries {
				var more []string
				for _, f := range e.Fields {
					more = append(more, f.Name+" "+f.Value)
				}
				a.printf("%6d  %s  %s  %s  %s\n", e.Index, e.At.Format(time.DateTime), e.By, e.Act, strings.Join(more, ", "))
			}
			if p.Next != "" {
				a.printf("There is more: --after %s\n", p.Next)
			}
		})
	})
}

// instant reads a day or a time, in UTC; "" is none.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.Errorf(fault.Invalid, "%q: want a day such as 2026-11-22 or a time such as 2026-11-22T09:00:00Z", s)
}

type auditExport struct{ output }

// Run exports.
func (c *auditExport) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		return c.write(a, func(w io.Writer) error { return n.Audit.Export(a.ctx, n.Operator(), w) })
	})
}

type auditVerify struct{}

// Run verifies.
func (c *auditVerify) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		report, err := n.Audit.Verify(a.ctx, n.Operator())
		if err != nil {
			return err
		}
		if a.JSON {
			err = a.print(reportJSON(report))
		} else {
			err = report.WriteText(a.out)
		}
		if err == nil && !report.OK {
			err = errNotSound
		}
		return err
	})
}

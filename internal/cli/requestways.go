package cli

import (
	law "twoseas/internal/law/request"
	"twoseas/internal/node"
)

type requestWays struct {
	Kind string `arg:"" enum:"information,analysis,block,takedown,victim-notification,preservation,patch-coordination,expert-help,activity-from-territory" help:"What would be asked for: ${enum}."`
}

// Run lists, for each agreement, what its two sides can use and what they
// cannot.
func (c *requestWays) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Requests.Ways(a.ctx, n.Live, n.Operator(), law.Kind(c.Kind))
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, w := range list {
			for _, o := range w.Options {
				rows = append(rows, map[string]any{
					"agreement": w.Agreement, "way": o.ID, "name": o.Name["en"], "basis": o.Basis["en"], "how": o.How["en"], "offered": o.Offered, "confirm": o.Confirm,
				})
			}
		}
		return a.say(map[string]any{"ways": rows}, func() {
			for _, r := range rows {
				mark := "no "
				if r["offered"] == true {
					mark = "yes"
				}
				a.printf("%s  %s  %-22s %s (%s). %s\n", r["agreement"], mark, r["way"], r["name"], r["basis"], r["how"])
			}
		})
	})
}

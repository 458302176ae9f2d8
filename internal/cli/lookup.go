package cli

import (
	"bufio"
	"os"
	"strings"

	"twoseas/internal/act/search"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type lookupCmd struct {
	Values []string `arg:"" optional:"" help:"Values, defanged or not: addresses, networks, domains, URLs, e-mail addresses, hashes, file names."`
	File   string   `short:"f" placeholder:"FILE" help:"Read values from a file, one a line; - for standard input."`
}

// Run looks the values up with the eyes of the node itself. It exits with 3
// when nothing is known of any of them.
func (c *lookupCmd) Run(a *app) error {
	values, err := c.values(a)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		known := 0
		var all []search.Answer
		for len(values) > 0 {
			some := values[:min(len(values), search.MaxValues)]
			values = values[len(some):]
			answers, err := n.Search.Values(a.ctx, n.Live, store.AllLabels, some)
			if err != nil {
				return err
			}
			for _, x := range answers {
				known += len(x.Hits)
			}
			all = append(all, answers...)
		}
		if err := a.say(map[string]any{"answers": all}, func() { a.answers(all) }); err != nil {
			return err
		}
		if known == 0 {
			return fault.New(fault.NotFound, "nothing is known here")
		}
		return nil
	})
}

func (c *lookupCmd) values(a *app) ([]string, error) {
	values := c.Values
	if c.File != "" {
		r := a.in
		if c.File != "-" {
			f, err := os.Open(c.File)
			if err != nil {
				return nil, fault.Errorf(fault.NotFound, "%w", err)
			}
			defer func() { _ = f.Close() }() // only read
			r = f
		}
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 64<<10)
		for lines.Scan() {
			if v := strings.TrimSpace(lines.Text()); v != "" && !strings.HasPrefix(v, "#") {
				values = append(values, v)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	if len(values) == 0 {
		return nil, fault.New(fault.Invalid, "name a value, or a file of them with --file")
	}
	return values, nil
}

func (a *app) answers(all []search.Answer) {
	for _, x := range all {
		switch {
		case x.Problem != "":
			a.printf("%s: %s\n", x.Asked, x.Problem)
		case len(x.Hits) == 0:
			a.printf("%s: not known\n", x.Value)
		default:
			a.printf("%s (%s):\n", x.Value, x.Kind)
		}
		for _, h := range x.Hits {
			note := string(h.Relation)
			if h.Relation != search.Exact {
				note += " " + h.Value
			}
			if h.Revoked {
				note += ", revoked"
			}
			a.printf("  %-18s %s  from %s  %s  %s\n", h.TLP, h.ID, h.Origin, h.Type, note)
		}
		if x.More {
			a.printf("  and more\n")
		}
	}
}

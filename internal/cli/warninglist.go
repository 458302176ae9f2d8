package cli

import (
	"io"
	"os"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/node"
)

type warninglistCmd struct {
	List   warninglistList   `cmd:"" default:"1" help:"List the lists of values that are rarely malicious."`
	Add    warninglistAdd    `cmd:"" help:"Add lists, or replace those of the same names."`
	Remove warninglistRemove `cmd:"" help:"Remove a list."`
}

type warninglistList struct{}

type warninglistRow struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Version int64  `json:"version"`
	Entries int64  `json:"entries"`
	BuiltIn bool   `json:"built_in,omitempty"`
}

// Run lists.
func (c *warninglistList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		added, builtIn, err := n.Imports.WarningLists(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		rows := []warninglistRow{}
		for _, l := range builtIn {
			rows = append(rows, warninglistRow{l.Name, l.Type, l.Version, int64(len(l.Entries)), true})
		}
		for _, l := range added {
			rows = append(rows, warninglistRow{l.Name, l.Type, l.Version, l.Entries, false})
		}
		return a.say(map[string]any{"warning_lists": rows}, func() {
			for _, r := range rows {
				note := ""
				if r.BuiltIn {
					note = "  (built in)"
				}
				a.printf("%-10s %9s  %s%s\n", r.Type, number(r.Entries), r.Name, note)
			}
		})
	})
}

type warninglistAdd struct {
	Files []string `arg:"" name:"file" help:"JSON files of the format of the MISP warning lists."`
}

// Run adds.
func (c *warninglistAdd) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		for _, name := range c.Files {
			raw, err := readBounded(name, warninglist.MaxBytes+1)
			if err != nil {
				return err
			}
			l, err := n.Imports.AddWarningList(a.ctx, n.Live, n.Operator(), raw)
			if err != nil {
				return fault.Errorf(fault.KindOf(err), "%s: %w", name, err)
			}
			a.printf("%s: %s\n", l.Name, count(int(l.Entries), "value"))
		}
		return nil
	})
}

// readBounded reads a file as far as limit.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(io.LimitReader(f, limit))
}

type warninglistRemove struct {
	Name string `arg:"" help:"Name of the list."`
}

// Run removes.
func (c *warninglistRemove) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		return n.Imports.RemoveWarningList(a.ctx, n.Live, n.Operator(), c.Name)
	})
}

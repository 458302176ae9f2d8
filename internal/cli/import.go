package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
)

type importCmd struct {
	Files       []string `arg:"" name:"file" help:"STIX bundles, TAXII envelopes, single objects; - for standard input; a directory for every .json in it."`
	TLP         string   `placeholder:"LEVEL" help:"TLP of objects that carry none: clear, green, amber, amber+strict, red. Without it they stay here."`
	Origin      string   `placeholder:"SIDE" help:"Whose objects these are (default this side; other for a third party)."`
	Contributor string   `enum:",member" default:"" help:"member: contributed by an industry member, whose identity is taken out before anything crosses."`
	Sector      []string `placeholder:"CODE" help:"Sectors concerned."`
	Collection  string   `placeholder:"ID" help:"Collection they join, by id or alias."`
}

type importOutput struct {
	Files   []fileReport  `json:"files"`
	Total   intake.Report `json:"total"`
	Seconds float64       `json:"seconds"`
}

type fileReport struct {
	File   string        `json:"file"`
	Report intake.Report `json:"report"`
	Error  string        `json:"error,omitempty"`
}

// shownRemarks bounds the remarks shown in text; --json has more.
const shownRemarks = 20

// source returns what the flags say of the objects.
func (c *importCmd) source() (intake.Source, error) {
	src := intake.Source{Origin: ident.Side(c.Origin), Contributor: c.Contributor, Sectors: c.Sector, Collection: c.Collection}
	if c.Origin != "" {
		if _, err := ident.ParseSide(c.Origin); err != nil {
			return src, err
		}
	}
	var err error
	if c.TLP != "" {
		src.DefaultTLP, err = marking.ParseTLP(c.TLP)
	}
	return src, err
}

// Run takes the files in, each as far as it can be read. It exits with 1 when
// an object was refused.
func (c *importCmd) Run(a *app) error {
	src, err := c.source()
	if err != nil {
		return err
	}
	names, err := jsonFiles(c.Files)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		out := importOutput{Files: []fileReport{}}
		start := n.Clock.Now()
		var failed error
		for _, name := range names {
			rep, err := a.importFile(n, src, name)
			f := fileReport{File: name, Report: rep}
			if err != nil {
				f.Error = err.Error()
				failed = errors.Join(failed, fault.Errorf(fault.Invalid, "%s: %w", name, err))
			}
			out.Files = append(out.Files, f)
			out.Total.Add(rep)
		}
		out.Seconds = n.Clock.Now().Sub(start).Seconds()
		err := a.say(out, func() {
			for _, r := range out.Total.Refusals {
				a.printf("  refused %s\n", r)
			}
			for _, r := range out.Total.Remarks[:min(len(out.Total.Remarks), shownRemarks)] {
				a.printf("  remark %s\n", r)
			}
			a.printf("%s\n", tally(out.Total))
		})
		if err == nil && failed == nil && out.Total.Refused > 0 {
			return errNotSound
		}
		return errors.Join(err, failed)
	})
}

func tally(r intake.Report) string {
	return count(r.Read, "object") + " read: " + number(int64(r.New)) + " new, " + number(int64(r.Same)) + " same, " +
		number(int64(r.Updated)) + " updated, " + number(int64(r.Refused)) + " refused; " + number(int64(r.Warnings)) + " with remarks"
}

func (a *app) importFile(n *node.Node, src intake.Source, name string) (intake.Report, error) {
	r := a.in
	size := int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return intake.Report{}, err
		}
		defer func() { _ = f.Close() }() // only read
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		r = f
	}
	p := a.progress(filepath.Base(name), size)
	rep, err := n.Intake.Stream(a.ctx, n.Live, src, r, func(rep intake.Report) { p.show(rep.Offset, rep.Read) })
	p.done(rep.Read)
	return rep, err
}

// jsonFiles replaces directories by the .json files in them.
func jsonFiles(names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err == nil && !info.IsDir() {
			out = append(out, name)
			continue
		}
		if err != nil {
			return nil, fault.Errorf(fault.NotFound, "%w", err)
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), ".json") {
				out = append(out, filepath.Join(name, e.Name()))
			}
		}
	}
	if len(out) == 0 {
		return nil, fault.Errorf(fault.NotFound, "no .json files in %s", strings.Join(names, ", "))
	}
	return out, nil
}

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
)

type importCmd struct {
	Files       []string `arg:"" name:"file" help:"STIX bundles, envelopes or objects, MISP events, tables, texts, also with gzip; - for standard input; a directory for every .json, .csv and .txt in it."`
	Format      string   `enum:"auto,stix,misp,csv,text" default:"auto" help:"How the files are read: stix, misp, csv, text; auto tells by what is in them."`
	Map         []string `placeholder:"C=ROLE" help:"What a column of a table holds: value, first-seen, name, description, tags, tlp, pap, a kind of value such as domain or sha256, or nothing."`
	Zone        string   `placeholder:"+HH:MM" help:"Time zone of the times of a table that do not say theirs (default UTC)."`
	TLP         string   `placeholder:"LEVEL" help:"TLP of objects that carry none: clear, green, amber, amber+strict, red. Without it they stay here."`
	PAP         string   `name:"pap" placeholder:"LEVEL" help:"PAP of objects that carry none: clear, green, amber, red."`
	SkipListed  bool     `help:"Leave out what a warning list names."`
	Origin      string   `placeholder:"SIDE" help:"Whose objects these are (default this side; other for a third party)."`
	Contributor string   `enum:",member" default:"" help:"member: contributed by an industry member, whose identity is taken out before anything crosses."`
	Sector      []string `placeholder:"CODE" help:"Sectors concerned."`
	Collection  string   `placeholder:"ID" help:"Collection they join, by id or alias."`

	Area         []string `placeholder:"AGREEMENT:REF" help:"Area of cooperation they may cross under, such as in-jp-2022:1(6); any that an agreement allows without."`
	NotBefore    string   `placeholder:"TIME" help:"End of an embargo, until which they leave for nobody, such as 2027-03-18T00:00Z; UTC where nothing else is said."`
	Expires      string   `placeholder:"TIME" help:"When they expire: they leave reads and edges everywhere, and what proves them stays."`
	ReleasableTo []string `placeholder:"SIDE" help:"Sides that may have them; without, markings and agreements alone decide."`
}

type importOutput struct {
	Files   []fileReport  `json:"files"`
	Total   intake.Report `json:"total"`
	Seconds float64       `json:"seconds"`
}

type fileReport struct {
	File   string           `json:"file"`
	Format importing.Kind   `json:"format,omitempty"`
	Report importing.Report `json:"report"`
	Error  string           `json:"error,omitempty"`
}

// shownRemarks bounds the remarks shown in text; --json has more.
const shownRemarks = 20

// options returns what the flags say of the objects.
func (c *importCmd) options() importing.Options {
	return importing.Options{
		Kind: importing.Kind(c.Format), TLP: c.TLP, PAP: c.PAP, Origin: c.Origin, Contributor: c.Contributor, Sectors: c.Sector,
		Collection: c.Collection, SkipListed: c.SkipListed,
		Areas: c.Area, NotBefore: c.NotBefore, Expires: c.Expires, ReleasableTo: c.ReleasableTo,
	}
}

// Run takes the files in, each as far as it can be read. It exits with 1 when
// an object was refused.
func (c *importCmd) Run(a *app) error {
	if _, err := c.options().Source(); err != nil {
		return err
	}
	names, err := dataFiles(c.Files)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		out := importOutput{Files: []fileReport{}}
		start := n.Clock.Now()
		var failed error
		faults := 0
		for _, name := range names {
			f, err := a.importFile(n, c, name)
			if err != nil {
				f.Error = err.Error()
				failed = errors.Join(failed, fault.Errorf(fault.Invalid, "%s: %w", name, err))
			}
			out.Files = append(out.Files, f)
			out.Total.Add(f.Report.Report)
			faults += f.Report.Faults
		}
		out.Seconds = n.Clock.Now().Sub(start).Seconds()
		err := a.say(out, func() {
			a.sayRefusals(out.Files)
			a.sayProblems(out.Files)
			for _, r := range out.Total.Remarks[:min(len(out.Total.Remarks), shownRemarks)] {
				a.printf("  remark %s\n", r)
			}
			a.printf("%s\n", tally(out.Total))
		})
		if err == nil && failed == nil && out.Total.Refused+faults > 0 {
			return errNotSound
		}
		return errors.Join(err, failed)
	})
}

func tally(r intake.Report) string {
	return count(r.Read, "object") + " read: " + number(int64(r.New)) + " new, " + number(int64(r.Same)) + " same, " +
		number(int64(r.Updated)) + " updated, " + number(int64(r.Refused)) + " refused; " + number(int64(r.Warnings)) + " with remarks"
}

// dataFiles replaces directories by the files of data in them.
func dataFiles(names []string) ([]string, error) {
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
			if !e.IsDir() && slices.Contains([]string{".json", ".csv", ".txt"}, filepath.Ext(e.Name())) {
				out = append(out, filepath.Join(name, e.Name()))
			}
		}
	}
	if len(out) == 0 {
		return nil, fault.Errorf(fault.NotFound, "no .json, .csv or .txt files in %s", strings.Join(names, ", "))
	}
	return out, nil
}

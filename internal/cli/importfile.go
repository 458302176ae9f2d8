package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/table"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/node"
)

// maxUnpacked bounds a compressed file when it is unpacked.
const maxUnpacked = 64 << 30

// input is a file, or what standard input holds, from its beginning as often
// as it is asked for.
type input struct {
	name  string
	size  int64
	once  io.Reader    // standard input, read in one go
	read  atomic.Int64 // bytes of all readings
	spool *os.File     // what standard input held, when it is read more than once
}

// counted counts what is read of a file.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (in *input) open() (io.ReadCloser, error) {
	if in.once != nil {
		r := in.once
		in.once = nil
		return importing.Unpack(counted{io.NopCloser(r), &in.read}, maxUnpacked)
	}
	name := in.name
	if in.spool != nil {
		name = in.spool.Name()
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	r, err := importing.Unpack(counted{f, &in.read}, maxUnpacked)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return closing{r, f}, nil
}

// closing closes the file under what is unpacked.
type closing struct {
	io.Reader
	io.Closer
}

// inputOf returns the input of a name and its first bytes, unpacked.
func (a *app) inputOf(name string) (*input, []byte, error) {
	in := &input{name: name}
	if name == "-" {
		return a.standardInput(in)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	in.size = info.Size()
	r, err := in.open()
	if err != nil {
		return nil, nil, err
	}
	sample, err := importing.Sample(r)
	if fault.KindOf(err) != fault.Internal {
		err = nil // the import says what is wrong with it
	}
	return in, sample, errors.Join(err, r.Close())
}

// standardInput looks at the first bytes of standard input.
func (a *app) standardInput(in *input) (*input, []byte, error) {
	r, err := importing.Unpack(a.in, maxUnpacked)
	if err != nil {
		return nil, nil, err
	}
	sample, err := importing.Sample(r)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return nil, nil, err
	}
	in.once = io.MultiReader(bytes.NewReader(sample), r)
	return in, sample, nil
}

// keep puts standard input into a file, to be read more than once.
func (in *input) keep() (err error) {
	if in.once == nil {
		return nil
	}
	if in.spool, err = os.CreateTemp("", "twoseas-import-"); err != nil {
		return err
	}
	_, err = io.Copy(in.spool, in.once)
	in.once = nil
	return errors.Join(err, in.spool.Close())
}

func (in *input) remove() error {
	if in.spool == nil {
		return nil
	}
	return os.Remove(in.spool.Name())
}

// importFile takes one file in, as far as it can be read.
func (a *app) importFile(n *node.Node, c *importCmd, name string) (out fileReport, err error) {
	out.File = name
	in, sample, err := a.inputOf(name)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, in.remove()) }()
	opt, err := c.read(sample)
	if err != nil {
		return out, err
	}
	out.Format = opt.Kind
	passes := int64(1)
	if opt.Kind == importing.MISP || opt.Kind == importing.Text {
		passes = 2
		if err := in.keep(); err != nil {
			return out, err
		}
	}
	src, err := opt.Source()
	if err != nil {
		return out, err
	}
	var lists *warninglist.Set
	if opt.SkipListed {
		if lists, err = n.Imports.Lists(a.ctx, n.Live); err != nil {
			return out, err
		}
	}
	conv, err := importing.Convert(in.open, opt, n.Clock.Now().UTC(), lists)
	if err != nil {
		return out, err
	}
	defer func() { _ = conv.Close() }() // only read
	in.read.Store(0)
	p := a.progress(filepath.Base(name), in.size*passes)
	rep, err := n.Intake.Stream(a.ctx, n.Live, src, conv, func(rep intake.Report) { p.show(in.read.Load(), rep.Read) })
	p.done(rep.Read)
	out.Report = conv.Found()
	out.Report.Report = rep
	for _, list := range [][]intake.Refusal{rep.Refusals, rep.Remarks} {
		for i := range list {
			list[i].Position = conv.Place(list[i].Position)
		}
	}
	if err == nil && rep.Read == 0 && opt.Kind == importing.Text {
		err = fault.New(fault.Invalid, "neither JSON nor a table, and no indicator in it")
	}
	return out, err
}

// read returns how an input is read, by the flags and by its first bytes.
func (c *importCmd) read(sample []byte) (importing.Options, error) {
	opt := c.options()
	guess := importing.Recognise(sample)
	if opt.Kind == "auto" {
		opt.Kind = guess.Kind
	}
	if opt.Kind != importing.CSV {
		return opt, nil
	}
	opt.Layout = guess.Layout
	if guess.Kind != importing.CSV {
		return opt, fault.New(fault.Invalid, "no table: neither commas, semicolons, tabulators nor bars part values there")
	}
	if c.Zone != "" {
		at, err := time.Parse("-07:00", c.Zone)
		if err != nil {
			return opt, fault.Errorf(fault.Invalid, "time zone %.20q: want +09:00 or the like", c.Zone)
		}
		_, seconds := at.Zone()
		opt.Layout.Zone = seconds / 60
	}
	for _, said := range c.Map {
		name, role, _ := strings.Cut(said, "=")
		i := slices.Index(opt.Layout.Columns, name)
		if i < 0 {
			return opt, fault.Errorf(fault.Invalid, "column %.40q: the table has %s", name, strings.Join(opt.Layout.Columns, ", "))
		}
		if !slices.Contains(table.Roles(), role) {
			return opt, fault.Errorf(fault.Invalid, "%.40q is nothing a column can hold", role)
		}
		opt.Layout.Roles[i] = role
	}
	return opt, opt.Check()
}

// sayProblems tells what could not be understood.
func (a *app) sayProblems(files []fileReport) {
	shown, all := 0, 0
	for _, f := range files {
		all += f.Report.Faults
		for _, p := range f.Report.Problems {
			if shown++; shown > shownRemarks {
				break
			}
			id := p.ID
			if id != "" {
				id = " " + id
			}
			a.printf("  not understood, %s at %d%s: %s\n", f.File, p.Position, id, p.Reason)
		}
		if f.Report.LeftOut > 0 {
			a.printf("  %s: %s left out, named by a warning list\n", f.File, count(f.Report.LeftOut, "object"))
		}
	}
	if all > shown {
		a.printf("  and %s more\n", number(int64(all-shown)))
	}
}

// sayRefusals tells what was refused, and where it stands in its file.
func (a *app) sayRefusals(files []fileReport) {
	for _, f := range files {
		for _, r := range f.Report.Refusals {
			if f.Format == importing.STIX || f.Format == "" {
				a.printf("  refused %s\n", r)
				continue
			}
			a.printf("  refused %s at %d, %s: %s\n", f.File, r.Position, r.ID, r.Reason)
		}
	}
}

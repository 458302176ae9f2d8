package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/offline"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type bundleCmd struct {
	Recipient bundleRecipient `cmd:"" help:"Print the note that says to what the partner encrypts files for this node; give it to the partner once."`
	Partner   bundlePartner   `cmd:"" help:"Take over the note that the partner's twoseas bundle recipient printed."`
	Export    bundleExport    `cmd:"" help:"Write what waits for the partner to a file: shipments, receipts, cosignatures, signatures, what this node holds."`
	Preview   bundlePreview   `cmd:"" help:"Open and verify a file of the partner, and show what is inside. Nothing is taken in."`
	Import    bundleImport    `cmd:"" help:"Confirm a file after its preview; when a second officer does, it is taken in."`
	Code      bundleCode      `cmd:"" help:"Check the receipt code that the partner's officer reads over the telephone."`
	List      bundleList      `cmd:"" help:"List the files written and imported."`
}

type bundleRecipient struct {
	output
	New bool `help:"Make a new identity. Files made for earlier ones still open."`
}

// Run prints the note.
func (c *bundleRecipient) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		msg, err := n.Pairing.AnnounceRecipient(a.ctx, n.Operator(), c.New)
		if err != nil {
			return err
		}
		return c.write(a, func(w io.Writer) error {
			_, err := w.Write(msg)
			return err
		})
	})
}

type bundlePartner struct {
	Side ident.Side `arg:"" help:"Side of the partner."`
	File string     `arg:"" help:"File with the note."`
}

// Run takes the note over.
func (c *bundlePartner) Run(a *app) error {
	msg, err := readSmall(c.File)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		if err := n.Pairing.Hear(a.ctx, c.Side, msg); err != nil {
			return err
		}
		return a.say(map[string]any{"side": c.Side}, func() { a.printf("Files for %s are encrypted to it from now on.\n", c.Side) })
	})
}

// readSmall reads a file in which a note or a message fits.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Errorf(fault.NotFound, "%w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, 1<<20))
	return raw, errors.Join(err, f.Close())
}

// carrier returns who carries: the officer who logs in, or with no name
// whoever holds the data directory.
func (a *app) carrier(n *node.Node, name string) (people.Actor, error) {
	if name == "" {
		return n.Operator(), nil
	}
	return a.officer(n, name)
}

type bundleExport struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	As        string          `placeholder:"USER" help:"Officer who writes the file; the password is asked for (default whoever holds the data directory)."`
	Again     bool            `help:"Continue the last file that the partner is known to have imported, and hold also what was in later ones: for when one was lost."`
	Split     string          `placeholder:"SIZE" help:"Write parts of at most this size, such as 650M or 4G."`
	Out       string          `name:"out" short:"o" placeholder:"FILE" help:"File to write (default AGREEMENT-SIDE-NUMBER.bundle here). Parts are FILE.1of3 and so on."`
}

// Run writes the file.
func (c *bundleExport) Run(a *app) error {
	limit, err := parseSize(c.Split)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		by, err := a.carrier(n, c.As)
		if err != nil {
			return err
		}
		whole, err := os.CreateTemp(filepath.Dir(c.Out), ".bundle-*")
		if err != nil {
			return err
		}
		defer func() { _ = errors.Join(whole.Close(), os.Remove(whole.Name())) }() // a copy of what is in the parts
		out, err := n.Offline.Export(a.ctx, n.Live, by, c.Agreement, c.Again, whole)
		if err != nil {
			return err
		}
		if c.Out == "" {
			c.Out = fmt.Sprintf("%s-%s-%d.bundle", c.Agreement, out.From, out.Number)
		}
		files, err := split(whole, limit, c.Out)
		if err != nil {
			return fmt.Errorf("write file %d: %w; it counts as lost: export with --again", out.Number, err)
		}
		return a.exported(out, files)
	})
}

// split writes the parts beside each other and returns their names.
func split(whole *os.File, limit int64, name string) (files []string, err error) {
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	err = offline.Split(whole, limit, func(part, of int) (io.WriteCloser, error) {
		file := name
		if of > 1 {
			file = fmt.Sprintf("%s.%dof%d", name, part, of)
		}
		files = append(files, file)
		return os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	})
	return files, err
}

func (a *app) exported(out offline.Exported, files []string) error {
	v := map[string]any{
		"agreement": out.Agreement, "number": out.Number, "follows": out.Follows.Number, "bundle": out.Link.String(), "files": files,
		"first": out.Shipments.First, "last": out.Shipments.Last, "items": out.Items, "receipts": out.Receipts,
	}
	return a.say(v, func() {
		a.printf("File %d for %s: %s, %s items, %d receipts.\n", out.Number, out.To, spanText(out.Shipments), number(out.Items), out.Receipts)
		for _, f := range files {
			a.printf("  %s\n", f)
		}
		a.printf("Only the node of %s opens it. When it is imported there, its officer can read you a receipt code: twoseas bundle code %s CODE\n", out.To, out.Agreement)
	})
}

func spanText(s bundle.Span) string {
	switch s.Count() {
	case 0:
		return "no shipment"
	case 1:
		return fmt.Sprintf("shipment %d", s.First)
	}
	return fmt.Sprintf("shipments %d to %d", s.First, s.Last)
}

// parseSize reads a number of bytes with K, M or G after it, in powers of
// 1000 as media are sold.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	digits, factor := s, int64(1)
	for unit, f := range map[string]int64{"K": 1e3, "M": 1e6, "G": 1e9} {
		if d, ok := strings.CutSuffix(strings.ToUpper(s), unit); ok {
			digits, factor = d, f
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > 1<<40/factor {
		return 0, fault.Errorf(fault.Invalid, "size %.20q: want a number and K, M or G", s)
	}
	return n * factor, nil
}

type bundleFiles struct {
	Files []string `arg:"" name:"file" help:"The file, or all its parts in any order."`
}

func (c bundleFiles) source() (offline.Source, error) {
	var files []offline.Source
	for _, name := range c.Files {
		files = append(files, func() (io.ReadCloser, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, fault.Errorf(fault.NotFound, "%w", err)
			}
			return f, nil
		})
	}
	return offline.Join(files)
}

type bundlePreview struct {
	bundleFiles
	As string `placeholder:"USER" help:"Officer who looks; the password is asked for. Who is to confirm the import must have looked."`
}

// Run shows what is inside.
func (c *bundlePreview) Run(a *app) error {
	src, err := c.source()
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		by, err := a.carrier(n, c.As)
		if err != nil {
			return err
		}
		p, err := n.Offline.Look(a.ctx, n.Live, by, src)
		if err != nil {
			return err
		}
		return a.preview(p)
	})
}

func (a *app) preview(p offline.Preview) error {
	counts := []map[string]any{}
	for _, c := range p.Counts {
		counts = append(counts, map[string]any{"kind": c.Kind, "tlp": c.TLP.String(), "items": c.Items})
	}
	r := p.Receipts
	v := map[string]any{
		"agreement": p.Agreement, "from": p.From, "number": p.Number, "bundle": p.Link.String(), "made": p.Made.Format(time.RFC3339),
		"first": p.Shipments.First, "last": p.Shipments.Last, "items": p.Items, "counts": counts, "obstacle": p.Obstacle, "confirmed": p.Confirmed,
		"receipts": r.Span.Count(), "applied": r.Applied, "already": r.Already, "refused": r.Refused, "failed": r.Failed,
	}
	return a.say(v, func() {
		a.printf("File %d of %s under %s, made %s.\nDigest %s\n", p.Number, p.From, p.Agreement, p.Made.Format("2006-01-02 15:04 MST"), p.Link)
		a.printf("%s, %s items:\n", capital(spanText(p.Shipments)), number(p.Items))
		for _, c := range p.Counts {
			a.printf("  %8s  %s  %s\n", number(int64(c.Items)), c.TLP, c.Kind)
		}
		if r.Span.First > 0 {
			a.printf("Receipts for this side's %s: %d applied, %d already there, %d refused, %d failed.\n", spanText(r.Span), r.Applied, r.Already, r.Refused, r.Failed)
		}
		if p.Keys+p.Signatures > 0 {
			a.printf("%d notes about keys, %d signatures of agreements.\n", p.Keys, p.Signatures)
		}
		switch {
		case p.Obstacle != "":
			a.printf("It cannot be imported now: %s.\n", p.Obstacle)
		case len(p.Confirmed) > 0:
			a.printf("Confirmed by %s; a second officer confirms with twoseas bundle import.\n", strings.Join(p.Confirmed, ", "))
		default:
			a.printf("Two officers who have looked confirm it with twoseas bundle import.\n")
		}
	})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

type bundleImport struct {
	bundleFiles
	As string `required:"" placeholder:"USER" help:"Officer who confirms; the password is asked for."`
}

// Run confirms and, the second time, imports.
func (c *bundleImport) Run(a *app) error {
	src, err := c.source()
	if err != nil {
		return err
	}
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		got, err := n.Offline.Import(a.ctx, n.Live, by, src)
		if err != nil {
			return err
		}
		return a.imported(got)
	})
}

func (a *app) imported(got offline.Imported) error {
	d := got.Delivered
	v := map[string]any{
		"agreement": got.Agreement, "from": got.From, "number": got.Number, "imported": got.Applied, "confirmed": got.Confirmed,
		"shipments": d.Shipments, "applied": d.Applied, "already": d.Already, "refused": d.Refused, "failed": d.Failed,
		"settled": got.Settled, "converged": got.Finding.Converged, "code": got.Code, "notes": got.Notes,
	}
	return a.say(v, func() {
		if !got.Applied {
			a.printf("Confirmed by %s. Nothing is taken in before a second officer confirms the same file.\n", strings.Join(got.Confirmed, ", "))
			return
		}
		a.printf("File %d of %s is imported, confirmed by %s: %d applied, %d already there, %d refused, %d failed; %d receipts settled.\n",
			got.Number, got.From, strings.Join(got.Confirmed, " and "), d.Applied, d.Already, d.Refused, d.Failed, got.Settled)
		for _, note := range got.Notes {
			a.printf("  %s\n", note)
		}
		for _, l := range node.FindingLines(got.Agreement, got.Finding) {
			a.printf("%s\n", l)
		}
		a.printf("Receipt code for the partner: %s\n", got.Code)
	})
}

type bundleCode struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	Code      []string        `arg:"" help:"The twenty digits, as they were read out."`
	As        string          `placeholder:"USER" help:"Officer who heard it; the password is asked for (default whoever holds the data directory)."`
}

// Run checks a code.
func (c *bundleCode) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		by, err := a.carrier(n, c.As)
		if err != nil {
			return err
		}
		b, kept, err := n.Offline.Heard(a.ctx, n.Live, by, c.Agreement, strings.Join(c.Code, " "))
		if err != nil {
			return err
		}
		return a.say(map[string]any{"number": b.Number, "taken": b.Items - kept, "kept_out": kept}, func() {
			a.printf("The partner has imported file %d: %s items taken, %s refused or failed.\n", b.Number, number(b.Items-kept), number(kept))
		})
	})
}

type bundleList struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

// Run lists.
func (c *bundleList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		out, in, err := n.Offline.List(a.ctx, n.Live, n.Operator(), c.Agreement, 100)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"written": bundleRows(out), "imported": bundleRows(in)}, func() {
			for _, b := range out {
				state := "not known to have arrived"
				if b.Seen > 0 {
					state = "arrived"
				}
				a.printf("written   %4d  %s items  by %s  %s\n", b.Number, number(b.Items), b.People, state)
			}
			for _, b := range in {
				a.printf("imported  %4d  %s items  by %s\n", b.Number, number(b.Items), b.People)
			}
		})
	})
}

func bundleRows(list []store.Bundle) []map[string]any {
	rows := []map[string]any{}
	for _, b := range list {
		rows = append(rows, map[string]any{
			"number": b.Number, "bundle": b.Link.String(), "items": b.Items, "by": b.People, "at": time.UnixMicro(b.At).UTC().Format(time.RFC3339), "arrived": b.Seen > 0,
		})
	}
	return rows
}

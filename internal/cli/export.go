package cli

import (
	"bufio"
	"errors"
	"io"
	"os"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type exportCmd struct {
	Objects exportObjects `cmd:"" help:"Write stored objects as one STIX bundle."`
	Ledger  exportLedger  `cmd:"" help:"Write the exchange ledger of an agreement, for twoseas verify."`
	Subset  exportSubset  `cmd:"" help:"Write some items of a shipment with what proves that the originator signed them."`
}

// output is where an export goes: a file, or standard output for "-".
type output struct {
	Out string `name:"out" short:"o" default:"-" placeholder:"FILE" help:"File to write (default standard output)."`
}

func (o output) write(a *app, fn func(io.Writer) error) error {
	if o.Out == "-" {
		w := bufio.NewWriter(a.out)
		return errors.Join(fn(w), w.Flush())
	}
	f, err := os.OpenFile(o.Out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 256<<10)
	return errors.Join(fn(w), w.Flush(), f.Sync(), f.Close())
}

type exportObjects struct {
	output
	As   string `placeholder:"USER" help:"Only what this account may read (default everything this node holds)."`
	Type string `placeholder:"TYPE" help:"Only objects of this STIX type."`
}

// Run writes a bundle, an object at a time.
func (c *exportObjects) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		class, err := n.ClassOf(a.ctx, c.As)
		if err != nil {
			return err
		}
		id, err := n.NewUUID()
		if err != nil {
			return err
		}
		written := 0
		err = c.write(a, func(w io.Writer) error {
			if err := put(w, `{"type":"bundle","id":"bundle--`+id+`","objects":[`); err != nil {
				return err
			}
			if err := n.Live.Read(a.ctx, func(tx *store.Tx) error {
				return tx.Objects(0, class, func(o store.Object) error {
					if o.Type == "erased" || c.Type != "" && o.Type != c.Type {
						return nil
					}
					sep := ",\n"
					if written == 0 {
						sep = "\n"
					}
					written++
					if err := put(w, sep); err != nil {
						return err
					}
					_, err := w.Write(o.Body)
					return err
				})
			}); err != nil {
				return err
			}
			return put(w, "\n]}\n")
		})
		if err == nil && c.Out != "-" {
			a.printf("%s objects in %s\n", number(int64(written)), c.Out)
		}
		return err
	})
}

func put(w io.Writer, s string) error {
	_, err := io.WriteString(w, s)
	return err
}

type exportLedger struct {
	output
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

// Run writes a ledger.
func (c *exportLedger) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		return c.write(a, func(w io.Writer) error { return n.ExportLedger(a.ctx, c.Agreement, w) })
	})
}

type exportSubset struct {
	output
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	Shipment  int64           `arg:"" help:"Number of the shipment."`
	Items     []int           `arg:"" help:"Positions of the items, from 0."`
	Received  bool            `help:"A shipment received (default one sent)."`
}

// Run writes a subset.
func (c *exportSubset) Run(a *app) error {
	direction := store.Out
	if c.Received {
		direction = store.In
	}
	return a.with(func(n *node.Node) error {
		s, err := n.Exchange.Subset(a.ctx, n.Live, c.Agreement, direction, c.Shipment, c.Items)
		if err != nil {
			return err
		}
		return c.write(a, s.Write)
	})
}

type verifyCmd struct {
	Key   []string `required:"" short:"k" placeholder:"KEY" help:"Public key of a side, side+id+base64; give one for each side."`
	Files []string `arg:"" name:"file" help:"Exported ledgers and subset bundles."`
}

// Run checks files; no node is needed.
func (c *verifyCmd) Run(a *app) error {
	var keys []note.Verifier
	for _, k := range c.Key {
		v, err := note.ParseVerifier(k)
		if err != nil {
			return err
		}
		keys = append(keys, v)
	}
	report, err := verifyFiles(c.Files, keys)
	if err != nil {
		return err
	}
	if a.JSON {
		if err := a.print(reportJSON(report)); err != nil {
			return err
		}
	} else if err := report.WriteText(a.out); err != nil {
		return err
	}
	if !report.OK {
		return errNotSound
	}
	return nil
}

// reportJSON is a report as programs read it.
func reportJSON(r verify.Report) map[string]any {
	logs := []map[string]any{}
	for _, l := range r.Logs {
		logs = append(logs, map[string]any{
			"owner": l.Owner, "partner": l.Partner, "agreement": l.Agreement, "domain": l.Domain.String(), "size": l.Size,
			"root": l.Root.String(), "cosigned": l.Cosigned,
		})
	}
	findings := []map[string]any{}
	for _, f := range r.Findings {
		findings = append(findings, map[string]any{"file": f.File + 1, "leaf": f.Leaf, "sound": f.Sound, "text": f.Text})
	}
	return map[string]any{
		"sound": r.OK, "summary": r.Summary(), "logs": logs, "findings": findings, "leaves": r.Leaves, "shipments": r.Shipments,
		"receipts": r.Receipts, "agreements": r.Agreements, "keys": r.Keys, "subsets": r.Subsets, "items": r.Items,
	}
}

// verifyFiles checks files by name.
func verifyFiles(names []string, keys []note.Verifier) (verify.Report, error) {
	readers := make([]io.Reader, len(names))
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return verify.Report{}, fault.Errorf(fault.NotFound, "%w", err)
		}
		defer func() { _ = f.Close() }() // only read
		readers[i] = bufio.NewReader(f)
	}
	return verify.Verify(readers, keys)
}

package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
)

type backupCmd struct {
	Out       string `arg:"" name:"file" help:"File to write; must not exist."`
	Recipient string `placeholder:"AGE1…" help:"Encrypt to this age recipient. Without it the file holds every object in the clear."`
	Until     string `placeholder:"TIME" help:"Until when the file is kept, which erasures name; not known without."`
}

// Run writes a backup; the node may be serving.
func (c *backupCmd) Run(a *app) error {
	var to age.Recipient
	if c.Recipient != "" {
		r, err := age.ParseX25519Recipient(c.Recipient)
		if err != nil {
			return fault.Errorf(fault.Invalid, "--recipient: %w", err)
		}
		to = r
	}
	until, err := marking.ParseInstant(c.Until)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return fault.Errorf(fault.Conflict, "%s exists", c.Out)
		}
		if err != nil {
			return err
		}
		if err := errors.Join(c.write(a, n, f, to), f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(c.Out))
		}
		place, err := filepath.Abs(c.Out)
		if err != nil {
			return err
		}
		if err := n.Erasures.BackedUp(a.ctx, n.Live, n.Operator(), place, until); err != nil {
			return err
		}
		return a.say(map[string]any{"file": c.Out, "encrypted": to != nil}, func() {
			a.printf("Backup in %s. Without seal.key of %s, which is not in it, it cannot be restored: keep that file apart.\n", c.Out, a.DataDir)
			if to == nil {
				a.printf("The file holds every object in the clear; use --recipient to encrypt it.\n")
			}
		})
	})
}

func (c *backupCmd) write(a *app, n *node.Node, f io.Writer, to age.Recipient) error {
	if to == nil {
		return n.Backup(a.ctx, f)
	}
	w, err := age.Encrypt(f, to)
	if err != nil {
		return err
	}
	return errors.Join(n.Backup(a.ctx, w), w.Close())
}

type restoreCmd struct {
	File     string `arg:"" help:"Backup."`
	Seal     string `name:"seal-key" required:"" placeholder:"FILE" help:"The seal.key of the node, kept apart from the backup."`
	Identity string `placeholder:"FILE" help:"age identity, for an encrypted backup."`
}

// Run makes a node of a backup in --data-dir, in its own kind of store or,
// with --store, in another.
func (c *restoreCmd) Run(a *app) error {
	seal, err := os.ReadFile(c.Seal)
	if err != nil {
		return fault.Errorf(fault.NotFound, "%w", err)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fault.Errorf(fault.NotFound, "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	var r io.Reader = f
	if c.Identity != "" {
		if r, err = decrypt(f, c.Identity); err != nil {
			return err
		}
	}
	source, err := a.store()
	if err != nil {
		return err
	}
	if err := node.Restore(a.ctx, a.DataDir, r, seal, source, clock.Func(time.Now)); err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		objects, _, err := n.Objects(a.ctx)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"data_dir": a.DataDir, "objects": objects}, func() {
			a.printf("The node of %s is restored in %s with %s objects; its ledgers fit their checkpoints.\n", n.Config.Side, a.DataDir, number(objects))
			if a.Store != "" {
				a.printf("Set store: %q in node.yaml to keep using this store.\n", a.Store)
			}
		})
	})
}

func decrypt(r io.Reader, identity string) (io.Reader, error) {
	f, err := os.Open(identity)
	if err != nil {
		return nil, fault.Errorf(fault.NotFound, "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	ids, err := age.ParseIdentities(f)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", identity, err)
	}
	out, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, fault.Errorf(fault.Denied, "the backup does not open with this identity: %w", err)
	}
	return out, nil
}

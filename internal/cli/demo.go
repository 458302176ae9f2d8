package cli

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/demo"
)

type demoCmd struct {
	Data        string `placeholder:"PATH" help:"STIX file, or directory of .json files, to import at India (default the built-in data)."`
	Once        bool   `help:"Stop after the steps; exit with 1 when one did not hold."`
	ReadyFile   string `placeholder:"FILE" help:"Write how clients reach both nodes to this file, as JSON, when they serve."`
	Dir         string `placeholder:"DIR" help:"Keep the nodes in this new directory (default a temporary one, removed at the end)."`
	Listen      string `placeholder:"HOST" default:"127.0.0.1" help:"Host the public listeners bind."`
	HTTP        bool   `name:"http" help:"Serve without TLS, for a proxy that ends it; loopback only, unless --behind-proxy."`
	BehindProxy bool   `help:"Every connection comes from a proxy of our own."`
}

// Run runs the demonstration.
func (c *demoCmd) Run(a *app) error {
	if c.ReadyFile != "" { // one of an earlier run would mislead whoever waits for it
		if err := os.Remove(c.ReadyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	dir, remove, err := c.place()
	if err != nil {
		return err
	}
	defer remove()
	var p *progress
	current := ""
	d, err := demo.Start(a.ctx, demo.Options{
		Data: c.Data, Dir: dir, HTTP: c.HTTP, BehindProxy: c.BehindProxy, Listen: c.Listen, Log: a.logger(), Clock: clock.Func(time.Now),
		Say: func(format string, args ...any) {
			if !a.JSON {
				a.printf(format, args...)
			}
		},
		Progress: func(file string, offset, size int64, objects int) {
			if file != current {
				current, p = file, a.progress(file, size)
			}
			p.show(offset, objects)
			if p.terminal && offset >= size {
				p.clear()
			}
		},
	})
	if err != nil {
		return err
	}
	return errors.Join(c.steps(a, d), d.Stop())
}

// place returns the directory of the nodes and what to do with it at the end.
func (c *demoCmd) place() (string, func(), error) {
	if c.Dir != "" {
		return c.Dir, func() {}, os.MkdirAll(c.Dir, 0o700)
	}
	dir, err := os.MkdirTemp("", "twoseas-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err // a temporary directory left behind does no harm
}

func (c *demoCmd) steps(a *app, d *demo.Demo) error {
	if err := c.ready(d); err != nil {
		return err
	}
	figures, err := d.Run(a.ctx)
	if a.JSON {
		if err := a.print(figures); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := c.ready(d); err != nil { // the inbox is there now
		return err
	}
	if c.Once {
		if !a.JSON {
			a.printf("\nEvery step held.\n")
		}
		return nil
	}
	c.next(a, d)
	return d.In.Run.Wait(a.ctx)
}

func (c *demoCmd) ready(d *demo.Demo) error {
	if c.ReadyFile == "" {
		return nil
	}
	raw, err := canon.Write(d.Ready())
	if err != nil {
		return err
	}
	if raw, err = canon.Indent(raw); err != nil {
		return err
	}
	return writeFile(c.ReadyFile, append(raw, '\n'), 0o600)
}

// next tells what a user does now.
func (c *demoCmd) next(a *app, d *demo.Demo) {
	if a.JSON {
		return
	}
	r := d.Ready()
	a.printf("\nBoth nodes keep serving. In another terminal:\n")
	for _, n := range r.Nodes {
		a.printf("\n  node of %s: %s (health %s/healthz, interface %s/api/v1/openapi.json)\n", n.Side, n.URL, n.URL, n.URL)
	}
	a.printf("\n  The desk, for people:\n")
	for _, n := range r.Nodes {
		a.printf("    %s   password of every account: %s\n", n.Desk.URL, n.Desk.Password)
	}
	a.printf("    accounts: %s\n", strings.Join(r.Nodes[0].Desk.Accounts, ", "))
	a.printf("    Here a password is enough; a node of your own asks for a passkey or a second factor.\n")
	jp := r.Nodes[1]
	ca := ""
	if jp.CA != "" {
		ca = "--cacert " + jp.CA + " "
	}
	inbox := jp.TAXII.Collections[len(jp.TAXII.Collections)-1]
	a.printf("\n  What Japan received, by TAXII 2.1:\n    curl %s-u %s:%s -H 'Accept: %s' '%scollections/%s/objects/?limit=2'\n",
		ca, jp.TAXII.User, jp.TAXII.Password, "application/taxii+json;version=2.1", jp.TAXII.APIRoot, inbox.ID)
	a.printf("\n  What Japan knows of a value:\n    curl %s-H 'Authorization: Bearer %s' '%s/api/v1/lookup?value=%s'\n", ca, jp.TAXII.Token, jp.URL, url.QueryEscape(d.Example))
	a.printf("    bin/twoseas lookup --data-dir %s '%s'\n", jp.DataDir, defang(d.Example))
	a.printf("\n  What waits for an officer in India:\n    bin/twoseas release list in-jp-2022 --data-dir %s\n", r.Nodes[0].DataDir)
	a.printf("\n  The dates of the memorandum:\n    bin/twoseas agreement calendar in-jp-2022 --data-dir %s\n", r.Nodes[0].DataDir)
	a.printf("\nCtrl-C ends the demonstration.\n")
}

// defang writes a value as people send it to each other.
func defang(v string) string { return strings.NewReplacer(".", "[.]", "http", "hxxp").Replace(v) }

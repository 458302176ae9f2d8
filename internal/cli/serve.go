package cli

import (
	"errors"
	"os"
	"path/filepath"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
)

type initCmd struct {
	Side       ident.Side `required:"" placeholder:"ID" help:"Side this node serves, as its agreements name it, such as in or jp."`
	Codes      []string   `placeholder:"CODE" help:"Other names of the side in releasable-to lists, such as IND."`
	Title      string     `help:"Name of the node shown to readers."`
	Contact    string     `help:"Contact told to TAXII clients, such as an e-mail address."`
	Listen     string     `placeholder:"ADDR" help:"Where people and tools connect (default 127.0.0.1:8443)."`
	PeerListen string     `placeholder:"ADDR" help:"Where partners' nodes connect (default 127.0.0.1:8444)."`
	PeerURL    string     `placeholder:"URL" help:"Address partners are told, when it is not https://<peer-listen>."`
	Admin      string     `placeholder:"NAME" default:"administrator" help:"Account of the first administrator, whose one-time link is printed."`
}

// Run makes a node.
func (c *initCmd) Run(a *app) error {
	source, err := a.store()
	if err != nil {
		return err
	}
	config := node.Config{
		Side: c.Side, Codes: c.Codes, Title: c.Title, Contact: c.Contact, Listen: c.Listen, PeerListen: c.PeerListen,
		PeerURL: c.PeerURL, Store: source,
	}
	if err := node.Init(a.DataDir, config); err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		key, err := n.PublicKey(a.ctx)
		if err != nil {
			return err
		}
		link, err := firstLink(a, n, c.Admin)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"side": c.Side, "data_dir": a.DataDir, "key": key, "admin": c.Admin, "link": link}, func() {
			a.printf("The node of %s is in %s. Keep seal.key in it safe and apart from backups of the store.\n", c.Side, a.DataDir)
			a.printf("Its public key: %s\n\nNext:\n", key)
			a.printf("  twoseas user add --data-dir %s --role analyst --clearance TLP:AMBER NAME\n", a.DataDir)
			a.printf("  twoseas serve --data-dir %s\n", a.DataDir)
			a.printf("  %s\n    opens the desk for %s, once, within 24 hours\n", link, c.Admin)
			a.printf("  twoseas peer invite --data-dir %s        give the code to the partner\n", a.DataDir)
		})
	})
}

// firstLink makes the first administrator and the one-time link that lets
// that person in.
func firstLink(a *app, n *node.Node, name string) (string, error) {
	admin := people.Account{Name: name, Roles: []people.Role{people.Administrator}}
	if err := n.People.AddAccount(a.ctx, n.Operator(), admin); err != nil {
		return "", err
	}
	return linkFor(a, n, name)
}

func linkFor(a *app, n *node.Node, name string) (string, error) {
	secret, err := n.Sessions.Link(a.ctx, n.Operator(), name)
	return n.LinkURL(secret), err
}

type serveCmd struct {
	Listen      string `placeholder:"ADDR" help:"Where people and tools connect."`
	PeerListen  string `placeholder:"ADDR" help:"Where partners' nodes connect."`
	HTTP        bool   `name:"http" help:"Serve --listen without TLS, for a proxy on this machine; loopback only, unless --behind-proxy."`
	BehindProxy bool   `help:"Every connection comes from a proxy of our own, which sets X-Forwarded-For."`
	Certificate string `placeholder:"FILE" help:"PEM certificate for --listen (default self-made)."`
	Key         string `placeholder:"FILE" help:"PEM key of --certificate."`
}

// Run serves until the context ends.
func (c *serveCmd) Run(a *app) error {
	config, err := a.config()
	if err != nil {
		return err
	}
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&config.Listen, c.Listen)
	set(&config.PeerListen, c.PeerListen)
	set(&config.Certificate, c.Certificate)
	set(&config.Key, c.Key)
	config.HTTP, config.BehindProxy = config.HTTP || c.HTTP, config.BehindProxy || c.BehindProxy
	n, err := node.OpenWith(a.ctx, a.DataDir, config, node.Options{Log: a.logger()})
	if err != nil {
		return err
	}
	r, err := n.Start(a.ctx)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	a.printf("%s serves at %s, for partners at %s. Stop it with Ctrl-C.\n", n.Config.Title, r.URL, r.PeerURL)
	err = r.Wait(a.ctx)
	return errors.Join(err, r.Stop(), n.Close())
}

// writeFile writes a file through a temporary one, so that a reader never sees
// half of it.
func writeFile(name string, data []byte, mode os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".twoseas-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return os.Rename(tmp.Name(), name)
}

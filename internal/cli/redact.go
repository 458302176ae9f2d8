package cli

import (
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
)

type releaseRedact struct {
	heldItem
	As       string       `required:"" placeholder:"USER" help:"Releasing officer who decides; the password is asked for."`
	Digest   ident.Digest `required:"" help:"Digest that twoseas release show printed."`
	Property []string     `placeholder:"NAME" sep:"none" help:"Property that goes."`
	Word     []string     `placeholder:"TEXT" sep:"none" help:"Text to black out wherever it stands; four characters at least."`
	Made     ident.Digest `placeholder:"DIGEST" help:"Make only what the preview showed: its digest."`
	Reason   string       `help:"Why the item itself is refused; asked for when something is made."`
	Preview  bool         `help:"Show what would be made, and make nothing."`
}

func (c *releaseRedact) redaction() release.Redaction {
	return release.Redaction{
		Agreement: c.Agreement, Object: c.Item, Digest: c.Digest, Made: c.Made, Reason: c.Reason,
		Cuts: release.Cuts{Properties: c.Property, Words: c.Word},
	}
}

// Run takes something out of a held item, or shows what that would make.
func (c *releaseRedact) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		d, err := n.Releases.Draft(a.ctx, n.Live, by, c.redaction())
		if err != nil {
			return err
		}
		said := map[string]any{"object": d.Object.ID, "id": d.ID, "bytes": string(d.Body), "made": d.Made.String()}
		if c.Preview {
			return a.say(said, func() {
				a.printf("As it waits:\n%s\nWhat would be made:\n%s\nDigest: %s\n", d.Object.Body, d.Body, d.Made)
			})
		}
		made, err := n.Releases.Redact(a.ctx, n.Live, by, c.redaction())
		if err != nil {
			return err
		}
		said["item"] = made
		return a.say(said, func() { a.printf("%s is refused; %s waits as item %d.\n", d.Object.ID, d.ID, made) })
	})
}

package cli

import (
	"bufio"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type peerCmd struct {
	List    peerList    `cmd:"" default:"1" help:"List partners' nodes."`
	Invite  peerInvite  `cmd:"" help:"Make an invitation for the partner. This node must be serving when it is accepted."`
	Accept  peerAccept  `cmd:"" help:"Accept the partner's invitation: its node is called, and a code is shown for two people to compare."`
	Hello   peerHello   `cmd:"" help:"Accept the partner's invitation without a line: write the message to bring to the partner."`
	Answer  peerAnswer  `cmd:"" help:"Answer such a message, in a file to bring back."`
	Finish  peerFinish  `cmd:"" help:"Take the answer; a code is shown for two people to compare."`
	Confirm peerConfirm `cmd:"" help:"Confirm a partner by the code its person reads out."`
	Move    peerMove    `cmd:"" help:"Record another address of a partner's node."`
	Remove  peerRemove  `cmd:"" help:"Forget a partner's node. What was signed stays valid."`
	Rotate  peerRotate  `cmd:"" help:"Give this node a new signing key; partners are told by a note both keys sign."`
	Check   peerCheck   `cmd:"" help:"Call a partner's node; with --full compare everything both sides hold."`
}

type peerList struct{}

// Run lists.
func (c *peerList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		peers, err := n.Pairing.Peers(a.ctx)
		if err != nil {
			return err
		}
		type row struct {
			Side  string `json:"side"`
			State string `json:"state"`
			URL   string `json:"url"`
			Key   string `json:"key"`
			SAS   string `json:"code,omitempty"`
		}
		rows := []row{}
		for _, p := range peers {
			rows = append(rows, row{string(p.Side), string(p.State), p.URL, p.VKey, p.SAS})
		}
		return a.say(map[string]any{"peers": rows}, func() {
			if len(rows) == 0 {
				a.printf("No partner yet. One side runs twoseas peer invite, the other twoseas peer accept.\n")
			}
			for _, p := range rows {
				a.printf("%s  %s  %s\n  key %s\n", p.Side, p.State, p.URL, p.Key)
				if p.State == string(store.PeerUnconfirmed) {
					a.readOut(p.Side, p.SAS)
				}
			}
		})
	})
}

func (a *app) readOut(side, sas string) {
	a.printf("  Read to the person of %s over a line you both trust:  %s\n  and type what that person reads to you:  twoseas peer confirm %s CODE\n", side, sas, side)
}

type peerInvite struct {
	URL string `name:"url" placeholder:"URL" help:"Where the partner reaches this node's peer listener, when it differs from the configured address."`
}

// Run prints an invitation.
func (c *peerInvite) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		code, err := n.Pairing.Invite(a.ctx, n.Operator(), c.URL)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"invitation": code}, func() {
			a.printf("%s\n\nGive this to the partner, by any means; it holds no secret and is good for seven days and one guest.\nThe partner runs: twoseas peer accept CODE\nThen see twoseas peer list here.\n", code)
		})
	})
}

type peerAccept struct {
	Code string `arg:"" optional:"" help:"The invitation; read from standard input when left out."`
}

// Run accepts.
func (c *peerAccept) Run(a *app) error {
	if c.Code == "" {
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && line == "" {
			return fault.New(fault.Invalid, "no invitation given")
		}
		c.Code = strings.TrimSpace(line)
	}
	return a.with(func(n *node.Node) error {
		p, err := n.Accept(a.ctx, c.Code)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"side": p.Side, "state": p.State, "code": p.SAS}, func() {
			a.printf("%s answered. Nothing crosses before both of you have compared:\n", p.Side)
			a.readOut(string(p.Side), p.SAS)
		})
	})
}

type peerConfirm struct {
	Side ident.Side `arg:"" help:"Side of the partner."`
	Code string     `arg:"" help:"What the partner's person read out."`
}

// Run confirms.
func (c *peerConfirm) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Pairing.Confirm(a.ctx, n.Operator(), c.Side, c.Code); err != nil {
			return err
		}
		return a.say(map[string]any{"side": c.Side, "state": store.PeerActive}, func() { a.printf("%s is confirmed.\n", c.Side) })
	})
}

type peerMove struct {
	Side ident.Side `arg:"" help:"Side of the partner."`
	URL  string     `arg:"" name:"url" help:"New address, https://host:port."`
}

// Run records the address.
func (c *peerMove) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Pairing.Move(a.ctx, n.Operator(), c.Side, c.URL) })
}

type peerRemove struct {
	Side ident.Side `arg:"" help:"Side of the partner."`
}

// Run forgets a peer.
func (c *peerRemove) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Pairing.Remove(a.ctx, n.Operator(), c.Side) })
}

type peerRotate struct{}

// Run rotates the signing key.
func (c *peerRotate) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		msg, err := n.Pairing.Rotate(a.ctx, n.Operator())
		if err != nil {
			return err
		}
		return a.say(map[string]any{"note": string(msg)}, func() {
			a.printf("%s\nThe old key handed over to the new one. A serving node tells each partner by itself.\n", msg)
		})
	})
}

type peerCheck struct {
	Side ident.Side `arg:"" help:"Side of the partner."`
	Full bool       `help:"Compare from the first shipment on, not only since the last comparison."`
}

// Run calls the partner and compares.
func (c *peerCheck) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		ok, lines, err := n.CheckPeer(a.ctx, c.Side, c.Full)
		if err != nil {
			return err
		}
		if err := a.say(map[string]any{"sound": ok, "lines": lines}, func() {
			for _, l := range lines {
				a.printf("%s\n", l)
			}
		}); err != nil {
			return err
		}
		if !ok {
			return errNotSound
		}
		return nil
	})
}

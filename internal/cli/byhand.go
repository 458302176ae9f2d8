package cli

import (
	"io"

	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type peerHello struct {
	output
	Code string `arg:"" help:"The partner's invitation."`
}

// Run writes the hello that a line would carry.
func (c *peerHello) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		call, err := n.Pairing.Accept(a.ctx, n.Operator(), c.Code)
		if err != nil {
			return err
		}
		return c.message(a, call.Hello)
	})
}

// message writes one message of the pairing.
func (o output) message(a *app, v any) error {
	raw, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	return o.write(a, func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}

type peerAnswer struct {
	output
	File string `arg:"" help:"File with the partner's hello."`
}

// Run answers a hello.
func (c *peerAnswer) Run(a *app) error {
	raw, err := readSmall(c.File)
	if err != nil {
		return err
	}
	hello, err := pairing.ParseHello(raw)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		answer, err := n.Pairing.AnswerByHand(a.ctx, n.Operator(), hello)
		if err != nil {
			return err
		}
		if err := c.message(a, answer); err != nil || c.Out == "-" {
			return err
		}
		return a.compare(n, string(hello.Guest.Side))
	})
}

type peerFinish struct {
	File string `arg:"" help:"File with the partner's answer."`
}

// Run takes the answer.
func (c *peerFinish) Run(a *app) error {
	raw, err := readSmall(c.File)
	if err != nil {
		return err
	}
	answer, err := pairing.ParseAnswer(raw)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		p, err := n.Pairing.Finish(a.ctx, answer)
		if err != nil {
			return err
		}
		return a.compare(n, string(p.Side))
	})
}

// compare shows what two people read to each other.
func (a *app) compare(n *node.Node, side string) error {
	peers, err := n.Pairing.Peers(a.ctx)
	if err != nil {
		return err
	}
	for _, p := range peers {
		if string(p.Side) != side {
			continue
		}
		return a.say(map[string]any{"side": p.Side, "state": p.State, "code": p.SAS}, func() {
			if p.State == store.PeerUnconfirmed {
				a.readOut(side, p.SAS)
			}
		})
	}
	return fault.Errorf(fault.NotFound, "no peer %s", side)
}

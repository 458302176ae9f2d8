package cli

import (
	"fmt"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type statusCmd struct{}

type channelStatus struct {
	exchange.State
	Sent     exchange.Totals `json:"sent"`
	Received exchange.Totals `json:"received"`
	Gate     []release.Line  `json:"gate"`
}

// Run shows each channel.
func (c *statusCmd) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		ids, err := n.Accords.Agreements(a.ctx, n.Live)
		if err != nil {
			return err
		}
		out := []channelStatus{}
		for _, id := range ids {
			s, err := statusOf(a, n, id)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
				continue // not in force
			}
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return a.say(map[string]any{"channels": out}, func() {
			if len(out) == 0 {
				a.printf("No agreement is in force.\n")
			}
			for _, s := range out {
				a.channel(s)
			}
		})
	})
}

func (a *app) channel(s channelStatus) {
	a.printf("%s with %s: %s\n", s.Agreement, s.Partner, converged(s.State))
	a.printf("  sent      %s\n  received  %s\n", totals(s.Sent), totals(s.Received))
	if s.Waiting > 0 || s.Unanswered > 0 {
		a.printf("  waiting   %s, %s without a receipt\n", count(int(s.Waiting), "object"), count(s.Unanswered, "shipment"))
	}
	for _, g := range s.Finding.Missing {
		a.printf("  missing   %s\n", g)
	}
	a.gateTable(s.Gate)
}

// converged says in words how the two sides stand.
func converged(s exchange.State) string {
	switch {
	case s.Status != store.ChannelOpen:
		return "stopped: " + s.Status
	case s.Compared():
		return "converged at " + s.Finding.At.UTC().Format(time.DateTime) + " UTC"
	case s.Finding.At.IsZero():
		return "not compared yet"
	}
	return fmt.Sprintf("not converged (last compared %s UTC)", s.Finding.At.UTC().Format(time.DateTime))
}

func totals(t exchange.Totals) string {
	return fmt.Sprintf("%s, %s: %s applied, %s already had, %s refused, %s failed", count(int(t.Shipments), "shipment"), megabytes(t.Bytes),
		number(t.Applied), number(t.Already), number(t.Refused), number(t.Failed))
}

// gateTable shows per outcome, clause and rule what the gate says.
func (a *app) gateTable(lines []release.Line) {
	if len(lines) == 0 {
		return
	}
	a.printf("  %-9s %-8s %-30s %10s\n", "gate", "clause", "rule", "objects")
	for _, l := range lines {
		a.printf("  %-9s %-8s %-30s %10s\n", outcomeWord[l.Outcome], dash(l.Clause), l.Rule, number(l.Objects))
	}
}

var outcomeWord = map[string]string{"release": "released", "redact": "redacted", "hold": "held", "deny": "denied"}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// statusOf gathers what there is to say of one channel.
func statusOf(a *app, n *node.Node, id ident.Agreement) (s channelStatus, err error) {
	if s.State, err = n.Exchange.State(a.ctx, n.Live, id); err != nil {
		return s, err
	}
	if s.Sent, err = n.Exchange.Totals(a.ctx, n.Live, id, store.Out); err != nil {
		return s, err
	}
	if s.Received, err = n.Exchange.Totals(a.ctx, n.Live, id, store.In); err != nil {
		return s, err
	}
	s.Gate, err = n.Releases.Summary(a.ctx, n.Live, id, store.AllLabels)
	return s, err
}

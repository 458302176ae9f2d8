package cli

import (
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
)

type channelCmd struct {
	Show      channelShow      `cmd:"" default:"withargs" help:"Show attempts, retries, pauses and the numbers of the receipts."`
	Shipments channelShipments `cmd:"" help:"List shipments with their receipts."`
	Pause     channelPause     `cmd:"" help:"Send nothing more until it is resumed."`
	Resume    channelResume    `cmd:"" help:"Send again."`
	Try       channelTry       `cmd:"" help:"Have the serving node try at once."`
}

type onChannel struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

type channelShow struct{ onChannel }

type standingRow struct {
	exchange.State
	Paused   *pauseRow       `json:"paused,omitempty"`
	Tried    string          `json:"tried,omitempty"`
	Done     string          `json:"succeeded,omitempty"`
	Failures int64           `json:"failures"`
	Next     string          `json:"next,omitempty"`
	Problem  string          `json:"problem,omitempty"`
	Refused  string          `json:"refused,omitempty"`
	Sent     exchange.Totals `json:"sent"`
	Received exchange.Totals `json:"received"`
}

type pauseRow struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
	At     string `json:"at"`
}

// moment writes a time of the store; none is empty.
func moment(micro int64) string {
	if micro == 0 {
		return ""
	}
	return time.UnixMicro(micro).UTC().Format(time.RFC3339)
}

// Run shows one channel.
func (c *channelShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		s, err := n.Exchange.Standing(a.ctx, n.Live, n.Operator(), c.Agreement)
		if err != nil {
			return err
		}
		row := standingRow{
			State: s.State, Tried: moment(s.Carriage.Tried), Done: moment(s.Carriage.Done), Failures: s.Carriage.Failures, Next: moment(s.Carriage.Next),
			Problem: s.Carriage.Problem, Refused: s.Carriage.Refused, Sent: s.Sent, Received: s.Received,
		}
		if s.Pause.At != 0 {
			row.Paused = &pauseRow{s.Pause.Who, s.Pause.Reason, moment(s.Pause.At)}
		}
		return a.say(row, func() { a.standing(row) })
	})
}

func (a *app) standing(r standingRow) {
	a.printf("%s with %s: %s\n", r.Agreement, r.Partner, converged(r.State))
	if r.Paused != nil {
		a.printf("  paused    by %s since %s: %s\n", r.Paused.By, r.Paused.At, r.Paused.Reason)
	}
	a.printf("  waiting   %s, %s without a receipt\n", count(int(r.Waiting), "object"), count(r.Unanswered, "shipment"))
	a.printf("  line      last attempt %s, last success %s\n", dash(r.Tried), dash(r.Done))
	if r.Failures > 0 {
		a.printf("  retry     %s failed, next at %s: %s\n", count(int(r.Failures), "attempt"), dash(r.Next), r.Problem)
	}
	if r.Refused != "" {
		a.printf("  not taken %s\n", r.Refused)
	}
	for _, g := range r.Finding.Missing {
		a.printf("  missing   %s\n", g)
	}
}

type channelShipments struct {
	onChannel
	Direction string `arg:"" optional:"" enum:"in,out," default:"out" help:"out: sent, in: received."`
	Before    int64  `help:"Begin below this number."`
	Limit     int    `default:"20" help:"At most so many."`
}

type legRow struct {
	Number   int64  `json:"number"`
	Items    int    `json:"items"`
	Bytes    int64  `json:"bytes"`
	Link     string `json:"digest"`
	At       string `json:"at"`
	Answered string `json:"answered,omitempty"`
	Applied  int    `json:"applied"`
	Already  int    `json:"already"`
	Refused  int    `json:"refused"`
	Failed   int    `json:"failed"`
}

// Run lists shipments, newest first.
func (c *channelShipments) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		legs, _, err := n.Exchange.Legs(a.ctx, n.Live, n.Operator(), c.Agreement, c.Direction, c.Before, c.Limit)
		if err != nil {
			return err
		}
		rows := []legRow{}
		for _, l := range legs {
			r := legRow{Number: l.Number, Items: l.Header.Items, Bytes: l.Bytes, Link: l.Link.String(), At: l.At.Format(time.RFC3339)}
			if l.Receipt != nil {
				r.Answered = l.Answered.Format(time.RFC3339)
				r.Applied, r.Already, r.Refused, r.Failed = l.Receipt.Applied, l.Receipt.Already, l.Receipt.Refused(), l.Receipt.Failed()
			}
			rows = append(rows, r)
		}
		return a.say(map[string]any{"shipments": rows}, func() {
			if len(rows) == 0 {
				a.printf("No shipment.\n")
			}
			for _, r := range rows {
				a.printf("%6d  %s  %s: %d applied, %d already had, %d refused, %d failed  %s\n",
					r.Number, r.At, count(r.Items, "item"), r.Applied, r.Already, r.Refused, r.Failed, answeredWord(r.Answered))
			}
		})
	})
}

func answeredWord(at string) string {
	if at == "" {
		return "no receipt yet"
	}
	return "answered " + at
}

type channelPause struct {
	onChannel
	Reason string `required:"" help:"Why; shown to everybody who looks at the channel."`
}

// Run pauses.
func (c *channelPause) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Exchange.Pause(a.ctx, n.Live, n.Operator(), c.Agreement, c.Reason); err != nil {
			return err
		}
		return a.say(map[string]any{"paused": c.Agreement}, func() {
			a.printf("Nothing more is sent under %s until twoseas channel resume %s.\n", c.Agreement, c.Agreement)
		})
	})
}

type channelResume struct{ onChannel }

// Run resumes.
func (c *channelResume) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Exchange.Resume(a.ctx, n.Live, n.Operator(), c.Agreement); err != nil {
			return err
		}
		return a.say(map[string]any{"resumed": c.Agreement}, func() { a.printf("Sending under %s goes on.\n", c.Agreement) })
	})
}

type channelTry struct{ onChannel }

// Run tries.
func (c *channelTry) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Exchange.TryNow(a.ctx, n.Live, n.Operator(), c.Agreement); err != nil {
			return err
		}
		return a.say(map[string]any{"trying": c.Agreement}, func() { a.printf("A serving node tries now.\n") })
	})
}

package cli

import (
	"time"

	"twoseas/internal/act/request"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/request"
	"twoseas/internal/node"
)

type requestCustody struct {
	Request  string    `arg:"" help:"Id of the request."`
	Handling string    `required:"" enum:"took,copied,handed-on,returned,destroyed" help:"What was done: ${enum}."`
	Item     string    `required:"" placeholder:"TEXT" help:"What it is."`
	Evidence string    `required:"" placeholder:"DIGEST" help:"SHA-256 of the evidence, such as sha256:9f86..."`
	Holder   string    `required:"" placeholder:"TEXT" help:"Who had it: a body or a post."`
	To       string    `placeholder:"TEXT" help:"To whom it was handed on or returned."`
	On       time.Time `placeholder:"TIME" help:"When; now when left out."`
}

// Run writes the entry.
func (c *requestCustody) Run(a *app) error {
	digest, err := ident.ParseDigest(c.Evidence)
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		if err := n.Requests.Enter(a.ctx, n.Live, n.Operator(), c.Request, request.Evidence{
			Handling: law.Handling(c.Handling), Item: c.Item, Digest: digest, Holder: c.Holder, To: c.To, On: c.On,
		}); err != nil {
			return err
		}
		return a.say(map[string]any{"request": c.Request}, func() { a.printf("Written down.\n") })
	})
}

func custodyRows(list []request.Held) []map[string]any {
	rows := []map[string]any{}
	for _, e := range list {
		rows = append(rows, map[string]any{
			"by": e.By, "n": e.N, "handling": e.Handling, "item": e.Item, "evidence": e.Evidence.String(), "holder": e.Holder, "to": e.To,
			"on": e.On.Format(time.RFC3339), "person": e.Person,
		})
	}
	return rows
}

type requestPass struct {
	Request string `arg:"" help:"Id of the request."`
	Basis   string `required:"" placeholder:"TEXT" help:"On which legal basis."`
	Purpose string `required:"" placeholder:"TEXT" help:"What for."`
}

// Run passes.
func (c *requestPass) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		id, err := n.Requests.Pass(a.ctx, n.Live, n.Operator(), c.Request, c.Basis, c.Purpose)
		if err != nil {
			return err
		}
		p, err := n.Requests.OpenPassage(a.ctx, n.Live, n.Operator(), id)
		if err != nil {
			return err
		}
		return a.say(passageRow(p), func() {
			if p.Row.Answer == "" {
				a.printf("%s is asked for its consent. Passage %s\n", p.Said.Originator, id)
				return
			}
			a.printf("Passed. Passage %s\n", id)
		})
	})
}

func passageRow(p request.Passed) map[string]any {
	answer := p.Row.Answer
	if answer == "" {
		answer = "waits"
	}
	return map[string]any{
		"passage": p.Row.ID, "request": p.Row.Request, "side": p.Row.Side, "from": p.Said.From, "to": p.Said.To(), "matter": p.Said.Matter.String(),
		"legal_basis": p.Said.Basis, "purpose": p.Said.Purpose, "consent": answer,
	}
}

type requestPassages struct{}

// Run lists.
func (c *requestPassages) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Requests.Passages(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, p := range list {
			rows = append(rows, passageRow(p))
		}
		return a.say(map[string]any{"passages": rows}, func() {
			for _, r := range rows {
				a.printf("%s  inside %s  %s to %s  consent %s  %s\n", r["passage"], r["side"], r["from"], r["to"], r["consent"], r["matter"])
			}
		})
	})
}

type requestConsent struct {
	Passage string `arg:"" help:"Id of the passage."`
	Answer  string `arg:"" enum:"yes,no" help:"${enum}."`
	Text    string `placeholder:"TEXT" help:"For the other side."`
}

// Run answers.
func (c *requestConsent) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Requests.Consent(a.ctx, n.Live, n.Operator(), c.Passage, c.Answer == "yes", c.Text); err != nil {
			return err
		}
		return a.say(map[string]any{"passage": c.Passage, "consent": c.Answer == "yes"}, func() { a.printf("The other side is told.\n") })
	})
}

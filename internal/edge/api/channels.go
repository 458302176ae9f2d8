package api

import (
	"bytes"
	"context"
	"net/http"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

func (a *api) channels() {
	read := func(path, id, summary string) op {
		return op{tag: "exchange", method: http.MethodGet, path: "/agreements/{agreement}" + path, id: id, summary: summary, act: people.Review, or: []people.Act{people.Exchange}, saw: "read"}
	}
	add(a, read("/channel", "channel", "How the exchange with the partner stands"), a.channel)
	add(a, read("/channel/totals", "channel-totals", "What the receipts of one direction add up to"), a.totals)
	add(a, read("/channel/untaken", "channel-untaken", "Why items were not taken, over all shipments both ways, the reason met last first"), a.untaken)
	act := func(path, id, summary string) op {
		return op{tag: "exchange", method: http.MethodPost, path: "/agreements/{agreement}/channel" + path, id: id, summary: summary, act: people.Exchange}
	}
	add(a, act("/pause", "pause-channel", "Send nothing more to the partner until it is resumed"), a.pause)
	add(a, act("/resume", "resume-channel", "Send again what waits"), a.resume)
	add(a, act("/try", "try-channel", "Try again now, without waiting for the next time"), a.tryNow)
	add(a, read("/shipments", "shipments", "Shipments of one direction with their receipts, newest first"), a.shipments)
	add(a, read("/shipments/{number}", "shipment", "One shipment: its signed note and its receipt"), a.shipment)
	subset := read("/shipments/{number}/subset", "shipment-subset", "Some items of a shipment as a file that proves, without this node, that the sender signed them; twoseas-verify reads it")
	subset.act, subset.or, subset.media, subset.saw = people.Read, nil, []string{"text/plain"}, "export"
	add(a, subset, a.subset)
}

type channelOutput struct{ Body exchange.State }

func (a *api) channel(ctx context.Context, _ caller, in *AgreementInput) (*channelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	st, err := a.Exchange.State(ctx, a.Handle, id)
	return &channelOutput{Body: st}, err
}

// DirectionInput says which way shipments went.
type DirectionInput struct {
	Direction string `query:"direction" enum:"out,in" default:"out" doc:"out: sent; in: received"`
}

type totalsOutput struct{ Body exchange.Totals }

func (a *api) totals(ctx context.Context, _ caller, in *struct {
	AgreementInput
	DirectionInput
},
) (*totalsOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	t, err := a.Exchange.Totals(ctx, a.Handle, id, in.Direction)
	return &totalsOutput{Body: t}, err
}

type reasonBody struct {
	Direction string `json:"direction"`
	Outcome   string `json:"outcome" doc:"refused: a clause keeps it out; failed: it could not be applied"`
	Clause    string `json:"clause,omitempty"`
	Code      string `json:"code" doc:"Short and stable"`
	Why       string `json:"why,omitempty"`
	Items     int64  `json:"items"`
	Newest    int64  `json:"newest" doc:"Number of the newest shipment with one"`
}

type untakenOutput struct {
	Link string `header:"Link" doc:"The next page, rel=next (RFC 8288)"`
	Body struct {
		ListBody[reasonBody]
		Uncounted int64 `json:"uncounted" doc:"Items from before reasons were counted: the receipts of their shipments say why"`
	}
}

func (a *api) untaken(ctx context.Context, c caller, in *struct {
	AgreementInput
	PageInput
},
) (*untakenOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	after, err := in.place(c)
	if err != nil {
		return nil, err
	}
	u, err := a.Exchange.Untaken(ctx, a.Handle, c.Actor, id, after, in.size())
	if err != nil {
		return nil, err
	}
	var items []reasonBody
	for _, r := range u.Reasons {
		items = append(items, reasonBody{r.Direction, r.Outcome, r.Clause, r.Code, r.Text, r.Items, r.Number})
	}
	l := listed(c, items, u.Next)
	out := &untakenOutput{Link: l.Link}
	out.Body.ListBody, out.Body.Uncounted = l.Body, u.Uncounted
	return out, nil
}

// shipmentBody is one shipment. The four numbers of its receipt are never one.
type shipmentBody struct {
	Number    int64         `json:"number"`
	Direction string        `json:"direction"`
	At        string        `json:"at" format:"date-time"`
	Items     int           `json:"items"`
	Bytes     int64         `json:"bytes"`
	Digest    string        `json:"digest" doc:"Of its signed text: the link of the chain"`
	Answered  string        `json:"answered,omitempty" format:"date-time"`
	Receipt   *receiptBody  `json:"receipt,omitempty" doc:"Left out until it is answered"`
	Note      string        `json:"note,omitempty" doc:"The signed note; only of one shipment"`
	Answer    string        `json:"answer,omitempty" doc:"The signed receipt; only of one shipment"`
	Kept      []refusedBody `json:"not_applied,omitempty" doc:"Items refused or failed, and why; only of one shipment"`
}

type receiptBody struct {
	Received string `json:"received" format:"date-time"`
	Applied  int    `json:"applied"`
	Already  int    `json:"already"`
	Refused  int    `json:"refused"`
	Failed   int    `json:"failed"`
}

type refusedBody struct {
	Position int    `json:"position"`
	Outcome  string `json:"outcome" doc:"refused: a clause keeps it out; failed: it could not be applied"`
	Clause   string `json:"clause,omitempty"`
	Code     string `json:"code" doc:"Short and stable"`
	Why      string `json:"why,omitempty"`
}

func shipmentOf(s store.Shipment, whole bool) (shipmentBody, error) {
	b := shipmentBody{
		Number: s.Number, Direction: s.Direction, At: stamp(s.At), Items: len(s.Items), Bytes: s.Bytes, Digest: s.Link.String(), Answered: stamp(s.Answered),
	}
	if whole {
		b.Note, b.Answer = string(s.Note), string(s.Receipt)
	}
	if s.Receipt == nil {
		return b, nil
	}
	text, err := note.Text(s.Receipt)
	if err != nil {
		return b, err
	}
	r, err := shipment.ParseReceipt(text)
	if err != nil {
		return b, err
	}
	b.Receipt = &receiptBody{note.FormatTime(r.Received), r.Applied, r.Already, r.Refused(), r.Failed()}
	for _, x := range r.Answers {
		if whole {
			b.Kept = append(b.Kept, refusedBody{x.Position, string(x.Outcome), x.Clause, x.Code, x.Text})
		}
	}
	return b, nil
}

func (a *api) shipments(ctx context.Context, c caller, in *struct {
	AgreementInput
	DirectionInput
	PageInput
},
) (*listOutput[shipmentBody], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	var items []shipmentBody
	next := ""
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(id)
		if err != nil {
			return err
		}
		to := max(ch.OutNumber, ch.InNumber)
		if before > 0 {
			to = min(to, before-1)
		}
		from := max(1, to-int64(in.size())+1)
		if from > 1 {
			next = numbered(from)
		}
		return tx.Shipments(ch.ID, in.Direction, from, to, func(s store.Shipment) error {
			b, err := shipmentOf(s, false)
			items = append([]shipmentBody{b}, items...)
			return err
		})
	})
	return listed(c, items, next), err
}

type shipmentOutput struct{ Body shipmentBody }

func (a *api) shipment(ctx context.Context, _ caller, in *struct {
	AgreementInput
	DirectionInput
	Number int64 `path:"number" minimum:"1"`
},
) (*shipmentOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	out := &shipmentOutput{}
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(id)
		if err != nil {
			return err
		}
		s, err := tx.Shipment(ch.ID, in.Direction, in.Number)
		if err != nil {
			return err
		}
		out.Body, err = shipmentOf(s, true)
		return err
	})
	return out, err
}

func (a *api) pause(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
},
) (*channelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Exchange.Pause(ctx, a.Handle, c.Actor, id, in.Body.Reason); err != nil {
		return nil, err
	}
	return a.channel(ctx, c, &in.AgreementInput)
}

func (a *api) resume(ctx context.Context, c caller, in *AgreementInput) (*channelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Exchange.Resume(ctx, a.Handle, c.Actor, id); err != nil {
		return nil, err
	}
	return a.channel(ctx, c, in)
}

func (a *api) tryNow(ctx context.Context, c caller, in *AgreementInput) (*channelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Exchange.TryNow(ctx, a.Handle, c.Actor, id); err != nil {
		return nil, err
	}
	return a.channel(ctx, c, in)
}

func (a *api) subset(ctx context.Context, c caller, in *struct {
	AgreementInput
	DirectionInput
	Number int64 `path:"number" minimum:"1"`
	Items  []int `query:"items" required:"true" minItems:"1" maxItems:"1000" doc:"Positions from 0, with commas between"`
},
) (*rawOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	s, err := a.Exchange.Excerpt(ctx, a.Handle, c.Actor, c.Access.Class, id, in.Direction, in.Number, in.Items)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = s.Write(&b)
	return plain(b.Bytes()), err
}

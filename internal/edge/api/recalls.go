package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// recalls is calling back what was sent.
func (a *api) recalls() {
	at := func(method, path, id, summary string) op {
		o := op{tag: "recalls", method: method, path: "/recalls" + path, id: id, summary: summary, act: people.Recall}
		if method == http.MethodGet {
			o.saw = "read"
		}
		return o
	}
	add(a, at(http.MethodGet, "", "recalls", "What was called back, by this side and from it, newest first"), a.listRecalls)
	preview := at(http.MethodPost, "/preview", "preview-recall", "What a recall would do; changes nothing")
	preview.saw = "read"
	add(a, preview, a.previewRecall)
	person := func(o op) op { o.person = true; return o }
	add(a, person(at(http.MethodPost, "", "send-recall", "Call objects back")), a.sendRecall)
	add(a, at(http.MethodGet, "/{recall}", "recall", "One recall: what each partner did about it, and what could not be undone"), a.recall)
	add(a, at(http.MethodGet, "/{recall}/objects", "recalled-objects", "The ids that a recall names"), a.recalledObjects)
	add(a, at(http.MethodGet, "/{recall}/timeline", "recall-timeline", "What happened to what a recall names: when it left, who of this side read it since, each answer"), a.recallTimeline)
	notice := "/{recall}/notices/{agreement}/{lang}"
	add(a, at(http.MethodGet, notice, "recall-notice", "What is written to a partner about a recall: a draft, until somebody saved a text"), a.recallNotice)
	add(a, person(at(http.MethodPut, notice, "save-recall-notice", "Keep a text in the place of the draft; an empty one brings the draft back")), a.saveRecallNotice)
	add(a, person(at(http.MethodPost, "/{recall}/lift", "lift-recall", "Take a recall back")), a.liftRecall)
	add(a, at(http.MethodGet, "/{recall}/quarantine", "quarantine", "What is withheld here because of a recall, without its content"), a.quarantine)
	add(a, person(at(http.MethodPost, "/quarantine/{object}/inspect", "inspect-quarantined", "Look at one version in quarantine; the home log keeps who did and why")), a.inspect)
	add(a, person(at(http.MethodPost, "/quarantine/{object}/erase", "erase-quarantined", "Erase what a partner called back, for good")), a.eraseRecalled)
}

type recallAsk struct {
	Kind       string            `json:"kind" enum:"recall,wrong,correct,supersede,expire"`
	Code       string            `json:"code,omitempty" maxLength:"40" doc:"Why in a word; the first of the kind's when left out"`
	Reason     string            `json:"reason,omitempty" maxLength:"500" doc:"For the partner: short, neutral, without content"`
	IDs        []string          `json:"ids,omitempty" maxItems:"100000"`
	Shipments  []recallShipment  `json:"shipments,omitempty" maxItems:"100" doc:"All that was in them"`
	By         map[string]string `json:"by,omitempty" doc:"What takes the place of which id, of what is superseded"`
	Agreements []ident.Agreement `json:"agreements,omitempty" doc:"Only from these partners, of what was spilt"`
	Keep       bool              `json:"keep,omitempty" doc:"This side goes on using what was spilt"`
	Spill      bool              `json:"spill,omitempty" doc:"Also stop the channels"`
	Digest     string            `json:"digest,omitempty" doc:"Of the preview: nothing is done when something else would be"`
}

type recallShipment struct {
	Agreement ident.Agreement `json:"agreement"`
	Number    int64           `json:"number" minimum:"1"`
}

func (b recallAsk) ask() recall.Ask {
	out := recall.Ask{Kind: law.Kind(b.Kind), Code: b.Code, Reason: b.Reason, IDs: b.IDs, By: b.By, Agreements: b.Agreements, Keep: b.Keep, Spill: b.Spill}
	for _, s := range b.Shipments {
		out.Shipments = append(out.Shipments, recall.Shipped(s))
	}
	return out
}

type recallPlan struct {
	Home        string        `json:"home" enum:"withheld,narrowed,kept" doc:"What becomes of the objects here"`
	Objects     int           `json:"objects"`
	Versions    int           `json:"versions"`
	Waiting     int           `json:"waiting" doc:"Versions that have left to nobody"`
	Collections []string      `json:"collections,omitempty" doc:"Of this node, that will serve them as revoked"`
	Reach       []recallReach `json:"reach"`
	Digest      string        `json:"digest"`
}

type recallReach struct {
	Agreement string  `json:"agreement"`
	Partner   string  `json:"partner"`
	Objects   int     `json:"objects"`
	Shipments []int64 `json:"shipments"`
	Goes      bool    `json:"goes" doc:"The agreement lets the recall itself go"`
}

func (a *api) previewRecall(ctx context.Context, c caller, in *struct{ Body recallAsk }) (*struct{ Body recallPlan }, error) {
	p, err := a.Recalls.Preview(ctx, a.Handle, c.Actor, in.Body.ask())
	if err != nil {
		return nil, err
	}
	out := recallPlan{Home: p.Home, Objects: p.Objects, Versions: p.Versions, Waiting: p.Waiting, Collections: p.Collections, Reach: []recallReach{}, Digest: p.Digest.String()}
	for _, r := range p.Reach {
		out.Reach = append(out.Reach, recallReach{string(r.Agreement), string(r.Partner), len(r.IDs), r.Shipments, r.Goes()})
	}
	return &struct{ Body recallPlan }{out}, nil
}

type recallSent struct {
	Recall string `json:"recall" format:"uuid"`
}

func (a *api) sendRecall(ctx context.Context, c caller, in *struct{ Body recallAsk }) (*struct{ Body recallSent }, error) {
	var digest ident.Digest
	if in.Body.Digest != "" {
		var err error
		if digest, err = ident.ParseDigest(in.Body.Digest); err != nil {
			return nil, err
		}
	}
	id, err := a.Recalls.Send(ctx, a.Handle, c.Actor, in.Body.ask(), digest)
	return &struct{ Body recallSent }{recallSent{id}}, err
}

// RecallLine is a recall as lists tell it.
type RecallLine struct {
	Recall    string   `json:"recall" format:"uuid"`
	Direction string   `json:"direction" enum:"out,in"`
	Kind      string   `json:"kind"`
	Code      string   `json:"code"`
	Reason    string   `json:"reason,omitempty"`
	By        string   `json:"by,omitempty" doc:"Who, of this side"`
	At        string   `json:"at" format:"date-time"`
	Lifted    string   `json:"lifted,omitempty" format:"date-time"`
	Partners  []string `json:"partners"`
	Open      int64    `json:"open" doc:"Messages that are not answered in full"`
	Rung      int      `json:"rung" doc:"How far an open one has climbed: 1 contact, 2 nodal ministry, 3 agenda"`
}

func recallLineOf(l recall.Line) RecallLine {
	out := RecallLine{
		Recall: l.ID, Direction: l.Direction, Kind: l.Kind, Code: l.Code, Reason: l.Reason, By: l.Account, At: stamp(l.At), Partners: []string{}, Open: l.Open, Rung: l.Rung,
	}
	if l.Lifted != 0 {
		out.Lifted = stamp(l.Lifted)
	}
	for _, p := range l.Partners {
		out.Partners = append(out.Partners, string(p))
	}
	return out
}

func (a *api) listRecalls(ctx context.Context, c caller, in *struct {
	PageInput
	Direction string `query:"direction" enum:"out,in"`
	Open      bool   `query:"open"`
	Agreement string `query:"agreement" maxLength:"64"`
	Object    string `query:"object" maxLength:"300" doc:"That name this object"`
},
) (*listOutput[RecallLine], error) {
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	size := min(in.size(), recall.MaxPage)
	list, err := a.Recalls.List(ctx, a.Handle, c.Actor, recall.Query{
		Direction: in.Direction, Open: in.Open, Agreement: ident.Agreement(in.Agreement), Object: in.Object, Before: before, Limit: size,
	})
	if err != nil {
		return nil, err
	}
	var items []RecallLine
	for _, l := range list {
		items = append(items, recallLineOf(l))
	}
	next := ""
	if len(list) == size {
		next = numbered(list[len(list)-1].N)
	}
	return listed(c, items, next), nil
}

// RecallInput names a recall.
type RecallInput struct {
	Recall string `path:"recall" maxLength:"36"`
}

type recallDetail struct {
	RecallLine
	Objects  int64           `json:"objects"`
	Withheld int64           `json:"withheld" doc:"Versions in quarantine here, of what you might read before"`
	Channels []recallChannel `json:"channels"`
	Readers  []recallReader  `json:"readers,omitempty" doc:"Who of this side read what it names, by the home log"`
}

type recallChannel struct {
	Agreement string         `json:"agreement"`
	Partner   string         `json:"partner"`
	Objects   int64          `json:"objects"`
	Shipments []int64        `json:"shipments,omitempty"`
	Sent      string         `json:"sent,omitempty" format:"date-time"`
	Receipt   string         `json:"receipt,omitempty" format:"date-time"`
	Answered  string         `json:"answered,omitempty" format:"date-time"`
	Open      bool           `json:"open"`
	Rung      int            `json:"rung"`
	Outcomes  map[string]int `json:"outcomes" doc:"By what the receiver did: quarantined, erased, never-had, replaced, own, restored"`
	Edges     []law.Edge     `json:"edges,omitempty"`
}

type recallReader struct {
	Account string `json:"account"`
	Act     string `json:"act"`
	Times   int64  `json:"times"`
	Last    string `json:"last" format:"date-time"`
}

func (a *api) recall(ctx context.Context, c caller, in *RecallInput) (*struct{ Body recallDetail }, error) {
	d, err := a.Recalls.Show(ctx, a.Handle, c.Actor, in.Recall)
	if err != nil {
		return nil, err
	}
	out := recallDetail{RecallLine: recallLineOf(recall.Line{RecallSum: store.RecallSum{Recall: d.Recall}, Rung: d.Rung()}), Objects: d.Objects, Withheld: d.Detained, Channels: []recallChannel{}}
	for _, p := range d.Partners {
		out.Partners = append(out.Partners, string(p.Partner))
		ch := recallChannel{
			Agreement: string(p.Agreement), Partner: string(p.Partner), Objects: p.Items, Shipments: p.Shipments, Sent: moment(p.Sent), Receipt: moment(p.Receipt),
			Answered: moment(p.Answered), Open: p.Open, Rung: p.Rung, Outcomes: map[string]int{}, Edges: p.Edges,
		}
		for o, n := range p.Outcomes {
			ch.Outcomes[string(o)] = n
		}
		if p.Open {
			out.Open++
		}
		out.Channels = append(out.Channels, ch)
	}
	for _, r := range d.Readers.People {
		out.Readers = append(out.Readers, recallReader{r.Account, r.Act, r.Times, stamp(r.Last)})
	}
	return &struct{ Body recallDetail }{out}, nil
}

type recalledObject struct {
	ID string `json:"id"`
	By string `json:"by,omitempty" doc:"What takes its place"`
}

func (a *api) recalledObjects(ctx context.Context, c caller, in *struct {
	RecallInput
	After string `query:"after" maxLength:"300" doc:"The last id of the page before"`
},
) (*listOutput[recalledObject], error) {
	ids, err := a.Recalls.IDs(ctx, a.Handle, c.Actor, in.Recall, in.After, maxPage)
	if err != nil {
		return nil, err
	}
	var items []recalledObject
	for _, i := range ids {
		items = append(items, recalledObject(i))
	}
	return listed(c, items, ""), nil
}

func (a *api) liftRecall(ctx context.Context, c caller, in *RecallInput) (*struct{}, error) {
	return nil, a.Recalls.Lift(ctx, a.Handle, c.Actor, in.Recall)
}

type quarantined struct {
	Object int64  `json:"object" doc:"Number of the version"`
	ID     string `json:"id"`
	Type   string `json:"type"`
	Erased bool   `json:"erased,omitempty"`
	Since  string `json:"since" format:"date-time"`
}

func (a *api) quarantine(ctx context.Context, c caller, in *struct {
	RecallInput
	PageInput
},
) (*listOutput[quarantined], error) {
	after, err := in.number(c)
	if err != nil {
		return nil, err
	}
	list, err := a.Recalls.Quarantine(ctx, a.Handle, c.Actor, in.Recall, after, in.size())
	if err != nil {
		return nil, err
	}
	var items []quarantined
	for _, d := range list {
		items = append(items, quarantined{d.Seq, d.ID, d.Type, d.Erased, stamp(d.At)})
	}
	next := ""
	if len(list) == in.size() {
		next = numbered(list[len(list)-1].Seq)
	}
	return listed(c, items, next), nil
}

type detainedInput struct {
	Object int64 `path:"object" minimum:"1"`
	Body   struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) inspect(ctx context.Context, c caller, in *detainedInput) (*struct {
	Type string `header:"Content-Type"`
	Body []byte
}, error,
) {
	d, err := a.Recalls.Inspect(ctx, a.Handle, c.Actor, in.Object, in.Body.Reason)
	return &struct {
		Type string `header:"Content-Type"`
		Body []byte
	}{"application/json", d.Body}, err
}

func (a *api) eraseRecalled(ctx context.Context, c caller, in *detainedInput) (*struct{}, error) {
	return nil, a.Recalls.Erase(ctx, a.Handle, c.Actor, in.Object, in.Body.Reason)
}

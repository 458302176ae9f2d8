package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func (a *api) holds() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "releases", method: method, path: "/agreements/{agreement}" + path, id: id, summary: summary, act: act}
	}
	summary := at(http.MethodGet, "/summary", "summary", "What the gate says of what this node holds", people.Review)
	summary.saw = "read"
	add(a, summary, a.summary)
	list := at(http.MethodGet, "/holds", "holds", "What waits for an officer, or was refused; one group of it", people.Review)
	list.saw = "read"
	add(a, list, a.listHolds)
	one := at(http.MethodGet, "/holds/{item}", "hold", "One held item, with the bytes the partner would get", people.Review)
	one.saw = "read"
	add(a, one, a.hold)
	approve := at(http.MethodPost, "/holds/{item}/approve", "approve", "Approve the release of exactly these bytes", people.Approve)
	approve.person = true
	add(a, approve, a.approve)
	emergency := at(http.MethodPost, "/holds/{item}/emergency", "emergency", "Release alone what asks for two officers, with a reason; a review item is opened", people.Approve)
	emergency.person = true
	add(a, emergency, a.emergency)
	reopen := at(http.MethodPost, "/holds/{item}/reopen", "reopen", "Look again at what was refused, with a reason", people.Approve)
	reopen.person = true
	add(a, reopen, a.reopen)
	a.redactions()
	a.reviews()
	a.onwards()
	refuse := at(http.MethodPost, "/holds/{item}/refuse", "refuse", "Refuse a release", people.Approve)
	refuse.person = true
	add(a, refuse, a.refuseHold)
}

type summaryOutput struct {
	Body struct {
		Lines []release.Line `json:"lines"`
	}
}

func (a *api) summary(ctx context.Context, c caller, in *AgreementInput) (*summaryOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	lines, err := a.Releases.Summary(ctx, a.Handle, id, c.Access.Class)
	out := &summaryOutput{}
	out.Body.Lines = lines
	return out, err
}

type holdBody struct {
	Item   int64         `json:"item" doc:"Number of the held item"`
	Object string        `json:"object"`
	Type   string        `json:"type"`
	TLP    string        `json:"tlp"`
	State  string        `json:"state"`
	Since  string        `json:"since" format:"date-time"`
	Given  int           `json:"given" doc:"Approvals of these very bytes"`
	Needed int           `json:"needed"`
	Digest string        `json:"digest" doc:"What an officer approves: any change of the bytes changes it"`
	Why    string        `json:"why"`
	Said   []verdictBody `json:"said"`
	Says   []string      `json:"says,omitempty" doc:"What it says that an officer took out of another object by hand"`
	Bytes  string        `json:"bytes,omitempty" doc:"The object as the partner would get it; only of one item"`
}

type verdictBody struct {
	Officer string `json:"officer"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	At      string `json:"at" format:"date-time"`
	Void    bool   `json:"void" doc:"The bytes changed since"`
}

func holdOf(p release.Preview) holdBody {
	b := holdBody{
		Item: p.Object.Seq, Object: p.Object.ID, Type: p.Object.Type, TLP: p.Label.TLP.String(), State: p.Hold.State, Since: stamp(p.Hold.At),
		Given: p.Given(), Needed: p.Decision.Approvals, Digest: p.Digest.String(), Why: p.Decision.Sentence, Said: []verdictBody{}, Says: p.Said,
	}
	for _, v := range p.Approvals {
		b.Said = append(b.Said, verdictBody{v.Officer, v.Verdict, v.Reason, stamp(v.At), v.Digest != p.Digest})
	}
	return b
}

// mine reports whether the caller is cleared for a held item.
func (a *api) mine(ctx context.Context, c caller, p release.Preview) (ok bool, err error) {
	err = a.Handle.Query(ctx, func(tx *store.Tx) error {
		ok, err = tx.Permits(c.Access.Class, p.Object.Label)
		return err
	})
	return ok, err
}

func (a *api) listHolds(ctx context.Context, c caller, in *struct {
	QueueInput
	PageInput
	Key string `query:"key" maxLength:"500" doc:"Only items of this group, see hold-groups"`
},
) (*listOutput[holdBody], error) {
	id, state, how, err := in.queue()
	if err != nil {
		return nil, err
	}
	after, err := in.number(c)
	if err != nil {
		return nil, err
	}
	list, more, err := a.Releases.List(ctx, a.Handle, c.Actor, release.Page{Agreement: id, State: state, How: how, Key: in.Key, After: after, Limit: in.size()})
	if err != nil {
		return nil, err
	}
	var items []holdBody
	for _, p := range list {
		items = append(items, holdOf(p))
	}
	next := ""
	if more && len(list) > 0 {
		next = numbered(list[len(list)-1].Object.Seq)
	}
	return listed(c, items, next), nil
}

// HoldInput names a held item.
type HoldInput struct {
	AgreementInput
	Item int64 `path:"item" minimum:"1"`
}

// held returns one held item; one that the caller is not cleared for is not
// there.
func (a *api) held(ctx context.Context, c caller, in HoldInput) (ident.Agreement, release.Preview, error) {
	id, err := in.id()
	if err != nil {
		return "", release.Preview{}, err
	}
	missing := fault.New(fault.NotFound, "nothing of this number waits under this agreement")
	p, err := a.Releases.Preview(ctx, a.Handle, c.Actor, id, in.Item)
	if fault.Is(err, fault.NotFound) {
		return id, p, missing
	}
	if err != nil {
		return id, p, err
	}
	ok, err := a.mine(ctx, c, p)
	if err == nil && !ok {
		err = missing
	}
	return id, p, err
}

type holdOutput struct{ Body holdBody }

func (a *api) hold(ctx context.Context, c caller, in *HoldInput) (*holdOutput, error) {
	_, p, err := a.held(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	out := &holdOutput{Body: holdOf(p)}
	out.Body.Bytes = string(p.Object.Body)
	return out, nil
}

type approveInput struct {
	HoldInput
	Body struct {
		Digest string `json:"digest" maxLength:"80" doc:"Of the item as you saw it"`
	}
}

func (a *api) approve(ctx context.Context, c caller, in *approveInput) (*holdOutput, error) {
	digest, err := ident.ParseDigest(in.Body.Digest)
	if err != nil {
		return nil, err
	}
	id, _, err := a.held(ctx, c, in.HoldInput)
	if err != nil {
		return nil, err
	}
	p, err := a.Releases.Approve(ctx, a.Handle, c.Actor, id, in.Item, digest)
	return &holdOutput{Body: holdOf(p)}, err
}

type refuseInput struct {
	HoldInput
	Body struct {
		Digest string `json:"digest" maxLength:"80" doc:"Of the item as you saw it"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

// reasoned is an act of an officer that gives a reason.
type reasoned func(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, reason string) (release.Preview, error)

func (a *api) refuseHold(ctx context.Context, c caller, in *refuseInput) (*holdOutput, error) {
	return a.say(ctx, c, in, a.Releases.Refuse)
}

func (a *api) emergency(ctx context.Context, c caller, in *refuseInput) (*holdOutput, error) {
	return a.say(ctx, c, in, a.Releases.Emergency)
}

func (a *api) reopen(ctx context.Context, c caller, in *refuseInput) (*holdOutput, error) {
	return a.say(ctx, c, in, a.Releases.Reopen)
}

func (a *api) say(ctx context.Context, c caller, in *refuseInput, act reasoned) (*holdOutput, error) {
	digest, err := ident.ParseDigest(in.Body.Digest)
	if err != nil {
		return nil, err
	}
	id, _, err := a.held(ctx, c, in.HoldInput)
	if err != nil {
		return nil, err
	}
	p, err := act(ctx, a.Handle, c.Actor, id, in.Item, digest, in.Body.Reason)
	return &holdOutput{Body: holdOf(p)}, err
}

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

// queues is what waits for the caller, and the release queue taken together.
func (a *api) queues() {
	add(a, op{
		tag: "releases", method: http.MethodGet, path: "/waiting", id: "waiting", summary: "What waits for you: items, reviews, signatures, partners",
		act: people.Approve, or: []people.Act{people.Agree, people.Exchange}, saw: "read",
	}, a.waiting)
	add(a, op{
		tag: "releases", method: http.MethodGet, path: "/agreements/{agreement}/hold-groups", id: "hold-groups",
		summary: "What waits for an officer, put together by rule, label, type or collection; largest first", act: people.Review, saw: "read",
	}, a.groups)
	add(a, op{
		tag: "releases", method: http.MethodPost, path: "/agreements/{agreement}/holds/approve", id: "approve-many",
		summary: "Approve several items, each of exactly these bytes; what changed since is left and said", act: people.Approve, person: true,
	}, a.approveMany)
}

type waitingQueueBody struct {
	Agreement string `json:"agreement"`
	Partner   string `json:"partner"`
	Count     int64  `json:"count"`
	Oldest    int64  `json:"oldest" doc:"Number of the item that waits longest"`
}

type unsignedBody struct {
	Agreement string `json:"agreement"`
	Version   int64  `json:"version"`
	Partner   bool   `json:"partner" doc:"The partner has signed it"`
	Event     string `json:"event,omitempty" doc:"An event that the partner has recorded and this side has not; left out for a version"`
}

type waitingOutput struct {
	Body struct {
		Total    int64              `json:"total"`
		Holds    int64              `json:"holds" doc:"Held items to approve or refuse"`
		Reviews  int64              `json:"reviews" doc:"Emergency releases of others to review"`
		Sign     int64              `json:"signatures" doc:"Versions and events of agreements to sign"`
		Invited  int64              `json:"invitations" doc:"Partners to confirm"`
		Queues   []waitingQueueBody `json:"queues"`
		Unsigned []unsignedBody     `json:"unsigned"`
		Unproven []peerBody         `json:"unproven" doc:"Partners whose code was not compared yet"`
		Newest   []reviewBody       `json:"newest_reviews"`
		Asked    []MatchingBody     `json:"questions" doc:"Questions of private matching to approve or refuse"`
	}
}

func (a *api) waiting(ctx context.Context, c caller, _ *struct{}) (*waitingOutput, error) {
	t, err := a.Releases.Mine(ctx, a.Handle, c.Actor)
	if err != nil {
		return nil, err
	}
	out := &waitingOutput{}
	b := &out.Body
	b.Total, b.Holds, b.Reviews, b.Sign, b.Invited = t.Total(), t.Holds, t.Reviews, t.Signatures, t.Invitations
	b.Queues, b.Unsigned, b.Unproven, b.Newest, b.Asked = []waitingQueueBody{}, []unsignedBody{}, []peerBody{}, []reviewBody{}, []MatchingBody{}
	for _, m := range t.Asked {
		b.Asked = append(b.Asked, matchingOf(m))
	}
	for _, q := range t.Queues {
		b.Queues = append(b.Queues, waitingQueueBody{string(q.Agreement), string(q.Partner), q.Count, q.Oldest})
	}
	for _, u := range t.Unsigned {
		b.Unsigned = append(b.Unsigned, unsignedBody{string(u.Agreement), u.Version, u.Partner, u.Event})
	}
	for _, p := range t.Unproven {
		b.Unproven = append(b.Unproven, peerOf(p))
	}
	for _, r := range t.Emergency {
		b.Newest = append(b.Newest, reviewOf(r))
	}
	return out, nil
}

// QueueInput says which queue of an agreement.
type QueueInput struct {
	AgreementInput
	State string `query:"state" enum:"waiting,refused" default:"waiting" doc:"What waits, or what was refused"`
	By    string `query:"by" enum:"rule,label,type,collection" default:"rule" doc:"What items are put together by"`
}

// queue reads the input; what is left out is as the description says.
func (in QueueInput) queue() (id ident.Agreement, state string, how release.Grouping, err error) {
	if id, err = in.id(); err != nil {
		return id, "", "", err
	}
	if state = in.State; state == "" {
		state = store.HoldWaiting
	}
	how, err = release.ParseGrouping(in.By)
	return id, state, how, err
}

type groupRuleBody struct {
	Rule   string `json:"rule"`
	Clause string `json:"clause"`
}

type groupBody struct {
	Key    string          `json:"key" doc:"Names the group: ask for its items with it"`
	Title  string          `json:"title,omitempty" doc:"Of a collection"`
	Count  int64           `json:"count"`
	Oldest int64           `json:"oldest" doc:"Number of the item that waits longest"`
	TLP    []string        `json:"tlp" doc:"Most frequent first"`
	Types  []string        `json:"types"`
	Rules  []groupRuleBody `json:"rules" doc:"What holds the items back"`
}

type groupsOutput struct {
	Body struct {
		Groups []groupBody `json:"groups"`
	}
}

func (a *api) groups(ctx context.Context, c caller, in *QueueInput) (*groupsOutput, error) {
	id, state, how, err := in.queue()
	if err != nil {
		return nil, err
	}
	list, err := a.Releases.Groups(ctx, a.Handle, c.Actor, id, state, how)
	out := &groupsOutput{}
	out.Body.Groups = []groupBody{}
	for _, g := range list {
		b := groupBody{Key: g.Key, Title: g.Title, Count: g.Count, Oldest: g.Oldest, TLP: []string{}, Types: texts(g.Types), Rules: []groupRuleBody{}}
		for _, l := range g.Labels {
			b.TLP = append(b.TLP, l.TLP.String())
		}
		for _, m := range g.Rules() {
			b.Rules = append(b.Rules, groupRuleBody{m.Rule, m.Clause})
		}
		out.Body.Groups = append(out.Body.Groups, b)
	}
	return out, err
}

type signatureBody struct {
	Item   int64  `json:"item" minimum:"1"`
	Digest string `json:"digest" maxLength:"80" doc:"Of the item as you saw it"`
}

type saidBody struct {
	Item  int64  `json:"item"`
	State string `json:"state,omitempty" doc:"Of the item now; left out when your approval was not taken"`
	Why   string `json:"why,omitempty" doc:"Why it was not taken"`
}

type saidOutput struct {
	Body struct {
		Approved int        `json:"approved"`
		Items    []saidBody `json:"items" doc:"In the order of the question"`
	}
}

func (a *api) approveMany(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Items []signatureBody `json:"items" minItems:"1" maxItems:"200"`
	}
},
) (*saidOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	var list []release.Signature
	for _, s := range in.Body.Items {
		digest, err := ident.ParseDigest(s.Digest)
		if err != nil {
			return nil, err
		}
		list = append(list, release.Signature{Object: s.Item, Digest: digest})
	}
	said, err := a.Releases.ApproveAll(ctx, a.Handle, c.Actor, id, list)
	if err != nil {
		return nil, err
	}
	out := &saidOutput{}
	for _, s := range said {
		b := saidBody{Item: s.Object, State: s.State}
		if s.Err != nil {
			b.Why = fault.Message(s.Err)
		} else {
			out.Body.Approved++
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

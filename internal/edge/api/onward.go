package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/members"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	lawmembers "twoseas/internal/law/members"
	law "twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// onwards is passing on what belongs to others, and who belongs to audiences.
func (a *api) onwards() {
	at := func(method, path, id, summary string, act people.Act, or ...people.Act) op {
		return op{tag: "onward", method: method, path: path, id: id, summary: summary, act: act, or: or}
	}
	list := at(http.MethodGet, "/onward", "onward-requests", "Requests to pass on what belongs to another, both sides', newest first", people.Review, people.Onward)
	list.saw = "read"
	add(a, list, a.listOnward)
	add(a, at(http.MethodPost, "/onward", "ask-onward", "Ask the originators of objects to let them go on to a third side", people.Onward), a.askOnward)
	one := at(http.MethodGet, "/onward/{request}", "onward-request", "One request with its items and answers", people.Review, people.Onward)
	one.saw = "read"
	add(a, one, a.oneOnward)
	say := at(http.MethodPost, "/onward/{request}/answer", "answer-onward", "Answer a partner's request to pass on what it has from here", people.Approve)
	say.person = true
	add(a, say, a.answerOnward)
	rolls := at(http.MethodGet, "/agreements/{agreement}/members", "members", "Numbered lists of who belongs to audiences, both sides'", people.Exchange, people.Review, people.Audit)
	rolls.saw = "read"
	add(a, rolls, a.members)
	add(a, at(http.MethodPost, "/agreements/{agreement}/members", "change-members", "Make the next list of who belongs to an audience on this side", people.Exchange), a.changeMembers)
}

// OnwardBody is what is asked about passing on.
type OnwardBody struct {
	Request   string   `json:"request"`
	Way       string   `json:"way" doc:"asked: by this side; received: from a partner"`
	Agreement string   `json:"agreement" doc:"With the side that is asked, or asks"`
	Audience  string   `json:"audience" doc:"The third side"`
	Asker     string   `json:"asker"`
	Purpose   string   `json:"purpose"`
	Redact    []string `json:"redact" doc:"Proposed to be taken out"`
	Until     string   `json:"until,omitempty" doc:"Proposed end of the consent"`
	State     string   `json:"state" doc:"waiting, upstream or answered"`
	Needed    int64    `json:"needed" doc:"Officers of the side that answers, where that is this one"`
	Answer    string   `json:"answer,omitempty" doc:"yes, redacted or no: the strictest of all in the chain"`
	Without   []string `json:"answer_redact" doc:"What is taken out first"`
	Ends      string   `json:"ends,omitempty" doc:"When the consent ends"`
	Reason    string   `json:"reason,omitempty"`
	At        string   `json:"at"`
}

func onwardOf(r store.Onward) OnwardBody {
	b := OnwardBody{
		Request: r.ID, Way: r.Way, Agreement: string(r.Agreement), Audience: string(r.Audience), Asker: string(r.Asker), Purpose: r.Purpose,
		Redact: texts(onward.Names(r.Redact)), State: r.State, Needed: r.Needed, Answer: r.Answer, Without: texts(onward.Names(r.AnswerRedact)), Reason: r.Reason, At: stamp(r.At),
	}
	if r.Until != 0 {
		b.Until = stamp(r.Until)
	}
	if end := onward.Until(r); r.Answer != "" && !end.IsZero() {
		b.Ends = stamp(end.UnixMicro())
	}
	return b
}

type onwardsOutput struct {
	Body struct {
		Requests []OnwardBody `json:"requests"`
	}
}

func (a *api) listOnward(ctx context.Context, c caller, _ *struct{}) (*onwardsOutput, error) {
	list, err := a.Onwards.List(ctx, a.Handle, c.Actor)
	out := &onwardsOutput{}
	out.Body.Requests = []OnwardBody{}
	for _, r := range list {
		out.Body.Requests = append(out.Body.Requests, onwardOf(r))
	}
	return out, err
}

type onwardAskedOutput struct {
	Body struct {
		Requests []string `json:"requests" doc:"One for each partner that is asked"`
	}
}

func (a *api) askOnward(ctx context.Context, c caller, in *struct {
	Body struct {
		Objects  []string  `json:"objects" minItems:"1" maxItems:"500"`
		Audience string    `json:"audience" maxLength:"64"`
		Purpose  string    `json:"purpose" minLength:"1" maxLength:"1000"`
		Redact   []string  `json:"redact,omitempty" maxItems:"10" doc:"What could be taken out: contributor, victim"`
		Until    time.Time `json:"until,omitzero" doc:"When the consent may end"`
	}
},
) (*onwardAskedOutput, error) {
	out := &onwardAskedOutput{}
	audience, err := ident.ParseSide(in.Body.Audience)
	if err != nil {
		return nil, err
	}
	ids, err := a.Onwards.Ask(ctx, a.Handle, c.Actor, c.Access.Class, onward.Request{
		IDs: in.Body.Objects, Audience: audience, Purpose: in.Body.Purpose, Redact: in.Body.Redact, Until: in.Body.Until,
	})
	out.Body.Requests = texts(ids)
	return out, err
}

// OnwardInput names a request.
type OnwardInput struct {
	Request string `path:"request" maxLength:"100"`
}

type onwardItemBody struct {
	Object   string `json:"object"`
	Shipment int64  `json:"shipment"`
	Position int64  `json:"position"`
}

type onwardSaidBody struct {
	From   string   `json:"from"`
	Answer string   `json:"answer"`
	Redact []string `json:"redact"`
	At     string   `json:"at"`
}

type onwardOutput struct {
	Body struct {
		OnwardBody
		Items  []onwardItemBody `json:"items" doc:"Those that you may see"`
		Hidden int              `json:"hidden" doc:"Items that you may not see"`
		Said   []onwardSaidBody `json:"said" doc:"What each side in the chain has signed"`
	}
}

func (a *api) oneOnward(ctx context.Context, c caller, in *OnwardInput) (*onwardOutput, error) {
	d, err := a.Onwards.Open(ctx, a.Handle, c.Actor, c.Access.Class, in.Request)
	if err != nil {
		return nil, err
	}
	out := &onwardOutput{}
	b := &out.Body
	b.OnwardBody, b.Hidden, b.Items, b.Said = onwardOf(d.Onward), d.Hidden, []onwardItemBody{}, []onwardSaidBody{}
	for _, it := range d.Items {
		b.Items = append(b.Items, onwardItemBody{it.Object.ID, it.Shipment, it.Position})
	}
	for _, s := range d.Said {
		b.Said = append(b.Said, onwardSaidBody{string(s.From), string(s.Word), texts(s.Redact), stamp(s.At.UnixMicro())})
	}
	return out, nil
}

func (a *api) answerOnward(ctx context.Context, c caller, in *struct {
	OnwardInput
	Body struct {
		Answer string    `json:"answer" enum:"yes,redacted,no"`
		Redact []string  `json:"redact,omitempty" maxItems:"10" doc:"For redacted: what is taken out first"`
		Until  time.Time `json:"until,omitzero" doc:"When the consent ends; without an end when left out"`
		Reason string    `json:"reason,omitempty" maxLength:"1000" doc:"Needed for no"`
	}
},
) (*onwardOutput, error) {
	word, err := law.ParseWord(in.Body.Answer)
	if err != nil {
		return nil, err
	}
	if _, err := a.Onwards.Answer(ctx, a.Handle, c.Actor, c.Access.Class, in.Request, law.Answer{Word: word, Redact: in.Body.Redact, Until: in.Body.Until}, in.Body.Reason); err != nil {
		return nil, err
	}
	return a.oneOnward(ctx, c, &in.OnwardInput)
}

type memberListBody struct {
	Number  int64    `json:"number"`
	Members []string `json:"members"`
	Joined  []string `json:"joined"`
	Left    []string `json:"left"`
	At      string   `json:"at"`
	Person  string   `json:"person,omitempty" doc:"Who made it, at home"`
	Note    string   `json:"note" doc:"Signed by its side"`
}

type rollBody struct {
	Compartment string           `json:"compartment"`
	Side        string           `json:"side"`
	Ends        string           `json:"ends" doc:"When the newest list counts no more without being confirmed"`
	Lists       []memberListBody `json:"lists" doc:"Newest first"`
}

type epochBody struct {
	Shipment    int64  `json:"shipment"`
	Compartment string `json:"compartment"`
	Own         int64  `json:"own" doc:"Number of this side's list"`
	Partner     int64  `json:"partner" doc:"Number of the partner's list"`
}

type membersOutput struct {
	Body struct {
		Rolls  []rollBody  `json:"rolls"`
		Epochs []epochBody `json:"epochs" doc:"The lists that shipments to audiences rested on, newest first"`
	}
}

func (a *api) members(ctx context.Context, c caller, in *AgreementInput) (*membersOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	book, err := a.Members.Lists(ctx, a.Handle, c.Actor, id)
	out := &membersOutput{}
	out.Body.Rolls, out.Body.Epochs = []rollBody{}, []epochBody{}
	for _, r := range book.Rolls {
		b := rollBody{Compartment: r.Compartment, Side: string(r.Side), Ends: stamp(r.Ends.UnixMicro()), Lists: []memberListBody{}}
		for _, l := range r.Lists {
			b.Lists = append(b.Lists, memberListBody{l.Number, texts(l.Members), texts(l.Joined), texts(l.Left), stamp(l.At.UnixMicro()), l.Person, string(l.Note)})
		}
		out.Body.Rolls = append(out.Body.Rolls, b)
	}
	for _, e := range book.Epochs {
		out.Body.Epochs = append(out.Body.Epochs, epochBody{e.Number, e.Compartment, e.Own, e.Partner})
	}
	return out, err
}

func (a *api) changeMembers(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Compartment string   `json:"compartment" maxLength:"40" doc:"Caveat with an audience: LES, LIMDIS, PROPIN"`
		Join        []string `json:"join,omitempty" maxItems:"500"`
		Leave       []string `json:"leave,omitempty" maxItems:"500"`
	}
},
) (*membersOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := lawmembers.ParseCompartment(in.Body.Compartment); err != nil {
		return nil, err
	}
	if _, err := a.Members.Set(ctx, a.Handle, c.Actor, members.Change{
		Agreement: id, Compartment: in.Body.Compartment, Join: in.Body.Join, Leave: in.Body.Leave,
	}); err != nil {
		return nil, err
	}
	return a.members(ctx, c, &in.AgreementInput)
}

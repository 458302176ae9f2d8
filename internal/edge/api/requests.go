package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/request"
)

// requests is assistance, asked of the partner and by it.
func (a *api) requests() {
	at := func(method, path, id, summary string) op {
		o := op{tag: "requests", method: method, path: "/requests" + path, id: id, summary: summary, act: people.Assist, or: []people.Act{people.Liaise}}
		if method == http.MethodGet {
			o.saw = "read"
		}
		return o
	}
	add(a, at(http.MethodGet, "", "requests", "Requests of the channels that the caller deals with: what waits by when it is due, then the rest, newest first"), a.listRequests)
	add(a, at(http.MethodPost, "", "send-request", "Ask the partner for assistance"), a.sendRequest)
	add(a, at(http.MethodGet, "/ways", "request-ways", "The ways of law by which law enforcement can be asked, and those that two sides do not have"), a.requestWays)
	add(a, at(http.MethodGet, "/{assistance}", "request", "One request with what both sides did about it; does not say to the partner that it was seen"), a.request)
	add(a, at(http.MethodPut, "/{assistance}", "correct-request", "Send another version of what this side asks"), a.correctRequest)
	add(a, at(http.MethodPost, "/{assistance}/steps", "step-request", "Make this side's next step about a request"), a.stepRequest)
	a.compartments(at)
}

// RequestLine is a request as lists tell it.
type RequestLine struct {
	Request   string `json:"request"`
	Agreement string `json:"agreement"`
	Asker     string `json:"asker"`
	Asked     string `json:"asked"`
	Channel   string `json:"channel"`
	Kind      string `json:"kind"`
	Urgency   string `json:"urgency"`
	Title     string `json:"title"`
	Language  string `json:"language"`
	State     string `json:"state"`
	Open      bool   `json:"open" doc:"Somebody still has something to do"`
	Sent      string `json:"sent"`
	Received  string `json:"received,omitempty" doc:"When the other node took it in, as its receipt says"`
	Due       string `json:"due,omitempty" doc:"When a first word is hoped for: the agreement's target in the asked side's working time"`
	FirstWord string `json:"first_word,omitempty"`
	Reminder  string `json:"reminder,omitempty" doc:"Whom a reminder goes to now: contact, deputy, ministry, agenda"`
	Refused   string `json:"refused,omitempty" doc:"Why the other node did not take it"`
	Kept      string `json:"kept_until,omitempty" doc:"Until when the data is preserved"`
	Renewal   string `json:"renewal_until,omitempty" doc:"Until when the asker would have it preserved, while that is longer"`
}

// levels are the words for whom a reminder goes to.
var levels = map[law.Level]string{law.Contact: "contact", law.Deputy: "deputy", law.Ministry: "ministry", law.Agenda: "agenda"}

func requestLineOf(e request.Entry) RequestLine {
	channel := law.Technical
	if e.Police {
		channel = law.LawEnforcement
	}
	return RequestLine{
		Request: e.ID, Agreement: string(e.Agreement), Asker: string(e.Asker), Asked: string(e.Asked), Channel: string(channel), Kind: e.Kind,
		Urgency: e.Urgency, Title: e.Title, Language: e.Language, State: e.State, Open: e.Open, Sent: stamp(e.Sent), Received: stampOrNot(e.Received),
		Due: stampOrNot(e.Due), FirstWord: stampOrNot(e.Word), Reminder: levels[e.Level], Refused: e.Refused,
		Kept: stampOrNot(e.Kept), Renewal: stampOrNot(e.Renewal),
	}
}

func stampOrNot(micro int64) string {
	if micro == 0 {
		return ""
	}
	return stamp(micro)
}

// RequestsInput says which requests a list shows.
type RequestsInput struct {
	PageInput
	Closed  bool   `query:"closed" doc:"Those that ended, instead of those that are open"`
	By      string `query:"by" enum:"us,them" doc:"Who asks; both when left out"`
	Kind    string `query:"kind" enum:"information,analysis,block,takedown,victim-notification,preservation,patch-coordination,expert-help,activity-from-territory"`
	Urgency string `query:"urgency" enum:"routine,urgent"`
	State   string `query:"state" maxLength:"40"`
}

func (a *api) listRequests(ctx context.Context, c caller, in *RequestsInput) (*listOutput[RequestLine], error) {
	place, err := in.place(c)
	if err != nil {
		return nil, err
	}
	after, err := request.ParsePlace(place)
	if err != nil {
		return nil, err
	}
	l, err := a.Requests.List(ctx, a.Handle, c.Actor, request.Filter{
		Closed: in.Closed, Ours: in.By == "us", Theirs: in.By == "them", Kind: law.Kind(in.Kind), Urgency: law.Urgency(in.Urgency), State: law.State(in.State),
		After: after, Limit: in.size(),
	})
	lines := make([]RequestLine, 0, len(l.Entries))
	for _, e := range l.Entries {
		lines = append(lines, requestLineOf(e))
	}
	return listed(c, lines, l.Next.String()), err
}

// RequestText is what is asked, in words.
type RequestText struct {
	Language string    `json:"language" enum:"en,ja,hi" doc:"Of the texts"`
	Title    string    `json:"title" minLength:"1" maxLength:"200"`
	Text     string    `json:"text" minLength:"1" maxLength:"10000"`
	Basis    string    `json:"legal_basis,omitempty" maxLength:"10000"`
	Done     string    `json:"done_already,omitempty" maxLength:"10000"`
	Playbook string    `json:"playbook,omitempty" maxLength:"65536" doc:"A CACAO 2.0 playbook as text: shown as steps on both sides and never carried out"`
	By       time.Time `json:"asked_by,omitzero" doc:"Until when the thing itself is hoped for"`
	Objects  []string  `json:"objects,omitempty" maxItems:"100" doc:"Ids of what it is about; they cross on their own terms"`
}

func (b RequestText) into(q law.Asked) law.Asked {
	q.Language, q.Title, q.Text, q.Basis, q.Done, q.By, q.Objects = b.Language, b.Title, b.Text, b.Basis, b.Done, b.By, b.Objects
	q.Playbook = b.Playbook
	return q
}

type requestSentOutput struct {
	Body struct {
		Request string `json:"request"`
	}
}

func (a *api) sendRequest(ctx context.Context, c caller, in *struct {
	Body struct {
		Agreement string `json:"agreement" maxLength:"64"`
		Kind      string `json:"kind" enum:"information,analysis,block,takedown,victim-notification,preservation,patch-coordination,expert-help,activity-from-territory"`
		Urgency   string `json:"urgency" enum:"routine,urgent"`
		Channel   string `json:"channel" enum:"technical,law-enforcement"`
		Way       string `json:"way,omitempty" maxLength:"64" doc:"By which way of law, for the law-enforcement channel and for preservation: see /requests/ways"`
		RequestText
	}
},
) (*requestSentOutput, error) {
	b := in.Body
	agreement, err := ident.ParseAgreement(b.Agreement)
	if err != nil {
		return nil, err
	}
	out := &requestSentOutput{}
	out.Body.Request, err = a.Requests.Send(ctx, a.Handle, c.Actor, c.Access.Class, b.into(law.Asked{
		Agreement: agreement, Kind: law.Kind(b.Kind), Urgency: law.Urgency(b.Urgency), Channel: law.Channel(b.Channel), Way: b.Way,
	}))
	return out, err
}

// RequestInput names a request.
type RequestInput struct {
	Assistance string `path:"assistance" maxLength:"100"`
}

type requestStep struct {
	By     string `json:"by"`
	Move   string `json:"move"`
	On     string `json:"on" doc:"When the side says it did"`
	Reason string `json:"reason,omitempty"`
	Until  string `json:"until,omitempty"`
	Text   string `json:"text,omitempty"`
	Person string `json:"person,omitempty" doc:"Who of this side"`
}

type requestOutput struct {
	Body struct {
		RequestLine
		Text     string        `json:"text"`
		Basis    string        `json:"legal_basis,omitempty"`
		Done     string        `json:"done_already,omitempty"`
		Playbook string        `json:"playbook,omitempty" doc:"A CACAO 2.0 playbook as text"`
		Way      string        `json:"way,omitempty" doc:"By which way of law it is asked"`
		By       string        `json:"asked_by,omitempty"`
		Objects  []string      `json:"objects" doc:"Ids of what it is about"`
		Timeline []requestStep `json:"timeline" doc:"What both sides did"`
		Custody  []custodyLine `json:"custody" doc:"Who had which evidence when, as both sides wrote it down"`
		Passages []PassageLine `json:"passages" doc:"What passed between CERT and law enforcement, as far as the caller may know"`
		May      []string      `json:"may" doc:"What this side may do next"`
		Steps    int           `json:"steps" doc:"How many steps this side has made"`
	}
}

func (a *api) request(ctx context.Context, c caller, in *RequestInput) (*requestOutput, error) {
	d, err := a.Requests.Open(ctx, a.Handle, c.Actor, c.Access.Class, in.Assistance)
	if err != nil {
		return nil, err
	}
	out := &requestOutput{}
	b := &out.Body
	b.RequestLine = requestLineOf(request.Entry{Assistance: d.Assistance, Title: d.Asks.Title, Language: d.Asks.Language, Level: d.Level})
	b.Text, b.Basis, b.Done, b.By, b.Objects, b.Steps = d.Asks.Text, d.Asks.Basis, d.Asks.Done, instantOf(d.Asks.By), texts(d.Asks.Objects), d.Steps
	b.Playbook = d.Asks.Playbook
	b.Way, b.Custody, b.Passages = d.Asks.Way, custodyLines(d.Custody), passageLines(d.Passages)
	b.Timeline, b.May = []requestStep{}, []string{}
	for _, e := range d.Timeline {
		b.Timeline = append(b.Timeline, requestStep{
			string(e.By), string(e.Move), instantOf(e.On), string(e.Reason), instantOf(e.Until), e.Text, e.Person,
		})
	}
	for _, m := range d.May {
		b.May = append(b.May, string(m))
	}
	return out, nil
}

func instantOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t.UnixMicro())
}

func (a *api) correctRequest(ctx context.Context, c caller, in *struct {
	RequestInput
	Body RequestText
},
) (*requestOutput, error) {
	if err := a.Requests.Correct(ctx, a.Handle, c.Actor, c.Access.Class, in.Body.into(law.Asked{ID: in.Assistance})); err != nil {
		return nil, err
	}
	return a.request(ctx, c, &in.RequestInput)
}

func (a *api) stepRequest(ctx context.Context, c caller, in *struct {
	RequestInput
	Body struct {
		Move   string    `json:"move" enum:"see,acknowledge,accept,accept-partly,decline,postpone,begin,preserve,finish,verify,renew,withdraw"`
		Reason string    `json:"reason,omitempty" maxLength:"40" doc:"For accept-partly, decline and postpone: a code, not-stated among them"`
		Until  time.Time `json:"until,omitzero" doc:"A day the step names; for preserve and renew 90 days on when left out"`
		Text   string    `json:"text,omitempty" maxLength:"10000"`
		Steps  *int      `json:"steps,omitempty" minimum:"0" doc:"How many steps of this side the caller knows: with others meanwhile nothing is done"`
	}
},
) (*requestOutput, error) {
	m := request.Move{Move: law.Move(in.Body.Move), Reason: law.Reason(in.Body.Reason), Until: in.Body.Until, Text: in.Body.Text, After: -1}
	if in.Body.Steps != nil {
		m.After = *in.Body.Steps
	}
	if err := a.Requests.Step(ctx, a.Handle, c.Actor, in.Assistance, m); err != nil {
		return nil, err
	}
	return a.request(ctx, c, &in.RequestInput)
}

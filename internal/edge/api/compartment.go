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

// compartments is evidence, what passes between CERT and law enforcement, and
// the compartment of the latter.
func (a *api) compartments(at func(method, path, id, summary string) op) {
	add(a, at(http.MethodPost, "/{assistance}/custody", "add-custody", "Write down who had which evidence; stays for good"), a.addCustody)
	add(a, at(http.MethodPost, "/{assistance}/passages", "pass-request", "Pass the newest version of a request to the other compartment of this side"), a.passRequest)
	passages := func(method, path, id, summary string) op {
		o := at(method, "", id, summary)
		o.path = "/passages" + path
		return o
	}
	add(a, passages(http.MethodGet, "", "passages", "What passed between CERT and law enforcement, newest first, as far as the caller may know"), a.listPassages)
	add(a, passages(http.MethodGet, "/{passage}", "passage", "One passage with what passed"), a.passage)
	add(a, passages(http.MethodPost, "/{passage}", "consent-passage", "Answer whether what this side asked may pass to the other compartment there"), a.consentPassage)
	add(a, op{
		tag: "requests", method: http.MethodGet, path: "/compartment", id: "compartment", act: people.Liaise, saw: "read",
		summary: "The law-enforcement compartment: who is in it, what is preserved, what passed",
	}, a.compartment)
}

type custodyLine struct {
	By       string `json:"by"`
	N        int    `json:"n"`
	Handling string `json:"handling" enum:"took,copied,handed-on,returned,destroyed"`
	Item     string `json:"item"`
	Evidence string `json:"evidence" doc:"SHA-256"`
	Holder   string `json:"holder"`
	To       string `json:"to,omitempty"`
	On       string `json:"on"`
	Previous string `json:"previous,omitempty" doc:"Digest of the entry of the same side before"`
	Person   string `json:"person,omitempty" doc:"Who of this side wrote it"`
}

func custodyLines(list []request.Held) []custodyLine {
	out := []custodyLine{}
	for _, e := range list {
		l := custodyLine{
			By: string(e.By), N: e.N, Handling: string(e.Handling), Item: e.Item, Evidence: e.Evidence.String(), Holder: e.Holder, To: e.To,
			On: instantOf(e.On), Person: e.Person,
		}
		if !e.Previous.IsZero() {
			l.Previous = e.Previous.String()
		}
		out = append(out, l)
	}
	return out
}

func (a *api) addCustody(ctx context.Context, c caller, in *struct {
	RequestInput
	Body struct {
		Handling string    `json:"handling" enum:"took,copied,handed-on,returned,destroyed"`
		Item     string    `json:"item" minLength:"1" maxLength:"200" doc:"What it is"`
		Evidence string    `json:"evidence" pattern:"^sha256:[0-9a-f]{64}$" doc:"SHA-256 of it"`
		Holder   string    `json:"holder" minLength:"1" maxLength:"200" doc:"A body or a post, no person"`
		To       string    `json:"to,omitempty" maxLength:"200" doc:"For handed-on and returned"`
		On       time.Time `json:"on,omitzero" doc:"Now when left out"`
	}
},
) (*requestOutput, error) {
	digest, err := ident.ParseDigest(in.Body.Evidence)
	if err != nil {
		return nil, err
	}
	if err := a.Requests.Enter(ctx, a.Handle, c.Actor, in.Assistance, request.Evidence{
		Handling: law.Handling(in.Body.Handling), Item: in.Body.Item, Digest: digest, Holder: in.Body.Holder, To: in.Body.To, On: in.Body.On,
	}); err != nil {
		return nil, err
	}
	return a.request(ctx, c, &in.RequestInput)
}

// PassageLine is what passed between the two compartments of a side.
type PassageLine struct {
	Passage  string `json:"passage"`
	Side     string `json:"side" doc:"Inside which it passes"`
	From     string `json:"from" enum:"technical,law-enforcement"`
	At       string `json:"at"`
	Matter   string `json:"matter" doc:"SHA-256 of the version that passes"`
	Basis    string `json:"legal_basis"`
	Purpose  string `json:"purpose"`
	Consent  string `json:"consent" enum:"waits,given,refused" doc:"Of the side that owns the request"`
	Answered string `json:"answered,omitempty"`
}

func passageLineOf(p request.Passed) PassageLine {
	l := PassageLine{
		Passage: p.Row.ID, Side: string(p.Row.Side), From: string(p.Said.From), At: stamp(p.Row.At), Matter: p.Said.Matter.String(),
		Basis: p.Said.Basis, Purpose: p.Said.Purpose, Consent: p.Row.Answer, Answered: stampOrNot(p.Row.Answered),
	}
	if l.Consent == "" {
		l.Consent = "waits"
	}
	return l
}

func passageLines(list []request.Passed) []PassageLine {
	out := []PassageLine{}
	for _, p := range list {
		out = append(out, passageLineOf(p))
	}
	return out
}

type passagesOutput struct {
	Body struct {
		Passages []PassageLine `json:"passages"`
	}
}

func (a *api) listPassages(ctx context.Context, c caller, _ *struct{}) (*passagesOutput, error) {
	list, err := a.Requests.Passages(ctx, a.Handle, c.Actor)
	out := &passagesOutput{}
	out.Body.Passages = passageLines(list)
	return out, err
}

// PassageInput names a passage.
type PassageInput struct {
	Passage string `path:"passage" maxLength:"100"`
}

type passageOutput struct {
	Body struct {
		PassageLine
		Title string `json:"title" doc:"Of what passed"`
		Text  string `json:"text"`
		Legal string `json:"asked_on_basis,omitempty" doc:"The legal basis that what passed names itself"`
		Gone  bool   `json:"gone" doc:"What passed is not here any more as it was"`
	}
}

func (a *api) passage(ctx context.Context, c caller, in *PassageInput) (*passageOutput, error) {
	p, err := a.Requests.OpenPassage(ctx, a.Handle, c.Actor, in.Passage)
	if err != nil {
		return nil, err
	}
	out := &passageOutput{}
	out.Body.PassageLine, out.Body.Title, out.Body.Text, out.Body.Legal, out.Body.Gone = passageLineOf(p), p.Asks.Title, p.Asks.Text, p.Asks.Basis, p.Gone
	return out, nil
}

func (a *api) passRequest(ctx context.Context, c caller, in *struct {
	RequestInput
	Body struct {
		Basis   string `json:"legal_basis" minLength:"1" maxLength:"10000"`
		Purpose string `json:"purpose" minLength:"1" maxLength:"10000"`
	}
},
) (*passageOutput, error) {
	id, err := a.Requests.Pass(ctx, a.Handle, c.Actor, in.Assistance, in.Body.Basis, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	return a.passage(ctx, c, &PassageInput{id})
}

func (a *api) consentPassage(ctx context.Context, c caller, in *struct {
	PassageInput
	Body struct {
		Consent bool   `json:"consent"`
		Text    string `json:"text,omitempty" maxLength:"10000" doc:"For the other side; a refusal needs no reason"`
	}
},
) (*passageOutput, error) {
	if err := a.Requests.Consent(ctx, a.Handle, c.Actor, in.Passage, in.Body.Consent, in.Body.Text); err != nil {
		return nil, err
	}
	return a.passage(ctx, c, &in.PassageInput)
}

type compartmentRoll struct {
	Agreement     string   `json:"agreement"`
	Side          string   `json:"side"`
	Organisations []string `json:"organisations"`
}

type compartmentOutput struct {
	Body struct {
		Members   []compartmentRoll `json:"members"`
		Preserved []RequestLine     `json:"preserved" doc:"What ends first first"`
		Passages  []PassageLine     `json:"passages"`
	}
}

func (a *api) compartment(ctx context.Context, c caller, _ *struct{}) (*compartmentOutput, error) {
	found, err := a.Requests.Compartment(ctx, a.Handle, c.Actor)
	out := &compartmentOutput{}
	out.Body.Members = []compartmentRoll{}
	for _, r := range found.Rolls {
		out.Body.Members = append(out.Body.Members, compartmentRoll{string(r.Agreement), string(r.Side), texts(r.Members)})
	}
	out.Body.Preserved, out.Body.Passages = []RequestLine{}, passageLines(found.Passages)
	for _, e := range found.Kept {
		out.Body.Preserved = append(out.Body.Preserved, requestLineOf(e))
	}
	return out, err
}

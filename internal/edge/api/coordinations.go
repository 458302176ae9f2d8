package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/coordination"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/store"
)

// coordinations are vulnerabilities disclosed together with the partner.
func (a *api) coordinations() {
	at := func(method, path, id, summary string) op {
		o := op{tag: "coordinations", method: method, path: "/coordinations" + path, id: id, summary: summary, act: coordination.Reader}
		if method == http.MethodGet {
			o.saw = "read"
		}
		return o
	}
	add(a, at(http.MethodGet, "", "coordinations", "Vulnerabilities that are disclosed together, what changed last first"), a.listCoordinations)
	add(a, at(http.MethodPost, "", "open-coordination", "Ask the partner to disclose a vulnerability together"), a.openCoordination)
	add(a, at(http.MethodGet, "/{coordination}", "coordination", "One with its vendors, its draft, its instant and what both sides did"), a.coordination)
	add(a, at(http.MethodPut, "/{coordination}", "correct-coordination", "Send another version of what this side opened"), a.correctCoordination)
	add(a, at(http.MethodPost, "/{coordination}/steps", "step-coordination", "Make this side's next step"), a.stepCoordination)
}

// CoordinationLine is a coordination as lists tell it.
type CoordinationLine struct {
	Coordination    string   `json:"coordination"`
	Agreement       string   `json:"agreement"`
	Opener          string   `json:"opener"`
	Partner         string   `json:"partner"`
	Title           string   `json:"title"`
	Language        string   `json:"language"`
	Vulnerabilities []string `json:"vulnerabilities"`
	State           string   `json:"state" enum:"asked,declined,open,withheld,agreed,closed"`
	Live            bool     `json:"live" doc:"Somebody may still do something"`
	Opened          string   `json:"opened"`
	Instant         string   `json:"instant,omitempty" doc:"When both sides have agreed to publish"`
	Published       string   `json:"published,omitempty" doc:"When this node published"`
	Report          string   `json:"report,omitempty" doc:"Id of what this node published"`
}

func coordinationLineOf(c store.Coordination, o law.Opening) CoordinationLine {
	return CoordinationLine{
		Coordination: c.ID, Agreement: string(c.Agreement), Opener: string(c.Opener), Partner: string(c.Partner), Title: o.Title, Language: o.Language,
		Vulnerabilities: texts(o.Vulnerabilities), State: c.State, Live: c.Live, Opened: stamp(c.Opened), Instant: stampOrNot(c.Instant),
		Published: stampOrNot(c.Published), Report: c.Report,
	}
}

func (a *api) listCoordinations(ctx context.Context, c caller, in *struct {
	PageInput
	Over bool `query:"over" doc:"Those that are over, instead of those in which something may be done"`
},
) (*listOutput[CoordinationLine], error) {
	place, err := in.place(c)
	if err != nil {
		return nil, err
	}
	at, err := coordination.ParsePlace(place)
	if err != nil {
		return nil, err
	}
	l, err := a.Coordinations.List(ctx, a.Handle, c.Actor, in.Over, at, in.size())
	lines := make([]CoordinationLine, 0, len(l.Entries))
	for _, e := range l.Entries {
		lines = append(lines, coordinationLineOf(e.Coordination, e.Opening))
	}
	return listed(c, lines, l.Next.String()), err
}

// CoordinationText is what is said of a coordination in words.
type CoordinationText struct {
	Title           string   `json:"title" minLength:"1" maxLength:"200" doc:"The partner reads it at once, at TLP:AMBER"`
	Language        string   `json:"language" enum:"en,ja,hi" doc:"Of the title"`
	Vulnerabilities []string `json:"vulnerabilities,omitempty" maxItems:"50" doc:"Names such as CVE-2027-1234"`
}

func (b CoordinationText) into(o law.Opening) law.Opening {
	o.Title, o.Language, o.Vulnerabilities = b.Title, b.Language, b.Vulnerabilities
	return o
}

type coordinationOpenedOutput struct {
	Body struct {
		Coordination string `json:"coordination"`
	}
}

func (a *api) openCoordination(ctx context.Context, c caller, in *struct {
	Body struct {
		Agreement string    `json:"agreement" maxLength:"64"`
		At        time.Time `json:"at,omitzero" doc:"Proposed instant of publication"`
		CoordinationText
	}
},
) (*coordinationOpenedOutput, error) {
	agreement, err := ident.ParseAgreement(in.Body.Agreement)
	if err != nil {
		return nil, err
	}
	out := &coordinationOpenedOutput{}
	out.Body.Coordination, err = a.Coordinations.Open(ctx, a.Handle, c.Actor, in.Body.into(law.Opening{Agreement: agreement}), in.Body.At)
	return out, err
}

// CoordinationInput names a coordination.
type CoordinationInput struct {
	Coordination string `path:"coordination" maxLength:"100"`
}

type vendorLine struct {
	Side     string   `json:"side" doc:"Whose vendor it is"`
	Name     string   `json:"name"`
	Products []string `json:"products"`
	Status   string   `json:"status" enum:"to-notify,notified,acknowledged,affected,not-affected,fixed,declined"`
	Since    string   `json:"since,omitempty"`
	Silent   *int     `json:"silent_days,omitempty" doc:"For how many days the vendor has said nothing since it was told"`
	Text     string   `json:"text,omitempty"`
}

type draftBody struct {
	Title           string   `json:"title" minLength:"1" maxLength:"200"`
	Language        string   `json:"language" enum:"en,ja,hi"`
	Text            string   `json:"text" minLength:"1" maxLength:"30000" doc:"Word for word as both sides publish it"`
	Products        []string `json:"products" minItems:"1" maxItems:"50"`
	Vulnerabilities []string `json:"vulnerabilities" minItems:"1" maxItems:"50"`
}

type coordinationStep struct {
	By       string `json:"by"`
	N        int    `json:"n" doc:"Counts the steps of that side from 1"`
	Move     string `json:"move"`
	On       string `json:"on" doc:"When the side says it did"`
	At       string `json:"at,omitempty" doc:"The instant that is proposed or agreed to"`
	Digest   string `json:"digest,omitempty" doc:"Of the draft that is written or agreed to"`
	Vendor   string `json:"vendor,omitempty"`
	Status   string `json:"status,omitempty"`
	Text     string `json:"text,omitempty"`
	Person   string `json:"person,omitempty" doc:"Who of this side"`
	Received string `json:"received,omitempty" doc:"When the other node took a step of this side"`
}

type coordinationOutput struct {
	Body struct {
		CoordinationLine
		Vendors  []vendorLine       `json:"vendors"`
		Draft    *draftBody         `json:"draft,omitempty" doc:"The draft that was written last"`
		Digest   string             `json:"draft_digest,omitempty"`
		Timeline []coordinationStep `json:"timeline"`
		Unknown  []int              `json:"unknown" doc:"Steps of this side that weigh and that the partner is not known to have"`
		Refused  string             `json:"refused,omitempty" doc:"Why the other node did not take something of this side"`
		May      []string           `json:"may" doc:"What this side may do next"`
		Ours     int                `json:"ours" doc:"How many steps this side has made"`
		Theirs   int                `json:"theirs" doc:"How many steps of the other side are here"`
	}
}

func (a *api) coordination(ctx context.Context, c caller, in *CoordinationInput) (*coordinationOutput, error) {
	d, err := a.Coordinations.Show(ctx, a.Handle, c.Actor, in.Coordination)
	if err != nil {
		return nil, err
	}
	out := &coordinationOutput{}
	b := &out.Body
	b.CoordinationLine, b.Refused, b.Ours, b.Theirs = coordinationLineOf(d.Coordination, d.Opening), d.Refused, d.Known.Ours, d.Known.Theirs
	b.Vendors, b.Unknown, b.May = vendorLines(d), []int{}, []string{}
	if s, ok := d.Course.Newest(law.Write); ok {
		b.Draft = &draftBody{s.Draft.Title, s.Draft.Language, s.Draft.Text, texts(s.Draft.Products), texts(s.Draft.Vulnerabilities)}
		sum, err := s.Draft.Digest()
		if err != nil {
			return nil, err
		}
		b.Digest = sum.String()
	}
	if b.Timeline, err = coordinationSteps(d.Timeline); err != nil {
		return nil, err
	}
	for _, e := range d.Unknown {
		b.Unknown = append(b.Unknown, e.N)
	}
	for _, m := range d.May {
		b.May = append(b.May, string(m))
	}
	return out, nil
}

func vendorLines(d coordination.Detail) []vendorLine {
	out := []vendorLine{}
	for _, side := range []ident.Side{d.Opener, d.Partner} {
		for _, v := range d.Course.Vendors(side) {
			line := vendorLine{Side: string(side), Name: v.Name, Products: texts(v.Products), Status: string(v.Status), Since: instantOf(v.On), Text: v.Text}
			if days, silent := v.Silent(d.Now); silent {
				line.Silent = &days
			}
			out = append(out, line)
		}
	}
	return out
}

func coordinationSteps(events []coordination.Event) ([]coordinationStep, error) {
	out := []coordinationStep{}
	for _, e := range events {
		s := coordinationStep{
			By: string(e.By), N: e.N, Move: string(e.Move), On: instantOf(e.On), At: instantOf(e.At), Vendor: e.Vendor.Name, Status: string(e.Vendor.Status),
			Text: e.Text, Person: e.Person, Received: instantOf(e.Received),
		}
		switch e.Move { //nolint:exhaustive // the others have no draft
		case law.Write:
			sum, err := e.Draft.Digest()
			if err != nil {
				return nil, err
			}
			s.Digest = sum.String()
		case law.AgreeDraft:
			s.Digest = e.Digest.String()
		}
		out = append(out, s)
	}
	return out, nil
}

func (a *api) correctCoordination(ctx context.Context, c caller, in *struct {
	CoordinationInput
	Body CoordinationText
},
) (*coordinationOutput, error) {
	if err := a.Coordinations.Correct(ctx, a.Handle, c.Actor, in.Body.into(law.Opening{ID: in.Coordination})); err != nil {
		return nil, err
	}
	return a.coordination(ctx, c, &in.CoordinationInput)
}

type vendorBody struct {
	Name     string    `json:"name" minLength:"1" maxLength:"200" doc:"Always spelt alike: the same name means the same vendor"`
	Products []string  `json:"products,omitempty" maxItems:"50"`
	Status   string    `json:"status" enum:"to-notify,notified,acknowledged,affected,not-affected,fixed,declined"`
	Since    time.Time `json:"since,omitzero" doc:"Since when; left out for to-notify only"`
}

func (a *api) stepCoordination(ctx context.Context, c caller, in *struct {
	CoordinationInput
	Body struct {
		Move   string      `json:"move" enum:"join,decline,vendor,draft,agree-draft,propose-date,agree-date,withhold,close"`
		At     time.Time   `json:"at,omitzero" doc:"For propose-date and agree-date; to agree, exactly what was proposed"`
		Digest string      `json:"digest,omitempty" maxLength:"80" doc:"For agree-draft: the draft's digest"`
		Vendor *vendorBody `json:"vendor,omitempty"`
		Draft  *draftBody  `json:"draft,omitempty"`
		Text   string      `json:"text,omitempty" maxLength:"30000" doc:"Why; needed for withhold"`
		Ours   *int        `json:"ours,omitempty" minimum:"0" doc:"How many steps of this side the caller knows: with others meanwhile nothing is done"`
		Theirs *int        `json:"theirs,omitempty" minimum:"0" doc:"The same of the other side"`
	}
},
) (*coordinationOutput, error) {
	b := in.Body
	s := law.Step{Move: law.Move(b.Move), At: b.At, Text: b.Text}
	if v := b.Vendor; v != nil {
		s.Vendor = law.Vendor{Name: v.Name, Products: v.Products, Status: law.Status(v.Status), On: v.Since}
	}
	if d := b.Draft; d != nil {
		s.Draft = law.Draft{Title: d.Title, Language: d.Language, Text: d.Text, Products: d.Products, Vulnerabilities: d.Vulnerabilities}
	}
	if b.Digest != "" {
		sum, err := ident.ParseDigest(b.Digest)
		if err != nil {
			return nil, err
		}
		s.Digest = sum
	}
	known := coordination.Known{Ours: -1, Theirs: -1}
	if b.Ours != nil {
		known.Ours = *b.Ours
	}
	if b.Theirs != nil {
		known.Theirs = *b.Theirs
	}
	if err := a.Coordinations.Step(ctx, a.Handle, c.Actor, in.Coordination, s, known); err != nil {
		return nil, err
	}
	return a.coordination(ctx, c, &in.CoordinationInput)
}

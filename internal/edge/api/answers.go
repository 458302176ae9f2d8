package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// around is what stands beside an object, and how people answer it. Answers
// record themselves.
func (a *api) around() {
	read := func(path, id, summary string) op {
		return op{tag: "threats", method: http.MethodGet, path: "/objects/{object}" + path, id: id, summary: summary, act: people.Read, saw: "read"}
	}
	say := func(path, id, summary string) op {
		return op{tag: "threats", method: http.MethodPost, path: "/objects/{object}" + path, id: id, summary: summary, act: people.Respond, status: http.StatusCreated}
	}
	add(a, read("/relations", "object-relations", "What an object refers to and what refers to it, as far as you may see it"), a.relations)
	add(a, read("/crossings", "object-crossings", "The shipments that carried an object"), a.crossings)
	proof := read("/proof", "object-proof", "A version and the proof that it was in a shipment, verified now, as a file for twoseas-verify")
	proof.media = []string{"text/plain"}
	add(a, proof, a.proveObject)
	add(a, read("/access", "object-access", "Who may see an object and why, who may not and why"), a.reasons)
	add(a, say("/sightings", "add-sighting", "Say that an object was seen here"), a.sight)
	add(a, say("/opinions", "add-opinion", "Say what you think of an object: useful, known, false-positive, too-late"), a.opine)
	add(a, say("/notes", "add-note", "Write a note on an object"), a.annotate)
	many := say("", "add-opinion-on-many", "Say one thing of up to 1,000 objects")
	many.path = "/opinions"
	add(a, many, a.opineMany)
}

type relationBody struct {
	ID       string `json:"id" doc:"The object that refers, or is referred to"`
	Type     string `json:"type,omitempty" doc:"Left out when it is not stored or not for you"`
	Name     string `json:"name,omitempty"`
	How      string `json:"how" doc:"The property that refers, or the type of relationship"`
	Outgoing bool   `json:"outgoing" doc:"It leads away from the object"`
	By       string `json:"by,omitempty" doc:"The relationship between the two, when one stands between"`
}

type relationsOutput struct {
	Body struct {
		Relations []relationBody `json:"relations"`
		More      bool           `json:"more" doc:"There are more than those listed"`
	}
}

func (a *api) relations(ctx context.Context, c caller, in *ObjectInput) (*relationsOutput, error) {
	o, err := a.whole(ctx, c, in)
	if err != nil {
		return nil, err
	}
	out := &relationsOutput{}
	out.Body.Relations, out.Body.More = []relationBody{}, o.MoreBeside
	for _, r := range o.References {
		n := o.Names[r.ID]
		out.Body.Relations = append(out.Body.Relations, relationBody{r.ID, n.Type, n.Name, r.Property, true, ""})
	}
	for _, b := range o.Beside {
		r := relationBody{ID: b.ID, Type: b.Type, Name: b.Name, How: b.Type, Outgoing: b.Outgoing}
		if b.Other != "" {
			n := o.Names[b.Other]
			r = relationBody{b.Other, n.Type, n.Name, b.Name, b.Outgoing, b.ID}
		}
		out.Body.Relations = append(out.Body.Relations, r)
	}
	return out, nil
}

// whole is the version asked for with what is known around it.
func (a *api) whole(ctx context.Context, c caller, in *ObjectInput) (library.Object, error) {
	seq, err := a.seq(ctx, c, in)
	if err != nil {
		return library.Object{}, err
	}
	return a.Library.Object(ctx, a.Handle, c.Actor, c.Access.Class, in.Object, seq)
}

type crossingBody struct {
	Agreement string `json:"agreement"`
	Partner   string `json:"partner"`
	Direction string `json:"direction"`
	Number    int64  `json:"number"`
	Position  int    `json:"position"`
	At        string `json:"at" format:"date-time"`
	Answered  string `json:"answered,omitempty" format:"date-time"`
	Digest    string `json:"digest" doc:"Of the shipment's signed text"`
}

type crossingsOutput struct {
	Body struct {
		Crossings []crossingBody `json:"crossings"`
	}
}

func (a *api) crossings(ctx context.Context, c caller, in *ObjectInput) (*crossingsOutput, error) {
	o, err := a.whole(ctx, c, in)
	if err != nil {
		return nil, err
	}
	out := &crossingsOutput{}
	out.Body.Crossings = []crossingBody{}
	for _, x := range o.Crossings {
		out.Body.Crossings = append(out.Body.Crossings, crossingBody{
			string(x.Agreement), string(x.Partner), x.Direction(), x.Number, x.Position, moment(x.At), moment(x.Answered), x.Link.String(),
		})
	}
	return out, nil
}

func (a *api) proveObject(ctx context.Context, c caller, in *struct {
	ObjectInput
	DirectionInput
	In     string `query:"agreement" required:"true" maxLength:"64"`
	Number int64  `query:"number" required:"true" minimum:"1" doc:"Of the shipment, see crossings"`
},
) (*rawOutput, error) {
	id, err := ident.ParseAgreement(in.In)
	if err != nil {
		return nil, err
	}
	seq, err := a.seq(ctx, c, &in.ObjectInput)
	if err != nil {
		return nil, err
	}
	p, _, err := a.Library.Prove(ctx, a.Handle, c.Actor, c.Access.Class, in.Object, seq, in.Number, in.Direction, id)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = p.Subset.Write(&buf)
	return plain(buf.Bytes()), err
}

// moment is a time as programs read it; "" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

type whyBody struct {
	Agreement string   `json:"agreement"`
	Partner   string   `json:"partner"`
	Theirs    bool     `json:"theirs" doc:"It is the partner's own"`
	Outcome   string   `json:"outcome,omitempty"`
	Sentence  string   `json:"sentence" doc:"In English"`
	Clauses   []string `json:"clauses"`
	Hold      string   `json:"hold,omitempty" doc:"State of the held item, when it waits or waited"`
}

type accessBody struct {
	Clearance string `json:"clearance"`
	May       bool   `json:"may"`
	Reason    string `json:"reason,omitempty"`
}

type accessOutput struct {
	Body struct {
		Partners []whyBody    `json:"partners"`
		Here     []accessBody `json:"here"`
	}
}

func (a *api) reasons(ctx context.Context, c caller, in *ObjectInput) (*accessOutput, error) {
	seq, err := a.seq(ctx, c, in)
	if err != nil {
		return nil, err
	}
	whys, readers, err := a.Library.Reasons(ctx, a.Handle, c.Actor, c.Access.Class, in.Object, seq)
	if err != nil {
		return nil, err
	}
	out := &accessOutput{}
	out.Body.Partners, out.Body.Here = []whyBody{}, []accessBody{}
	for _, y := range whys {
		out.Body.Partners = append(out.Body.Partners, whyOf(y))
	}
	for _, r := range readers {
		out.Body.Here = append(out.Body.Here, accessBody{r.Clearance.String(), r.May, r.Reason.In(gate.English)})
	}
	return out, nil
}

func whyOf(y library.Why) whyBody {
	b := whyBody{Agreement: string(y.Agreement), Partner: string(y.Partner), Theirs: y.Theirs, Sentence: y.None, Clauses: []string{}, Hold: y.Hold.State}
	if y.None != "" {
		return b
	}
	b.Outcome, b.Sentence = y.Decision.Outcome.String(), y.Decision.Sentence
	for _, m := range y.Decision.Winners() {
		b.Clauses = append(b.Clauses, m.Clause)
	}
	return b
}

// AboutInput names what is answered.
type AboutInput struct {
	Object string `path:"object" maxLength:"300"`
}

// MarkBody says how an answer is marked.
type MarkBody struct {
	TLP string `json:"tlp,omitempty" maxLength:"20" doc:"Takes the marking of the object when left out"`
}

func (m MarkBody) about(ids ...string) (answer.About, error) {
	about := answer.About{IDs: ids}
	if m.TLP == "" {
		return about, nil
	}
	var err error
	about.TLP, err = marking.ParseTLP(m.TLP)
	return about, err
}

type answerOutput struct {
	Body struct {
		ID string `json:"id" doc:"Of the object that answers"`
	}
}

func answered(id string, err error) (*answerOutput, error) {
	out := &answerOutput{}
	out.Body.ID = id
	return out, err
}

func (a *api) sight(ctx context.Context, c caller, in *struct {
	AboutInput
	Body struct {
		MarkBody
		Count int       `json:"count,omitempty" minimum:"1" maximum:"999999999" doc:"Times; once when left out"`
		First time.Time `json:"first,omitzero" required:"false"`
		Last  time.Time `json:"last,omitzero" required:"false"`
		Text  string    `json:"text,omitempty" maxLength:"4000"`
	}
},
) (*answerOutput, error) {
	about, err := in.Body.about(in.Object)
	if err != nil {
		return nil, err
	}
	return answered(a.Answers.Sight(ctx, a.Handle, c.Actor, c.Access.Class, about, answer.Sighting{
		Count: in.Body.Count, First: in.Body.First, Last: in.Body.Last, Text: in.Body.Text,
	}))
}

func (a *api) opine(ctx context.Context, c caller, in *struct {
	AboutInput
	Body struct {
		MarkBody
		Verdict string `json:"verdict" enum:"useful,known,false-positive,too-late"`
		Text    string `json:"text,omitempty" maxLength:"4000"`
	}
},
) (*answerOutput, error) {
	about, err := in.Body.about(in.Object)
	if err != nil {
		return nil, err
	}
	return answered(a.Answers.Opine(ctx, a.Handle, c.Actor, c.Access.Class, about, answer.Verdict(in.Body.Verdict), in.Body.Text))
}

func (a *api) opineMany(ctx context.Context, c caller, in *struct {
	Body struct {
		MarkBody
		Objects []string `json:"objects" minItems:"1" maxItems:"1000" doc:"Their ids"`
		Verdict string   `json:"verdict" enum:"useful,known,false-positive,too-late"`
		Text    string   `json:"text,omitempty" maxLength:"4000"`
	}
},
) (*answerOutput, error) {
	about, err := in.Body.about(in.Body.Objects...)
	if err != nil {
		return nil, err
	}
	return answered(a.Answers.Opine(ctx, a.Handle, c.Actor, c.Access.Class, about, answer.Verdict(in.Body.Verdict), in.Body.Text))
}

func (a *api) annotate(ctx context.Context, c caller, in *struct {
	AboutInput
	Body struct {
		MarkBody
		Text string `json:"text" minLength:"1" maxLength:"4000"`
	}
},
) (*answerOutput, error) {
	about, err := in.Body.about(in.Object)
	if err != nil {
		return nil, err
	}
	return answered(a.Answers.Note(ctx, a.Handle, c.Actor, c.Access.Class, about, in.Body.Text))
}

package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/store"
)

func (a *api) agreements() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "agreements", method: method, path: path, id: id, summary: summary, act: act}
	}
	read := func(path, id, summary string) op {
		o := at(http.MethodGet, path, id, summary, "")
		o.any, o.saw = true, "read"
		return o
	}
	add(a, read("/agreements", "agreements", "The agreements of this node and their state"), a.listAgreements)
	add(a, read("/agreements/{agreement}/versions", "agreement-versions", "The versions of an agreement and who signed them"), a.listVersions)
	doc := read("/agreements/{agreement}/versions/{version}", "agreement-document", "One version, as the text it was added as")
	doc.media = []string{"application/yaml"}
	add(a, doc, a.document)
	file := read("/agreements/{agreement}/versions/{version}/{file}", "agreement-file", "One version as a file: source.yaml, canonical.json that is hashed, or SIDE.note.txt, a side's signature on it")
	file.media = []string{"text/plain"}
	add(a, file, a.agreementFile)
	add(a, read("/agreements/{agreement}/calendar", "agreement-calendar", "The dates of an agreement and where now stands"), a.calendar)
	explain := read("/agreements/{agreement}/explain", "agreement-explain", "May I send this, marked so, to them?")
	explain.act, explain.any = people.Read, false
	add(a, explain, a.explain)
	imagine := at(http.MethodPost, "/agreements/{agreement}/explain", "agreement-imagine", "May I send this object to them? Nothing is stored and nothing leaves", people.Read)
	imagine.saw, imagine.body = "ask the gate", maxPasted
	add(a, imagine, a.imagine)
	add(a, read("/agreements/{agreement}/diff", "agreement-diff", "What another version would change, in words and in effect"), a.diff)
	create := at(http.MethodPost, "/agreements", "add-agreement", "Add an agreement or a new version of one", people.Agree)
	create.status = http.StatusCreated
	add(a, create, a.addAgreement)
	sign := at(http.MethodPost, "/agreements/{agreement}/versions/{version}/sign", "sign-agreement", "Sign a version for this side", people.Agree)
	sign.person = true
	add(a, sign, a.sign)
	bring := at(http.MethodPost, "/agreements/{agreement}/countersign", "countersign-agreement", "Take the partner's signature from a file that was brought", people.Agree)
	bring.person = true
	add(a, bring, a.countersign)
	reference := read("/reference-agreement", "reference-agreement", "The reference agreement, to begin from")
	reference.media = []string{"application/yaml"}
	add(a, reference, a.reference)
	event := at(http.MethodPost, "/agreements/{agreement}/events", "record-event", "Record what happened: a notice, a difference, an extension", people.Agree)
	event.person = true
	add(a, event, a.event)
}

// AgreementInput names an agreement. Inputs that others embed are exported,
// since only then their fields are read.
type AgreementInput struct {
	Agreement string `path:"agreement" maxLength:"64" example:"in-jp-2022"`
}

func (in AgreementInput) id() (ident.Agreement, error) { return ident.ParseAgreement(in.Agreement) }

// agreementBody is how an agreement stands.
type agreementBody struct {
	Agreement string   `json:"agreement"`
	Partner   string   `json:"partner"`
	State     string   `json:"state" example:"operative"`
	Version   int64    `json:"version" doc:"The version in force; 0 when none is"`
	Hash      string   `json:"hash" doc:"Of the newest version this node holds"`
	Signed    []string `json:"signed" doc:"The sides that signed the newest version"`
}

type agreementsOutput struct {
	Body struct {
		Agreements []agreementBody `json:"agreements"`
	}
}

func (a *api) listAgreements(ctx context.Context, _ caller, _ *struct{}) (*agreementsOutput, error) {
	ids, err := a.Accords.Agreements(ctx, a.Handle)
	if err != nil {
		return nil, err
	}
	out := &agreementsOutput{}
	out.Body.Agreements = []agreementBody{}
	for _, id := range ids {
		b, err := a.standing(ctx, id)
		if err != nil {
			return nil, err
		}
		out.Body.Agreements = append(out.Body.Agreements, b)
	}
	return out, nil
}

func (a *api) standing(ctx context.Context, id ident.Agreement) (agreementBody, error) {
	versions, err := a.Accords.Versions(ctx, a.Handle, id)
	if err != nil {
		return agreementBody{}, err
	}
	partner, err := a.Accords.Partner(ctx, a.Handle, id)
	if err != nil {
		return agreementBody{}, err
	}
	newest := versions[len(versions)-1]
	b := agreementBody{Agreement: string(id), Partner: string(partner), State: "not in force", Hash: newest.Hash.String(), Signed: texts(newest.Signed)}
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		terms, err := a.Accords.InForce(tx, id)
		if fault.Is(err, fault.Denied) {
			return nil // waits for a signature
		}
		b.Version, b.State = terms.Version, string(terms.State)
		return err
	})
	return b, err
}

// texts returns the texts of values that are texts; never nil.
func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

type versionBody struct {
	Version int64    `json:"version"`
	Hash    string   `json:"hash"`
	Added   string   `json:"added" format:"date-time"`
	Signed  []string `json:"signed" doc:"Sides whose signature on this very text is here"`
	InForce bool     `json:"in_force"`
}

type versionsOutput struct {
	Body struct {
		Versions []versionBody `json:"versions" doc:"Oldest first"`
	}
}

func (a *api) listVersions(ctx context.Context, _ caller, in *AgreementInput) (*versionsOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Accords.Versions(ctx, a.Handle, id)
	out := &versionsOutput{}
	for _, s := range list {
		out.Body.Versions = append(out.Body.Versions, versionBody{s.Number, s.Hash.String(), stamp(s.Added), texts(s.Signed), s.InForce})
	}
	return out, err
}

// OneVersionInput names a version.
type OneVersionInput struct {
	AgreementInput
	Version int64 `path:"version" minimum:"1"`
}

func (a *api) document(ctx context.Context, _ caller, in *OneVersionInput) (*rawOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	_, source, err := a.Accords.Document(ctx, a.Handle, id, in.Version)
	return &rawOutput{ContentType: "application/yaml; charset=utf-8", Body: source}, err
}

func (a *api) agreementFile(ctx context.Context, _ caller, in *struct {
	OneVersionInput
	File string `path:"file" maxLength:"64" example:"canonical.json"`
},
) (*rawOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	raw, err := a.Accords.File(ctx, a.Handle, id, in.Version, in.File)
	return plain(raw), err
}

// DateBody is one date of an agreement.
type DateBody struct {
	ID      string `json:"id"`
	Clause  string `json:"clause"`
	Text    string `json:"text"`
	Date    string `json:"date,omitempty"`
	LastDay string `json:"last_day,omitempty"`
	When    string `json:"when,omitempty" doc:"ahead, today, past or done"`
	Days    int    `json:"days" doc:"Days left; negative when past"`
}

type calendarOutput struct {
	Body struct {
		Dates []DateBody `json:"dates"`
	}
}

func (a *api) calendar(ctx context.Context, _ caller, in *AgreementInput) (*calendarOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Accords.Calendar(ctx, a.Handle, id)
	out := &calendarOutput{}
	out.Body.Dates = []DateBody{}
	for _, e := range list {
		out.Body.Dates = append(out.Body.Dates, dateOf(e))
	}
	return out, err
}

func dateOf(e agreement.Entry) DateBody {
	return DateBody{e.ID, e.Ref, e.Text, string(e.Date), string(e.LastDay), e.When, e.Days}
}

type diffInput struct {
	AgreementInput
	From int `query:"from" minimum:"0" doc:"The version in force when left out"`
	To   int `query:"to" required:"true" minimum:"1"`
}

type diffOutput struct {
	Body struct {
		Words   []string `json:"words" doc:"What the text says otherwise"`
		Changes []struct {
			Text  string `json:"text"`
			Opens bool   `json:"opens" doc:"More open in some respect"`
		} `json:"changes" doc:"What would be decided otherwise of what is stored here"`
		Same int `json:"same" doc:"Kinds of decision that stay"`
	}
}

func (a *api) diff(ctx context.Context, c caller, in *diffInput) (*diffOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	p, err := a.Accords.DiffFor(ctx, a.Handle, c.Access.Class, id, in.From, in.To)
	if err != nil {
		return nil, err
	}
	out := &diffOutput{}
	out.Body.Words, out.Body.Same = texts(p.Words), p.Same
	for _, d := range p.Decisions {
		out.Body.Changes = append(out.Body.Changes, struct {
			Text  string `json:"text"`
			Opens bool   `json:"opens" doc:"More open in some respect"`
		}{d.String(), d.Opens})
	}
	return out, nil
}

type addedVersion struct {
	Body struct {
		Agreement string `json:"agreement"`
		Version   int64  `json:"version"`
		Hash      string `json:"hash"`
	}
}

func (a *api) addAgreement(ctx context.Context, c caller, in *struct {
	RawBody []byte `contentType:"application/yaml" doc:"The document"`
},
) (*addedVersion, error) {
	v, err := a.Accords.Add(ctx, a.Handle, c.Actor, in.RawBody)
	out := &addedVersion{}
	out.Body.Agreement, out.Body.Version, out.Body.Hash = string(v.ID), v.Number, v.Hash.String()
	return out, err
}

type signInput struct {
	OneVersionInput
	Body struct {
		Hash string `json:"hash" maxLength:"80" doc:"Of the text you have read: nothing else is signed"`
	}
}

type noteOutput struct {
	Body struct {
		Note string `json:"note" doc:"The signed note"`
	}
}

func (a *api) sign(ctx context.Context, c caller, in *signInput) (*noteOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	hash, err := ident.ParseDigest(in.Body.Hash)
	if err != nil {
		return nil, err
	}
	msg, err := a.Accords.Sign(ctx, a.Handle, c.Actor, accord.Version{ID: id, Number: in.Version, Hash: hash})
	out := &noteOutput{}
	out.Body.Note = string(msg)
	return out, err
}

func (a *api) countersign(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"100000" doc:"The signed note, as the partner's node wrote it"`
	}
},
) (*versionOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	out := &versionOutput{}
	out.Body.Version, err = a.Accords.Bring(ctx, a.Handle, c.Actor, id, []byte(in.Body.Note))
	return out, err
}

type versionOutput struct {
	Body struct {
		Version int64 `json:"version" doc:"The version that the signature is on"`
	}
}

func (a *api) reference(context.Context, caller, *struct{}) (*rawOutput, error) {
	return &rawOutput{ContentType: "application/yaml; charset=utf-8", Body: agreement.Reference()}, nil
}

type eventInput struct {
	AgreementInput
	Body struct {
		Event     string `json:"event" maxLength:"60" example:"difference.raise"`
		By        string `json:"by,omitempty" maxLength:"64" doc:"The side that acted; this one when left out"`
		Effective string `json:"effective,omitempty" format:"date" doc:"Date a notice of discontinuation states"`
		Until     string `json:"until,omitempty" format:"date" doc:"Last full day of the new term"`
		Subject   string `json:"subject,omitempty" maxLength:"300" doc:"Joint activity or date rule concerned"`
		Written   bool   `json:"written,omitempty" doc:"Given in writing through diplomatic channels"`
	}
}

type lifeOutput struct {
	Body struct {
		State   string   `json:"state"`
		Remarks []string `json:"remarks"`
	}
}

func (a *api) event(ctx context.Context, c caller, in *eventInput) (*lifeOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	e := agreement.Event{
		Name: in.Body.Event, By: ident.Side(in.Body.By), Effective: agreement.Date(in.Body.Effective), Until: agreement.Date(in.Body.Until),
		Subject: in.Body.Subject, Written: in.Body.Written,
	}
	life, err := a.Accords.Record(ctx, a.Handle, c.Actor, id, e)
	out := &lifeOutput{}
	out.Body.State, out.Body.Remarks = string(life.State), texts(life.Remarks)
	return out, err
}

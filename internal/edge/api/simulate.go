package api

import (
	"context"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// maxPasted bounds an object that the gate is asked about.
const maxPasted = 1 << 20

// AskInput says of which version the gate is asked.
type AskInput struct {
	AgreementInput
	Number int64 `query:"version" minimum:"0" doc:"A version as if it were in force; the one in force when left out"`
}

type explainInput struct {
	AskInput
	Object         string   `query:"object" maxLength:"300" doc:"Id of an object stored here, whose marking is taken; the rest is left out then"`
	Kind           string   `query:"kind" default:"threat" maxLength:"40" doc:"threat, incident, practice, vulnerability, reference, feedback"`
	TLP            string   `query:"tlp" maxLength:"20"`
	PAP            string   `query:"pap" maxLength:"20"`
	Origin         string   `query:"origin" maxLength:"64" doc:"Whose object; this side's when left out"`
	Contributor    string   `query:"contributor" enum:"member"`
	Caveat         []string `query:"caveat" maxItems:"20"`
	Consent        string   `query:"consent" enum:"none,given" doc:"given: all originators of what belongs to neither side have agreed that it goes to the partner"`
	Classification string   `query:"classification" maxLength:"40"`
	Sector         []string `query:"sector" maxItems:"50"`
}

type matchBody struct {
	Rule    string `json:"rule"`
	Clause  string `json:"clause"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Wins    bool   `json:"wins" doc:"The decision rests on it"`
}

type explainOutput struct {
	Body struct {
		Outcome   string      `json:"outcome" doc:"release, redact, hold or deny"`
		Approvals int         `json:"approvals"`
		Redact    []string    `json:"redact"`
		Sentence  string      `json:"sentence"`
		Matches   []matchBody `json:"matches"`
		Version   int64       `json:"version" doc:"The version that was asked"`
		InForce   bool        `json:"in_force"`
		Object    string      `json:"object,omitempty" doc:"Whose marking was taken"`
		Label     labelBody   `json:"label" doc:"What the decision rests on"`
		Steps     []stepBody  `json:"steps" doc:"The single changes that would open more"`
	}
}

type labelBody struct {
	Kind           string   `json:"kind"`
	TLP            string   `json:"tlp"`
	PAP            string   `json:"pap,omitempty"`
	Origin         string   `json:"origin"`
	Contributor    string   `json:"contributor,omitempty"`
	Classification string   `json:"classification,omitempty"`
	Caveats        []string `json:"caveats"`
	Sectors        []string `json:"sectors"`
}

type stepBody struct {
	What    string `json:"what" doc:"What would change: tlp, classification, caveat, releasable-to, contributor, origin, kind, …"`
	From    string `json:"from"`
	To      string `json:"to"`
	Outcome string `json:"outcome" doc:"What would be decided then"`
}

func (a *api) explain(ctx context.Context, c caller, in *explainInput) (*explainOutput, error) {
	label, err := a.askedOf(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return a.ask(ctx, in.AskInput, label, in.Object)
}

// askedOf is the label that is asked about: that of a stored object, or as the
// question says.
func (a *api) askedOf(ctx context.Context, c caller, in *explainInput) (l marking.Label, err error) {
	if in.Object != "" {
		return a.labelOf(ctx, c, in.Object)
	}
	l = marking.Label{Kind: in.Kind, Origin: a.Self, Contributor: in.Contributor, Sectors: in.Sector}
	l.Caveats, l.Classification = in.Caveat, in.Classification
	for _, s := range in.Caveat {
		if _, ok := marking.CaveatOf(s); !ok {
			return l, fault.Errorf(fault.Invalid, "caveat %.40q is not known", s)
		}
	}
	if in.Origin != "" {
		if l.Origin, err = ident.ParseSide(in.Origin); err != nil {
			return l, err
		}
	}
	if in.TLP != "" {
		if l.TLP, err = marking.ParseTLP(in.TLP); err != nil {
			return l, err
		}
	}
	if in.PAP != "" {
		if l.PAP, err = marking.ParsePAP(in.PAP); err != nil {
			return l, err
		}
	}
	if in.Consent != gate.ConsentGiven {
		return l, nil
	}
	partner, err := a.Accords.Partner(ctx, a.Handle, ident.Agreement(in.Agreement))
	return l.Consented(partner, time.Time{}, true, nil), err
}

// labelOf is the label of the newest version of an object that the caller may
// see; fault.NotFound when there is none.
func (a *api) labelOf(ctx context.Context, c caller, id string) (l marking.Label, err error) {
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		o, err := a.version(tx, c, &ObjectInput{Object: id})
		if err != nil {
			return err
		}
		s, err := tx.Label(o.Label)
		if err != nil {
			return err
		}
		l, err = marking.ParseLabel(s.Resolved)
		return err
	})
	return l, err
}

func (a *api) imagine(ctx context.Context, _ caller, in *struct {
	AskInput
	TLP         string   `query:"tlp" maxLength:"20" doc:"TLP it takes when it carries none"`
	Contributor string   `query:"contributor" enum:"member"`
	Sector      []string `query:"sector" maxItems:"50"`
	RawBody     []byte   `contentType:"application/stix+json" doc:"One STIX object"`
},
) (*explainOutput, error) {
	src := intake.Source{Contributor: in.Contributor, Sectors: in.Sector}
	if in.TLP != "" {
		var err error
		if src.DefaultTLP, err = marking.ParseTLP(in.TLP); err != nil {
			return nil, err
		}
	}
	item, label, err := a.Intake.Imagine(ctx, a.Handle, src, in.RawBody)
	if err != nil {
		return nil, err
	}
	return a.ask(ctx, in.AskInput, label, item.Object.ID)
}

// ask puts a question to the gate.
func (a *api) ask(ctx context.Context, in AskInput, l marking.Label, object string) (*explainOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	ans, err := a.Accords.Ask(ctx, a.Handle, id, in.Number, l)
	if err != nil {
		return nil, err
	}
	d := ans.Decision
	out := &explainOutput{}
	b := &out.Body
	b.Outcome, b.Approvals, b.Redact, b.Sentence = d.Outcome.String(), d.Approvals, texts(d.Redact), d.Sentence
	b.Version, b.InForce, b.Object, b.Label = ans.Version.Number, ans.InForce, object, labelBodyOf(ans.Label)
	b.Matches = []matchBody{}
	for _, m := range d.Matches {
		b.Matches = append(b.Matches, matchBody{m.Rule, m.Clause, m.Effect.Outcome.String(), m.Effect.Reason, m.Wins})
	}
	b.Steps = stepsOf(ans.Steps)
	return out, nil
}

func labelBodyOf(l marking.Label) labelBody {
	b := labelBody{l.Kind, l.TLP.String(), "", string(l.Origin), l.Contributor, l.Classification, texts(l.Caveats), texts(l.Sectors)}
	if l.PAP != marking.NoPAP {
		b.PAP = l.PAP.String()
	}
	return b
}

func stepsOf(list []gate.Step) []stepBody {
	out := []stepBody{}
	for _, s := range list {
		out = append(out, stepBody{s.What, s.From, s.To, s.Decision.Outcome.String()})
	}
	return out
}

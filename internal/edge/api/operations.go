package api

import (
	"context"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/release"
	"twoseas/internal/act/search"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

type lookupOneInput struct {
	Value string `query:"value" required:"true" minLength:"1" maxLength:"8192" doc:"An address, network, domain, URL, e-mail address, hash, file name; defanged or not" example:"evil[.]example[.]com"`
}

type lookupOneOutput struct{ Body search.Answer }

func (a *api) lookupOne(ctx context.Context, in *lookupOneInput) (*lookupOneOutput, error) {
	answers, err := a.look(ctx, []string{in.Value})
	if err != nil {
		return nil, answer(err)
	}
	return &lookupOneOutput{Body: answers[0]}, nil
}

type lookupManyInput struct {
	Body struct {
		Values []string `json:"values" minItems:"1" maxItems:"10000" doc:"Values as in GET"`
	}
}

type lookupManyOutput struct {
	Body struct {
		Answers []search.Answer `json:"answers" doc:"In the order of the values"`
	}
}

func (a *api) lookupMany(ctx context.Context, in *lookupManyInput) (*lookupManyOutput, error) {
	answers, err := a.look(ctx, in.Body.Values)
	if err != nil {
		return nil, answer(err)
	}
	out := &lookupManyOutput{}
	out.Body.Answers = answers
	return out, nil
}

func (a *api) look(ctx context.Context, values []string) ([]search.Answer, error) {
	class, err := a.class(ctx)
	if err != nil {
		return nil, err
	}
	return a.Search.Values(ctx, a.Handle, class, values)
}

type agreementInput struct {
	Agreement string `path:"agreement" maxLength:"64" example:"in-jp-2022"`
}

func (in agreementInput) id() (ident.Agreement, error) { return ident.ParseAgreement(in.Agreement) }

type summaryOutput struct {
	Body struct {
		Lines []release.Line `json:"lines"`
	}
}

func (a *api) summary(ctx context.Context, in *agreementInput) (*summaryOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, answer(err)
	}
	class, err := a.class(ctx)
	if err != nil {
		return nil, answer(err)
	}
	lines, err := a.Releases.Summary(ctx, a.Handle, id, class)
	if err != nil {
		return nil, answer(err)
	}
	out := &summaryOutput{}
	out.Body.Lines = lines
	return out, nil
}

type channelOutput struct{ Body exchange.State }

func (a *api) channel(ctx context.Context, in *agreementInput) (*channelOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, answer(err)
	}
	st, err := a.Exchange.State(ctx, a.Handle, id)
	if err != nil {
		return nil, answer(err)
	}
	return &channelOutput{Body: st}, nil
}

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

func (a *api) agreements(ctx context.Context, _ *struct{}) (*agreementsOutput, error) {
	ids, err := a.Accords.Agreements(ctx, a.Handle)
	if err != nil {
		return nil, answer(err)
	}
	out := &agreementsOutput{}
	out.Body.Agreements = []agreementBody{}
	for _, id := range ids {
		b, err := a.standing(ctx, id)
		if err != nil {
			return nil, answer(err)
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
	b := agreementBody{Agreement: string(id), Partner: string(partner), State: "not in force", Hash: newest.Hash.String(), Signed: []string{}}
	for _, side := range newest.Signed {
		b.Signed = append(b.Signed, string(side))
	}
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

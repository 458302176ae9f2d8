package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/search"
)

func (a *api) lookups() {
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/lookup", id: "lookup", summary: "Look one value up",
		act: people.Read, saw: "lookup", counted: true,
	}, a.lookupOne)
	add(a, op{
		tag: "threats", method: http.MethodPost, path: "/lookup", id: "lookup-many", summary: "Look up to 10,000 values up",
		act: people.Read, saw: "lookup", counted: true,
	}, a.lookupMany)
}

type lookupOneInput struct {
	Value string `query:"value" required:"true" minLength:"1" maxLength:"8192" doc:"An address, network, domain, URL, e-mail address, hash, file name; defanged or not" example:"evil[.]example[.]com"`
}

type lookupOneOutput struct{ Body search.Answer }

func (a *api) lookupOne(ctx context.Context, c caller, in *lookupOneInput) (*lookupOneOutput, error) {
	answers, err := a.Search.Values(ctx, a.Handle, c.Access.Class, []string{in.Value})
	if err != nil {
		return nil, err
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

func (a *api) lookupMany(ctx context.Context, c caller, in *lookupManyInput) (*lookupManyOutput, error) {
	answers, err := a.Search.Values(ctx, a.Handle, c.Access.Class, in.Body.Values)
	if err != nil {
		return nil, err
	}
	out := &lookupManyOutput{}
	out.Body.Answers = answers
	return out, nil
}

package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
)

// contributions is what the caller's organisation brought.
func (a *api) contributions() {
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/contributions", id: "contributions",
		summary: "What accounts of your organisation brought in and what became of it, newest first", act: people.Read, saw: "read",
	}, a.listContributions)
}

type contributionBody struct {
	Object    string         `json:"object"`
	Type      string         `json:"type"`
	Name      string         `json:"name,omitempty"`
	TLP       string         `json:"tlp"`
	Received  string         `json:"received" format:"date-time"`
	Fate      string         `json:"fate" enum:"sent,waiting,refused,home"`
	Released  string         `json:"released,omitempty" doc:"When it first left"`
	Sightings int            `json:"sightings" doc:"Of partners, as far as you may read them"`
	Opinions  map[string]int `json:"opinions" doc:"Of partners, by verdict: useful, known, false-positive, too-late, other"`
}

func (a *api) listContributions(ctx context.Context, c caller, in *PageInput) (*listOutput[contributionBody], error) {
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	list, older, err := a.Library.Contributed(ctx, a.Handle, c.Actor, c.Access.Class, before, in.size())
	if err != nil {
		return nil, err
	}
	var items []contributionBody
	for _, x := range list {
		b := contributionBody{
			Object: x.ID, Type: x.Type, Name: x.Name, TLP: x.Label.TLP.String(), Received: stamp(x.Received.UnixMicro()), Fate: x.Fate,
			Sightings: x.Sightings, Opinions: x.Opinions,
		}
		if !x.Sent.IsZero() {
			b.Released = stamp(x.Sent.UnixMicro())
		}
		items = append(items, b)
	}
	next := ""
	if older != 0 {
		next = numbered(older)
	}
	return listed(c, items, next), nil
}

package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/erasure"
	"twoseas/internal/act/people"
)

// erasures take personal data off the node: who may recall asks, who
// administers decides.
func (a *api) erasures() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "erasures", method: method, path: "/erasures" + path, id: id, summary: summary, act: act}
	}
	list := at(http.MethodGet, "", "erasures", "What was asked to be erased, and what became of it", people.Recall)
	list.or, list.saw = []people.Act{people.Administer}, "read"
	add(a, list, a.listErasures)
	ask := at(http.MethodPost, "", "ask-erasure", "Ask to erase every version of an object for good", people.Recall)
	ask.person, ask.status = true, http.StatusCreated
	add(a, ask, a.askErasure)
	confirm := at(http.MethodPost, "/{erasure}/confirm", "confirm-erasure", "Erase it, as another person than who asked; answers which backups still hold it", people.Administer)
	confirm.person = true
	add(a, confirm, func(ctx context.Context, c caller, in *erasureInput) (*erasureOutput, error) {
		r, err := a.Erasures.Decide(ctx, a.Handle, c.Actor, in.Erasure, true)
		return &erasureOutput{r}, err
	})
	refuse := at(http.MethodPost, "/{erasure}/refuse", "refuse-erasure", "Refuse to erase it, as another person than who asked", people.Administer)
	refuse.person = true
	add(a, refuse, func(ctx context.Context, c caller, in *erasureInput) (*erasureOutput, error) {
		r, err := a.Erasures.Decide(ctx, a.Handle, c.Actor, in.Erasure, false)
		return &erasureOutput{r}, err
	})
}

type erasureInput struct {
	Erasure string `path:"erasure" maxLength:"64"`
}

type erasureOutput struct{ Body erasure.Request }

type erasuresOutput struct {
	Body struct {
		Erasures []erasure.Request `json:"erasures"`
	}
}

func (a *api) listErasures(ctx context.Context, c caller, _ *struct{}) (*erasuresOutput, error) {
	list, err := a.Erasures.List(ctx, a.Handle, c.Actor)
	out := &erasuresOutput{}
	out.Body.Erasures = append([]erasure.Request{}, list...)
	return out, err
}

func (a *api) askErasure(ctx context.Context, c caller, in *struct {
	Body struct {
		Object string `json:"object" maxLength:"200" doc:"Id of the object"`
		Reason string `json:"reason" maxLength:"500" doc:"Why, without personal data: the reason stays"`
	}
},
) (*erasureOutput, error) {
	r, err := a.Erasures.Ask(ctx, a.Handle, c.Actor, c.Access.Class, in.Body.Object, in.Body.Reason)
	return &erasureOutput{r}, err
}

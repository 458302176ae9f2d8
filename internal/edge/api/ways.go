package api

import (
	"context"

	law "twoseas/internal/law/request"
)

// WaysInput says what would be asked for.
type WaysInput struct {
	Kind string `query:"kind" required:"true" enum:"information,analysis,block,takedown,victim-notification,preservation,patch-coordination,expert-help,activity-from-territory"`
}

type requestWay struct {
	Agreement string            `json:"agreement"`
	Way       string            `json:"way"`
	Name      map[string]string `json:"name" doc:"By language, as what, basis and how"`
	What      map[string]string `json:"what"`
	Basis     map[string]string `json:"basis"`
	How       map[string]string `json:"how"`
	Treaty    bool              `json:"treaty"`
	Offered   bool              `json:"offered" doc:"The two sides of the agreement can use it"`
	Confirm   bool              `json:"confirm" doc:"Both sides first confirm that they belong to it"`
	Standing  map[string]string `json:"standing" doc:"Where each side stands: yes, no, not-in-force, unconfirmed, unknown"`
}

type waysOutput struct {
	Body struct {
		Ways []requestWay `json:"ways"`
	}
}

func (a *api) requestWays(ctx context.Context, c caller, in *WaysInput) (*waysOutput, error) {
	list, err := a.Requests.Ways(ctx, a.Handle, c.Actor, law.Kind(in.Kind))
	out := &waysOutput{}
	out.Body.Ways = []requestWay{}
	for _, w := range list {
		for _, o := range w.Options {
			line := requestWay{
				Agreement: string(w.Agreement), Way: o.ID, Name: o.Name, What: o.What, Basis: o.Basis, How: o.How,
				Treaty: o.Treaty, Offered: o.Offered, Confirm: o.Confirm, Standing: map[string]string{},
			}
			for i, side := range w.Sides {
				line.Standing[string(side)] = string(o.Standing[i])
			}
			out.Body.Ways = append(out.Body.Ways, line)
		}
	}
	return out, err
}

package requests

import (
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/act/request"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/request"
)

// waysView is the ways of law for what one form asks.
type waysView struct {
	*page.Request // under the agreement of the form
	request.Ways
}

// ways returns the ways for what a form asks; without options when it needs
// none, or nothing can be asked.
func (p *pages) ways(r *http.Request, q *page.Request, asks law.Asked) (v waysView, err error) {
	v.Request = q.Under(asks.Agreement)
	if !law.NeedsWay(asks.Kind, asks.Channel) {
		return v, nil
	}
	list, err := p.Requests.Ways(r.Context(), q.Handle, q.Actor, asks.Kind)
	if i := slices.IndexFunc(list, func(w request.Ways) bool { return w.Agreement == asks.Agreement }); i >= 0 {
		v.Ways = list[i]
	}
	return v, err
}

// open and shut are the ways that the two sides have, and that they do not.
func (v waysView) open() []law.Option { return v.of(true) }
func (v waysView) shut() []law.Option { return v.of(false) }

func (v waysView) of(offered bool) []law.Option {
	return slices.DeleteFunc(slices.Clone(v.Options), func(o law.Option) bool { return o.Offered != offered })
}

// choices are the options of the form.
func (v waysView) choices() []page.Choice {
	out := []page.Choice{{Text: v.T("requests.way.choose")}}
	for _, o := range v.open() {
		text := v.Text(o.Name)
		if o.Confirm {
			text += " · " + v.T("requests.way.confirm")
		}
		out = append(out, page.Choice{Value: o.ID, Text: text})
	}
	return out
}

// why says what keeps the two sides from a way.
func (v waysView) why(o law.Option) string {
	var out []string
	for i, side := range v.Sides {
		if s := o.Standing[i]; s != law.Party && s != law.Unconfirmed {
			out = append(out, v.T("requests.way.lacks."+string(s), v.SideName(side)))
		}
	}
	return strings.Join(out, " ")
}

// wayName is a way in the reader's language.
func wayName(q *page.Request, id string) string {
	if w, ok := law.WayOf(id); ok {
		return q.Text(w.Name)
	}
	return id
}

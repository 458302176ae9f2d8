package exchanges

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// carriedPerPage is how many items of a shipment a page shows.
const carriedPerPage = 100

// legView is one shipment.
type legView struct {
	*page.Request
	exchange.Leg
	On      ident.Agreement
	Partner ident.Side
	Kept    []exchange.Kept
	Last    bool // the chain ends here
	// Carried are items that the reader may see, from From on; the next ones
	// begin at Next.
	Carried    []exchange.Carried
	From, Next int
	Problems   []page.Problem
}

// takes reports whether the reader may take items of shipments along.
func (v legView) takes() bool { return v.Actor.May(people.Read) == nil }

// shipmentOf reads which shipment a request is about.
func shipmentOf(r *http.Request) (a ident.Agreement, direction string, number int64, err error) {
	if a, err = agreementOf(r); err != nil {
		return a, "", 0, err
	}
	if direction, err = directionOf(r); err != nil {
		return a, "", 0, err
	}
	if number, err = strconv.ParseInt(r.PathValue("number"), 10, 64); err != nil {
		err = errNowhere
	}
	return a, direction, number, err
}

func (p *pages) leg(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("save") != "" {
		return p.subset(w, r)
	}
	return p.showLeg(w, r, nil)
}

func (p *pages) showLeg(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	q := page.Of(r)
	a, direction, number, err := shipmentOf(r)
	if err != nil {
		return err
	}
	v := legView{Request: q, On: a, Problems: problems}
	if v.Leg, v.Kept, err = p.Exchange.Leg(r.Context(), q.Handle, q.Actor, q.Access.Class, a, direction, number); err != nil {
		return err
	}
	if v.takes() {
		if v.From, err = position(r.URL.Query().Get("from")); err != nil {
			return err
		}
		if v.Carried, v.Next, err = p.Exchange.Carried(r.Context(), q.Handle, q.Actor, q.Access.Class, a, direction, number, v.From, carriedPerPage); err != nil {
			return err
		}
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "shipment", direction+" "+itoa(number), "agreement", string(a)); err != nil {
		return err
	}
	s, err := p.Exchange.State(r.Context(), q.Handle, a)
	if err != nil {
		return err
	}
	v.Partner, v.Last = s.Partner, number == map[string]int64{store.In: s.In, store.Out: s.Out}[direction]
	h := page.Head{
		Title: q.T("exchange.leg.title."+direction, q.Int(number)), Lead: q.T("exchange.leg.lead."+direction, q.SideName(v.Partner)), Area: area,
		Chips: legChips(q, v.Leg), Rail: page.Rail(q, nil, legEvidence(v)),
	}
	if len(problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, legPage(v))
}

// position reads where a list of items begins, 0 when it is left out.
func position(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, fault.Errorf(fault.Invalid, "position %.20q: want a number from 0", s)
	}
	return int(n), nil
}

// subset sends the chosen items of a shipment with what proves that its sender
// signed them, for a file that says nothing of the others.
func (p *pages) subset(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, direction, number, err := shipmentOf(r)
	if err != nil {
		return err
	}
	var chosen []int
	for _, text := range r.URL.Query()["item"] {
		n, err := position(text)
		if err != nil {
			return err
		}
		chosen = append(chosen, n)
	}
	s, err := p.Exchange.Excerpt(r.Context(), q.Handle, q.Actor, q.Access.Class, a, direction, number, chosen)
	if fault.Is(err, fault.Invalid) {
		return p.showLeg(w, r, []page.Problem{q.Wrong("items", err)})
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "shipment", direction+" "+itoa(number), "agreement", string(a), "items", strconv.Itoa(len(chosen))); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="shipment-`+direction+"-"+itoa(number)+`.subset"`)
	if _, err := b.WriteTo(w); err != nil {
		return nil //nolint:nilerr // the reader has gone
	}
	return nil
}

// legFrom is the address of a shipment's page with its items from a position on.
func legFrom(v legView, from int) string {
	return at(v.On, v.Direction, itoa(v.Number)) + "?" + url.Values{"from": {strconv.Itoa(from)}}.Encode() + "#items"
}

package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// searchInput asks for one page of a search.
type searchInput struct {
	PageInput
	FilterInput
}

// FilterInput is the filter of the page of threat data.
type FilterInput struct {
	Text    string    `query:"text" maxLength:"500" doc:"Words in names, labels, identifiers and the beginning of descriptions; or a value or an id"`
	Value   string    `query:"value" maxLength:"2000" doc:"A value that objects name, defanged or not"`
	Type    []string  `query:"type" maxItems:"40" doc:"STIX types"`
	TLP     []string  `query:"tlp" maxItems:"10" doc:"none: what carries no TLP"`
	PAP     []string  `query:"pap" maxItems:"10"`
	Origin  []string  `query:"origin" maxItems:"10" doc:"Sides whose objects these are"`
	Sector  []string  `query:"sector" maxItems:"40"`
	Phase   []string  `query:"phase" maxItems:"40" doc:"Kill-chain phases, chain/phase"`
	Creator string    `query:"creator" maxLength:"200" doc:"Id of the identity that created it"`
	Refers  string    `query:"refers" maxLength:"200" doc:"Id of an object it refers to"`
	Revoked bool      `query:"revoked" doc:"Only what was revoked"`
	Clock   string    `query:"clock" enum:"received,created,modified" default:"received" doc:"Which time from and until bound"`
	From    time.Time `query:"from"`
	Until   time.Time `query:"until"`
	Order   string    `query:"order" enum:"received,created,modified" default:"received"`
	Oldest  bool      `query:"oldest" doc:"Oldest first"`
}

// noTLP asks for what carries no TLP.
const noTLP = "none"

func (in FilterInput) filter() (f library.Filter, err error) {
	f = library.Filter{
		Text: in.Text, Value: in.Value, Types: in.Type, Sectors: in.Sector, Phases: in.Phase, Creator: in.Creator, Refers: in.Refers,
		Revoked: in.Revoked, Clock: in.Clock, From: in.From, Until: in.Until, Order: in.Order, Oldest: in.Oldest,
	}
	for _, s := range in.TLP {
		t, err := marking.ParseTLP(s)
		if err != nil && s != noTLP {
			return f, err
		}
		f.TLPs = append(f.TLPs, t)
	}
	for _, s := range in.PAP {
		p, err := marking.ParsePAP(s)
		if err != nil {
			return f, err
		}
		f.PAPs = append(f.PAPs, p)
	}
	for _, s := range in.Origin {
		side, err := ident.ParseSide(s)
		if err != nil {
			return f, err
		}
		f.Origins = append(f.Origins, side)
	}
	return f, nil
}

// foundBody is one object that was found.
type foundBody struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	TLP      string   `json:"tlp"`
	PAP      string   `json:"pap,omitempty"`
	Origin   string   `json:"origin"`
	Created  string   `json:"created" format:"date-time"`
	Modified string   `json:"modified" format:"date-time"`
	Received string   `json:"received" format:"date-time"`
	Creator  string   `json:"creator,omitempty"`
	Phases   []string `json:"phases"`
	Labels   []string `json:"labels"`
	Sectors  []string `json:"sectors"`
	Pattern  string   `json:"pattern,omitempty"`
	Revoked  bool     `json:"revoked"`
}

func foundOf(r library.Row) foundBody {
	b := foundBody{
		ID: r.ID, Type: r.Type, Name: r.Name, TLP: r.Label.TLP.String(), Origin: string(r.Label.Origin), Created: r.Created.Format(time.RFC3339Nano),
		Modified: r.Modified.Format(time.RFC3339Nano), Received: r.Received.Format(time.RFC3339Nano), Creator: r.Creator,
		Phases: texts(r.Phases), Labels: texts(r.Labels), Sectors: texts(r.Sectors), Pattern: r.Pattern, Revoked: r.Revoked,
	}
	if r.Label.PAP != marking.NoPAP {
		b.PAP = r.Label.PAP.String()
	}
	return b
}

type searchOutput struct {
	Link string `header:"Link" doc:"The next page, rel=next (RFC 8288)"`
	Body struct {
		ListBody[foundBody]
		Count int   `json:"count" doc:"How many there are, as far as they are counted"`
		More  bool  `json:"more" doc:"There are more than count"`
		Late  int64 `json:"late" doc:"So many newer versions cannot be found yet"`
	}
}

func (a *api) searchObjects(ctx context.Context, c caller, in *searchInput) (*searchOutput, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	after, err := in.after(c)
	if err != nil {
		return nil, err
	}
	p, err := a.Library.Search(ctx, a.Handle, c.Actor, c.Access.Class, f, after, min(in.size(), library.MaxPage))
	if err != nil {
		return nil, err
	}
	var items []foundBody
	for _, r := range p.Rows {
		items = append(items, foundOf(r))
	}
	next := ""
	if !p.Next.IsZero() {
		next = numbered(p.Next.Key) + "." + numbered(p.Next.Seq)
	}
	l := listed(c, items, next)
	out := &searchOutput{Link: l.Link}
	out.Body.ListBody, out.Body.Count, out.Body.More, out.Body.Late = l.Body, p.Count, p.More, p.Late
	return out, nil
}

// after is the cursor as the library has it.
func (in searchInput) after(c caller) (p store.Place, err error) {
	place, err := in.place(c)
	if err != nil || place == "" {
		return p, err
	}
	key, seq, ok := strings.Cut(place, ".")
	var err1, err2 error
	p.Key, err1 = strconv.ParseInt(key, 10, 64)
	p.Seq, err2 = strconv.ParseInt(seq, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return p, fault.New(fault.Invalid, "this cursor is not of this list: begin without one")
	}
	return p, nil
}

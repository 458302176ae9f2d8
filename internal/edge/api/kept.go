package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// keeping is what an account keeps for itself: searches, and the columns of
// the page of threat data. It is the same that the pages show.
func (a *api) keeping() {
	at := func(method, path, id, summary string) op {
		return op{tag: "threats", method: method, path: path, id: id, summary: summary, act: people.Read}
	}
	list := at(http.MethodGet, "/searches", "searches", "The searches you keep")
	list.saw = "read"
	add(a, list, a.searches)
	add(a, at(http.MethodPut, "/searches/{search}", "keep-search", "Keep a search under a name, in place of another of that name"), a.keepSearch)
	add(a, at(http.MethodDelete, "/searches/{search}", "forget-search", "Forget a search"), a.forgetSearch)
	columns := at(http.MethodGet, "/columns", "columns", "The columns of your list of threat data, and those there are")
	columns.saw = "read"
	add(a, columns, a.columns)
	add(a, at(http.MethodPut, "/columns", "choose-columns", "Choose the columns of your list of threat data"), a.chooseColumns)
}

// criteriaBody is a search as it is kept; each member is a parameter of the
// search of the same name.
type criteriaBody struct {
	Text    string   `json:"text,omitempty" maxLength:"500"`
	Value   string   `json:"value,omitempty" maxLength:"2000"`
	Type    []string `json:"type,omitempty" maxItems:"40"`
	TLP     []string `json:"tlp,omitempty" maxItems:"10"`
	PAP     []string `json:"pap,omitempty" maxItems:"10"`
	Origin  []string `json:"origin,omitempty" maxItems:"10"`
	Sector  []string `json:"sector,omitempty" maxItems:"40"`
	Phase   []string `json:"phase,omitempty" maxItems:"40"`
	Creator string   `json:"creator,omitempty" maxLength:"200"`
	Refers  string   `json:"refers,omitempty" maxLength:"200"`
	Revoked bool     `json:"revoked,omitempty"`
	Clock   string   `json:"clock,omitempty" maxLength:"20" doc:"received, created or modified"`
	From    string   `json:"from,omitempty" maxLength:"40" doc:"A day, or an instant"`
	Until   string   `json:"until,omitempty" maxLength:"40" doc:"A day, the whole of it; or an instant"`
	Order   string   `json:"order,omitempty" maxLength:"20" doc:"received, created or modified"`
	Oldest  bool     `json:"oldest,omitempty"`
}

// one, many and flags are the members by the names that the page's address
// has for them.
func (b *criteriaBody) one() map[string]*string {
	return map[string]*string{
		"q": &b.Text, "value": &b.Value, "creator": &b.Creator, "refers": &b.Refers, "clock": &b.Clock, "from": &b.From, "until": &b.Until, "order": &b.Order,
	}
}

func (b *criteriaBody) many() map[string]*[]string {
	return map[string]*[]string{"type": &b.Type, "tlp": &b.TLP, "pap": &b.PAP, "origin": &b.Origin, "sector": &b.Sector, "phase": &b.Phase}
}

func (b *criteriaBody) flags() map[string]*bool {
	return map[string]*bool{"revoked": &b.Revoked, "oldest": &b.Oldest}
}

// value is the search as the page's address, which is how it is kept.
func (b *criteriaBody) value() string {
	v := url.Values{}
	for name, s := range b.one() {
		if *s != "" {
			v.Set(name, *s)
		}
	}
	for name, list := range b.many() {
		if len(*list) > 0 {
			v[name] = *list
		}
	}
	for name, on := range b.flags() {
		if *on {
			v.Set(name, "1")
		}
	}
	return v.Encode()
}

// criteriaOf reads what is kept; what cannot be read is a search of
// everything, as on the page.
func criteriaOf(value string) (b criteriaBody) {
	v, err := url.ParseQuery(value)
	if err != nil {
		return b
	}
	for name, s := range b.one() {
		*s = v.Get(name)
	}
	for name, list := range b.many() {
		*list = v[name]
	}
	for name, on := range b.flags() {
		*on = v.Get(name) != ""
	}
	return b
}

// check refuses what the search would refuse.
func (b *criteriaBody) check() error {
	if _, err := (FilterInput{TLP: b.TLP, PAP: b.PAP, Origin: b.Origin}).filter(); err != nil {
		return err
	}
	for _, name := range []string{b.Clock, b.Order} {
		if err := library.CheckOrder(name); err != nil {
			return err
		}
	}
	for _, s := range []string{b.From, b.Until} {
		_, day := time.Parse(time.DateOnly, s)
		_, instant := time.Parse(time.RFC3339, s)
		if s != "" && day != nil && instant != nil {
			return fault.Errorf(fault.Invalid, "%.40q is neither a day nor an instant", s)
		}
	}
	return nil
}

type keptBody struct {
	Name   string       `json:"name"`
	At     string       `json:"at" format:"date-time"`
	Search criteriaBody `json:"search"`
}

type searchesOutput struct {
	Body struct {
		Searches []keptBody `json:"searches"`
	}
}

func (a *api) searches(ctx context.Context, c caller, _ *struct{}) (*searchesOutput, error) {
	list, err := a.Library.Kept(ctx, a.Handle, c.Actor, library.KeptSearches)
	out := &searchesOutput{}
	out.Body.Searches = []keptBody{}
	for _, k := range list {
		out.Body.Searches = append(out.Body.Searches, keptBody{k.Name, stamp(k.At), criteriaOf(k.Value)})
	}
	return out, err
}

// KeptInput names a search.
type KeptInput struct {
	Search string `path:"search" maxLength:"320" doc:"Its name, at most 80 characters"`
}

func (a *api) keepSearch(ctx context.Context, c caller, in *struct {
	KeptInput
	Body criteriaBody
},
) (*struct{}, error) {
	name := strings.Join(strings.Fields(in.Search), " ")
	if name == "" || len([]rune(name)) > library.MaxName {
		return nil, fault.Errorf(fault.Invalid, "a search is kept under a name of at most %d characters", library.MaxName)
	}
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	return nil, a.Library.Keep(ctx, a.Handle, c.Actor, store.Kept{Kind: library.KeptSearches, Name: name, Value: in.Body.value()})
}

func (a *api) forgetSearch(ctx context.Context, c caller, in *KeptInput) (*struct{}, error) {
	return nil, a.Library.Forget(ctx, a.Handle, c.Actor, library.KeptSearches, in.Search)
}

type columnsOutput struct {
	Body struct {
		Columns []string `json:"columns" doc:"Yours, in their order; the name is always there"`
		All     []string `json:"all" doc:"Those there are"`
	}
}

func (a *api) columns(ctx context.Context, c caller, _ *struct{}) (*columnsOutput, error) {
	list, err := a.Library.Kept(ctx, a.Handle, c.Actor, library.KeptColumns)
	out := &columnsOutput{}
	out.Body.All, out.Body.Columns = library.Columns(), library.FirstColumns()
	if len(list) > 0 {
		out.Body.Columns = texts(strings.Fields(list[0].Value))
	}
	return out, err
}

func (a *api) chooseColumns(ctx context.Context, c caller, in *struct {
	Body struct {
		Columns []string `json:"columns" maxItems:"40" doc:"Of those there are; they are put in their order"`
	}
},
) (*columnsOutput, error) {
	for _, name := range in.Body.Columns {
		if !slices.Contains(library.Columns(), name) {
			return nil, fault.Errorf(fault.Invalid, "there is no column %.40q", name)
		}
	}
	chosen := slices.DeleteFunc(library.Columns(), func(name string) bool { return !slices.Contains(in.Body.Columns, name) })
	if err := a.Library.Keep(ctx, a.Handle, c.Actor, store.Kept{Kind: library.KeptColumns, Name: library.KeptPage, Value: strings.Join(chosen, " ")}); err != nil {
		return nil, err
	}
	return a.columns(ctx, c, nil)
}

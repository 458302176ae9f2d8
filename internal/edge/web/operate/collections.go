package operate

import (
	"net/http"
	"net/url"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// collectionsView is the page of collections, also after a form that did not
// do.
type collectionsView struct {
	list     []store.Collection
	readers  map[string]int // accounts with a right, by collection
	typed    store.Collection
	problems []page.Problem
}

func (p *pages) collections(w http.ResponseWriter, r *http.Request) error {
	if err := p.saw(r, "collections"); err != nil {
		return err
	}
	return p.showCollections(w, r, collectionsView{})
}

func (p *pages) showCollections(w http.ResponseWriter, r *http.Request, v collectionsView) error {
	q := page.Of(r)
	v.readers = map[string]int{}
	if err := q.Handle.Read(r.Context(), func(tx *store.Tx) (err error) {
		if v.list, err = tx.Collections(); err != nil {
			return err
		}
		for _, c := range v.list {
			rights, err := tx.RightsOn(c.ID)
			if err != nil {
				return err
			}
			v.readers[c.ID] = len(rights)
		}
		return nil
	}); err != nil {
		return err
	}
	h := head(q, "collections")
	if len(v.problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, collectionsPage(q, v))
}

func (p *pages) addCollection(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	typed := store.Collection{
		Title: strings.TrimSpace(r.FormValue("title")), Alias: strings.TrimSpace(r.FormValue("alias")), Description: strings.TrimSpace(r.FormValue("description")),
		DefaultTLP: r.FormValue("default_tlp"), Ceiling: r.FormValue("ceiling"),
	}
	c, err := p.Collections.Create(r.Context(), q.Handle, q.Actor, typed)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		field := "title"
		if typed.Title != "" {
			field = "alias"
		}
		return p.showCollections(w, r, collectionsView{typed: typed, problems: []page.Problem{q.Wrong(field, err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, collectionPath(c.ID))
}

func collectionPath(id string) string { return "/operate/collections/" + url.PathEscape(id) }

// levels are the choices of a TLP level, with none first.
func levels(none string) []page.Choice {
	out := []page.Choice{{Value: "", Text: none}}
	for _, t := range marking.TLPs() {
		out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
	}
	return out
}

// collectionView is the page of one collection.
type collectionView struct {
	store.Collection
	rights   []store.Right
	accounts []page.Choice
	account  string
	problems []page.Problem
}

func (p *pages) collection(w http.ResponseWriter, r *http.Request) error {
	if err := p.saw(r, "collection", "collection", r.PathValue("collection")); err != nil {
		return err
	}
	return p.showCollection(w, r, collectionView{})
}

func (p *pages) showCollection(w http.ResponseWriter, r *http.Request, v collectionView) error {
	q := page.Of(r)
	if err := q.Handle.Read(r.Context(), func(tx *store.Tx) (err error) {
		if v.Collection, err = tx.Collection(r.PathValue("collection")); err != nil {
			return err
		}
		v.rights, err = tx.RightsOn(v.ID)
		return err
	}); err != nil {
		return err
	}
	list, err := p.People.List(r.Context(), q.Actor)
	if err != nil {
		return err
	}
	for _, a := range list {
		v.accounts = append(v.accounts, page.Choice{Value: a.Name, Text: a.Name})
	}
	h := head(q, "collections")
	h.Title, h.Lead = v.Title, q.T("operate.collection.lead")
	if len(v.problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, collectionPage(q, v))
}

// named returns the collection of the path by its id.
func (p *pages) named(r *http.Request) (c store.Collection, err error) {
	err = page.Of(r).Handle.Query(r.Context(), func(tx *store.Tx) error {
		c, err = tx.Collection(r.PathValue("collection"))
		return err
	})
	return c, err
}

func (p *pages) grant(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	c, err := p.named(r)
	if err != nil {
		return err
	}
	right := store.Right{Collection: c.ID, Account: r.FormValue("account"), Read: r.FormValue("read") != "", Write: r.FormValue("write") != ""}
	err = p.People.Grant(r.Context(), q.Handle, q.Actor, right)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
		return p.showCollection(w, r, collectionView{account: right.Account, problems: []page.Problem{q.Wrong("account", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, collectionPath(c.ID))
}

func (p *pages) revoke(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	c, err := p.named(r)
	if err != nil {
		return err
	}
	if err := p.People.RevokeGrant(r.Context(), q.Handle, q.Actor, c.ID, r.FormValue("account")); err != nil {
		return err
	}
	return page.See(w, r, collectionPath(c.ID))
}

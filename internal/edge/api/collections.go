package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

func (a *api) collections() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "collections", method: method, path: path, id: id, summary: summary, act: act}
	}
	list := at(http.MethodGet, "/collections", "collections", "Collections that you may read or write; all of them for who administers", "")
	list.any, list.saw = true, "read"
	add(a, list, a.listCollections)
	create := at(http.MethodPost, "/collections", "add-collection", "Make a collection", people.Administer)
	create.status = http.StatusCreated
	add(a, create, a.addCollection)
	rights := at(http.MethodGet, "/collections/{collection}/rights", "collection-rights", "Who may read and write a collection", people.Administer)
	rights.saw = "read"
	add(a, rights, a.rights)
	grant := at(http.MethodPut, "/collections/{collection}/rights/{account}", "grant", "Say what an account may do with a collection", people.Administer)
	grant.person = true
	add(a, grant, a.grant)
	add(a, at(http.MethodDelete, "/collections/{collection}/rights/{account}", "revoke", "Take an account's rights on a collection", people.Administer), a.revoke)
}

type collectionBody struct {
	ID          string `json:"id"`
	Alias       string `json:"alias,omitempty" doc:"Another name in addresses"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	DefaultTLP  string `json:"default_tlp,omitempty" doc:"What an object without TLP takes when written here"`
	Ceiling     string `json:"ceiling,omitempty" doc:"The strictest TLP that may be written here"`
	Read        bool   `json:"read" doc:"You may read it"`
	Write       bool   `json:"write" doc:"You may write to it"`
}

type collectionsOutput struct {
	Body struct {
		Collections []collectionBody `json:"collections"`
	}
}

func collectionOf(c caller, x store.Collection) collectionBody {
	r := c.Access.Right(x.ID)
	return collectionBody{x.ID, x.Alias, x.Title, x.Description, x.DefaultTLP, x.Ceiling, r.Read, r.Write}
}

func (a *api) listCollections(ctx context.Context, c caller, _ *struct{}) (*collectionsOutput, error) {
	out := &collectionsOutput{}
	out.Body.Collections = []collectionBody{}
	err := a.Handle.Query(ctx, func(tx *store.Tx) error {
		list, err := tx.Collections()
		for _, x := range list {
			if b := collectionOf(c, x); b.Read || b.Write || c.May(people.Administer) == nil {
				out.Body.Collections = append(out.Body.Collections, b)
			}
		}
		return err
	})
	return out, err
}

type collectionOutput struct{ Body collectionBody }

func (a *api) addCollection(ctx context.Context, c caller, in *struct {
	Body struct {
		Title       string `json:"title" minLength:"1" maxLength:"1000"`
		Alias       string `json:"alias,omitempty" maxLength:"100"`
		Description string `json:"description,omitempty" maxLength:"1000"`
		DefaultTLP  string `json:"default_tlp,omitempty" maxLength:"20"`
		Ceiling     string `json:"ceiling,omitempty" maxLength:"20"`
	}
},
) (*collectionOutput, error) {
	b := in.Body
	x, err := a.Collections.Create(ctx, a.Handle, c.Actor, store.Collection{
		Title: b.Title, Alias: b.Alias, Description: b.Description, DefaultTLP: b.DefaultTLP, Ceiling: b.Ceiling,
	})
	return &collectionOutput{collectionOf(c, x)}, err
}

type rightBody struct {
	Account string `json:"account"`
	Read    bool   `json:"read"`
	Write   bool   `json:"write"`
}

type rightsOutput struct {
	Body struct {
		Rights []rightBody `json:"rights"`
	}
}

// CollectionInput names a collection.
type CollectionInput struct {
	Collection string `path:"collection" maxLength:"100" doc:"Id or alias"`
}

func (a *api) rights(ctx context.Context, _ caller, in *CollectionInput) (*rightsOutput, error) {
	out := &rightsOutput{}
	out.Body.Rights = []rightBody{}
	err := a.Handle.Query(ctx, func(tx *store.Tx) error {
		x, err := tx.Collection(in.Collection)
		if err != nil {
			return err
		}
		list, err := tx.RightsOn(x.ID)
		for _, r := range list {
			out.Body.Rights = append(out.Body.Rights, rightBody{r.Account, r.Read, r.Write})
		}
		return err
	})
	return out, err
}

// named returns a collection by id or alias.
func (a *api) named(ctx context.Context, name string) (x store.Collection, err error) {
	err = a.Handle.Query(ctx, func(tx *store.Tx) error {
		x, err = tx.Collection(name)
		return err
	})
	return x, err
}

func (a *api) grant(ctx context.Context, c caller, in *struct {
	CollectionInput
	AccountInput
	Body struct {
		Read  bool `json:"read"`
		Write bool `json:"write"`
	}
},
) (*struct{}, error) {
	x, err := a.named(ctx, in.Collection)
	if err != nil {
		return nil, err
	}
	return nil, a.People.Grant(ctx, a.Handle, c.Actor, store.Right{Collection: x.ID, Account: in.Account, Read: in.Body.Read, Write: in.Body.Write})
}

func (a *api) revoke(ctx context.Context, c caller, in *struct {
	CollectionInput
	AccountInput
},
) (*struct{}, error) {
	x, err := a.named(ctx, in.Collection)
	if err != nil {
		return nil, err
	}
	return nil, a.People.RevokeGrant(ctx, a.Handle, c.Actor, x.ID, in.Account)
}

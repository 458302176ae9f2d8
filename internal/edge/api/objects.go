package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

func (a *api) objects() {
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/objects", id: "search", summary: "Search objects that you may see",
		act: people.Read, saw: "search",
	}, a.searchObjects)
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/objects/{object}", id: "object", summary: "One object: its newest version that you may see",
		act: people.Read, saw: "read",
	}, a.object)
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/objects/{object}/versions", id: "object-versions", summary: "The versions of an object that you may see",
		act: people.Read, saw: "read",
	}, a.versions)
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/objects/{object}/raw", id: "object-raw", summary: "The bytes of an object as its originator wrote them",
		act: people.Read, saw: "read", media: []string{"application/stix+json"},
	}, a.raw)
	a.exports()
}

// ObjectInput names an object, and a version of it.
type ObjectInput struct {
	Object  string `path:"object" maxLength:"300" example:"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02"`
	Version string `query:"version" format:"date-time" doc:"Another version than the newest, by its time"`
}

// objectBody is one version of an object, without what it says.
type objectBody struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Version  string `json:"version" format:"date-time" doc:"modified, else created, else received"`
	Received string `json:"received" format:"date-time"`
	Revoked  bool   `json:"revoked"`
	Digest   string `json:"digest" doc:"SHA-256 of its canonical bytes"`
	TLP      string `json:"tlp"`
	Origin   string `json:"origin" doc:"The side whose object it is"`
	Kind     string `json:"kind" doc:"What the agreement calls it: threat, incident, …"`
}

type objectOutput struct{ Body objectBody }

func (a *api) object(ctx context.Context, c caller, in *ObjectInput) (*objectOutput, error) {
	var out objectOutput
	err := a.Handle.Read(ctx, func(tx *store.Tx) error {
		o, err := a.version(tx, c, in)
		if err == nil {
			out.Body, err = bodyOf(tx, o)
		}
		return err
	})
	return &out, err
}

type rawOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *api) raw(ctx context.Context, c caller, in *ObjectInput) (*rawOutput, error) {
	out := &rawOutput{ContentType: "application/stix+json;version=2.1"}
	err := a.Handle.Read(ctx, func(tx *store.Tx) error {
		o, err := a.version(tx, c, in)
		out.Body = o.Body
		return err
	})
	return out, err
}

func (a *api) versions(ctx context.Context, c caller, in *struct {
	PageInput
	Object string `path:"object" maxLength:"300"`
},
) (*listOutput[objectBody], error) {
	after, err := in.number(c)
	if err != nil {
		return nil, err
	}
	var items []objectBody
	next := ""
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		all, err := visible(tx, c, in.Object)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return noObject()
		}
		for _, o := range all {
			if o.Seq <= after {
				continue
			}
			if len(items) == in.size() {
				next = numbered(after)
				break
			}
			b, err := bodyOf(tx, o)
			if err != nil {
				return err
			}
			items, after = append(items, b), o.Seq
		}
		return nil
	})
	return listed(c, items, next), err
}

func noObject() error { return fault.New(fault.NotFound, "there is no such object") }

// visible returns the versions of an object that the caller may see, in order
// of arrival.
func visible(tx *store.Tx, c caller, id string) (out []store.Object, err error) {
	var all []store.Object
	if err := tx.Versions(id, func(o store.Object) error {
		all = append(all, o)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, o := range all {
		ok, err := tx.Permits(c.Access.Class, o.Label)
		if err != nil {
			return nil, err
		}
		if ok && o.Type != "erased" {
			out = append(out, o)
		}
	}
	return out, nil
}

// version returns the version asked for, the newest when none is named;
// fault.NotFound also when it is not for the caller.
func (a *api) version(tx *store.Tx, c caller, in *ObjectInput) (store.Object, error) {
	all, err := visible(tx, c, in.Object)
	if err != nil {
		return store.Object{}, err
	}
	var found *store.Object
	for i, o := range all {
		named := in.Version != "" && stamp(o.Version) == in.Version
		newest := in.Version == "" && (found == nil || o.Version >= found.Version)
		if named || newest {
			found = &all[i]
		}
	}
	if found == nil {
		return store.Object{}, noObject()
	}
	return *found, nil
}

// seq is the number of the version asked for, 0 for the newest.
func (a *api) seq(ctx context.Context, c caller, in *ObjectInput) (seq int64, err error) {
	if in.Version == "" {
		return 0, nil
	}
	err = a.Handle.Read(ctx, func(tx *store.Tx) error {
		o, err := a.version(tx, c, in)
		seq = o.Seq
		return err
	})
	return seq, err
}

func bodyOf(tx *store.Tx, o store.Object) (objectBody, error) {
	l, err := tx.Label(o.Label)
	if err != nil {
		return objectBody{}, err
	}
	label, err := marking.ParseLabel(l.Resolved)
	return objectBody{
		ID: o.ID, Type: o.Type, Version: stamp(o.Version), Received: stamp(o.Received), Revoked: o.Revoked, Digest: o.Digest.String(),
		TLP: label.TLP.String(), Origin: string(label.Origin), Kind: label.Kind,
	}, err
}

// stamp is a time of the store as programs read it; "" for none.
func stamp(micro int64) string {
	if micro == 0 {
		return ""
	}
	return time.UnixMicro(micro).UTC().Format(time.RFC3339Nano)
}

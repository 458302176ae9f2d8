package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
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
		act: people.Read, saw: "read", media: "application/stix+json",
	}, a.raw)
	add(a, op{
		tag: "threats", method: http.MethodGet, path: "/export", id: "export", summary: "Everything you may see, or what a search finds, as one STIX bundle",
		act: people.Export, saw: "export", media: "application/stix+json",
	}, a.export)
	add(a, op{
		tag: "threats", method: http.MethodPost, path: "/export", id: "export-chosen", summary: "Up to 1,000 objects by id as one STIX bundle; those that are not there for you are left out",
		act: people.Export, saw: "export", media: "application/stix+json",
	}, a.exportChosen)
}

type objectInput struct {
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

func (a *api) object(ctx context.Context, c caller, in *objectInput) (*objectOutput, error) {
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

func (a *api) raw(ctx context.Context, c caller, in *objectInput) (*rawOutput, error) {
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
func (a *api) version(tx *store.Tx, c caller, in *objectInput) (store.Object, error) {
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

func (a *api) export(ctx context.Context, c caller, in *FilterInput) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if !in.narrowed() {
		return a.bundle(ctx, func(take func([]byte) error) error {
			return a.Handle.Read(ctx, func(tx *store.Tx) error {
				return tx.Objects(0, c.Access.Class, func(o store.Object) error {
					if len(in.Type) > 0 && !slices.Contains(in.Type, o.Type) {
						return nil
					}
					return take(o.Body)
				})
			})
		})
	}
	return a.bundle(ctx, func(take func([]byte) error) error {
		return a.Library.Export(ctx, a.Handle, c.Actor, c.Access.Class, f, func(_ library.Row, body []byte) error { return take(body) })
	})
}

// narrowed reports whether more than types is asked for: what is not is read
// from the store itself, also what cannot be found yet.
func (in FilterInput) narrowed() bool {
	in.Type, in.Clock, in.Order, in.Oldest = nil, "", "", false
	return !reflect.ValueOf(in).IsZero()
}

func (a *api) exportChosen(ctx context.Context, c caller, in *struct {
	Body struct {
		Objects []string `json:"objects" minItems:"1" maxItems:"1000" doc:"Their ids"`
	}
},
) (*huma.StreamResponse, error) {
	return a.bundle(ctx, func(take func([]byte) error) error {
		return a.Library.Chosen(ctx, a.Handle, c.Actor, c.Access.Class, in.Body.Objects, func(_ library.Row, body []byte) error { return take(body) })
	})
}

// bundle streams objects as one STIX bundle.
func (a *api) bundle(ctx context.Context, objects func(take func([]byte) error) error) (*huma.StreamResponse, error) {
	id, err := ident.NewUUID(a.Rand)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/stix+json;version=2.1")
		hc.SetHeader("Content-Disposition", `attachment; filename="twoseas.json"`)
		// A bundle that broke off does not parse: the reader notices.
		if err := writeBundle(hc.BodyWriter(), id, objects); err != nil {
			a.Log.WarnContext(ctx, "an export broke off", slog.String("error", err.Error()))
		}
	}}, nil
}

func writeBundle(w io.Writer, id string, objects func(take func([]byte) error) error) error {
	if _, err := io.WriteString(w, `{"type":"bundle","id":"bundle--`+id+`","objects":[`); err != nil {
		return err
	}
	sep := "\n"
	if err := objects(func(body []byte) error {
		if _, err := io.WriteString(w, sep); err != nil {
			return err
		}
		sep = ",\n"
		_, err := w.Write(body)
		return err
	}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n]}\n")
	return err
}

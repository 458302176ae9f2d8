package api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// exports is threat data taken along in files.
func (a *api) exports() {
	files := func(method, id, summary string) op {
		return op{
			tag: "threats", method: method, path: "/export", id: id, summary: summary, act: people.Export, saw: "export",
			media: []string{"application/stix+json", "text/csv"},
		}
	}
	add(a, files(http.MethodGet, "export", "Everything you may see, or what a search finds, as one STIX bundle or a table"), a.export)
	add(a, files(http.MethodPost, "export-chosen", "Up to 1,000 objects by id as one STIX bundle or a table; those that are not there for you are left out"), a.exportChosen)
}

// FormatInput names the format of a file of objects.
type FormatInput struct {
	Format string `query:"format" enum:"stix,csv" default:"stix" doc:"csv: a table with a row for each object, of what can be found"`
}

// each hands objects over one by one.
type each func(take func(library.Row, []byte) error) error

func (a *api) export(ctx context.Context, c caller, in *struct {
	FormatInput
	FilterInput
},
) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if in.Format == library.AsSTIX && !in.narrowed() {
		return a.file(ctx, in.FormatInput, a.everything(ctx, c, in.Type))
	}
	return a.file(ctx, in.FormatInput, func(take func(library.Row, []byte) error) error {
		return a.Library.Export(ctx, a.Handle, c.Actor, c.Access.Class, f, take)
	})
}

// narrowed reports whether more than types is asked for: what is not is read
// from the store itself, also what cannot be found yet.
func (in FilterInput) narrowed() bool {
	in.Type, in.Clock, in.Order, in.Oldest = nil, "", "", false
	return !reflect.ValueOf(in).IsZero()
}

// everything is what the caller may see of types, of all when there are none.
func (a *api) everything(ctx context.Context, c caller, types []string) each {
	return func(take func(library.Row, []byte) error) error {
		return a.Handle.Read(ctx, func(tx *store.Tx) error {
			return tx.Objects(0, c.Access.Class, func(o store.Object) error {
				if len(types) > 0 && !slices.Contains(types, o.Type) {
					return nil
				}
				return take(library.Row{}, o.Body)
			})
		})
	}
}

func (a *api) exportChosen(ctx context.Context, c caller, in *struct {
	FormatInput
	Body struct {
		Objects []string `json:"objects" minItems:"1" maxItems:"1000" doc:"Their ids"`
	}
},
) (*huma.StreamResponse, error) {
	return a.file(ctx, in.FormatInput, func(take func(library.Row, []byte) error) error {
		return a.Library.Chosen(ctx, a.Handle, c.Actor, c.Access.Class, in.Body.Objects, take)
	})
}

// file streams objects as one file. Of one that breaks off some is sent
// already: it is left so that the reader notices.
func (a *api) file(ctx context.Context, in FormatInput, objects each) (*huma.StreamResponse, error) {
	id, err := ident.NewUUID(a.Rand)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		if err := a.write(hc, in.Format, "bundle--"+id, objects); err != nil {
			a.Log.WarnContext(ctx, "an export broke off", slog.String("error", err.Error()))
		}
	}}, nil
}

func (a *api) write(hc huma.Context, format, id string, objects each) error {
	f, err := library.NewFile(hc.BodyWriter(), format, id)
	if err != nil {
		return err // not reached: the format is one of the list
	}
	hc.SetHeader("Content-Type", f.Type())
	hc.SetHeader("Content-Disposition", `attachment; filename="`+f.Name()+`"`)
	if err := f.Begin(); err != nil {
		return err
	}
	if err := objects(f.Add); err != nil {
		if last := f.Broken(); last != nil {
			return last
		}
		return err
	}
	return f.End()
}

package api

import (
	"bytes"
	"context"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/ident"
)

func (a *api) proof(ctx context.Context, _ caller, in *oneEntryInput) (*huma.StreamResponse, error) {
	id, err := in.name()
	if err != nil {
		return nil, err
	}
	_, proven, err := a.Ledger.Entry(ctx, a.Handle, id, in.Entry)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, id+"-"+numbered(in.Entry)+".entry", func(w *bytes.Buffer) error { return proven.Write(w) })
}

func (a *api) exportLedger(ctx context.Context, _ caller, in *AgreementInput) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	partner, err := a.Accords.Partner(ctx, a.Handle, id)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, string(id)+".ledger", func(w *bytes.Buffer) error { return a.Ledger.Export(ctx, a.Handle, id, partner, w) })
}

// download answers with a text file, made whole before it is sent.
func (a *api) download(ctx context.Context, name string, write func(*bytes.Buffer) error) (*huma.StreamResponse, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/plain; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		if _, err := b.WriteTo(hc.BodyWriter()); err != nil {
			a.Log.DebugContext(ctx, "a reader went away", slog.String("error", err.Error()))
		}
	}}, nil
}

func (a *api) checkpoint(ctx context.Context, _ caller, in *LogInput) (*rawOutput, error) {
	log, err := in.name()
	if err != nil {
		return nil, err
	}
	s, err := a.Ledger.States(ctx, a.Handle, log, 0)
	return plain(s.Newest.Note), err
}

// plain answers with a text as it is.
func plain(text []byte) *rawOutput {
	return &rawOutput{ContentType: "text/plain; charset=utf-8", Body: text}
}

func (a *api) logKeys(ctx context.Context, _ caller, in *LogInput) (*rawOutput, error) {
	log, err := in.name()
	if err != nil {
		return nil, err
	}
	var partner ident.Side
	if log != ledger.HomeName {
		if partner, err = a.Accords.Partner(ctx, a.Handle, ident.Agreement(log)); err != nil {
			return nil, err
		}
	}
	list, err := a.Ledger.Keys(ctx, a.Handle, log, partner)
	var b bytes.Buffer
	for _, k := range list {
		b.WriteString(k.String() + "\n")
	}
	return plain(b.Bytes()), err
}

func (a *api) since(ctx context.Context, _ caller, in *struct {
	LogInput
	Size int64 `path:"size" minimum:"0" doc:"Entries of the state that is remembered"`
},
) (*rawOutput, error) {
	log, err := in.name()
	if err != nil {
		return nil, err
	}
	body, err := a.Ledger.Since(ctx, a.Handle, log, in.Size)
	return plain(body), err
}

func (a *api) growth(ctx context.Context, _ caller, in *struct {
	LogInput
	From int64 `query:"from" required:"true" minimum:"1" doc:"Entries of the earlier state, one that was kept"`
	To   int64 `query:"to" minimum:"0" doc:"Entries of the later state; the newest when left out"`
},
) (*huma.StreamResponse, error) {
	log, err := in.name()
	if err != nil {
		return nil, err
	}
	g, err := a.Ledger.Growth(ctx, a.Handle, log, in.From, in.To)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, log+"-"+numbered(in.From)+".growth", func(w *bytes.Buffer) error { return g.Write(w) })
}

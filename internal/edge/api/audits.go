package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/people"
)

// audits are recorded by the acts themselves.
func (a *api) audits() {
	at := func(method, path, id, summary string) op {
		return op{tag: "audit", method: method, path: path, id: id, summary: summary, act: people.Audit}
	}
	add(a, at(http.MethodGet, "/audit", "audit-search", "What people of this side did, newest first"), a.searchAudit)
	add(a, at(http.MethodGet, "/audit/{entry}", "audit-entry", "One entry with its signed note"), a.auditEntry)
	export := at(http.MethodGet, "/audit-log", "audit-export", "The whole home log as a file for twoseas-verify")
	export.media = []string{"text/plain"}
	add(a, export, a.exportAudit)
	add(a, at(http.MethodPost, "/audit-verify", "audit-verify", "Check the home log and its index now"), a.verifyAudit)
}

type actBody struct {
	Entry  int64       `json:"entry" doc:"Index of its leaf in the home log"`
	At     string      `json:"at" format:"date-time"`
	By     string      `json:"by"`
	Act    string      `json:"act"`
	Fields []fieldBody `json:"fields"`
	Note   string      `json:"note,omitempty" doc:"The signed note; only of one entry"`
}

type fieldBody struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func actOf(e audit.Entry) actBody {
	b := actBody{Entry: e.Index, At: e.At.UTC().Format(time.RFC3339), By: e.By, Act: e.Act, Fields: []fieldBody{}}
	for _, f := range e.Fields {
		b.Fields = append(b.Fields, fieldBody{f.Name, f.Value})
	}
	return b
}

func (a *api) searchAudit(ctx context.Context, c caller, in *struct {
	PageInput
	Who       string    `query:"who" maxLength:"64" doc:"Account"`
	What      string    `query:"what" maxLength:"60" doc:"Act, such as read or release.approve"`
	About     string    `query:"about" maxLength:"300" doc:"Id of an object, account, collection or partner"`
	Agreement string    `query:"agreement" maxLength:"64"`
	From      time.Time `query:"from"`
	Until     time.Time `query:"until" doc:"Not included"`
},
) (*listOutput[actBody], error) {
	after, err := in.place(c)
	if err != nil {
		return nil, err
	}
	p, err := a.Audit.Search(ctx, c.Actor, audit.Query{
		Account: in.Who, Act: in.What, About: in.About, Agreement: in.Agreement, From: in.From, Until: in.Until, Limit: in.size(), After: after,
	})
	if err != nil {
		return nil, err
	}
	var items []actBody
	for _, e := range p.Entries {
		items = append(items, actOf(e))
	}
	return listed(c, items, p.Next), nil
}

type actOutput struct{ Body actBody }

func (a *api) auditEntry(ctx context.Context, c caller, in *struct {
	Entry int64 `path:"entry" minimum:"0"`
},
) (*actOutput, error) {
	e, leaf, err := a.Audit.Entry(ctx, c.Actor, in.Entry)
	out := &actOutput{actOf(e)}
	out.Body.Note = string(leaf)
	return out, err
}

func (a *api) exportAudit(ctx context.Context, c caller, _ *struct{}) (*huma.StreamResponse, error) {
	return a.download(ctx, "home.log", func(w *bytes.Buffer) error { return a.Audit.Export(ctx, c.Actor, w) })
}

type verifiedOutput struct {
	Body struct {
		Sound    bool     `json:"sound"`
		Summary  string   `json:"summary"`
		Leaves   int64    `json:"leaves"`
		Findings []string `json:"findings"`
	}
}

func (a *api) verifyAudit(ctx context.Context, c caller, _ *struct{}) (*verifiedOutput, error) {
	r, err := a.Audit.Verify(ctx, c.Actor)
	out := &verifiedOutput{}
	out.Body.Sound, out.Body.Summary, out.Body.Leaves, out.Body.Findings = r.OK, r.Summary(), r.Leaves, []string{}
	for _, f := range r.Findings {
		out.Body.Findings = append(out.Body.Findings, f.String())
	}
	return out, err
}

package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/ident"
)

// redactions is taking something out of a held item by hand.
func (a *api) redactions() {
	draft := op{
		tag: "releases", method: http.MethodPost, path: "/agreements/{agreement}/holds/{item}/redact/preview", id: "preview-redaction",
		summary: "What taking something out of an item by hand would make, beside the item; nothing is made", act: people.Approve, saw: "read",
	}
	add(a, draft, a.draftRedaction)
	redact := op{
		tag: "releases", method: http.MethodPost, path: "/agreements/{agreement}/holds/{item}/redact", id: "redact",
		summary: "Take something out of an item by hand: the item is refused, what is left waits in its place", act: people.Approve, person: true,
	}
	add(a, redact, a.redactHold)
}

// CutsBody is what is taken out.
type CutsBody struct {
	Digest     string   `json:"digest" maxLength:"80" doc:"Of the item as you saw it"`
	Properties []string `json:"properties,omitempty" maxItems:"200" doc:"Top-level properties that go"`
	Words      []string `json:"words,omitempty" maxItems:"200" doc:"Blacked out wherever they stand, in any case; four characters at least"`
}

func (b CutsBody) redaction(id ident.Agreement, item int64) (q release.Redaction, err error) {
	q = release.Redaction{Agreement: id, Object: item, Cuts: release.Cuts{Properties: b.Properties, Words: b.Words}}
	q.Digest, err = ident.ParseDigest(b.Digest)
	return q, err
}

type draftInput struct {
	HoldInput
	Body CutsBody
}

type draftOutput struct {
	Body struct {
		Object   string `json:"object" doc:"The item"`
		Original string `json:"original" doc:"Its bytes"`
		ID       string `json:"id" doc:"Of what would be made"`
		Bytes    string `json:"bytes" doc:"Of what would be made"`
		Made     string `json:"made" doc:"Digest of these: say it when you redact, and nothing else is made"`
	}
}

func (a *api) draftRedaction(ctx context.Context, c caller, in *draftInput) (*draftOutput, error) {
	id, _, err := a.held(ctx, c, in.HoldInput)
	if err != nil {
		return nil, err
	}
	q, err := in.Body.redaction(id, in.Item)
	if err != nil {
		return nil, err
	}
	d, err := a.Releases.Draft(ctx, a.Handle, c.Actor, q)
	if err != nil {
		return nil, err
	}
	out := &draftOutput{}
	b := &out.Body
	b.Object, b.Original, b.ID, b.Bytes, b.Made = d.Object.ID, string(d.Object.Body), d.ID, string(d.Body), d.Made.String()
	return out, nil
}

type redactInput struct {
	HoldInput
	Body struct {
		CutsBody
		Made   string `json:"made,omitempty" maxLength:"80" doc:"Digest of what the preview showed; without it nothing is compared"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why the item itself is refused"`
	}
}

func (a *api) redactHold(ctx context.Context, c caller, in *redactInput) (*holdOutput, error) {
	id, _, err := a.held(ctx, c, in.HoldInput)
	if err != nil {
		return nil, err
	}
	q, err := in.Body.redaction(id, in.Item)
	if err != nil {
		return nil, err
	}
	if in.Body.Made != "" {
		if q.Made, err = ident.ParseDigest(in.Body.Made); err != nil {
			return nil, err
		}
	}
	q.Reason = in.Body.Reason
	made, err := a.Releases.Redact(ctx, a.Handle, c.Actor, q)
	if err != nil {
		return nil, err
	}
	p, err := a.Releases.Preview(ctx, a.Handle, c.Actor, id, made)
	return &holdOutput{Body: holdOf(p)}, err
}

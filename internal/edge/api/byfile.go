package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// byFile is the exchange of pairs that meet by file, and private matching, as
// far as they are listed and decided.
func (a *api) byFile() {
	read := func(path, id, summary string) op {
		return op{tag: "exchange", method: http.MethodGet, path: "/agreements/{agreement}" + path, id: id, summary: summary, act: people.Review, saw: "read"}
	}
	add(a, read("/bundles", "bundles", "The newest files written for the partner and imported from it"), a.bundles)
	add(a, read("/matchings", "matchings", "The newest questions of private matching, both sides': of how many values, never of which"), a.matchings)
	decide := func(path, id, summary string) op {
		return op{tag: "exchange", method: http.MethodPost, path: "/matchings/{matching}" + path, id: id, summary: summary, act: people.Approve, person: true}
	}
	add(a, decide("/approve", "approve-matching", "Approve answering a question of the partner"), a.approveMatching)
	add(a, decide("/refuse", "refuse-matching", "Refuse a question of the partner, who is told why"), a.refuseMatching)
}

type bundleBody struct {
	Number    int64  `json:"number"`
	Digest    string `json:"digest" doc:"Names the file"`
	Follows   int64  `json:"follows" doc:"The file it continues"`
	Shipments int64  `json:"shipments" doc:"Up to which shipments are in it or before"`
	Receipts  int64  `json:"receipts" doc:"Up to which receipts are in it or before"`
	Items     int64  `json:"items"`
	Taken     int64  `json:"taken" doc:"Items taken; -1 until the receipt code told"`
	Made      string `json:"made" format:"date-time"`
	At        string `json:"at" format:"date-time" doc:"When it was written or imported here"`
	People    string `json:"people" doc:"Who wrote or imported it"`
	Seen      string `json:"seen,omitempty" format:"date-time" doc:"When the partner was known to have imported it"`
}

func bundlesOf(list []store.Bundle) []bundleBody {
	out := []bundleBody{}
	for _, b := range list {
		out = append(out, bundleBody{
			b.Number, b.Link.String(), b.Follows, b.Shipments, b.Receipts, b.Items, b.Taken, stamp(b.Made), stamp(b.At), b.People, stamp(b.Seen),
		})
	}
	return out
}

type shelvedBody struct {
	Number int64        `json:"number"`
	Parts  []shelf.Part `json:"parts"`
}

type bundlesOutput struct {
	Body struct {
		Written  []bundleBody  `json:"written"`
		Imported []bundleBody  `json:"imported"`
		Here     []shelvedBody `json:"here" doc:"Written files that can be fetched"`
		Work     *workBody     `json:"work,omitempty" doc:"What is being written, or how that ended"`
	}
}

func (a *api) bundles(ctx context.Context, c caller, in *struct {
	AgreementInput
	Limit int64 `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many of each"`
},
) (*bundlesOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	written, imported, err := a.Offline.List(ctx, a.Handle, c.Actor, id, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &bundlesOutput{}
	out.Body.Written, out.Body.Imported, out.Body.Here = bundlesOf(written), bundlesOf(imported), []shelvedBody{}
	here, work, err := a.Shelf.Files(a.Handle, c.Actor, id)
	for _, f := range here {
		out.Body.Here = append(out.Body.Here, shelvedBody{f.Number, f.Parts})
	}
	out.Body.Work = workOf(work)
	return out, err
}

// MatchingBody is a question of private matching as it is told.
type MatchingBody struct {
	Matching  string `json:"matching" doc:"Name of the question"`
	Agreement string `json:"agreement"`
	Asker     string `json:"asker"`
	State     string `json:"state"`
	Asked     int64  `json:"asked" doc:"How many values"`
	Known     int64  `json:"known" doc:"How many both know; -1 while this side does not know"`
	Needed    int64  `json:"needed" doc:"Approvals of the side that answers"`
	Person    string `json:"person,omitempty" doc:"Who asked, on this side"`
	Why       string `json:"why,omitempty" doc:"Why it was refused"`
	At        string `json:"at" format:"date-time"`
}

func matchingOf(q store.Matching) MatchingBody {
	return MatchingBody{q.Session, string(q.Agreement), string(q.Asker), q.State, q.Asked, q.Known, q.Needed, q.Person, q.Why, stamp(q.At)}
}

type matchingsOutput struct {
	Body struct {
		Matchings []MatchingBody `json:"matchings"`
	}
}

func (a *api) matchings(ctx context.Context, c caller, in *AgreementInput) (*matchingsOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Matchings.List(ctx, a.Handle, c.Actor, id)
	out := &matchingsOutput{}
	out.Body.Matchings = []MatchingBody{}
	for _, q := range list {
		out.Body.Matchings = append(out.Body.Matchings, matchingOf(q))
	}
	return out, err
}

// MatchingInput names a question.
type MatchingInput struct {
	Matching string `path:"matching" maxLength:"64"`
}

type matchingOutput struct{ Body MatchingBody }

func (a *api) approveMatching(ctx context.Context, c caller, in *MatchingInput) (*matchingOutput, error) {
	q, err := a.Matchings.Approve(ctx, a.Handle, c.Actor, in.Matching)
	return &matchingOutput{matchingOf(q)}, err
}

func (a *api) refuseMatching(ctx context.Context, c caller, in *struct {
	MatchingInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
},
) (*matchingOutput, error) {
	q, err := a.Matchings.Refuse(ctx, a.Handle, c.Actor, in.Matching, in.Body.Reason)
	return &matchingOutput{matchingOf(q)}, err
}

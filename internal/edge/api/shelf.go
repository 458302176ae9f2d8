package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/matching"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// shelf is the files of the exchange by file, as they are written and fetched,
// brought and taken in. What takes long goes on in the background: ask again
// until it is not running.
func (a *api) shelf() {
	at := func(method, path, id, summary string) op {
		return op{tag: "exchange", method: method, path: path, id: id, summary: summary, act: people.Approve, or: []people.Act{people.Exchange}}
	}
	decision := func(path, id, summary string) op {
		o := at(http.MethodPost, path, id, summary)
		o.person, o.status = true, http.StatusAccepted
		return o
	}
	add(a, decision("/agreements/{agreement}/bundles", "write-bundle", "Write the next file for the partner, in the background: everything that waits, encrypted to its node"), a.writeBundle)
	get := at(http.MethodGet, "/agreements/{agreement}/bundles/{number}/parts/{part}", "fetch-bundle", "One part of a written file, to be carried; that it was fetched is recorded")
	get.media = []string{"application/octet-stream"}
	add(a, get, a.fetchBundle)
	add(a, at(http.MethodPost, "/agreements/{agreement}/bundles/code", "heard-bundle", "Take a receipt code that the partner's officer read out"), a.heardBundle)
	bring := at(http.MethodPost, "/brought", "bring-bundle", "Bring a part of a file of the partner, as it comes in; nothing is taken in")
	bring.status, bring.upload = http.StatusCreated, true
	add(a, bring, a.bringBundle)
	list := at(http.MethodGet, "/brought", "brought-bundles", "Files that were brought and not yet taken in")
	list.saw = "read"
	add(a, list, a.listBrought)
	one := at(http.MethodGet, "/brought/{file}", "brought-bundle", "One of them; what is inside for who has looked")
	one.saw = "read"
	add(a, one, a.oneBrought)
	add(a, decision("/brought/{file}/look", "look-bundle", "Open and verify a file, in the background; who is to confirm must have looked"), a.lookBundle)
	add(a, decision("/brought/{file}/confirm", "confirm-bundle", "Confirm a file after having looked; when a second officer does, it is taken in, in the background"), a.confirmBundle)
	remove := at(http.MethodDelete, "/brought/{file}", "remove-bundle", "Remove a file that is not to be taken in")
	add(a, remove, a.removeBundle)
}

// workBody is how something long is getting on.
type workBody struct {
	What    string `json:"what" enum:"writing,looking,taking"`
	By      string `json:"by"`
	Began   string `json:"began" format:"date-time"`
	Running bool   `json:"running"`
	Problem string `json:"problem,omitempty" doc:"Why it did not do"`
	Number  int64  `json:"number,omitempty" doc:"Of the file that was written or taken in"`
	Taken   bool   `json:"taken" doc:"The file was taken in"`
	Code    string `json:"code,omitempty" doc:"Receipt code to read to the partner"`
}

func workOf(w *shelf.Work) *workBody {
	if w == nil {
		return nil
	}
	b := &workBody{What: w.What, By: w.By, Began: moment(w.Began), Running: w.Running, Problem: w.Problem}
	if w.Written != nil {
		b.Number = w.Written.Number
	}
	if w.Taken != nil {
		b.Number, b.Taken, b.Code = w.Taken.Number, w.Taken.Applied, w.Taken.Code
	}
	return b
}

type workOutput struct{ Body workBody }

func (a *api) writeBundle(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Again bool  `json:"again,omitempty" doc:"Continue the last file that is known to have arrived: for when one was lost"`
		Split int64 `json:"split,omitempty" minimum:"0" doc:"Parts of at most so many bytes; one when left out"`
	}
},
) (*workOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Shelf.Write(a.Handle, c.Actor, id, in.Body.Again, in.Body.Split); err != nil {
		return nil, err
	}
	a.Shelf.AwaitWriting(ctx, id, time.Second)
	_, w, err := a.Shelf.Files(a.Handle, c.Actor, id)
	if err != nil || w == nil {
		return nil, err
	}
	return &workOutput{*workOf(w)}, nil
}

func (a *api) fetchBundle(ctx context.Context, c caller, in *struct {
	AgreementInput
	Number int64 `path:"number" minimum:"1"`
	Part   int   `path:"part" minimum:"1" doc:"From 1"`
},
) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	f, p, err := a.Shelf.Fetch(ctx, a.Handle, c.Actor, id, in.Number, in.Part)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) { a.stream(ctx, hc, f, p) }}, nil
}

func (a *api) stream(ctx context.Context, hc huma.Context, f *os.File, p shelf.Part) {
	hc.SetHeader("Content-Type", "application/octet-stream")
	hc.SetHeader("Content-Disposition", `attachment; filename="`+p.Name+`"`)
	hc.SetHeader("Content-Length", strconv.FormatInt(p.Size, 10))
	_, err := io.Copy(hc.BodyWriter(), f)
	if err = errors.Join(err, f.Close()); err != nil {
		a.Log.DebugContext(ctx, "a file was not fetched to its end", slog.String("error", err.Error()))
	}
}

type bundleOutput struct{ Body bundleBody }

func (a *api) heardBundle(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Code string `json:"code" maxLength:"200" doc:"Twenty digits, in any grouping"`
	}
},
) (*bundleOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	b, _, err := a.Offline.Heard(ctx, a.Handle, c.Actor, id, in.Body.Code)
	if err != nil {
		return nil, err
	}
	b, err = a.Offline.One(ctx, a.Handle, c.Actor, id, store.Out, b.Number)
	return &bundleOutput{bundlesOf([]store.Bundle{b})[0]}, err
}

// StreamInput is a body that is read as it comes in.
type StreamInput struct{ body io.Reader }

// Resolve keeps the body.
func (i *StreamInput) Resolve(c huma.Context) []error {
	i.body = c.BodyReader()
	return nil
}

type broughtBody struct {
	File    string    `json:"file" doc:"Its name here: the digest of the whole"`
	Parts   int       `json:"parts"`
	Missing []int     `json:"missing"`
	Size    int64     `json:"size"`
	At      string    `json:"at,omitempty" format:"date-time"`
	Work    *workBody `json:"work,omitempty"`
	// What is inside, for who has looked.
	Inside *insideBody `json:"inside,omitempty"`
}

type insideBody struct {
	Agreement string       `json:"agreement"`
	From      string       `json:"from"`
	Number    int64        `json:"number"`
	Follows   int64        `json:"follows"`
	Digest    string       `json:"digest"`
	Made      string       `json:"made" format:"date-time"`
	Shipments [2]int64     `json:"shipments" doc:"First and last; 0 for none"`
	Items     int64        `json:"items"`
	Counts    []insideKind `json:"counts"`
	Receipts  [2]int64     `json:"receipts" doc:"First and last; 0 for none"`
	Obstacle  string       `json:"obstacle,omitempty" doc:"Why it cannot be imported now"`
	Confirmed []string     `json:"confirmed"`
}

type insideKind struct {
	Kind  string `json:"kind"`
	TLP   string `json:"tlp"`
	Items int    `json:"items"`
}

func broughtOf(b shelf.Brought) broughtBody {
	out := broughtBody{File: b.File, Parts: b.Of, Missing: append([]int{}, b.Missing...), Size: b.Size, At: moment(b.At), Work: workOf(b.Work)}
	p := b.Preview
	if p == nil {
		return out
	}
	out.Inside = &insideBody{
		Agreement: string(p.Agreement), From: string(p.From), Number: p.Number, Follows: p.Follows.Number, Digest: p.Link.String(), Made: moment(p.Made),
		Shipments: [2]int64{p.Shipments.First, p.Shipments.Last}, Items: p.Items, Counts: []insideKind{}, Receipts: [2]int64{p.Receipts.Span.First, p.Receipts.Span.Last},
		Obstacle: p.Obstacle, Confirmed: append([]string{}, p.Confirmed...),
	}
	for _, k := range p.Counts {
		out.Inside.Counts = append(out.Inside.Counts, insideKind{k.Kind, k.TLP.String(), k.Items})
	}
	return out
}

type broughtOutput struct{ Body broughtBody }

// fileNow is a file as it is now, after an act on it.
func (a *api) fileNow(ctx context.Context, c caller, file string, err error) (*broughtOutput, error) {
	if err != nil {
		return nil, err
	}
	a.Shelf.AwaitFile(ctx, file, time.Second)
	b, err := a.Shelf.One(ctx, a.Handle, c.Actor, file)
	return &broughtOutput{broughtOf(b)}, err
}

func (a *api) bringBundle(ctx context.Context, c caller, in *StreamInput) (*broughtOutput, error) {
	file, err := a.Shelf.Put(ctx, a.Handle, c.Actor, in.body)
	return a.fileNow(ctx, c, file, err)
}

type broughtList struct {
	Body struct {
		Files []broughtBody `json:"files"`
	}
}

func (a *api) listBrought(ctx context.Context, c caller, _ *struct{}) (*broughtList, error) {
	list, err := a.Shelf.Brought(ctx, a.Handle, c.Actor)
	out := &broughtList{}
	out.Body.Files = []broughtBody{}
	for _, b := range list {
		out.Body.Files = append(out.Body.Files, broughtOf(b))
	}
	return out, err
}

// BroughtInput names a file that was brought.
type BroughtInput struct {
	File string `path:"file" maxLength:"64"`
}

func (a *api) oneBrought(ctx context.Context, c caller, in *BroughtInput) (*broughtOutput, error) {
	b, err := a.Shelf.One(ctx, a.Handle, c.Actor, in.File)
	return &broughtOutput{broughtOf(b)}, err
}

func (a *api) lookBundle(ctx context.Context, c caller, in *BroughtInput) (*broughtOutput, error) {
	return a.fileNow(ctx, c, in.File, a.Shelf.Look(ctx, a.Handle, c.Actor, in.File))
}

func (a *api) confirmBundle(ctx context.Context, c caller, in *BroughtInput) (*broughtOutput, error) {
	return a.fileNow(ctx, c, in.File, a.Shelf.Confirm(a.Handle, c.Actor, in.File))
}

func (a *api) removeBundle(ctx context.Context, c caller, in *BroughtInput) (*struct{}, error) {
	return nil, a.Shelf.Remove(ctx, a.Handle, c.Actor, in.File)
}

// questions are private matching as who asks does it.
func (a *api) questions() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "exchange", method: method, path: path, id: id, summary: summary, act: act}
	}
	ask := at(http.MethodPost, "/agreements/{agreement}/matchings", "ask-matching", "Ask the partner which of some values it knows, without showing them", people.Export)
	ask.status = http.StatusCreated
	add(a, ask, a.askMatching)
	one := at(http.MethodGet, "/matchings/{matching}", "one-matching", "One question; the values both know, as far as you asked for them or may read an object that names them", people.Review)
	one.saw = "read"
	add(a, one, a.oneMatching)
	add(a, at(http.MethodPost, "/matchings/{matching}/fetch", "fetch-matching", "Fetch the answer to a question of this side", people.Export), a.fetchMatching)
}

func (a *api) askMatching(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body struct {
		Values []string `json:"values" minItems:"1" maxItems:"20000" doc:"Defanged or not"`
	}
},
) (*matchingOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	values, not := matching.Normal(in.Body.Values)
	if len(not) > 0 {
		return nil, fault.Errorf(fault.Invalid, "no value that can be asked for: %.60q", not[0])
	}
	link, done, err := a.Lines.Line(ctx, id)
	if err != nil {
		return nil, err
	}
	defer done()
	q, err := a.Matchings.Ask(ctx, a.Handle, c.Actor, id, values, link)
	if q.Session != "" { // it is recorded, and says how far it got
		err = nil
	}
	return &matchingOutput{matchingOf(q)}, err
}

type seenOutput struct {
	Body struct {
		MatchingBody
		Own      bool        `json:"own" doc:"This side asked"`
		Approved []string    `json:"approved" doc:"Officers of this side"`
		Values   []valueBody `json:"values" doc:"Known to both, as far as they are for you"`
	}
}

type valueBody struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

func (a *api) oneMatching(ctx context.Context, c caller, in *MatchingInput) (*seenOutput, error) {
	s, err := a.Matchings.See(ctx, a.Handle, c.Actor, c.Access.Class, in.Matching)
	out := &seenOutput{}
	out.Body.MatchingBody, out.Body.Own, out.Body.Approved = matchingOf(s.Matching), s.Own, append([]string{}, s.Approved...)
	out.Body.Values = []valueBody{}
	for _, v := range s.Values {
		out.Body.Values = append(out.Body.Values, valueBody{v.Kind.String(), v.Text})
	}
	return out, err
}

func (a *api) fetchMatching(ctx context.Context, c caller, in *MatchingInput) (*matchingOutput, error) {
	var q store.Matching
	if err := a.Handle.Query(ctx, func(tx *store.Tx) (err error) {
		q, err = tx.Matching(in.Matching)
		return err
	}); err != nil {
		return nil, err
	}
	link, done, err := a.Lines.Line(ctx, q.Agreement)
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := a.Matchings.Fetch(ctx, a.Handle, c.Actor, in.Matching, link)
	return &matchingOutput{matchingOf(r.Matching)}, err
}

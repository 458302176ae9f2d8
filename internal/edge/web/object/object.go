package object

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/audit"
	"twoseas/internal/act/importing"
	"twoseas/internal/act/library"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Acts is what the pages of threat data do, of one object and of many.
type Acts struct {
	Library *library.Library
	Answers *answer.Answers
	Audit   *audit.Log
	Onwards *onward.Onwards
	Imports *importing.Imports
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET /objects/{id}", Act: people.Read, Serve: p.show},
		{Pattern: "GET /objects/{id}/access", Act: people.Read, Serve: p.access},
		{Pattern: "GET /objects/{id}/json", Act: people.Read, Serve: p.json},
		{Pattern: "GET /objects/{id}/proof", Act: people.Read, Serve: p.proof},
		{Pattern: "POST /objects/{id}/sighting", Act: people.Respond, Serve: p.sight},
		{Pattern: "POST /objects/{id}/opinion", Act: people.Respond, Serve: p.opine},
		{Pattern: "POST /objects/{id}/note", Act: people.Respond, Serve: p.note},
	}
}

// view is one object as its pages show it.
type view struct {
	library.Object
	tab     string
	whys    []library.Why
	readers []library.Reader
	facts   []fact
	graph   graph
	answer  answerForm
	onward  onward.Standing
	listed  []importing.Naming // values that warning lists name
}

// read reads the object of the request, once that it is read is recorded.
func (p *pages) read(r *http.Request, what string) (view, error) {
	q := page.Of(r)
	id := r.PathValue("id")
	version, err := versionOf(r)
	if err != nil {
		return view{}, err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, what, "object", id); err != nil {
		return view{}, err
	}
	o, err := p.Library.Object(r.Context(), q.Handle, q.Actor, q.Access.Class, id, version)
	return view{Object: o}, err
}

// versionOf is the version that the address asks for, 0 for the newest.
func versionOf(r *http.Request) (int64, error) {
	s := r.URL.Query().Get("version")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.NotFound, "there is no such version")
	}
	return n, nil
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	v, err := p.read(r, "read")
	if err != nil {
		return err
	}
	v.answer = answerForm{Verdict: string(answer.Useful), Count: "1"}
	return p.render(w, r, v, 0)
}

// render sends the first page of an object, also again after a form that could
// not be taken.
func (p *pages) render(w http.ResponseWriter, r *http.Request, v view, status int) error {
	q := page.Of(r)
	var err error
	if v.whys, _, err = p.Library.Reasons(r.Context(), q.Handle, q.Actor, q.Access.Class, v.ID, v.Seq); err != nil {
		return err
	}
	if v.onward, err = p.Onwards.Of(r.Context(), q.Handle, q.Actor, q.Access.Class, v.Seq); err != nil {
		return err
	}
	if v.Label.Listed {
		if v.listed, err = p.Imports.Namings(r.Context(), q.Handle, v.Body); err != nil {
			return err
		}
	}
	v.tab = "object"
	v.facts = factsOf(q, v.Object)
	v.graph = draw(q, v.Object)
	head := v.head(q)
	head.Status = status
	head.Rail = page.Rail(q, railWhy(q, v), railEvidence(q, v))
	return p.Render(w, r, head, objectPage(q, v))
}

// mark is the highest level of the object and of all that is named beside it.
func (v view) mark() string {
	levels := []marking.TLP{v.Label.TLP}
	for _, b := range v.Beside {
		levels = append(levels, b.Label.TLP)
	}
	for _, w := range v.Versions {
		levels = append(levels, w.Label.TLP)
	}
	for _, r := range v.Also.Rows {
		levels = append(levels, r.Label.TLP)
	}
	for _, n := range v.Names {
		levels = append(levels, n.TLP)
	}
	return page.Highest(levels...)
}

func (v view) head(q *page.Request) page.Head {
	return page.Head{
		Title: Called(q, v.ID, v.Type, v.Name), Lead: TypeName(q, v.Type), Area: "threats", Chips: chips(q, v), Styles: []string{"object.css"}, Mark: v.mark(),
	}
}

// access is the page on who may see an object and what the partner would get.
func (p *pages) access(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v, err := p.read(r, "read why")
	if err != nil {
		return err
	}
	v.tab = "access"
	if v.whys, v.readers, err = p.Library.Reasons(r.Context(), q.Handle, q.Actor, q.Access.Class, v.ID, v.Seq); err != nil {
		return err
	}
	return p.Render(w, r, v.head(q), accessPage(q, v))
}

// json sends the object as it is stored, laid out for reading.
func (p *pages) json(w http.ResponseWriter, r *http.Request) error {
	v, err := p.read(r, "read")
	if err != nil {
		return err
	}
	out, err := canon.Indent(v.Body)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Query().Get("save") != "" {
		h.Set("Content-Disposition", `attachment; filename="`+v.ID+`.json"`)
		out = v.Body // the exact bytes, whose digest the page shows
	}
	if _, err := w.Write(out); err != nil {
		p.Log.DebugContext(r.Context(), "a reader went away", slog.String("error", err.Error()))
	}
	return nil
}

// proof proves that the object was in a shipment, verified now, and hands out
// what it takes to verify it elsewhere.
func (p *pages) proof(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v, err := p.read(r, "read proof")
	if err != nil {
		return err
	}
	ask := r.URL.Query()
	number, err := strconv.ParseInt(ask.Get("number"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "there is no such shipment")
	}
	a, err := ident.ParseAgreement(ask.Get("agreement"))
	if err != nil {
		return err
	}
	proof, crossing, err := p.Library.Prove(r.Context(), q.Handle, q.Actor, q.Access.Class, v.ID, v.Seq, number, ask.Get("direction"), a)
	if err != nil {
		return err
	}
	if ask.Get("save") != "" {
		var buf bytes.Buffer
		if err := proof.Subset.Write(&buf); err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="shipment-`+strconv.FormatInt(number, 10)+`-item-`+strconv.Itoa(crossing.Position)+`.subset"`)
		if _, err := buf.WriteTo(w); err != nil {
			p.Log.DebugContext(r.Context(), "a reader went away", slog.String("error", err.Error()))
		}
		return nil
	}
	v.tab = "proof"
	return p.Render(w, r, v.head(q), proofPage(q, v, proof, crossing))
}

// Called is what an object is called: its name, or its type and the beginning
// of its id.
func Called(q *page.Request, id, typ, name string) string {
	if name != "" {
		return name
	}
	return TypeName(q, typ) + " " + shortID(id)
}

// shortID is the beginning of what tells an id from others of its type.
func shortID(id string) string {
	_, rest, _ := strings.Cut(id, "--")
	return rest[:min(8, len(rest))]
}

// address is the address of the page of v's version on a tab.
func (v view) address(tab string) string {
	path := Path(v.ID)
	if tab != "object" {
		path += "/" + tab
	}
	if !v.Newest {
		path += "?version=" + strconv.FormatInt(v.Seq, 10)
	}
	return path
}

func versionPath(id string, seq int64) string {
	return Path(id) + "?version=" + strconv.FormatInt(seq, 10)
}

// held is the state of a hold as the catalogue names it.
func held(h store.Hold) string {
	switch h.State {
	case store.HoldWaiting, store.HoldReleased, store.HoldRefused:
		return h.State
	}
	return ""
}

// partnerOf is the other side of an agreement of this node.
func partnerOf(q *page.Request, a ident.Agreement) ident.Side {
	for _, l := range q.Links {
		if l.Agreement == a {
			return l.Partner
		}
	}
	return ""
}

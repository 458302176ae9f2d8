package exchanges

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/offline"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// overhead is what a form may have beside the files.
const overhead = 1 << 20

// awhile is how long a form waits for work that is mostly done at once, so that
// the next page says what came of it also where there are no scripts.
const awhile = 2 * time.Second

// fileRoutes are the pages and forms of the exchange by file.
func (p *pages) fileRoutes() []page.Route {
	carriers := []people.Act{people.Approve, people.Exchange}
	return []page.Route{
		{Pattern: "GET /exchange/{agreement}/files", Act: people.Review, Serve: p.files},
		{Pattern: "POST /exchange/{agreement}/files", OneOf: carriers, Fresh: true, Serve: p.write},
		{Pattern: "POST /exchange/{agreement}/files/upload", OneOf: carriers, Body: p.Shelf.MaxBytes + overhead, Serve: p.upload},
		{Pattern: "POST /exchange/{agreement}/files/code", OneOf: carriers, Serve: p.heard},
		{Pattern: "GET /exchange/{agreement}/files/{direction}/{number}", Act: people.Review, Serve: p.file},
		{Pattern: "GET /exchange/{agreement}/files/out/{number}/{part}", OneOf: carriers, Serve: p.fetch},
		{Pattern: "POST /exchange/{agreement}/files/out/{number}/remove", OneOf: carriers, Serve: p.dropWritten},
		{Pattern: "GET /exchange/{agreement}/brought/{file}", OneOf: carriers, Serve: p.brought},
		{Pattern: "POST /exchange/{agreement}/brought/{file}/look", OneOf: carriers, Serve: p.look},
		{Pattern: "POST /exchange/{agreement}/brought/{file}/confirm", OneOf: carriers, Fresh: true, Serve: p.confirmFile},
		{Pattern: "POST /exchange/{agreement}/brought/{file}/remove", OneOf: carriers, Serve: p.dropBrought},
	}
}

func carries(q *page.Request) bool { return offline.MayCarry(q.Actor) == nil }

// filesView is the exchange by file under one agreement.
type filesView struct {
	*page.Request
	On       ident.Agreement
	Ready    offline.Readiness
	Out, In  []store.Bundle
	Fetch    map[int64]bool // of Out: it lies on this node
	Work     *shelf.Work    // writing
	Brought  []shelf.Brought
	Limit    int64 // GiB
	Again    bool
	Split    string
	Code     string
	Problems []page.Problem
}

func (p *pages) files(w http.ResponseWriter, r *http.Request) error {
	return p.showFiles(w, r, filesView{Again: r.URL.Query().Get("again") != ""})
}

// shownFiles is how many files of each direction the page lists.
const shownFiles = 100

func (p *pages) showFiles(w http.ResponseWriter, r *http.Request, v filesView) (err error) {
	q, ctx := page.Of(r), r.Context()
	v.Request, v.Limit = q, p.Shelf.MaxBytes>>30
	if v.On, err = agreementOf(r); err != nil {
		return err
	}
	if v.Ready, err = p.Offline.Ready(ctx, q.Handle, q.Actor, v.On); err != nil {
		return err
	}
	if v.Out, v.In, err = p.Offline.List(ctx, q.Handle, q.Actor, v.On, shownFiles); err != nil {
		return err
	}
	lie, work, err := p.Shelf.Files(q.Handle, q.Actor, v.On)
	if err != nil {
		return err
	}
	v.Work, v.Fetch = work, map[int64]bool{}
	for _, f := range lie {
		v.Fetch[f.Number] = true
	}
	if carries(q) {
		if v.Brought, err = p.Shelf.Brought(ctx, q.Handle, q.Actor); err != nil {
			return err
		}
	}
	head := page.Head{
		Title: q.T("files.title", q.SideName(v.Ready.Partner)), Lead: q.T("files.lead"), Area: area, Rail: page.Rail(q, filesWhy(v), filesEvidence(v)),
		Styles: []string{"operate.css"},
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, filesPage(v))
}

// sayable reports whether a form can say what an act refused.
func sayable(err error) bool {
	return slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound, fault.TooLarge}, fault.KindOf(err))
}

// write has the next file written.
func (p *pages) write(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	v := filesView{Again: r.PostFormValue("again") != "", Split: r.PostFormValue("split")}
	size, err := strconv.ParseInt("0"+v.Split, 10, 64)
	if err != nil {
		err = fault.Errorf(fault.Invalid, "size %.20q: want a number of bytes", v.Split)
	} else {
		err = p.Shelf.Write(q.Handle, q.Actor, a, v.Again, size)
	}
	if err != nil && sayable(err) {
		v.Problems = []page.Problem{page.Of(r).Wrong("split", err)}
		return p.showFiles(w, r, v)
	}
	if err != nil {
		return err
	}
	p.Shelf.AwaitWriting(r.Context(), a, awhile)
	return page.See(w, r, at(a, "files"))
}

// upload takes files as they come in, and leads to the one that was brought.
func (p *pages) upload(w http.ResponseWriter, r *http.Request) error {
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	names, err := p.take(r)
	if err == nil && len(names) == 0 {
		err = fault.New(fault.Invalid, page.Of(r).T("files.upload.nothing"))
	}
	if err != nil && sayable(err) {
		return p.showFiles(w, r, filesView{Problems: []page.Problem{page.Of(r).Wrong("file", err)}})
	}
	if err != nil {
		return err
	}
	if len(names) > 1 {
		return page.See(w, r, at(a, "files"))
	}
	return page.See(w, r, at(a, "brought", names[0]))
}

// take puts each file of a form on the shelf and returns which they are parts
// of.
func (p *pages) take(r *http.Request) (names []string, err error) {
	q := page.Of(r)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "the form is not one of files: %w", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return names, broken(err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		name, err := p.Shelf.Put(r.Context(), q.Handle, q.Actor, incoming{part})
		if err != nil {
			return names, err
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
}

// incoming turns the failures of a form into words for its sender.
type incoming struct{ part *multipart.Part }

func (i incoming) Read(b []byte) (int, error) {
	n, err := i.part.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = broken(err)
	}
	return n, err
}

func broken(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "what was sent is larger than this form takes; import larger files on the command line")
	}
	return fault.Errorf(fault.Invalid, "the upload broke off: %w", err)
}

// heard takes a receipt code that was read over the telephone.
func (p *pages) heard(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	code := r.PostFormValue("code")
	b, _, err := p.Offline.Heard(r.Context(), q.Handle, q.Actor, a, code)
	if err != nil && sayable(err) {
		return p.showFiles(w, r, filesView{Code: code, Problems: []page.Problem{page.Of(r).Wrong("code", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(a, "files", store.Out, itoa(b.Number)))
}

// fileView is one file that was written or imported.
type fileView struct {
	*page.Request
	store.Bundle
	On      ident.Agreement
	Partner ident.Side
	Parts   []shelf.Part
	Code    string // of an imported one
}

func (p *pages) file(w http.ResponseWriter, r *http.Request) (err error) {
	q := page.Of(r)
	v := fileView{Request: q}
	if v.On, err = agreementOf(r); err != nil {
		return err
	}
	direction, err := directionOf(r)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return errNowhere
	}
	if v.Bundle, err = p.Offline.One(r.Context(), q.Handle, q.Actor, v.On, direction, number); err != nil {
		return err
	}
	v.Partner = partnerOf(q, v.On)
	if direction == store.In {
		v.Code = bundle.Code(v.Bundle.Link, v.Taken, v.Items-v.Taken)
	} else if v.Parts, err = p.parts(r, v.On, number); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{
		Title: q.T("files.one.title."+direction, q.Int(number)), Lead: q.T("files.one.lead."+direction, q.SideName(v.Partner)), Area: area,
		Chips: fileChip(q, v.Bundle), Rail: page.Rail(q, nil, fileEvidence(v)), Styles: []string{"operate.css"},
	}, filePage(v))
}

// parts are those of a written file that can be fetched by the reader.
func (p *pages) parts(r *http.Request, a ident.Agreement, number int64) ([]shelf.Part, error) {
	q := page.Of(r)
	if !carries(q) {
		return nil, nil
	}
	lie, _, err := p.Shelf.Files(q.Handle, q.Actor, a)
	if err != nil {
		return nil, err
	}
	for _, f := range lie {
		if f.Number == number {
			return f.Parts, nil
		}
	}
	return nil, nil
}

// fetch sends a part of a file to be carried.
func (p *pages) fetch(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return errNowhere
	}
	part, err := strconv.Atoi(r.PathValue("part"))
	if err != nil {
		return errNowhere
	}
	f, info, err := p.Shelf.Fetch(r.Context(), q.Handle, q.Actor, a, number, part)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+info.Name+`"`)
	h.Set("Content-Length", itoa(info.Size))
	_, _ = io.Copy(w, f) // the reader has gone, if anything; what arrived is checked by its digest
	return f.Close()
}

func (p *pages) dropWritten(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return errNowhere
	}
	if err := p.Shelf.Drop(r.Context(), q.Handle, q.Actor, a, number); err != nil {
		return err
	}
	return page.See(w, r, at(a, "files"))
}

func broughtPath(a ident.Agreement, file string, more ...string) string {
	return strings.Join(append([]string{at(a, "brought"), url.PathEscape(file)}, more...), "/")
}

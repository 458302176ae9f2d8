// Package imports is the pages on which people bring data in: the upload, what
// was found in it, how far it is, what became of it; and the lists of values
// that are rarely malicious.
package imports

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/importing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

type pages struct {
	*page.Desk
	m     *importing.Imports
	audit *audit.Log
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, m *importing.Imports, log *audit.Log) []page.Route {
	p := &pages{d, m, log}
	return []page.Route{
		{Pattern: "GET /imports", OneOf: importing.Bringers(), Serve: p.list},
		{Pattern: "POST /imports", OneOf: importing.Bringers(), Body: m.MaxBytes + overhead, Serve: p.upload},
		{Pattern: "GET /imports/warninglists", Act: people.Import, Serve: p.lists},
		{Pattern: "POST /imports/warninglists", Act: people.Import, Body: warninglist.MaxBytes + overhead, Serve: p.addList},
		{Pattern: "POST /imports/warninglists/remove", Act: people.Import, Serve: p.removeList},
		{Pattern: "GET /imports/{id}", OneOf: importing.Bringers(), Serve: p.show},
		{Pattern: "POST /imports/{id}/options", OneOf: importing.Bringers(), Serve: p.correct},
		{Pattern: "POST /imports/{id}/confirm", OneOf: importing.Bringers(), Serve: p.confirm},
		{Pattern: "POST /imports/{id}/cancel", OneOf: importing.Bringers(), Serve: p.cancel},
		{Pattern: "POST /imports/{id}/retry", OneOf: importing.Bringers(), Serve: p.retry},
		{Pattern: "POST /imports/{id}/remove", OneOf: importing.Bringers(), Serve: p.remove},
	}
}

// listView is the first page of the area, also after an upload that did not do.
type listView struct {
	jobs     []importing.Job
	limit    int64 // MiB
	problems []page.Problem
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.showList(w, r, nil)
}

func (p *pages) showList(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	q := page.Of(r)
	jobs, err := p.m.Jobs(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	lead := q.T("imports.lead")
	if importing.Member(q.Actor) {
		lead = q.T("imports.lead.member")
	}
	h := page.Head{Title: q.T("imports.title"), Lead: lead, Area: "imports", Scripts: []string{"imports.js"}, Styles: []string{"imports.css"}}
	if len(problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, listPage(q, listView{jobs: jobs, limit: p.m.MaxBytes >> 20, problems: problems}))
}

// overhead is what a form may have beside the upload itself.
const overhead = 1 << 20

// upload takes a file or what was pasted, as it comes in.
func (p *pages) upload(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	name, body, err := uploaded(r)
	if err != nil {
		return err
	}
	if body == nil {
		return p.showList(w, r, []page.Problem{{Field: "file", Text: q.T("imports.nothing")}})
	}
	j, err := p.m.Stage(r.Context(), q.Handle, q.Actor, q.Access.Class, name, body)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooLarge) {
		return p.showList(w, r, []page.Problem{q.Wrong("file", err)})
	}
	if err != nil {
		return err
	}
	p.await(r, j.ID)
	return page.See(w, r, path(j.ID))
}

// uploaded returns the first part of the form that holds anything; a nil
// reader when none does.
func uploaded(r *http.Request) (string, io.Reader, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return "", nil, fault.Errorf(fault.Invalid, "the form is not one of files: %w", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, brokenForm(err)
		}
		first := make([]byte, 1)
		n, err := io.ReadFull(part, first)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", nil, brokenForm(err)
		}
		if n > 0 && (part.FormName() == "file" || part.FormName() == "text") {
			return part.FileName(), io.MultiReader(strings.NewReader(string(first)), partReader{part}), nil
		}
	}
}

// partReader turns the failures of a form into words for its sender.
type partReader struct{ part *multipart.Part }

func (p partReader) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = brokenForm(err)
	}
	return n, err
}

func brokenForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "what was sent is larger than this form takes; import larger files on the command line")
	}
	return fault.Errorf(fault.Invalid, "the upload broke off: %w", err)
}

func path(id string) string { return "/imports/" + url.PathEscape(id) }

// How long a form waits for work that is mostly done at once, so that the next
// page says what came of it also where there are no scripts.
const (
	awaitSteps = 30
	awaitStep  = 50 * time.Millisecond
)

// await waits a moment for the node to be done with a job.
func (p *pages) await(r *http.Request, id string) {
	q := page.Of(r)
	for range awaitSteps {
		j, err := p.m.Job(r.Context(), q.Handle, q.Actor, id)
		if err != nil || !j.Busy() {
			return // the page says what is wrong
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(awaitStep):
		}
	}
}

// saw records that what was found in an upload, or became of it, was read.
func (p *pages) saw(r *http.Request, j importing.Job) error {
	if j.State != store.UploadReady && j.State != store.UploadDone {
		return nil
	}
	return p.audit.Saw(r.Context(), page.Of(r).Actor, "read", "where", "imports", "import", j.ID)
}

package recalls

import (
	"net/http"
	"net/url"

	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/page"
)

// spillRoutes are what people need after something left that should not have.
func (p *pages) spillRoutes() []page.Route {
	return []page.Route{
		{Pattern: "GET /recalls/{recall}/timeline", Act: act, Serve: p.timeline},
		{Pattern: "GET /recalls/{recall}/notice/{agreement}", Act: act, Serve: p.notice},
		{Pattern: "POST /recalls/{recall}/notice/{agreement}", Act: act, Serve: p.saveNotice},
		{Pattern: "GET /recalls/{recall}/notice/{agreement}/file", Act: act, Serve: p.noticeFile},
	}
}

// history is what happened to what an act names.
type history struct {
	*page.Request
	ID      string
	Moments []recall.Moment
}

func (p *pages) timeline(w http.ResponseWriter, r *http.Request) (err error) {
	v := history{Request: page.Of(r), ID: r.PathValue("recall")}
	if v.Moments, err = p.Recalls.Timeline(r.Context(), v.Handle, v.Actor, v.ID); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "where", "recall timeline", "recall", v.ID); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: v.T("recalls.timeline"), Lead: v.T("recalls.timeline.lead"), Area: area}, timelinePage(v))
}

// letter is the notice to one partner in one language.
type letter struct {
	*page.Request
	recall.Notice
	ID       string
	Problems []page.Problem
}

// path is where the notice is, in a language.
func (l letter) path(more string, in lang.Tag) string {
	return path(l.ID, "/notice/"+url.PathEscape(string(l.Notice.Agreement))+more+"?lang="+string(in))
}

// letter reads the notice that a request is about; the language is the
// reader's when none is named.
func (p *pages) letter(r *http.Request) (l letter, err error) {
	l = letter{Request: page.Of(r), ID: r.PathValue("recall")}
	in := l.Tag
	if s := r.URL.Query().Get("lang"); s != "" {
		tag, ok := lang.ParseTag(s)
		if !ok {
			return l, fault.New(fault.Invalid, "lang: want en, ja or hi")
		}
		in = tag
	}
	a, err := ident.ParseAgreement(r.PathValue("agreement"))
	if err != nil {
		return l, fault.New(fault.NotFound, "there is nothing at this address")
	}
	d, err := p.Recalls.Show(r.Context(), l.Handle, l.Actor, l.ID)
	if err != nil {
		return l, err
	}
	name := string(a)
	for _, x := range d.Partners {
		if x.Agreement == a {
			name = l.SideName(x.Partner)
		}
	}
	l.Notice, err = p.Recalls.Notice(r.Context(), l.Handle, l.Actor, l.ID, a, in, name)
	return l, err
}

func (p *pages) notice(w http.ResponseWriter, r *http.Request) error {
	l, err := p.letter(r)
	if err != nil {
		return err
	}
	return p.showLetter(w, r, l)
}

func (p *pages) showLetter(w http.ResponseWriter, r *http.Request, l letter) error {
	head := page.Head{Title: l.T("recalls.notice.title"), Lead: l.T("recalls.notice.lead"), Area: area}
	if len(l.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, noticePage(l))
}

func (p *pages) saveNotice(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	l, err := p.letter(r)
	if err != nil {
		return err
	}
	text := r.PostForm.Get("text")
	err = p.Recalls.SaveNotice(r.Context(), l.Handle, l.Actor, l.ID, l.Notice.Agreement, l.Lang, text)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
		l.Notice.Text, l.Problems = text, []page.Problem{page.Of(r).Wrong("text", err)}
		return p.showLetter(w, r, l)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, l.path("", l.Lang))
}

func (p *pages) noticeFile(w http.ResponseWriter, r *http.Request) error {
	l, err := p.letter(r)
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), l.Actor, "read", "where", "recall notice", "recall", l.ID, "agreement", string(l.Notice.Agreement)); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="notice-`+string(l.Notice.Agreement)+"-"+string(l.Lang)+`.txt"`)
	_, err = w.Write([]byte(l.Notice.Text + "\n"))
	return err
}

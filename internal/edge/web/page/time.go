package page

import (
	"strings"
	"time"
	_ "time/tzdata" // capitals have their time on a machine without the database

	"twoseas/internal/base/lang"
	"twoseas/internal/law/agreement"
)

// Ago says how far t is from now, in the reader's words: the largest unit that
// fits, rounded down.
func (q *Request) Ago(t time.Time) string {
	d := q.Now.Sub(t)
	way := "ago"
	if d < 0 {
		d, way = -d, "ahead"
	}
	switch {
	case d < 10*time.Second:
		return q.T("page.time.now")
	case d < time.Minute:
		return q.N("page.time."+way+".second", int64(d/time.Second))
	case d < time.Hour:
		return q.N("page.time."+way+".minute", int64(d/time.Minute))
	case d < 48*time.Hour:
		return q.N("page.time."+way+".hour", int64(d/time.Hour))
	}
	return q.N("page.time."+way+".day", int64(d/(24*time.Hour)))
}

// Took says how long something lasted.
func (q *Request) Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return q.N("page.took.ms", d.Milliseconds())
	case d < 2*time.Minute:
		return q.N("page.took.second", int64(d/time.Second))
	case d < 2*time.Hour:
		return q.N("page.took.minute", int64(d/time.Minute))
	case d < 72*time.Hour:
		return q.N("page.took.hour", int64(d/time.Hour))
	}
	return q.N("page.took.day", int64(d/(24*time.Hour)))
}

// Lasts says a period of an agreement in words, "–" when there is none.
func (q *Request) Lasts(p agreement.Period) string {
	years, months, days, clock := p.Parts()
	var parts []string
	for _, x := range []struct {
		unit string
		n    int
	}{{"year", years}, {"month", months}, {"day", days}} {
		if x.n != 0 {
			parts = append(parts, q.N("page.lasts."+x.unit, int64(x.n)))
		}
	}
	if clock != 0 {
		parts = append(parts, q.Took(clock))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, " ")
}

// Dated says what a date of an agreement is about: as the document says it in
// the reader's language, else in the catalogue's words for what the reference
// agreement says, else in the document's English; own is false then.
func (q *Request) Dated(e agreement.Entry) (text string, own bool) {
	if q.Tag == lang.English || len(e.Texts) == 0 { // the renewal window is in no document
		return q.Said(e.Text)
	}
	if text, own = q.DatedRule(e.Texts); !own {
		return e.Text, false
	}
	if e.Every != "" {
		text = q.T("page.dated.every", text, q.Lasts(e.Every))
	}
	return text, true
}

// DatedRule is Dated for the text of a date rule alone.
func (q *Request) DatedRule(t agreement.Text) (text string, own bool) {
	if s := t[string(q.Tag)]; s != "" {
		return s, true
	}
	return q.Said(t.In(string(lang.English), ""))
}

// Exact is the instant in UTC and in both capitals of the chosen agreement.
func (q *Request) Exact(t time.Time) string {
	parts := []string{t.UTC().Format("2006-01-02 15:04:05") + " UTC"}
	for _, p := range q.Capitals() {
		parts = append(parts, t.In(p.Zone).Format("2006-01-02 15:04")+" "+q.Text(p.Name))
	}
	return strings.Join(parts, " · ")
}

// Capitals are the own and the partner's, as far as they are known.
func (q *Request) Capitals() []Place {
	l, ok := q.Link()
	if !ok {
		return nil
	}
	var out []Place
	for _, p := range []Place{l.Own, l.Far} {
		if p.Zone != nil {
			out = append(out, p)
		}
	}
	return out
}

// Micro is a time of the store.
func Micro(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

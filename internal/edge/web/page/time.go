package page

import (
	"strings"
	"time"
	_ "time/tzdata" // capitals have their time on a machine without the database
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

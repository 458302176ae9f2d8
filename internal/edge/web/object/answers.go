package object

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

// answerForm is what somebody typed into one of the forms, kept when it could
// not be taken.
type answerForm struct {
	Kind                              string // sighting, opinion, note
	Count, First, Last, Verdict, Text string
	TLP                               string
	problems                          []page.Problem
}

// of returns f for the form of a kind, and an empty one for the others.
func (f answerForm) of(kind string) answerForm {
	if f.Kind == kind {
		return f
	}
	return answerForm{Verdict: string(answer.Useful), Count: "1"}
}

func formOf(r *http.Request, kind string) answerForm {
	return answerForm{
		Kind: kind, Count: r.PostFormValue("count"), First: r.PostFormValue("first"), Last: r.PostFormValue("last"),
		Verdict: r.PostFormValue("verdict"), Text: r.PostFormValue("text"), TLP: r.PostFormValue("tlp"),
	}
}

func (f answerForm) about(id string) (answer.About, error) {
	a := answer.About{IDs: []string{id}}
	if f.TLP == "" {
		return a, nil
	}
	var err error
	a.TLP, err = marking.ParseTLP(f.TLP)
	return a, err
}

func (p *pages) sight(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f := formOf(r, "sighting")
	return p.take(w, r, f, func(about answer.About) (string, error) {
		s := answer.Sighting{Text: f.Text}
		var err error
		if f.Count != "" {
			if s.Count, err = strconv.Atoi(f.Count); err != nil || s.Count < 1 {
				return "", fault.New(fault.Invalid, q.T("object.wrong.count"))
			}
		}
		if s.First, err = moment(f.First); err == nil {
			s.Last, err = moment(f.Last)
		}
		if err != nil {
			return "", fault.New(fault.Invalid, q.T("object.wrong.time"))
		}
		return p.Answers.Sight(r.Context(), q.Handle, q.Actor, q.Access.Class, about, s)
	})
}

func (p *pages) opine(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f := formOf(r, "opinion")
	return p.take(w, r, f, func(about answer.About) (string, error) {
		return p.Answers.Opine(r.Context(), q.Handle, q.Actor, q.Access.Class, about, answer.Verdict(f.Verdict), f.Text)
	})
}

func (p *pages) note(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f := formOf(r, "note")
	return p.take(w, r, f, func(about answer.About) (string, error) {
		return p.Answers.Note(r.Context(), q.Handle, q.Actor, q.Access.Class, about, f.Text)
	})
}

// take has an answer taken and leads back to the object; what could not be
// taken is shown again with what was typed.
func (p *pages) take(w http.ResponseWriter, r *http.Request, f answerForm, fn func(answer.About) (string, error)) error {
	about, err := f.about(r.PathValue("id"))
	if err == nil {
		_, err = fn(about)
	}
	switch {
	case err == nil:
		return page.See(w, r, Path(r.PathValue("id"))+"#answers")
	case !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) && (!fault.Is(err, fault.Denied) || page.Of(r).Actor.May(people.Respond) != nil):
		return err
	}
	v, readErr := p.read(r, "read")
	if readErr != nil {
		return readErr
	}
	f.problems = []page.Problem{page.Of(r).Wrong(f.Kind+"-text", err)}
	v.answer = f
	return p.render(w, r, v, http.StatusUnprocessableEntity)
}

// moment reads what a field of date and time holds, in UTC.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "no time")
}

// answers are the sightings, opinions and notes on an object, newest first.
func (v view) answers() []library.Beside {
	return slices.DeleteFunc(slices.Clone(v.Beside), func(b library.Beside) bool { return !isAnswer(b.Type) })
}

// related are the relationships of an object and what else refers to it.
func (v view) related() []library.Beside {
	return slices.DeleteFunc(slices.Clone(v.Beside), func(b library.Beside) bool { return isAnswer(b.Type) })
}

// verdict is the verdict of an opinion: ours says it as a label, another's in
// STIX's five words.
func verdict(q *page.Request, b library.Beside) string {
	for _, v := range answer.Verdicts() {
		if slices.Contains(b.Labels, string(v)) {
			return q.T("object.verdict." + string(v))
		}
	}
	word, _ := b.Props["opinion"].(string)
	if key := "object.opinion." + word; q.Has(key) {
		return q.T(key)
	}
	return word
}

// said is what an answer says in words.
func said(b library.Beside) string {
	for _, n := range []string{"explanation", "content", "description"} {
		if s, ok := b.Props[n].(string); ok {
			return s
		}
	}
	return ""
}

// seen is how often a sighting says something was seen, "" when it does not.
func seen(q *page.Request, b library.Beside) string {
	n, ok := b.Props["count"].(float64)
	if !ok {
		return ""
	}
	return q.N("object.seen", int64(n))
}

// stricter are the levels an answer may be marked with: what it speaks of, or
// stricter.
func stricter(q *page.Request, m marking.Label) []page.Choice {
	out := []page.Choice{{Text: q.T("object.answer.same")}}
	for _, t := range marking.TLPs() {
		if t >= m.TLP && m.TLP != marking.NoTLP {
			out = append(out, page.Choice{Value: t.Name(), Text: t.String()})
		}
	}
	return out
}

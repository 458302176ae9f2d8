package page

import (
	"net/http"
	"net/url"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
)

// Refused reports whether err is about what a form says, so that it is shown
// again with what is wrong.
func Refused(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.TooLarge)
}

// Form reads the form of r, of which no more than size bytes are taken.
func Form(w http.ResponseWriter, r *http.Request, size int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, size)
	if err := r.ParseForm(); err != nil {
		return nil, fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	return r.PostForm, nil
}

// TimeField is how a field for a day and time writes it; what people type there
// is UTC.
const TimeField = "2006-01-02T15:04"

// Choices are the values of a list in words: each has the key that begins with
// prefix.
func Choices[T ~string](q *Request, prefix string, list []T) (out []Choice) {
	for _, v := range list {
		out = append(out, Choice{Value: string(v), Text: q.T(prefix + string(v))})
	}
	return out
}

// Languages are the languages that a text can be in.
func Languages() (out []Choice) {
	for _, t := range lang.Tags() {
		out = append(out, Choice{Value: string(t), Text: t.Name()})
	}
	return out
}

// PartnerChoices are the partners of agreements, for who chooses whom to write to.
func (q *Request) PartnerChoices(agreements []ident.Agreement) (out []Choice) {
	for _, a := range agreements {
		for _, l := range q.Links {
			if l.Agreement == a {
				out = append(out, Choice{Value: string(a), Text: q.Under(a).SideName(l.Partner) + " · " + string(a)})
			}
		}
	}
	return out
}

// DayEnd is the end of a day in UTC that a form names, zero when it names none;
// fault.Invalid for what is no day.
func DayEnd(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return d, fault.Errorf(fault.Invalid, "%.20q: want a day such as 2027-03-18", s)
	}
	return d.AddDate(0, 0, 1), nil
}

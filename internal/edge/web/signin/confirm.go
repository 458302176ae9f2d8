package signin

import (
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// What the confirming page adds to the form it keeps. Names of forms here have
// no dot in them.
const (
	ownPrefix = "confirm."
	fieldTo   = "confirm.to" // where the kept form goes; "" when none is kept
)

// confirming is the page that asks again who one is.
type confirming struct {
	*page.Request
	Back, To string
	Kept     []kept // the form that waits
	Ways     session.Ways
	Passkeys bool
	Provider string
	Problems []page.Problem
}

type kept struct{ Name, Value string }

func (a area) showConfirm(w http.ResponseWriter, r *http.Request) error {
	return a.confirmPage(w, r, confirming{Back: page.Back(r, "/")})
}

// keepForm shows the page instead of what a form asked for, with all that was
// typed in it.
func (a area) keepForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return fault.New(fault.Denied, "confirm that it is you first: sign in again, then send the file")
	}
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	return a.confirmPage(w, r, confirming{Back: "/", To: r.URL.RequestURI(), Kept: keptOf(r)})
}

// keptOf returns the fields of r's form that are not this page's own, in a
// steady order.
func keptOf(r *http.Request) []kept {
	var out []kept
	for name, values := range r.PostForm {
		for _, v := range values {
			if !strings.HasPrefix(name, ownPrefix) {
				out = append(out, kept{name, v})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b kept) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (a area) confirmPage(w http.ResponseWriter, r *http.Request, f confirming) error {
	f.Request = page.Of(r)
	if f.Session.ID == "" {
		return fault.New(fault.Denied, "this needs a person who has signed in")
	}
	var err error
	if f.Ways, err = a.Auth.Sessions().OwnWays(r.Context(), f.Session); err != nil {
		return err
	}
	f.Passkeys = len(f.Ways.Passkeys) > 0 && a.Auth.PasskeysWork(r) == nil
	if p := a.Auth.Provider(); p != nil && f.To == "" {
		f.Provider = p.Name()
	}
	head := page.Head{Title: f.T("signin.confirm.title"), Lead: f.T("signin.confirm.lead"), Scripts: []string{"passkey.js"}}
	if len(f.Problems) > 0 {
		head.Status = http.StatusForbidden
	}
	return a.Render(w, r, head, confirmPage(f))
}

func (a area) confirm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	q := page.Of(r)
	if q.Session.ID == "" {
		return fault.New(fault.Denied, "this needs a person who has signed in")
	}
	to := local(r.PostFormValue(fieldTo))
	secret, err := a.proven(r, q.Session)
	if err != nil {
		list, err := problem(q, "confirm-password", q.T("signin.confirm.wrong"), err)
		if err != nil {
			return err
		}
		return a.confirmPage(w, r, confirming{Back: page.Back(r, "/"), To: to, Kept: keptOf(r), Problems: list})
	}
	a.Auth.Remember(w, r, secret)
	if to == "" {
		return page.See(w, r, page.Back(r, "/"))
	}
	http.Redirect(w, r, to, http.StatusTemporaryRedirect) //nolint:gosec // to a path of this node: local; 307: the browser sends the same form there
	return nil
}

// proven checks what was shown: an authenticator's answer or a password.
func (a area) proven(r *http.Request, x session.Session) (string, error) {
	if answer := r.PostFormValue("confirm.answer"); answer != "" {
		return a.Auth.FinishPasskey(r, r.PostFormValue("confirm.ceremony"), answer, x)
	}
	return a.Auth.Sessions().Confirm(r.Context(), x, r.PostFormValue("confirm.password"), a.Auth.At(r))
}

// local returns path when it is one of this node, and "" otherwise.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return ""
	}
	return path
}

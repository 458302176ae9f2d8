package account

import (
	"github.com/a-h/templ"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/edge/web/signin"
)

// TokenList is an account's tokens and where the forms beside them go.
type TokenList struct {
	*page.Request
	Tokens        []people.Token
	Issue, Revoke string
}

// SessionList is an account's sessions and where the form beside each goes.
type SessionList struct {
	*page.Request
	Sessions []session.Session
	End      string
}

func lives(q *page.Request) []page.Choice {
	var out []page.Choice
	for _, days := range Lives() {
		out = append(out, page.Choice{Value: days, Text: q.T("account.tokens.days", days)})
	}
	return out
}

func generator(f setUp) templ.Component {
	return signin.Generator(f.Request, "/account/generator", f.Generator.Secret, f.QR, f.Problems)
}

func register(q *page.Request) templ.Component { return signin.RegisterPasskey(q, home) }

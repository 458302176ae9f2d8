package auth

import "net/http"

// The headers of every answer. Each value is one slice for all requests;
// nobody appends to it, since http.Header.Set replaces and Add copies.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noFrame    = []string{"DENY"}
	sameOrigin = []string{"same-origin"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	onlyTLS    = []string{"max-age=31536000"}
)

// SecurityHeaders sets, before next runs, the headers that keep a browser from
// making anything of an answer but what it is. The policy admits no content at
// all, as is right for an API; a page sets its own over it. An answer over TLS
// asks for TLS from then on.
func (a *Auth) SecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		h["Referrer-Policy"] = noReferrer
		h["X-Frame-Options"] = noFrame
		h["Cross-Origin-Resource-Policy"] = sameOrigin
		h["Cross-Origin-Opener-Policy"] = sameOrigin
		h["Content-Security-Policy"] = noContent
		if r.TLS != nil || a.behindProxy {
			h["Strict-Transport-Security"] = onlyTLS
		}
		next.ServeHTTP(w, r)
	})
}

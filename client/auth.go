package client

import (
	"context"
	"net/http"
)

// Bearer shows an API token with every request.
func Bearer(token string) RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

// Password shows an account's name and password with every request, as
// decisions of a person want it.
func Password(account, password string) RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.SetBasicAuth(account, password)
		return nil
	}
}

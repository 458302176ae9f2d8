package api

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
)

// Sizes of a page of a list.
const (
	defaultPage = 100
	maxPage     = 500
)

// PageInput is what every list takes.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"Where to go on: from next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"At most so many items"`
}

// size returns how many items a page may have.
func (p PageInput) size() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, maxPage)
}

// listOutput is one page of a list.
type listOutput[T any] struct {
	Link string `header:"Link" doc:"The next page, rel=next (RFC 8288)"`
	Body ListBody[T]
}

// ListBody is one page of items.
type ListBody[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Address of the next page; left out on the last"`
}

// listed makes one page. place, when not empty, is where the next one begins.
func listed[T any](c caller, items []T, place string) *listOutput[T] {
	if items == nil {
		items = []T{}
	}
	out := &listOutput[T]{Body: ListBody[T]{Items: items}}
	if place != "" {
		q := c.url.Query()
		q.Set("cursor", seal(c.url.Path, place))
		out.Body.Next = (&url.URL{Path: c.url.Path, RawQuery: q.Encode()}).String()
		out.Link = "<" + out.Body.Next + `>; rel="next"`
	}
	return out
}

// seal makes a cursor of a place in one list; that of another does not fit.
func seal(path, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(path + "\x00" + place))
}

// place returns what the cursor was made of, "" when there is none.
func (p PageInput) place(c caller) (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	path, place, ok := strings.Cut(string(raw), "\x00")
	if err != nil || !ok || path != c.url.Path {
		return "", fault.New(fault.Invalid, "this cursor is not of this list: begin without one")
	}
	return place, nil
}

// number is place where it is a number, 0 when there is none.
func (p PageInput) number(c caller) (int64, error) {
	place, err := p.place(c)
	if err != nil || place == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(place, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "this cursor is not of this list: begin without one")
	}
	return n, nil
}

// numbered returns a place that is a number.
func numbered(n int64) string { return strconv.FormatInt(n, 10) }

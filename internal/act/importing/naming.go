package importing

import (
	"context"

	"twoseas/internal/act/intake"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// Naming is a value of an object and the entry of a warning list that names it.
type Naming struct {
	Value string `json:"value"`
	warninglist.Hit
}

// maxNamings bounds what Namings returns.
const maxNamings = 50

// Namings returns which values of an object the warning lists of now call rarely
// malicious, and which list does. A list may have come or gone since the object
// came in. The caller sees to it that the reader may see the object.
func (m *Imports) Namings(ctx context.Context, h *store.Handle, body []byte) (out []Naming, err error) {
	it := intake.Prepare(0, body, "")
	if it.Err != nil {
		return nil, nil //nolint:nilerr // it has no values that could be named
	}
	set, err := m.Lists(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, v := range it.Values {
		for _, hit := range set.Hits(v) {
			if len(out) < maxNamings && !hit.Known && !hit.Sample {
				out = append(out, Naming{v.Text, hit})
			}
		}
	}
	return out, nil
}

package peer

import (
	"twoseas/internal/act/exchange"
	"twoseas/internal/base/ident"
)

// holdingJSON is exchange.Holding on the wire.
type holdingJSON struct {
	Last    int64    `json:"last"`
	Digest  string   `json:"digest"`
	Objects int64    `json:"objects"`
	Items   []string `json:"items"`
}

func wireHolding(h exchange.Holding) holdingJSON {
	w := holdingJSON{Last: h.Last, Digest: h.Digest.String(), Objects: h.Objects, Items: []string{}}
	for _, d := range h.Items {
		w.Items = append(w.Items, d.String())
	}
	return w
}

func (w holdingJSON) holding() (h exchange.Holding, err error) {
	if h.Digest, err = ident.ParseDigest(w.Digest); err != nil {
		return h, err
	}
	h.Last, h.Objects = w.Last, w.Objects
	for _, s := range w.Items {
		d, err := ident.ParseDigest(s)
		if err != nil {
			return h, err
		}
		h.Items = append(h.Items, d)
	}
	return h, nil
}

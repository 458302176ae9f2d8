package intake

import (
	"twoseas/internal/format/ioc"
	"twoseas/internal/store"
)

// observable turns a value into the row its lookup needs.
func observable(v ioc.Value) store.Observable {
	o := store.Observable{Kind: v.Kind.String(), Value: v.Text}
	p, ok := v.Prefix()
	if !ok {
		return o
	}
	start := p.Masked().Addr().As16()
	o.Start = start[:]
	if p.IsSingleIP() {
		return o
	}
	o.Family, o.Bits = 6, int64(p.Bits())
	if p.Addr().Is4() {
		o.Family = 4
	}
	return o
}

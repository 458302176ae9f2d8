package cli

import (
	"reflect"

	"github.com/alecthomas/kong"

	"twoseas/internal/base/ident"
)

// names has the parser read what the domain has names for, so that commands get
// them checked.
func names() []kong.Option {
	return []kong.Option{
		named(ident.ParseAgreement),
		named(ident.ParseSide),
		named(ident.ParseDigest),
	}
}

// named reads values of a type by its own rule.
func named[T any](parse func(string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), kong.MapperFunc(func(ctx *kong.DecodeContext, to reflect.Value) error {
		var s string
		if err := ctx.Scan.PopValueInto("text", &s); err != nil {
			return err
		}
		v, err := parse(s)
		if err != nil {
			return err
		}
		to.Set(reflect.ValueOf(v))
		return nil
	}))
}

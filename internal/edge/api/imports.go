package api

import (
	"bytes"
	"context"
	"net/http"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

func (a *api) imports() {
	add(a, op{
		tag: "imports", method: http.MethodPost, path: "/imports", id: "import", summary: "Take a STIX bundle, a TAXII envelope or an object in",
		act: people.Import, or: []people.Act{people.Contribute}, body: maxImport,
	}, a.take)
}

type importInput struct {
	TLP          string   `query:"tlp" doc:"TLP of objects that carry none: clear, green, amber, amber+strict, red. Without it they stay here" maxLength:"20"`
	Origin       string   `query:"origin" doc:"Whose objects these are; this side's when left out" maxLength:"64"`
	Contributor  string   `query:"contributor" enum:"member" doc:"member: an industry member's, whose identity is taken out before anything crosses"`
	Sector       []string `query:"sector" doc:"Sectors concerned" maxItems:"50"`
	Collection   string   `query:"collection" doc:"Collection they join, by id or alias" maxLength:"100"`
	Area         []string `query:"area" doc:"Areas of cooperation they may cross under, such as in-jp-2022:1(6); any that an agreement allows when left out" maxItems:"50"`
	NotBefore    string   `query:"not_before" doc:"End of an embargo, until which they leave for nobody; UTC where nothing else is said" maxLength:"40"`
	Expires      string   `query:"expires" doc:"When they leave reads and edges everywhere" maxLength:"40"`
	ReleasableTo []string `query:"releasable_to" doc:"Sides that may have them; no limit when left out" maxItems:"50"`
	RawBody      []byte   `contentType:"application/stix+json" doc:"The bundle"`
}

type importOutput struct{ Body intake.Report }

func (a *api) take(ctx context.Context, c caller, in *importInput) (*importOutput, error) {
	if err := a.joins(ctx, c, in.Collection); err != nil {
		return nil, err
	}
	src := intake.Source{
		Contributor: in.Contributor, Sectors: in.Sector, Collection: in.Collection,
		MaySee: func(tx *store.Tx, label int64) (bool, error) { return tx.Permits(c.Access.Class, label) },
		By:     c.Name,
	}
	var err error
	if in.Origin != "" {
		if src.Origin, err = ident.ParseSide(in.Origin); err != nil {
			return nil, err
		}
		if err = importing.OwnSide(c.Actor, a.Self, src.Origin); err != nil {
			return nil, err
		}
	}
	if in.TLP != "" {
		if src.DefaultTLP, err = marking.ParseTLP(in.TLP); err != nil {
			return nil, err
		}
	}
	if src.Limits, err = (marking.Limits{Areas: in.Area, NotBefore: in.NotBefore, Expires: in.Expires, ReleasableTo: in.ReleasableTo}).Terms(); err != nil {
		return nil, err
	}
	if err := a.Audit.Saw(ctx, c.Actor, "import", "where", "api", "origin", in.Origin, "tlp", in.TLP, "collection", in.Collection); err != nil {
		return nil, err
	}
	rep, err := a.Intake.Stream(ctx, a.Handle, src, bytes.NewReader(in.RawBody), nil)
	return &importOutput{Body: rep}, err
}

// joins returns nil when the caller may write to the collection that an import
// is for, "" being none. One that is not the caller's to write to is not there.
func (a *api) joins(ctx context.Context, c caller, name string) error {
	if name == "" {
		return nil
	}
	x, err := a.named(ctx, name)
	if err == nil && !c.Access.Right(x.ID).Write {
		err = fault.Errorf(fault.NotFound, "no collection %q", name)
	}
	return err
}

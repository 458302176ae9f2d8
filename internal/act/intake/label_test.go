package intake_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestTheLabelSaysWhatTheMarkingsMean(t *testing.T) {
	red, green := marking.Red.DefinitionID(), marking.Green.DefinitionID()
	cases := []struct {
		name    string
		src     intake.Source
		raw     string
		want    marking.TLP
		unknown bool
	}{
		{"a default where nothing is said", clear, indicator(1, 0), marking.Clear, false},
		{"no default leaves it without", intake.Source{}, indicator(1, 0), marking.NoTLP, false},
		{"what is said wins over the default", clear, indicator(1, 0, marked(red)), marking.Red, false},
		{"even when it is more open", intake.Source{DefaultTLP: marking.Red}, indicator(1, 0, marked(green)), marking.Green, false},
		{"the strictest of several", clear, indicator(1, 0, marked(green, red)), marking.Red, false},
		{"a marking of a part counts for the whole", clear, indicator(1, 0, anything, `"granular_markings":[{"selectors":["name"],"marking_ref":"`+red+`"}]`), marking.Red, false},
		{"a definition that is not known is not the default", clear, indicator(1, 0, marked(markingID(9))), marking.NoTLP, true},
		{"nor the TLP beside it alone", clear, indicator(1, 0, marked(green, markingID(9))), marking.Green, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			got, _ := d.label(d.outcomes(c.src, []string{c.raw}, "new")[0].Seq)
			if got.TLP != c.want || (len(got.Unknown) > 0) != c.unknown || got.Origin != "in" || got.Kind != marking.Threat {
				t.Errorf("label %+v", got)
			}
		})
	}
}

func TestLabelsAreInternedOnce(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	d.take(clear, indicator(1, 0), indicator(2, 0), indicator(3, 0, marked(marking.Red.DefinitionID())))
	d.take(clear, indicator(4, 0))
	d.take(intake.Source{DefaultTLP: marking.Clear, Origin: "jp"}, indicator(5, 0))
	d.take(intake.Source{DefaultTLP: marking.Clear, Contributor: marking.Member}, indicator(6, 0))
	d.take(intake.Source{DefaultTLP: marking.Clear, Sectors: []string{"energy"}}, indicator(7, 0))
	var objects []int64
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Labels()
		for _, l := range all {
			objects = append(objects, l.Objects)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(objects) != 5 || objects[0] != 3 {
		t.Errorf("objects per label: %v", objects)
	}
}

func TestADefinitionMayComeAfterItsUsers(t *testing.T) {
	user := indicator(1, 0, marked(markingID(1)))
	t.Run("in the same batch nothing waits", func(t *testing.T) {
		d := newDoor(t, storetest.SQLite)
		got, stored := d.label(d.outcomes(clear, []string{user, definition(1, "amber")}, "new", "new")[0].Seq)
		if got.TLP != marking.Amber || len(got.Unknown) > 0 || stored.Pending || len(d.relabelled) > 0 {
			t.Errorf("label %+v, pending %t, relabelled %v", got, stored.Pending, d.relabelled)
		}
	})
	t.Run("in a later batch what waited is labelled and routed anew", func(t *testing.T) {
		d := newDoor(t, storetest.SQLite)
		var class int64
		if err := d.h.Write(t.Context(), func(tx *store.Tx) (err error) {
			class, err = tx.AddClass("amber", func([]byte) bool { return false })
			return err
		}); err != nil {
			t.Fatal(err)
		}
		seq := d.outcomes(clear, []string{user, indicator(2, 0, marked(markingID(2)))}, "new", "new")[0].Seq
		got, stored := d.label(seq)
		if len(got.Unknown) == 0 || !stored.Pending || d.seen(class) != 0 {
			t.Errorf("before: %+v, pending %t, %d seen", got, stored.Pending, d.seen(class))
		}
		d.take(clear, definition(1, "amber"))
		got, stored = d.label(seq)
		if got.TLP != marking.Amber || len(got.Unknown) > 0 || stored.Pending || d.seen(class) != 1 {
			t.Errorf("after: %+v, pending %t, %d seen", got, stored.Pending, d.seen(class))
		}
		if l, ok := d.relabelled[stored.ID]; len(d.relabelled) != 1 || !ok || l.TLP != marking.Amber {
			t.Errorf("relabelled %+v", d.relabelled)
		}
	})
	t.Run("one of two leaves it waiting for the other", func(t *testing.T) {
		d := newDoor(t, storetest.SQLite)
		seq := d.outcomes(clear, []string{indicator(1, 0, marked(markingID(1), markingID(2)))}, "new")[0].Seq
		d.take(clear, definition(1, "amber"))
		if got, stored := d.label(seq); len(got.Unknown) == 0 || got.TLP != marking.Amber || !stored.Pending {
			t.Errorf("label %+v, pending %t", got, stored.Pending)
		}
		d.take(clear, definition(2, "red"))
		if got, stored := d.label(seq); len(got.Unknown) > 0 || got.TLP != marking.Red || stored.Pending {
			t.Errorf("label %+v, pending %t", got, stored.Pending)
		}
	})
}

// seen counts what a class sees.
func (d *door) seen(class int64) (n int) {
	d.t.Helper()
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, class, func(store.Object) error { n++; return nil })
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestWhatOneSideDefinesSaysNothingOfAnothersObjects(t *testing.T) {
	user := indicator(1, 0, marked(markingID(1)))
	cases := []struct {
		name           string
		owner, definer ident.Side
		resolves       bool
	}{
		{"a partner's definition does not loosen ours", "in", "jp", false},
		{"nor another partner's theirs", "jp", "us", false},
		{"ours says what ours mean", "in", "in", true},
		{"theirs what theirs mean", "jp", "jp", true},
		{"ours also what theirs mean, when they say nothing", "jp", "in", true},
	}
	for _, c := range cases {
		for _, order := range []string{"after", "before", "together"} {
			t.Run(c.name+", "+order, func(t *testing.T) {
				d := newDoor(t, storetest.SQLite)
				object, def := intake.Source{Origin: c.owner, DefaultTLP: marking.Clear}, intake.Source{Origin: c.definer}
				var seq int64
				switch order {
				case "after":
					seq = d.outcomes(object, []string{user}, "new")[0].Seq
					d.take(def, definition(1, "clear"))
				case "before":
					d.take(def, definition(1, "clear"))
					seq = d.outcomes(object, []string{user}, "new")[0].Seq
				case "together":
					seq = d.together(c.owner, user, c.definer, definition(1, "clear"))
				}
				if got, stored := d.label(seq); (len(got.Unknown) == 0) != c.resolves || stored.Pending == c.resolves {
					t.Errorf("label %+v, pending %t", got, stored.Pending)
				}
			})
		}
	}
}

// together takes an object in, and then another version beside a definition,
// in one batch that a third side sends: what counts is whose the items are.
func (d *door) together(owner ident.Side, user string, definer ident.Side, def string) (seq int64) {
	d.t.Helper()
	seq = d.outcomes(intake.Source{Origin: owner, DefaultTLP: marking.Clear}, []string{user}, "new")[0].Seq
	items := prepared([]string{strings.ReplaceAll(user, uuid(1)+`","created`, uuid(2)+`","created`), def})
	items[0].Origin, items[1].Origin = owner, definer
	if err := d.h.Write(d.t.Context(), func(tx *store.Tx) error {
		_, results, err := d.in.Batch(tx, intake.Source{Origin: "fr", DefaultTLP: marking.Clear}, items)
		for _, r := range results {
			if r.Outcome != intake.Added {
				d.t.Errorf("%+v", r)
			}
		}
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return seq
}

func TestADefinitionThatIsRefusedStillBindsItsOwnSideOnly(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	d.take(intake.Source{Origin: "jp"}, definition(1, "clear"))
	d.outcomes(intake.Source{}, []string{definition(1, "red"), indicator(1, 0, marked(markingID(1)))}, "refused: cannot be changed", "new")
	ours := d.outcomes(intake.Source{}, []string{indicator(2, 0, marked(markingID(1)))}, "new")[0].Seq
	theirs := d.outcomes(intake.Source{Origin: "jp"}, []string{indicator(3, 0, marked(markingID(1)))}, "new")[0].Seq
	if got, _ := d.label(ours); got.TLP != marking.Red {
		t.Errorf("ours: %+v", got)
	}
	if got, _ := d.label(theirs); got.TLP != marking.Clear {
		t.Errorf("theirs: %+v", got)
	}
}

func TestAWellKnownMarkingCannotBeDefinedAnew(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	id := marking.Red.DefinitionID()
	d.take(clear, strings.ReplaceAll(definition(1, "clear"), markingID(1), id))
	got, _ := d.label(d.outcomes(clear, []string{indicator(1, 0, marked(id))}, "new")[0].Seq)
	if got.TLP != marking.Red {
		t.Errorf("label %+v", got)
	}
}

func TestAWireLabelOnlyTightens(t *testing.T) {
	wire := func(tlp marking.TLP) []byte {
		return marking.MakeLabel(marking.Terms{TLP: tlp}, marking.Facts{Kind: marking.Threat, Origin: "jp", Sectors: []string{"energy"}}).Canonical()
	}
	cases := []struct {
		name string
		raw  string
		wire []byte
		want marking.TLP
	}{
		{"a stricter one holds", indicator(1, 0, marked(marking.Green.DefinitionID())), wire(marking.Red), marking.Red},
		{"a looser one does not", indicator(1, 0, marked(marking.Red.DefinitionID())), wire(marking.Clear), marking.Red},
		{"where the object says nothing it holds", indicator(1, 0), wire(marking.Amber), marking.Amber},
		{"it is not filled up with a default", indicator(1, 0), marking.MakeLabel(marking.Terms{Unknown: []string{"x"}}, marking.Facts{Kind: marking.Threat, Origin: "jp"}).Canonical(), marking.NoTLP},
		{"one that cannot be read refuses the item alone", indicator(1, 0), []byte(`{"tlp":"purple"}`), marking.NoTLP},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			items := prepared([]string{c.raw, indicator(2, 0)})
			items[0].Wire, items[0].Origin = c.wire, "jp"
			var results []intake.Result
			if err := d.h.Write(t.Context(), func(tx *store.Tx) (err error) {
				_, results, err = d.in.Batch(tx, clear, items)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if results[1].Outcome != intake.Added {
				t.Errorf("its neighbour: %+v", results[1])
			}
			if strings.Contains(c.name, "refuses") {
				if results[0].Outcome != intake.Refused || !strings.Contains(results[0].Reason, "purple") {
					t.Errorf("%+v", results[0])
				}
				return
			}
			got, _ := d.label(results[0].Seq)
			if got.TLP != c.want || got.Origin != "jp" {
				t.Errorf("label %+v", got)
			}
		})
	}
}

func TestAboveTheCeilingNothingIsTaken(t *testing.T) {
	green := intake.Source{Ceiling: marking.Green}
	filled := intake.Source{Ceiling: marking.Green, DefaultTLP: marking.Clear}
	red := indicator(1, 0, marked(marking.Red.DefinitionID()))
	cases := []struct {
		name string
		src  intake.Source
		had  []string
		raw  string
		want string
	}{
		{"stricter", green, nil, red, "refused: TLP:RED; at most TLP:GREEN"},
		{"as strict", green, nil, indicator(1, 0, marked(marking.Green.DefinitionID())), "new"},
		{"without a TLP", green, nil, indicator(1, 0), "refused: no TLP marking; at most"},
		{"without a TLP, where a default is below", filled, nil, indicator(1, 0), "new"},
		{"with a marking that is not known", filled, nil, indicator(1, 0, marked(marking.Clear.DefinitionID(), markingID(9))), "refused: not known here"},
		{"stored already, which must not be told", green, []string{red}, red, "refused: TLP:RED; at most TLP:GREEN"},
		{"no ceiling", intake.Source{}, nil, red, "new"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			if c.had != nil {
				d.take(intake.Source{}, c.had...)
			}
			had := d.stored()
			d.outcomes(c.src, []string{c.raw}, c.want)
			if got := d.stored() - had; got > 0 != (c.want == "new") {
				t.Errorf("%d were stored", got)
			}
		})
	}
}

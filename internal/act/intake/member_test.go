package intake_test

import (
	"slices"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// newIndustry is a door that knows the accounts alpha and beta as members.
func newIndustry(t *testing.T) *door {
	t.Helper()
	d := newDoor(t, storetest.SQLite)
	d.in.SetMembers(func(_ *store.Tx, account string) (*intake.Member, error) {
		if !slices.Contains([]string{"alpha", "beta"}, account) {
			return nil, nil
		}
		return &intake.Member{ID: account}, nil
	})
	return d
}

// A member changes what it alone contributed: not what the state's people
// brought, not another member's, and not by words about handling either.
func TestAMemberChangesOnlyItsOwn(t *testing.T) {
	all := func(*store.Tx, int64) (bool, error) { return true, nil }
	by := func(account string, tlp marking.TLP) intake.Source {
		return intake.Source{By: account, DefaultTLP: tlp, MaySee: all, Speaks: true}
	}
	refused := "refused: only its owner changes it"
	for _, c := range []struct {
		name         string
		first, later intake.Source
		again, newer string
		tlp          marking.TLP // of the first version in the end
	}{
		{"its own", by("alpha", marking.Green), by("alpha", marking.Amber), "same", "updated", marking.Amber},
		{"the state's", by("cert", marking.Green), by("alpha", marking.Amber), "same", refused, marking.Green},
		{"another member's", by("beta", marking.Green), by("alpha", marking.Amber), "same", refused, marking.Green},
		{"and the state's people a member's", by("beta", marking.Green), by("cert", marking.Amber), "same", "updated", marking.Amber},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newIndustry(t)
			seq := d.outcomes(c.first, []string{indicator(1, 0)}, "new")[0].Seq
			d.outcomes(c.later, []string{indicator(1, 0)}, c.again)
			if l, _ := d.label(seq); l.TLP != c.tlp {
				t.Errorf("it is %s, want %s", l.TLP, c.tlp)
			}
			d.outcomes(c.later, []string{indicator(1, 1)}, c.newer)
		})
	}
}

// What a member repeats of another's does not become its own; a batch of a
// member's own may hold versions of one object.
func TestWhatAMemberRepeatsIsNotItsOwn(t *testing.T) {
	d := newIndustry(t)
	alpha, beta := intake.Source{By: "alpha", DefaultTLP: marking.Green}, intake.Source{By: "beta", DefaultTLP: marking.Green}
	d.outcomes(alpha, []string{indicator(1, 0), indicator(1, 1)}, "new", "updated")
	d.outcomes(beta, []string{indicator(1, 0), indicator(1, 2)}, "same", "refused: only its owner")
	d.outcomes(alpha, []string{indicator(1, 2)}, "updated")
}

package node_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// told returns the kinds of what an account was told, sorted.
func told(t *testing.T, n *nodetest.Node, name string) (out []string) {
	t.Helper()
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		list, err := tx.NoticesTold(name, 100)
		for _, x := range list {
			out = append(out, x.Kind)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// Who may do something about what waits is told of it once, and the dates of
// the agreement stand in calendars.
func TestPeopleAreToldOfWhatWaitsForThem(t *testing.T) {
	clk := clock.NewFake(time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC))
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	for name, role := range map[string]people.Role{"olga": people.ReleasingOfficer, "desk": people.DeskOfficer, "ana": people.Analyst} {
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "red", Email: name + "@mea.example"}); err != nil {
			t.Fatal(err)
		}
	}
	look := func() {
		t.Helper()
		if err := in.Notices.Look(t.Context(), in.Live); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if got := told(t, in, "olga"); len(got) != 0 {
		t.Errorf("told of nothing: %v", got)
	}
	nodetest.Join(t, in, jp)
	in.Import(marking.Red, "["+string(st.Malware(st.Name("Sealed"), st.TLP("red")))+"]")
	look()
	look()
	if got := told(t, in, "olga"); !slices.Equal(got, []string{"release"}) {
		t.Errorf("the officer is told of %v", got)
	}
	if got := told(t, in, "ana"); len(got) != 0 {
		t.Errorf("the analyst is told of %v", got)
	}
	// The text reminds a month before the term ends, on 19 February: who could not
	// be told then is told in the week after, once.
	clk.Advance(24 * time.Hour)
	look()
	if got := told(t, in, "desk"); !slices.Equal(got, []string{"date"}) {
		t.Errorf("the desk officer is told of %v", got)
	}
	var dates []string
	if err := in.Live.Query(t.Context(), func(tx *store.Tx) error {
		all, err := tx.CalendarEntries(0)
		for _, e := range all {
			dates = append(dates, e.UID+" "+time.UnixMicro(e.Starts).UTC().Format(time.DateOnly))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(dates, func(s string) bool { return strings.Contains(s, "2027-03-1") }) {
		t.Errorf("no end of the term among %q", dates)
	}
}

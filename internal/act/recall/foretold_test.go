package recall_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// staged has what is due done to an upload, and returns how it is then.
func staged(t *testing.T, n *nodetest.Node, by people.Actor, id string) importing.Job {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = n.Imports.Work(t.Context(), n.Live); err != nil {
			t.Fatal(err)
		}
	}
	j, err := n.Imports.Job(t.Context(), n.Live, by, id)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// What an import would call back is said before it is confirmed, and is what is
// then called back: newer versions and the same bytes with narrower words, but
// not what never left, what is called back already or what stays as open.
func TestAnImportForetellsWhatItCallsBack(t *testing.T) {
	in, jp, clk := pair(t)
	take(t, in, marking.Green, 1, 2, 3, 4)
	settled(t, in, jp)
	take(t, in, marking.Amber, 5) // waits for an officer, and never left
	clk.Advance(time.Minute)
	send(t, in, recall.Ask{Kind: "recall", Keep: true, IDs: []string{indicatorID(4)}})
	settled(t, in, jp)
	clk.Advance(time.Minute)

	by := actor("ana", people.Analyst)
	narrow := bundle(indicator(1, 0), indicator(2, 7), indicator(4, 7), indicator(5, 7), indicator(6, 0), indicator(2, 7))
	j, err := in.Imports.Stage(t.Context(), in.Live, by, classOf(t, in, marking.Red), "narrower", strings.NewReader(narrow))
	if err != nil {
		t.Fatal(err)
	}
	access, err := in.People.Access(t.Context(), in.Live, by)
	if err != nil {
		t.Fatal(err)
	}
	foretold := func(change func(*importing.Options)) []importing.Loss {
		opt := j.Options
		change(&opt)
		if j, err = in.Imports.Correct(t.Context(), in.Live, by, access, j.ID, opt); err != nil {
			t.Fatal(err)
		}
		if j = staged(t, in, by, j.ID); j.State != store.UploadReady {
			t.Fatalf("%+v", j)
		}
		return j.Finding.Losses
	}
	staged(t, in, by, j.ID)
	if got := foretold(func(o *importing.Options) { o.TLP = "green" }); len(got) != 0 {
		t.Fatalf("as open as before: %+v", got)
	}
	want := []string{indicatorID(1), indicatorID(2)}
	got := foretold(func(o *importing.Options) { o.ReleasableTo = []string{"gb"} })
	if len(got) != 1 || got[0].Partner != "jp" || got[0].Agreement != inJP || got[0].Objects != 2 || !slices.Equal(got[0].IDs, want) {
		t.Fatalf("foretold %+v, want %v from jp", got, want)
	}
	narrowed := func() (lines []recall.Line) {
		all, err := in.Recalls.List(t.Context(), in.Live, duty, recall.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(all, func(l recall.Line) bool { return l.Code != "narrowed" })
	}
	if got := narrowed(); len(got) != 0 {
		t.Fatalf("looking calls back: %+v", got)
	}
	if j, err = in.Imports.Confirm(t.Context(), in.Live, by, access.Class, j.ID); err != nil {
		t.Fatal(err)
	}
	staged(t, in, by, j.ID)
	var ids []string
	for _, l := range narrowed() {
		if err := in.Live.Query(t.Context(), func(tx *store.Tx) error {
			found, err := tx.RecallIDs(l.ID, "", 100)
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(ids); !slices.Equal(ids, want) {
		t.Errorf("called back %v, foretold %v", ids, want)
	}
	settled(t, in, jp)
	if visible(t, jp, classOf(t, jp, marking.Red), indicatorID(1)) != "" || visible(t, jp, classOf(t, jp, marking.Red), indicatorID(3)) == "" {
		t.Error("the partner still reads what was called back, or lost what was not")
	}
}

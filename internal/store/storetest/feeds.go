package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testFeeds(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	drill, err := ident.Exercise("tabletop")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, drill)
	lease := time.Minute.Microseconds()
	due := func(h *store.Handle) []string {
		t.Helper()
		return ask(t, h, func(tx *store.Tx) ([]string, error) { return tx.DueFeeds(10, lease) })
	}
	take := func(name, owner string) bool {
		t.Helper()
		ok := false
		write(t, live, func(tx *store.Tx) (err error) {
			ok, err = tx.LeaseFeed(name, owner, lease)
			return err
		})
		return ok
	}
	a := store.Feed{Name: "a", Settings: []byte(`{"x":1}`), Cursor: []byte("{}"), Health: []byte("{}")}
	b := store.Feed{Name: "b", Paused: true, Settings: []byte("{}"), Cursor: []byte("{}"), Health: []byte("{}")}
	for _, f := range []*store.Feed{&a, &b} {
		write(t, live, func(tx *store.Tx) error { return tx.AddFeed(f) })
	}
	if d := cmp.Diff([]store.Feed{a, b}, ask(t, live, (*store.Tx).Feeds)); d != "" || a.Due != Start.UnixMicro() {
		t.Errorf("feeds read back as written, by name (-want +got):\n%s", d)
	}
	refused(t, live, fault.Conflict, func(tx *store.Tx) error {
		return tx.AddFeed(&store.Feed{Name: "a", Settings: []byte("{}"), Cursor: []byte("{}"), Health: []byte("{}")})
	})
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Feed("c"); return err })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.SaveFeed(store.Feed{Name: "c"}) })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.RemoveFeed("c") })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.HastenFeed("c") })

	// Another domain has feeds of its own.
	if got := ask(t, play, (*store.Tx).Feeds); got != nil || due(play) != nil {
		t.Errorf("an exercise sees the feeds of live: %v", got)
	}
	refused(t, play, fault.NotFound, func(tx *store.Tx) error { return tx.RemoveFeed("a") })
	write(t, play, func(tx *store.Tx) error {
		return tx.AddFeed(&store.Feed{Name: "a", Settings: []byte("{}"), Cursor: []byte("{}"), Health: []byte("{}")})
	})

	// One that is paused, or that another runs, is not due.
	if got := due(live); !slices.Equal(got, []string{"a"}) {
		t.Errorf("due: %v", got)
	}
	for range 2 { // who has the lease renews it
		if !take("a", "one") || take("a", "two") {
			t.Error("one has the lease, and only one")
		}
	}
	if got := due(live); got != nil {
		t.Errorf("a leased feed is due: %v", got)
	}
	clk.Advance(time.Minute + time.Microsecond)
	if got := due(live); !slices.Equal(got, []string{"a"}) || !take("a", "two") || take("a", "one") {
		t.Errorf("a lease that ran out: %v", got)
	}
	clk.Advance(-time.Hour)
	if !take("a", "three") {
		t.Error("a lease from a clock since set back binds")
	}
	clk.Advance(time.Hour)
	if !take("a", "two") {
		t.Error("a lease that ran out binds")
	}

	// Only who has the lease writes what a run found.
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.SaveFeedCursor("a", "one", []byte("1")) })
	write(t, live, func(tx *store.Tx) error { return tx.SaveFeedCursor("a", "two", []byte("2")) })
	a.Cursor, a.Health, a.Failures = []byte("2"), []byte("h"), 3
	was := a.Due
	a.Due = clk.Now().Add(time.Hour).UnixMicro()
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.EndFeed(a, "one", was) })
	write(t, live, func(tx *store.Tx) error { return tx.EndFeed(a, "two", was) })
	if got := ask(t, live, func(tx *store.Tx) (store.Feed, error) { return tx.Feed("a") }); !cmp.Equal(got, a) {
		t.Errorf("got %+v, want %+v", got, a)
	}
	if due(live) != nil || !take("a", "one") {
		t.Error("a run that ended holds the lease, or is due")
	}
	// Hastened while it runs, it is due again as soon as it ends.
	write(t, live, func(tx *store.Tx) error { return tx.HastenFeed("a") })
	write(t, live, func(tx *store.Tx) error { return tx.EndFeed(a, "one", a.Due) })
	if got := due(live); !slices.Equal(got, []string{"a"}) {
		t.Errorf("due: %v", got)
	}
	// What people change takes the right from a run under way.
	take("a", "one")
	a.Settings, a.Paused = []byte("new"), true
	write(t, live, func(tx *store.Tx) error { return tx.SaveFeed(a) })
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.SaveFeedCursor("a", "one", []byte("1")) })
	if due(live) != nil {
		t.Error("a paused feed is due")
	}
	write(t, live, func(tx *store.Tx) error { return tx.RemoveFeed("a") })
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.EndFeed(a, "one", 0) })
	if got := ask(t, play, (*store.Tx).Feeds); len(got) != 1 {
		t.Errorf("removing a feed of live removed one of an exercise: %v", got)
	}

	write(t, live, func(tx *store.Tx) error { return tx.SetSecret("feed a", []byte("s")) })
	write(t, play, func(tx *store.Tx) error { return tx.DropSecret("feed a") })
	if got := ask(t, live, func(tx *store.Tx) ([]byte, error) { return tx.Secret("feed a") }); string(got) != "s" {
		t.Errorf("secret %q", got)
	}
	write(t, live, func(tx *store.Tx) error { return tx.DropSecret("feed a") })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Secret("feed a"); return err })
}

package people_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// collections adds the collections c1 and c2 to h's domain.
func collections(t testing.TB, h *store.Handle) {
	t.Helper()
	must(t, h.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.AddCollection(&store.Collection{ID: "c1", Alias: h.Domain().String() + "1"}),
			tx.AddCollection(&store.Collection{ID: "c2", Alias: h.Domain().String() + "2"}))
	}), "add collections")
}

func (n *node) right(a people.Actor, h *store.Handle, collection string) people.Right {
	n.t.Helper()
	x, err := n.Access(n.t.Context(), h, a)
	must(n.t, err, "access")
	return x.Right(collection)
}

func TestARightIsWhatWasGrantedAndTheRoleAdmits(t *testing.T) {
	n := open(t)
	collections(t, n.live)
	n.add("m", people.Member)
	n.add("o", people.Auditor)
	ctx := t.Context()
	for _, account := range []string{"M", "o"} {
		must(t, n.Grant(ctx, n.live, operator, store.Right{Collection: "c1", Account: account, Read: true, Write: true}), "grant")
	}
	member, err := n.As(ctx, operator, "m")
	must(t, err, "as m")
	auditor, err := n.As(ctx, operator, "o")
	must(t, err, "as o")
	for name, c := range map[string]struct {
		actor      people.Actor
		collection string
		want       people.Right
	}{
		"a member reads and writes what was granted":  {member, "c1", people.Right{Read: true, Write: true}},
		"and nothing else":                            {member, "c2", people.Right{}},
		"nor what is not there":                       {member, "c3", people.Right{}},
		"an auditor only reads, whatever was granted": {auditor, "c1", people.Right{Read: true}},
		"the node itself does both":                   {operator, "c2", people.Right{Read: true, Write: true}},
		"nobody does neither":                         {people.Actor{}, "c1", people.Right{}},
		"a name without a role does neither":          {people.Actor{Name: "m"}, "c1", people.Right{}},
		"somebody called like the node's own actor":   {people.Actor{Name: "operator", Roles: people.Roles()}, "c1", people.Right{}},
	} {
		if got := n.right(c.actor, n.live, c.collection); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	got, err := n.Rights(ctx, n.live, "o")
	must(t, err, "rights")
	if d := cmp.Diff(map[string]people.Right{"c1": {Read: true, Write: true}}, got); d != "" {
		t.Errorf("rights as granted (-want +got):\n%s", d)
	}
}

func TestARightInOneDomainIsNoneInAnother(t *testing.T) {
	n := open(t)
	drill, err := ident.Exercise("x")
	must(t, err, "name an exercise")
	s, err := store.Open(t.Context(), n.file, n.clk)
	must(t, err, "open")
	t.Cleanup(func() { s.Close() })
	exercise, err := s.Domain(t.Context(), drill)
	must(t, err, "handle")
	collections(t, n.live)
	n.add("m", people.Member)
	must(t, n.Grant(t.Context(), n.live, operator, store.Right{Collection: "c1", Account: "m", Read: true}), "grant")
	want(t, n.Grant(t.Context(), exercise, operator, store.Right{Collection: "c1", Account: "m", Read: true}), fault.NotFound, "grant on a collection of live")
	m, err := n.As(t.Context(), operator, "m")
	must(t, err, "as m")
	if got := n.right(m, n.live, "c1"); !got.Read {
		t.Error("no right in live")
	}
	if got := n.right(m, exercise, "c1"); got != (people.Right{}) {
		t.Errorf("a right of live counts in an exercise: %+v", got)
	}
}

func TestAChangeOfRightsCountsAtOnceHereAndSoonElsewhere(t *testing.T) {
	n := open(t)
	m := n.twin()
	collections(t, n.live)
	n.add("m", people.Member)
	a, err := n.As(t.Context(), operator, "m")
	must(t, err, "as m")
	right := store.Right{Collection: "c1", Account: "m", Read: true}
	elsewhere := func(want bool) {
		t.Helper()
		for begin := time.Now(); m.right(a, m.live, "c1").Read != want; time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatal("another process did not notice within twenty seconds")
			}
		}
	}
	for range 2 {
		elsewhere(false)
		must(t, n.Grant(t.Context(), n.live, operator, right), "grant")
		if !n.right(a, n.live, "c1").Read {
			t.Fatal("granted and not there")
		}
		elsewhere(true)
		must(t, n.RevokeGrant(t.Context(), n.live, operator, "c1", "m"), "revoke")
		if n.right(a, n.live, "c1").Read {
			t.Fatal("revoked and still there")
		}
	}
	want(t, n.RevokeGrant(t.Context(), n.live, operator, "c1", "m"), fault.NotFound, "revoke twice")
	right.Read = false
	want(t, n.Grant(t.Context(), n.live, operator, right), fault.Invalid, "grant nothing")
}

func TestAReadersClassSeesTheLabelsOfItsClearance(t *testing.T) {
	n := open(t)
	labels := map[string]int64{}
	add := func(name string, l marking.Label) {
		l.Kind, l.Origin = "threat", "jp"
		must(t, n.live.Write(t.Context(), func(tx *store.Tx) error {
			var err error
			labels[name], err = tx.AddLabel(store.Label{Raw: []byte(name), Resolved: l.Canonical()}, func(c string) bool {
				return home.Readable(c, l.Canonical(), tx.Domain(), start)
			})
			return err
		}), "add a label")
	}
	class := func(a people.Actor) int64 {
		x, err := n.Access(t.Context(), n.live, a)
		must(t, err, "access")
		return x.Class
	}
	add("green", marking.Label{Terms: marking.Terms{TLP: marking.Green}})
	add("none", marking.Label{})
	reader := people.Actor{Name: "r", Clearance: people.Clearance{TLP: marking.Amber}}
	amber, all, none := class(reader), class(operator), class(people.Actor{Name: "z"})
	add("amber", marking.Label{Terms: marking.Terms{TLP: marking.Amber}}) // after the classes
	add("red", marking.Label{Terms: marking.Terms{TLP: marking.Red}})
	if amber == 0 || all == 0 || amber == all || none != 0 {
		t.Errorf("classes: amber %d, the node %d, no clearance %d", amber, all, none)
	}
	if again := class(people.Actor{Name: "s", Clearance: reader.Clearance}); again != amber {
		t.Errorf("the same clearance has class %d and %d", amber, again)
	}
	reader.Clearance.TLP = marking.Red // changed without any news: the cached class must not be used
	if class(reader) == amber {
		t.Error("another clearance has the same class")
	}
	sees := func(class, label int64) bool {
		seen := false
		must(t, n.live.Query(t.Context(), func(tx *store.Tx) error {
			var err error
			var one int64
			seen, err = tx.Get([]any{&one}, "SELECT 1 FROM permit WHERE class = $1 AND label = $2", class, label)
			return err
		}), "look")
		return seen
	}
	for name, id := range labels {
		if got, want := sees(amber, id), name == "green" || name == "amber"; got != want {
			t.Errorf("clearance amber and label %s: %v", name, got)
		}
		if !sees(all, id) {
			t.Errorf("the node does not see label %s", name)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	n := newNode(b, filepath.Join(b.TempDir(), "twoseas.db"), clock.NewFake(start))
	collections(b, n.live)
	n.add("a", people.Member)
	token := n.token("a")
	ctx := b.Context()
	b.Run("password, cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, n.login("a", password, here), "login")
		}
	})
	b.Run("password, cached, parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := n.Login(ctx, "a", password, here); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("token, cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must(b, n.loginToken(token), "login")
		}
	})
	a, err := n.As(ctx, operator, "a")
	must(b, err, "as")
	b.Run("access, cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := n.Access(ctx, n.live, a)
			must(b, err, "access")
		}
	})
	b.Run("password, first time", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			must(b, n.login("a", password, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)), "login")
		}
	})
	b.Run("password, renewed after news", func(b *testing.B) {
		p, err := people.New(ctx, n.live, home, clock.Func(time.Now), rand.Reader)
		must(b, err, "people")
		x := &node{People: p, t: b, ctx: ctx}
		must(b, x.login("a", password, here), "login")
		for b.Loop() {
			p.News()
			must(b, x.login("a", password, here), "login")
		}
	})
}

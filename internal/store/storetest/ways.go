package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func testOrganisations(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	want := store.Organisation{ID: "o", Name: "内閣府 / मंत्रालय", Kind: "ministry", Sectors: "energy,finance", Ceiling: "TLP:AMBER"}
	write(t, h, func(tx *store.Tx) error { return tx.AddOrganisation(want) })
	want.Created = Start.UnixMicro()
	refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AddOrganisation(store.Organisation{ID: "o"}) })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Organisation("p"); return err })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.UpdateOrganisation(store.Organisation{ID: "p"}) })
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.AddAccount(store.Account{Name: "a", Org: "o"}), tx.AddAccount(store.Account{Name: "b"}))
	})
	read := func(name string) store.Account {
		return ask(t, h, func(tx *store.Tx) (store.Account, error) { return tx.Account(name) })
	}
	if a, b := read("a"), read("b"); a.Ceiling != "TLP:AMBER" || a.Shut || a.Second || b.Ceiling != "" || b.Shut || b.Second {
		t.Errorf("an account reads its organisation's ceiling: %+v, %+v", a, b)
	}
	clk.Advance(time.Hour)
	want.Ceiling, want.Closed, want.Name = "TLP:RED", true, "z"
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.UpdateOrganisation(want), tx.AddOrganisation(store.Organisation{ID: "n", Name: "a"}))
	})
	all := ask(t, h, (*store.Tx).Organisations)
	if d := cmp.Diff([]store.Organisation{{ID: "n", Name: "a", Created: clk.Now().UnixMicro()}, want}, all); d != "" {
		t.Errorf("a change keeps the time of creation; organisations come by name (-want +got):\n%s", d)
	}
	if a := read("a"); a.Ceiling != "TLP:RED" || !a.Shut {
		t.Errorf("after the change: %+v", a)
	}
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.AddPasskey(store.Passkey{ID: []byte{1}, Account: "a", Data: []byte{}}), tx.SetTOTP(store.TOTP{Account: "b", Sealed: []byte{1}}))
	})
	listed := ask(t, h, (*store.Tx).Accounts)
	if !read("a").Second || !read("b").Second || !listed[0].Second || !listed[1].Second || listed[0].Ceiling != "TLP:RED" || !listed[0].Shut {
		t.Errorf("accounts with a second factor: %+v", listed)
	}
	write(t, h, func(tx *store.Tx) error { return tx.SetTOTP(store.TOTP{Account: "b", Pending: []byte{1}}) })
	if read("b").Second {
		t.Error("a code generator that waits counts as one")
	}
}

func testPersons(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	a := store.Person{Account: "a", FullName: "山田", Email: "x@example.jp"}
	if got := ask(t, h, func(tx *store.Tx) (store.Person, error) { return tx.Person("a") }); got != (store.Person{Account: "a"}) {
		t.Errorf("nothing known: %+v", got)
	}
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.SetPerson(store.Person{Account: "a"}), tx.SetPerson(a), tx.SetPerson(store.Person{Account: "b", Email: "x@example.jp"}), tx.SetPerson(store.Person{Account: "c"}))
	})
	if got := ask(t, h, func(tx *store.Tx) (store.Person, error) { return tx.Person("a") }); got != a {
		t.Errorf("a person reads back as written: %+v", got)
	}
	for email, want := range map[string][]string{"x@example.jp": {"a", "b"}, "": nil, "X@example.jp": nil} {
		if d := cmp.Diff(want, ask(t, h, func(tx *store.Tx) ([]string, error) { return tx.Invited(email) })); d != "" {
			t.Errorf("invited under %q (-want +got):\n%s", email, d)
		}
	}
	if n := len(ask(t, h, (*store.Tx).People)); n != 3 {
		t.Errorf("%d persons", n)
	}
	write(t, h, func(tx *store.Tx) error { return tx.Identify("i", "s", "a") })
	of := func(issuer, subject string) string {
		return ask(t, h, func(tx *store.Tx) (string, error) { return tx.AccountOf(issuer, subject) })
	}
	known := func(issuer, account string) bool {
		return ask(t, h, func(tx *store.Tx) (bool, error) { return tx.Identified(issuer, account) })
	}
	if of("i", "s") != "a" || of("j", "s") != "" || of("i", "t") != "" || !known("i", "a") || known("j", "a") || known("i", "b") {
		t.Error("an identity is of another")
	}
	if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.Identify("i", "s", "b") }); err == nil {
		t.Error("one subject is two accounts")
	}
	write(t, h, func(tx *store.Tx) error { return tx.ForgetIdentities("a") })
	if of("i", "s") != "" {
		t.Error("forgotten and still there")
	}
}

func testSessions(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	add := func(id, account string) store.Session {
		s := store.Session{Hash: []byte("hash of " + id), ID: id, Account: account, Method: "m", Device: "d", Address: "192.0.2.1", Stage: 2}
		write(t, h, func(tx *store.Tx) error { return tx.AddSession(s) })
		s.Created, s.Seen, s.Authenticated = clk.Now().UnixMicro(), clk.Now().UnixMicro(), clk.Now().UnixMicro()
		return s
	}
	read := func(hash string) store.Session {
		return ask(t, h, func(tx *store.Tx) (store.Session, error) { return tx.Session([]byte(hash)) })
	}
	gone := func(hash string) {
		t.Helper()
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Session([]byte(hash)); return err })
	}
	one := add("1", "a")
	if d := cmp.Diff(one, read("hash of 1")); d != "" {
		t.Errorf("a session reads back as written (-want +got):\n%s", d)
	}
	gone("")
	clk.Advance(time.Minute)
	two, other := add("2", "a"), add("3", "b")
	write(t, h, func(tx *store.Tx) error { return tx.SeeSession(one.Hash, "198.51.100.7") })
	clk.Advance(time.Minute)
	write(t, h, func(tx *store.Tx) error { return tx.RaiseSession(two.Hash, []byte("new"), 3, "n") })
	gone("hash of 2")
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.RaiseSession(two.Hash, []byte("newer"), 3, "n") })
	two.Hash, two.Stage, two.Method, two.Seen, two.Authenticated = []byte("new"), 3, "n", clk.Now().UnixMicro(), clk.Now().UnixMicro()
	one.Address, one.Seen = "198.51.100.7", clk.Now().Add(-time.Minute).UnixMicro()
	for account, want := range map[string][]store.Session{"a": {two, one}, "": {two, one, other}, "c": nil} {
		got := ask(t, h, func(tx *store.Tx) ([]store.Session, error) { return tx.Sessions(account) })
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("sessions of %q, last seen first (-want +got):\n%s", account, d)
		}
	}
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.EndSession("b", "1") })
	write(t, h, func(tx *store.Tx) error { return tx.EndSession("a", "1") })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.EndSession("", "1") })
	add("4", "a")
	write(t, h, func(tx *store.Tx) error {
		n, err := tx.EndSessions("a", "2")
		if n != 1 {
			t.Errorf("%d ended, want 1", n)
		}
		return err
	})
	read("new")
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.AddAccount(store.Account{Name: "a", Org: "o"}), tx.AddAccount(store.Account{Name: "b"}), tx.EndSessionsOf("o"))
	})
	gone("new")
	read("hash of 3")

	clk.Advance(time.Hour)
	add("5", "a")
	purge := func(idle, oldest time.Duration) {
		write(t, h, func(tx *store.Tx) error {
			return tx.PurgeSessions(clk.Now().Add(-idle).UnixMicro(), clk.Now().Add(-oldest).UnixMicro())
		})
	}
	purge(2*time.Hour, 2*time.Hour)
	read("hash of 3")
	purge(2*time.Hour, time.Hour)
	gone("hash of 3")
	clk.Advance(time.Minute)
	purge(time.Minute, time.Hour)
	read("hash of 5")
	purge(time.Minute-time.Microsecond, time.Hour)
	gone("hash of 5")
}

func testLinks(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	set := func(hash, account string) {
		k := store.Link{Hash: []byte(hash), Account: account, By: "op", Expires: clk.Now().Add(time.Hour).UnixMicro()}
		write(t, h, func(tx *store.Tx) error { return tx.SetLink(k) })
	}
	there := func(hash string) bool {
		err := h.Query(t.Context(), func(tx *store.Tx) error {
			k, err := tx.LinkOf([]byte(hash))
			if err == nil && (k.By != "op" || k.Account == "" || k.Created == 0) {
				t.Errorf("link %+v", k)
			}
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		return err == nil
	}
	set("1", "a")
	set("2", "b")
	set("3", "a")
	if there("1") || !there("2") || !there("3") || there("") {
		t.Error("an account has another link than its last")
	}
	write(t, h, func(tx *store.Tx) error { return tx.DropLinks("a") })
	if there("3") || !there("2") {
		t.Error("links dropped")
	}
	clk.Advance(time.Hour)
	if there("2") {
		t.Error("a link that has expired")
	}

	keep := func(hash string) {
		write(t, h, func(tx *store.Tx) error {
			return tx.AddCeremony(store.Ceremony{Hash: []byte(hash), Kind: "k", Account: "a", Data: []byte("d"), Expires: clk.Now().Add(time.Minute).UnixMicro()})
		})
	}
	take := func(hash, kind string) bool {
		err := h.Write(t.Context(), func(tx *store.Tx) error {
			c, err := tx.TakeCeremony([]byte(hash), kind)
			if err == nil && (c.Account != "a" || string(c.Data) != "d") {
				t.Errorf("ceremony %+v", c)
			}
			return err
		})
		return err == nil
	}
	keep("x")
	if take("x", "l") || !take("x", "k") || take("x", "k") {
		t.Error("a ceremony is taken once, by its kind")
	}
	keep("y")
	clk.Advance(time.Minute)
	if take("y", "k") {
		t.Error("a ceremony that has expired")
	}
	keep("first")
	clk.Advance(time.Second)
	write(t, h, func(tx *store.Tx) error {
		for i := range store.MaxCeremonies {
			hash := []byte(strconv.Itoa(i))
			if err := tx.AddCeremony(store.Ceremony{Hash: hash, Kind: "k", Account: "a", Data: []byte("d"), Expires: clk.Now().Add(time.Minute).UnixMicro()}); err != nil {
				return err
			}
		}
		return nil
	})
	if take("first", "k") || !take(strconv.Itoa(store.MaxCeremonies-1), "k") {
		t.Error("a flood of beginnings drops the newest, or nothing")
	}
}

func testFactors(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	key := store.Passkey{ID: []byte{0, 1}, Account: "a", Name: "laptop", Data: []byte("1")}
	write(t, h, func(tx *store.Tx) error { return tx.AddPasskey(key) })
	refused(t, h, fault.Conflict, func(tx *store.Tx) error {
		return tx.AddPasskey(store.Passkey{ID: key.ID, Account: "b", Data: []byte{}})
	})
	key.Created = Start.UnixMicro()
	clk.Advance(time.Hour)
	write(t, h, func(tx *store.Tx) error { return tx.UsePasskey(key.ID, []byte("2")) })
	key.Data, key.Used = []byte("2"), clk.Now().UnixMicro()
	if d := cmp.Diff(key, ask(t, h, func(tx *store.Tx) (store.Passkey, error) { return tx.Passkey(key.ID) })); d != "" {
		t.Errorf("a passkey reads back as used (-want +got):\n%s", d)
	}
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Passkey([]byte{1}); return err })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.RemovePasskey("b", key.ID) })
	for account, want := range map[string]int{"a": 1, "b": 0} {
		if got := ask(t, h, func(tx *store.Tx) ([]store.Passkey, error) { return tx.Passkeys(account) }); len(got) != want {
			t.Errorf("%s has %v", account, got)
		}
	}
	write(t, h, func(tx *store.Tx) error { return tx.RemovePasskey("a", key.ID) })

	totp := store.TOTP{Account: "a", Sealed: []byte("s"), Pending: []byte("p"), Step: 7}
	write(t, h, func(tx *store.Tx) error { return errors.Join(tx.SetTOTP(store.TOTP{Account: "a"}), tx.SetTOTP(totp)) })
	read := func(account string) store.TOTP {
		return ask(t, h, func(tx *store.Tx) (store.TOTP, error) { return tx.TOTP(account) })
	}
	if d := cmp.Diff(totp, read("a")); d != "" {
		t.Errorf("a code generator reads back as written (-want +got):\n%s", d)
	}
	write(t, h, func(tx *store.Tx) error { return tx.RemoveTOTP("a") })
	if got := read("a"); len(got.Sealed)+len(got.Pending) != 0 {
		t.Errorf("removed: %+v", got)
	}

	left := func() int64 { return ask(t, h, func(tx *store.Tx) (int64, error) { return tx.RecoveryLeft("a") }) }
	take := func(account, hash string) (ok bool) {
		write(t, h, func(tx *store.Tx) (err error) { ok, err = tx.TakeRecovery(account, []byte(hash)); return err })
		return ok
	}
	write(t, h, func(tx *store.Tx) error { return tx.SetRecovery("a", [][]byte{[]byte("1"), []byte("2")}) })
	if left() != 2 || take("b", "1") || take("a", "3") || !take("a", "1") || take("a", "1") || left() != 1 {
		t.Error("a recovery code is good once, for its account")
	}
	write(t, h, func(tx *store.Tx) error { return tx.SetRecovery("a", [][]byte{[]byte("4")}) })
	if take("a", "2") || left() != 1 {
		t.Error("new codes leave old ones")
	}
}

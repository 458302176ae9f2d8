package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// refused runs fn in a write transaction of h, which must fail with want.
func refused(t *testing.T, h *store.Handle, want fault.Kind, fn func(*store.Tx) error) {
	t.Helper()
	if err := h.Write(t.Context(), fn); !fault.Is(err, want) {
		t.Errorf("got %v, want a failure of kind %s", err, want)
	}
}

// ask returns what fn reads.
func ask[T any](t *testing.T, h *store.Handle, fn func(*store.Tx) (T, error)) T {
	t.Helper()
	var out T
	err := h.Query(t.Context(), func(tx *store.Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testAccounts(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	want := store.Account{
		Name: "b", Org: "内閣府 / मंत्रालय", Roles: "analyst,auditor", Clearance: "TLP:RED+UNMARKED",
		Password: "$argon2id$…", Disabled: true,
	}
	write(t, h, func(tx *store.Tx) error { return tx.AddAccount(want) })
	want.Created = Start.UnixMicro()
	got := ask(t, h, func(tx *store.Tx) (store.Account, error) { return tx.Account("b") })
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("an account reads back as written (-want +got):\n%s", d)
	}

	refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AddAccount(store.Account{Name: "b"}) })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Account("B"); return err })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.UpdateAccount(store.Account{Name: "c"}) })

	clk.Advance(time.Hour)
	changed := store.Account{Name: "b", Org: "o", Roles: "member", Clearance: "TLP:CLEAR"}
	write(t, h, func(tx *store.Tx) error {
		return errors.Join(tx.AddAccount(store.Account{Name: "a"}), tx.UpdateAccount(changed))
	})
	changed.Created = Start.UnixMicro()
	all := ask(t, h, (*store.Tx).Accounts)
	if d := cmp.Diff([]store.Account{{Name: "a", Created: Start.Add(time.Hour).UnixMicro()}, changed}, all); d != "" {
		t.Errorf("a change keeps the time of creation; accounts come by name (-want +got):\n%s", d)
	}
}

func testTokens(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	sum := sha256.Sum256([]byte("secret"))
	add := func(id, account string) store.Token {
		k := store.Token{ID: id, Account: account, Note: "SIEM", Hash: sum[:], Expires: clk.Now().Add(time.Hour).UnixMicro()}
		write(t, h, func(tx *store.Tx) error { return tx.AddToken(k) })
		k.Created = clk.Now().UnixMicro()
		return k
	}
	second := add("2", "a")
	clk.Advance(time.Second)
	first, other := add("1", "a"), add("3", "b")

	got := ask(t, h, func(tx *store.Tx) (store.Token, error) { return tx.Token("2") })
	if d := cmp.Diff(second, got); d != "" {
		t.Errorf("a token reads back as written (-want +got):\n%s", d)
	}
	for account, want := range map[string][]store.Token{"a": {second, first}, "": {second, first, other}, "c": nil} {
		got := ask(t, h, func(tx *store.Tx) ([]store.Token, error) { return tx.Tokens(account) })
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("tokens of account %q come oldest first (-want +got):\n%s", account, d)
		}
	}
	refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AddToken(first) })
	write(t, h, func(tx *store.Tx) error { return tx.RemoveToken("1") })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.RemoveToken("1") })
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Token("1"); return err })
}

func testRights(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	drill, err := ident.Exercise("tabletop")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, drill)
	write(t, live, func(tx *store.Tx) error {
		return errors.Join(
			tx.AddAccount(store.Account{Name: "a"}), tx.AddAccount(store.Account{Name: "b"}),
			tx.AddCollection(&store.Collection{ID: "c1"}), tx.AddCollection(&store.Collection{ID: "c2"}))
	})
	write(t, play, func(tx *store.Tx) error { return tx.AddCollection(&store.Collection{ID: "c1"}) })

	a1 := store.Right{Collection: "c1", Account: "a", Read: true}
	a2 := store.Right{Collection: "c2", Account: "a", Read: true, Write: true}
	b2 := store.Right{Collection: "c2", Account: "b", Write: true}
	for _, r := range []store.Right{a2, {Collection: "c1", Account: "a", Write: true}, a1, b2} { // the last word counts
		write(t, live, func(tx *store.Tx) error { return tx.Grant(r) })
	}
	of := func(h *store.Handle, account string) []store.Right {
		return ask(t, h, func(tx *store.Tx) ([]store.Right, error) { return tx.RightsOf(account) })
	}
	if d := cmp.Diff([]store.Right{a1, a2}, of(live, "a")); d != "" {
		t.Errorf("rights of an account (-want +got):\n%s", d)
	}
	on := ask(t, live, func(tx *store.Tx) ([]store.Right, error) { return tx.RightsOn("c2") })
	if d := cmp.Diff([]store.Right{a2, b2}, on); d != "" {
		t.Errorf("rights on a collection (-want +got):\n%s", d)
	}
	if got := of(play, "a"); got != nil {
		t.Errorf("a right in live is a right in an exercise: %v", got)
	}
	refused(t, play, fault.NotFound, func(tx *store.Tx) error { return tx.RevokeGrant("c1", "a") })
	refused(t, play, fault.NotFound, func(tx *store.Tx) error { return tx.Grant(a2) }) // c2 is in live only
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.Grant(store.Right{Collection: "c1", Account: "x"}) })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.Grant(store.Right{Collection: "x", Account: "a"}) })

	write(t, live, func(tx *store.Tx) error { return tx.RevokeGrant("c1", "a") })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.RevokeGrant("c1", "a") })
	if d := cmp.Diff([]store.Right{a2}, of(live, "a")); d != "" {
		t.Errorf("after a revocation (-want +got):\n%s", d)
	}
}

func testLogins(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	var since int64
	count := func(subject string) {
		write(t, h, func(tx *store.Tx) error { return tx.CountLogin(subject, since) })
	}
	expect := func(subject string, want store.Failures) {
		t.Helper()
		got := ask(t, h, func(tx *store.Tx) (store.Failures, error) { return tx.LoginFailures(subject, since) })
		if got != want {
			t.Errorf("%s at %s: got %+v, want %+v", subject, clk.Now().Format(time.TimeOnly), got, want)
		}
	}
	expect("a", store.Failures{})
	count("a")
	clk.Advance(time.Minute)
	count("a")
	count("b")
	second := clk.Now().UnixMicro()
	expect("a", store.Failures{Count: 2, Last: second})
	expect("b", store.Failures{Count: 1, Last: second})

	write(t, h, func(tx *store.Tx) error { return errors.Join(tx.ForgiveLogin("a", 1), tx.ForgiveLogin("b", 5)) })
	expect("a", store.Failures{Count: 1, Last: second})
	expect("b", store.Failures{})

	clk.Advance(time.Hour)
	since = second + 1
	expect("a", store.Failures{}) // too old to count
	count("a")
	expect("a", store.Failures{Count: 1, Last: clk.Now().UnixMicro()})

	for i := range 150 {
		count(fmt.Sprintf("old %d", i))
	}
	clk.Advance(time.Hour)
	count("a")
	forget := clk.Now().UnixMicro()
	write(t, h, func(tx *store.Tx) error { return tx.ForgetLogins(forget) })
	since = 0
	left := 0
	for i := range 150 {
		f := ask(t, h, func(tx *store.Tx) (store.Failures, error) {
			return tx.LoginFailures(fmt.Sprintf("old %d", i), 0)
		})
		left += int(f.Count)
	}
	if left != 50 {
		t.Errorf("%d old subjects are left, want 50 of 150 after one pass", left)
	}
	expect("a", store.Failures{Count: 2, Last: forget})
}

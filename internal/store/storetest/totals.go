package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func testTotals(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	t.Run("what crossed is added up by direction", func(t *testing.T) {
		for _, s := range []store.Total{{Channel: 1, Direction: store.Out, Bytes: 5}, {Channel: 1, Direction: store.Out, Bytes: 2, Already: 1}, {Channel: 1, Direction: store.In, Already: 9}, {Channel: 2, Direction: store.Out, Bytes: 100}} {
			write(t, h, func(tx *store.Tx) error { return tx.AddTotal(s) })
		}
		for _, want := range []store.Total{{Channel: 1, Direction: store.Out, Bytes: 7, Already: 1}, {Channel: 1, Direction: store.In, Already: 9}, {Channel: 3, Direction: store.In}} {
			if got := ask(t, h, func(tx *store.Tx) (store.Total, error) { return tx.Total(want.Channel, want.Direction) }); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	})
	t.Run("reasons come in pages that miss nothing, the last met first", func(t *testing.T) {
		add := func(code string, items, number int64) {
			write(t, h, func(tx *store.Tx) error {
				return tx.AddUntaken(store.Untaken{Channel: 1, Direction: store.Out, Outcome: "refused", Clause: "1(1)", Code: code, Text: "because", Items: items, Number: number})
			})
		}
		for i := range int64(7) {
			add(fmt.Sprint(i%5), 1, i)
			if i == 3 {
				clk.Advance(time.Minute) // some are met in the same instant
			}
		}
		write(t, h, func(tx *store.Tx) error { return tx.AddUntaken(store.Untaken{Channel: 2, Code: "other", Items: 50}) })
		var got []store.Untaken
		for after := (store.Untaken{}); ; {
			page := ask(t, h, func(tx *store.Tx) ([]store.Untaken, error) { return tx.Untakens(1, after, 2) })
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		want := map[string][2]int64{"0": {2, 5}, "1": {2, 6}, "2": {1, 2}, "3": {1, 3}, "4": {1, 4}}
		for i, u := range got {
			if w := want[u.Code]; w != [2]int64{u.Items, u.Number} || u.Text != "because" || i > 0 && u.At > got[i-1].At {
				t.Errorf("%+v, want %v", u, w)
			}
			delete(want, u.Code)
		}
		if len(want) > 0 {
			t.Errorf("missed: %v", want)
		}
		if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.UntakenItems(1) }); n != 7 {
			t.Errorf("%d items, want 7", n)
		}
		if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.UntakenItems(9) }); n != 0 {
			t.Errorf("%d items of no channel", n)
		}
	})
}

func testProcesses(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	see := func(id string, jobs []byte) {
		write(t, h, func(tx *store.Tx) error {
			return tx.SeeProcess(store.Process{ID: id, Host: "host of " + id, Started: Start.UnixMicro(), Jobs: jobs})
		})
	}
	see("b", []byte("old"))
	clk.Advance(time.Minute)
	see("a", nil)
	see("b", []byte("new"))
	now := clk.Now().UnixMicro()
	list := func(since int64) []store.Process {
		return ask(t, h, func(tx *store.Tx) ([]store.Process, error) { return tx.Processes(since) })
	}
	want := []store.Process{
		{ID: "a", Host: "host of a", Started: Start.UnixMicro(), Seen: now},
		{ID: "b", Host: "host of b", Started: Start.UnixMicro(), Seen: now, Jobs: []byte("new")},
	}
	if diff := cmp.Diff(want, list(now), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got := list(now + 1); len(got) > 0 {
		t.Errorf("heard of since: %+v", got)
	}
	clk.Advance(time.Hour)
	see("c", nil)
	write(t, h, func(tx *store.Tx) error { return tx.EndProcess("a", now) })
	if got := list(0); len(got) != 2 || got[0].ID != "b" {
		t.Errorf("after one ended: %+v", got)
	}
	write(t, h, func(tx *store.Tx) error { return tx.EndProcess("c", now+1) })
	if got := list(0); len(got) > 0 {
		t.Errorf("after all ended: %+v", got)
	}
}

func testCare(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	for _, name := range []string{"asha", "ben"} {
		write(t, h, func(tx *store.Tx) error {
			if err := tx.AddAccount(store.Account{Name: name, Roles: "member", Password: "x"}); err != nil {
				return err
			}
			if err := tx.AddToken(store.Token{ID: name, Account: name, Hash: []byte(name)}); err != nil {
				return err
			}
			if err := tx.AddPasskey(store.Passkey{ID: []byte(name), Account: name, Data: []byte{1}}); err != nil {
				return err
			}
			if err := tx.SetTOTP(store.TOTP{Account: name, Sealed: []byte("s")}); err != nil {
				return err
			}
			if err := tx.SetRecovery(name, [][]byte{{1}}); err != nil {
				return err
			}
			if err := tx.SetLink(store.Link{Hash: []byte(name), Account: name, Expires: Start.Add(time.Hour).UnixMicro()}); err != nil {
				return err
			}
			return tx.Identify("https://idp.example", name, name)
		})
	}
	account := func(name string) store.Account {
		return ask(t, h, func(tx *store.Tx) (store.Account, error) { return tx.Account(name) })
	}
	if a := account("asha"); a.Tended || a.Renewed != 0 {
		t.Errorf("at first %+v", a)
	}
	write(t, h, func(tx *store.Tx) error { return tx.Tend("asha") })
	if a := account("asha"); !a.Tended || account("ben").Tended {
		t.Errorf("tended %+v", a)
	}
	var r store.Renewed
	write(t, h, func(tx *store.Tx) (err error) {
		r, err = tx.Renew("asha")
		return err
	})
	if r != (store.Renewed{Tokens: 1, Passkeys: 1, Generators: 1, Identities: 1}) {
		t.Errorf("taken back %+v", r)
	}
	if a := account("asha"); a.Tended || a.Renewed != Start.UnixMicro() || a.Second {
		t.Errorf("renewed %+v", a)
	}
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.LinkOf([]byte("asha")); return err })
	for name, want := range map[string]int64{"asha": 0, "ben": 1} {
		if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.RecoveryLeft(name) }); n != want {
			t.Errorf("%s has %d recovery codes", name, n)
		}
		if list := ask(t, h, func(tx *store.Tx) ([]store.Token, error) { return tx.Tokens(name) }); len(list) != int(want) {
			t.Errorf("%s has %d tokens", name, len(list))
		}
	}
	if a := account("ben"); a.Renewed != 0 || !a.Second {
		t.Errorf("the other one %+v", a)
	}
}

package storetest

import (
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// A post has one holder at a time, an older version of a record changes
// nothing, and a domain sees its own contacts only.
func testContacts(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	h, drill := Live(t, s), ask2(s.Domain(t.Context(), must(ident.Exercise("drill"))))
	mark := label(t, h, "contact")
	list := stock(t, h, object("x-twoseas-contact--1", 1, mark), object("x-twoseas-contact--1", 2, mark))
	one, two := list[0], list[1]
	write(t, h, func(tx *store.Tx) error {
		for _, c := range []store.Contact{
			{ID: one.ID, Agreement: memorandum, Side: "jp", Object: two.Seq, Version: 2},
			{ID: one.ID, Agreement: memorandum, Side: "jp", Object: one.Seq, Version: 1}, // late
			{ID: one.ID, Agreement: memorandum, Side: "in", Object: one.Seq, Version: 9}, // another side's
		} {
			if err := tx.SetContact(c); err != nil {
				return err
			}
		}
		return nil
	})
	got := ask(t, h, func(tx *store.Tx) (store.Contact, error) { return tx.Contact(one.ID) })
	if got.Side != "jp" || got.Version != 2 || string(got.Body) != string(two.Body) {
		t.Errorf("%+v", got)
	}
	if list := ask(t, h, func(tx *store.Tx) ([]store.Contact, error) { return tx.Contacts(memorandum) }); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if list := ask(t, drill, func(tx *store.Tx) ([]store.Contact, error) { return tx.Contacts(memorandum) }); len(list) != 0 {
		t.Errorf("in another domain: %+v", list)
	}
	refused(t, drill, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Contact(one.ID); return err })

	hold := func(account string) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			return tx.AddHolder(store.Holder{Contact: one.ID, Account: account, Roles: "analyst", By: "ana"})
		}
	}
	write(t, h, hold("kenji"))
	refused(t, h, fault.Conflict, hold("ren"))
	clk.Advance(time.Second)
	write(t, h, func(tx *store.Tx) error { return tx.EndHolder(one.ID, "ana") })
	clk.Advance(time.Second)
	write(t, h, hold("ren"))
	if list := ask(t, h, func(tx *store.Tx) ([]store.Holder, error) { return tx.Holders(one.ID) }); len(list) != 2 || list[0].Account != "ren" || list[1].Left == 0 || list[1].LeftBy != "ana" {
		t.Errorf("%+v", list)
	}
	for account, want := range map[string]int{"ren": 1, "kenji": 0} {
		if list := ask(t, h, func(tx *store.Tx) ([]store.Holder, error) { return tx.PostsOf(account) }); len(list) != want {
			t.Errorf("posts of %s: %+v", account, list)
		}
	}
	testHeardKeys(t, h, drill)
}

// testHeardKeys: a fingerprint is kept once for each contact.
func testHeardKeys(t *testing.T, h, drill *store.Handle) {
	t.Helper()
	key := store.HeardKey{Contact: "a", Fingerprint: "F", Kind: "pgp", First: "one", FirstMeans: "paper", FirstAt: 1}
	write(t, h, func(tx *store.Tx) error {
		other := key
		other.Contact = "b"
		if err := tx.SetHeardKey(other); err != nil {
			return err
		}
		return tx.SetHeardKey(key)
	})
	key.Second, key.SecondMeans, key.SecondAt = "two", "video", 2
	write(t, h, func(tx *store.Tx) error { return tx.SetHeardKey(key) })
	if list := ask(t, h, func(tx *store.Tx) ([]store.HeardKey, error) { return tx.HeardKeys("a") }); len(list) != 1 || list[0] != key {
		t.Errorf("%+v", list)
	}
	write(t, h, func(tx *store.Tx) error { return tx.DropHeardKey("a", "F") })
	if list := ask(t, h, func(tx *store.Tx) ([]store.HeardKey, error) { return tx.HeardKeys("") }); len(list) != 1 || list[0].Contact != "b" {
		t.Errorf("%+v", list)
	}
	if list := ask(t, drill, func(tx *store.Tx) ([]store.HeardKey, error) { return tx.HeardKeys("") }); len(list) != 0 {
		t.Errorf("in another domain: %+v", list)
	}
}

// Checks are found by what they wait for: their arrival, their answer, nothing.
func testContactChecks(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	check := func(id, contact, way string, sent int64, more func(*store.ContactCheck)) store.ContactCheck {
		k := store.ContactCheck{ID: id, Agreement: memorandum, Contact: contact, Way: way, Sent: sent, Due: sent + 10}
		if more != nil {
			more(&k)
		}
		return k
	}
	write(t, h, func(tx *store.Tx) error {
		for _, k := range []store.ContactCheck{
			check("a1", "a", store.CheckAsked, 1, func(k *store.ContactCheck) { k.Delivered, k.Answered = 2, 3 }),
			check("a2", "a", store.CheckAsked, 5, nil),
			check("b1", "b", store.CheckReceived, 2, func(k *store.ContactCheck) { k.Delivered = 2 }),
			check("b2", "b", store.CheckReceived, 1, func(k *store.ContactCheck) { k.Delivered, k.Waived = 1, 2 }),
			check("c1", "c", store.CheckAsked, 5, func(k *store.ContactCheck) { k.Agreement = "in-gb-2026" }),
		} {
			if err := tx.SetContactCheck(k); err != nil {
				return err
			}
		}
		return nil
	})
	ids := func(list []store.ContactCheck) (out string) {
		for _, k := range list {
			out += k.ID + " "
		}
		return out
	}
	for what, c := range map[string]struct {
		get  func(tx *store.Tx) ([]store.ContactCheck, error)
		want string
	}{
		"of a contact, newest first": {func(tx *store.Tx) ([]store.ContactCheck, error) { return tx.ContactChecks("a", 10) }, "a2 a1 "},
		"as many as asked for":       {func(tx *store.Tx) ([]store.ContactCheck, error) { return tx.ContactChecks("a", 1) }, "a2 "},
		"the newest of each":         {func(tx *store.Tx) ([]store.ContactCheck, error) { return tx.LatestChecks(memorandum) }, "a2 b1 "},
		"not delivered":              {func(tx *store.Tx) ([]store.ContactCheck, error) { return tx.UndeliveredChecks(memorandum) }, "a2 "},
		"to be answered":             {(*store.Tx).OpenChecks, "b1 "},
	} {
		if got := ids(ask(t, h, c.get)); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
	write(t, h, func(tx *store.Tx) error {
		k, err := tx.ContactCheck("a2")
		if err != nil {
			return err
		}
		k.Delivered, k.Due = 7, 17
		return tx.SetContactCheck(k)
	})
	if k := ask(t, h, func(tx *store.Tx) (store.ContactCheck, error) { return tx.ContactCheck("a2") }); k.Delivered != 7 || k.Due != 17 || k.Sent != 5 {
		t.Errorf("%+v", k)
	}
	if got := ask(t, h, func(tx *store.Tx) ([]store.ContactCheck, error) { return tx.UndeliveredChecks(memorandum) }); len(got) != 0 {
		t.Errorf("delivered: %+v", got)
	}
	refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.ContactCheck("none"); return err })
}

package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/store"
)

// someAudit is entries 0 to 5, two of one time, by two accounts.
var someAudit = []store.AuditEntry{
	{Ix: 0, At: 100, Account: "asha", Act: "read", About: []string{"x--1", "x--2"}},
	{Ix: 1, At: 200, Account: "ken", Act: "read", About: []string{"x--1"}},
	{Ix: 3, At: 200, Account: "asha", Act: "approve", Agreement: "in-jp", About: []string{"x--1", "in-jp", "x--1"}},
	{Ix: 4, At: 150, Account: "ken", Act: "export", Agreement: "in-jp", About: []string{"in-jp"}}, // the clock stepped back
	{Ix: 5, At: 300, Account: "asha", Act: "read"},
}

func testAudit(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	write(t, h, func(tx *store.Tx) error { return tx.AddAudit(someAudit) })
	indexes := func(q store.AuditQuery) string {
		if q.Limit == 0 {
			q.Limit = 100
		}
		var got []string
		read(t, h, func(tx *store.Tx) error {
			list, err := tx.Audit(q)
			for _, e := range list {
				got = append(got, fmt.Sprint(e.Ix))
			}
			return err
		})
		return strings.Join(got, " ")
	}
	for _, tc := range []struct {
		name string
		q    store.AuditQuery
		want string
	}{
		{"everything, newest first, one time by place", store.AuditQuery{}, "5 3 1 4 0"},
		{"as many as wanted", store.AuditQuery{Limit: 2}, "5 3"},
		{"who", store.AuditQuery{Account: "ken"}, "1 4"},
		{"what", store.AuditQuery{Act: "read"}, "5 1 0"},
		{"about which object", store.AuditQuery{About: "x--1"}, "3 1 0"},
		{"under which agreement", store.AuditQuery{Agreement: "in-jp"}, "3 4"},
		{"from and until", store.AuditQuery{From: 150, Until: 300}, "3 1 4"},
		{"all of it together", store.AuditQuery{About: "x--1", Account: "asha", Act: "approve", Agreement: "in-jp", From: 200, Until: 201}, "3"},
		{"nothing fits", store.AuditQuery{About: "x--1", Account: "ken", Act: "approve"}, ""},
		{"after a page, inside one time", store.AuditQuery{BeforeAt: 200, BeforeIx: 3}, "1 4 0"},
		{"after a page, by what is named", store.AuditQuery{About: "x--1", BeforeAt: 200, BeforeIx: 3}, "1 0"},
		{"a text is a value and no SQL", store.AuditQuery{Account: "' OR '1'='1"}, ""},
	} {
		if got := indexes(tc.q); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
	read(t, h, func(tx *store.Tx) error {
		var got []int64
		if err := tx.AuditRange(1, 5, func(e store.AuditEntry) error { got = append(got, e.Ix); return nil }); err != nil {
			return err
		}
		if !slices.Equal(got, []int64{1, 3, 4}) {
			t.Errorf("leaves 1 to 4: %v", got)
		}
		end, err := tx.AuditEnd()
		if end != 6 {
			t.Errorf("the index ends at %d", end)
		}
		return err
	})
	if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddAudit(someAudit[:1]) }); err == nil {
		t.Error("one leaf was entered twice")
	}
}

func testIdempotency(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	first := store.Answered{Account: "asha", Name: "k", Request: []byte{1}, At: 10}
	write(t, h, func(tx *store.Tx) error { return tx.SaveAnswered(first) })
	has := func(account string) (a store.Answered, found bool) {
		read(t, h, func(tx *store.Tx) (err error) { a, found, err = tx.Answered(account, "k"); return err })
		return a, found
	}
	if a, found := has("asha"); !found || a.Status != 0 || a.At != 10 || len(a.Body) != 0 {
		t.Errorf("under way: %+v %v", a, found)
	}
	if _, found := has("ken"); found {
		t.Error("another account has the same key")
	}
	first.Status, first.Body, first.Head = 201, []byte("done"), "application/json"
	write(t, h, func(tx *store.Tx) error { return tx.SaveAnswered(first) })
	if a, _ := has("asha"); a.Status != 201 || string(a.Body) != "done" || a.Head != "application/json" {
		t.Errorf("answered: %+v", a)
	}
	write(t, h, func(tx *store.Tx) error { return tx.PurgeAnswered(10) })
	if _, found := has("asha"); !found {
		t.Error("purged too early")
	}
	write(t, h, func(tx *store.Tx) error { return tx.PurgeAnswered(11) })
	if _, found := has("asha"); found {
		t.Error("not purged")
	}
	write(t, h, func(tx *store.Tx) error { return tx.SaveAnswered(first) })
	write(t, h, func(tx *store.Tx) error { return tx.ForgetAnswered("asha", "k") })
	if _, found := has("asha"); found {
		t.Error("not forgotten")
	}
}

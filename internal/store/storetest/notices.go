package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testNotices(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	live, play := Live(t, s), Handle(t, s, must(ident.Exercise("tabletop")))
	add := func(h *store.Handle, n store.Notice) bool {
		t.Helper()
		fresh := false
		write(t, h, func(tx *store.Tx) (err error) {
			fresh, err = tx.AddNotice(n)
			return err
		})
		return fresh
	}
	now := Start.UnixMicro()
	a := store.Notice{Person: "asha", Cause: "request 7", Step: "one", Kind: "request", Page: "/requests", At: now, Due: now + 5}
	urgent, later := a, a
	urgent.Step, urgent.Urgent = "two", true
	later.Step, later.At = "three", now+time.Hour.Microseconds()
	if !add(live, a) || add(live, a) || !add(live, urgent) || !add(live, later) || !add(play, a) {
		t.Error("a step is told once, in each domain")
	}
	if !add(live, store.Notice{Address: "poc@x.example", Cause: "request 7", Step: "one", Kind: "request", Page: "/", At: now}) {
		t.Error("another reader is another notice")
	}
	want := []store.Addressee{{Address: "poc@x.example", Oldest: now}, {Person: "asha", Oldest: now, Urgent: true}}
	got := ask(t, live, func(tx *store.Tx) ([]store.Addressee, error) { return tx.NoticesWaiting(store.Addressee{}, 10) })
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("waiting (-want +got):\n%s", d)
	}
	if rest := ask(t, live, func(tx *store.Tx) ([]store.Addressee, error) { return tx.NoticesWaiting(want[0], 1) }); !cmp.Equal(rest, want[1:]) {
		t.Errorf("after the first: %+v", rest)
	}
	if at := ask(t, live, (*store.Tx).NextNotice); at != later.At {
		t.Errorf("the next is due %d", at)
	}
	steps := func(h *store.Handle, urgent bool) (out []string) {
		for _, n := range ask(t, h, func(tx *store.Tx) ([]store.Notice, error) { return tx.NoticesFor(want[1], urgent) }) {
			out = append(out, n.Step)
		}
		return out
	}
	if !cmp.Equal(steps(live, false), []string{"one", "two"}) || !cmp.Equal(steps(live, true), []string{"two"}) {
		t.Errorf("%v %v", steps(live, false), steps(live, true))
	}
	write(t, live, func(tx *store.Tx) error { return tx.WithdrawNotices("request 7", "two", "") })
	write(t, live, func(tx *store.Tx) error { return tx.WithdrawNotices("request 7", "", "nobody") })
	if !cmp.Equal(steps(live, false), []string{"one"}) {
		t.Errorf("%v", steps(live, false))
	}
	write(t, live, func(tx *store.Tx) error { return tx.WithdrawNotices("request 7", "", "") })
	if len(steps(live, false)) != 0 || len(steps(play, false)) != 1 {
		t.Error("what is withdrawn in one domain is told in the other")
	}
	mark := store.NoticeMark{Person: "asha", Cause: "release", Waits: 3, Told: 1}
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeMark(mark) })
	mark.Waits = 0
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeMark(mark) })
	if m := ask(t, live, func(tx *store.Tx) (map[string]store.NoticeMark, error) { return tx.NoticeMarks("asha") }); !cmp.Equal(m, map[string]store.NoticeMark{"release": mark}) {
		t.Errorf("%+v", m)
	}
}

func testMails(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	live, play := Live(t, s), Handle(t, s, must(ident.Exercise("tabletop")))
	lease := time.Minute.Microseconds()
	claim := func(h *store.Handle, owner string) (ids []string) {
		t.Helper()
		write(t, h, func(tx *store.Tx) error {
			all, err := tx.ClaimMails(owner, lease, 10)
			for _, m := range all {
				ids = append(ids, m.ID)
			}
			return err
		})
		return ids
	}
	for _, m := range []store.Mail{{ID: "a", Person: "asha", Address: "asha@x.example"}, {ID: "b", Address: "b@x.example", Urgent: true}} {
		write(t, live, func(tx *store.Tx) error { return tx.AddMail(m) })
	}
	if got := claim(play, "one"); len(got) != 0 {
		t.Errorf("another domain's: %v", got)
	}
	if got := claim(live, "one"); !cmp.Equal(got, []string{"b", "a"}) {
		t.Errorf("urgent first: %v", got)
	}
	if got := claim(live, "two"); len(got) != 0 {
		t.Errorf("two has what one has: %v", got)
	}
	end := store.Mail{ID: "a", State: store.MailSent, Attempts: 1, Ended: 9, Sealed: true}
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.EndMail(end, "two") })
	write(t, live, func(tx *store.Tx) error { return tx.EndMail(end, "one") })
	clk.Advance(time.Minute + time.Microsecond)
	if got := claim(live, "two"); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("what a lost process had: %v", got)
	}
	refused(t, live, fault.Conflict, func(tx *store.Tx) error {
		return tx.EndMail(store.Mail{ID: "b", State: store.MailSent}, "one")
	})
	due := clk.Now().Add(time.Hour).UnixMicro()
	write(t, live, func(tx *store.Tx) error {
		return tx.EndMail(store.Mail{ID: "b", State: store.MailWaiting, Due: due, Problem: "later", Attempts: 2}, "two")
	})
	if at := ask(t, live, (*store.Tx).NextMail); at != due || len(claim(live, "two")) != 0 {
		t.Errorf("due at %d", at)
	}
	waiting := ask(t, live, func(tx *store.Tx) ([]store.Mail, error) { return tx.MailsIn(store.MailWaiting, 10) })
	if len(waiting) != 1 || !waiting[0].Unsure || waiting[0].Attempts != 2 || waiting[0].Problem != "later" {
		t.Errorf("%+v", waiting)
	}
	mine := ask(t, live, func(tx *store.Tx) ([]store.Mail, error) { return tx.MailsTo("asha", 10) })
	if len(mine) != 1 || mine[0].State != store.MailSent || !mine[0].Sealed || mine[0].Unsure || mine[0].Ended != 9 {
		t.Errorf("%+v", mine)
	}
	if n := ask(t, live, (*store.Tx).MailCounts); !cmp.Equal(n, map[string]int64{store.MailSent: 1, store.MailWaiting: 1}) {
		t.Errorf("%v", n)
	}
	write(t, live, func(tx *store.Tx) error { return tx.PurgeNotices(due) })
	if n := ask(t, live, (*store.Tx).MailCounts); !cmp.Equal(n, map[string]int64{store.MailWaiting: 1}) {
		t.Errorf("after the purge: %v", n)
	}
}

func testCalendars(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	live, play := Live(t, s), Handle(t, s, must(ident.Exercise("tabletop")))
	all := func(h *store.Handle) []store.CalendarEntry {
		t.Helper()
		return ask(t, h, func(tx *store.Tx) ([]store.CalendarEntry, error) { return tx.CalendarEntries(0) })
	}
	e := store.CalendarEntry{UID: "date 1", Reader: "any", Kind: "date", Page: "/agreements/x", Starts: 10, Ends: 10, WholeDay: true}
	set := func() (changed bool) {
		t.Helper()
		write(t, live, func(tx *store.Tx) (err error) {
			changed, err = tx.SetCalendarEntry(e)
			return err
		})
		return changed
	}
	if !set() || set() || len(all(play)) != 0 {
		t.Error("the same entry is no change, and another domain's")
	}
	clk.Advance(time.Hour)
	e.Starts, e.Ends = 20, 30
	if !set() || all(live)[0].Sequence != 1 || all(live)[0].Changed != clk.Now().UnixMicro() {
		t.Errorf("%+v", all(live))
	}
	for range 2 { // once is enough
		write(t, live, func(tx *store.Tx) error { return tx.CancelCalendarEntry("date 1") })
	}
	if got := all(live)[0]; !got.Cancelled || got.Sequence != 2 {
		t.Errorf("%+v", got)
	}
	if !set() || all(live)[0].Cancelled || all(live)[0].Sequence != 3 {
		t.Errorf("%+v", all(live))
	}
	one, two := []byte("1"), []byte("2")
	for _, hash := range [][]byte{one, two} {
		write(t, live, func(tx *store.Tx) error { return tx.SetCalendarAddress(hash, "asha") })
	}
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.CalendarAddress(one); return err })
	write(t, live, func(tx *store.Tx) error { return tx.UseCalendarAddress(two) })
	at := ask(t, live, func(tx *store.Tx) (store.CalendarAddress, error) { return tx.CalendarAddress(two) })
	if at.Person != "asha" || at.Used != clk.Now().UnixMicro() {
		t.Errorf("%+v", at)
	}
	write(t, live, func(tx *store.Tx) error { return tx.RevokeCalendarAddress("asha") })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.CalendarAddressOf("asha"); return err })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.RevokeCalendarAddress("asha") })

	wish := store.NoticeWish{Person: "asha", Mail: true, Language: "ja", Zone: "Asia/Tokyo", Digest: "daily", QuietFrom: -1, QuietTo: 60}
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeWish(store.NoticeWish{Person: "asha"}) })
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeWish(wish) })
	if got := ask(t, play, func(tx *store.Tx) (store.NoticeWish, error) { w, _, err := tx.NoticeWish("asha"); return w, err }); got != wish {
		t.Errorf("%+v", got)
	}
	key := store.NoticeKey{Person: "asha", Armored: "k", Fingerprint: "f", Expires: 1, Added: 2}
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeKey(key) })
	key.Verified = 3
	write(t, live, func(tx *store.Tx) error { return tx.SaveNoticeKey(key) })
	if got := ask(t, live, func(tx *store.Tx) (store.NoticeKey, error) { return tx.NoticeKey("asha") }); got != key {
		t.Errorf("%+v", got)
	}
	write(t, live, func(tx *store.Tx) error { return tx.RemoveNoticeKey("asha") })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { return tx.RemoveNoticeKey("asha") })
}

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

func bundleNumber(n int64, direction string) store.Bundle {
	return store.Bundle{
		Agreement: "in-jp-2022", Direction: direction, Number: n, Link: ident.Sum([]byte{byte(n)}, []byte(direction)), Follows: n - 1,
		Shipments: 10 * n, Receipts: 20 * n, Keys: n, Items: 100 * n, Taken: -1, Witnessed: 3 * n, AgreedOut: n, AgreedIn: 2 * n,
		Made: 5, People: "asha and ravi",
	}
}

func testBundles(t *testing.T, open Opener) {
	t.Run("bundles come back as recorded, each direction for itself", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		for _, b := range []store.Bundle{bundleNumber(1, store.Out), bundleNumber(2, store.Out), bundleNumber(1, store.In)} {
			write(t, h, func(tx *store.Tx) error { return tx.AddBundle(b) })
		}
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.LastBundle("in-jp-2022", store.Out)
			want := bundleNumber(2, store.Out)
			want.At = Start.UnixMicro()
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if b, err := tx.Bundle("in-jp-2022", store.In, 1); err != nil || b.Link != bundleNumber(1, store.In).Link {
				t.Errorf("%+v %v", b, err)
			}
			list, e := tx.Bundles("in-jp-2022", store.Out, 1)
			if e != nil || len(list) != 1 || list[0].Number != 2 {
				t.Errorf("%+v %v", list, e)
			}
			_, missing := tx.Bundle("in-jp-2022", store.In, 2)
			wantFault(t, missing, fault.NotFound)
			_, missing = tx.LastBundle("in-uk-2025", store.Out)
			wantFault(t, missing, fault.NotFound)
			_, missing = tx.SeenBundle("in-jp-2022")
			wantFault(t, missing, fault.NotFound)
			return err
		})
		if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddBundle(bundleNumber(1, store.Out)) }); err == nil {
			t.Error("a number was recorded twice")
		}
	})
	t.Run("that the partner has seen a bundle is kept from the first time on", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		for n := range int64(3) {
			write(t, h, func(tx *store.Tx) error { return tx.AddBundle(bundleNumber(n+1, store.Out)) })
		}
		write(t, h, func(tx *store.Tx) error { return tx.BundleSeen("in-jp-2022", 2, -1) })
		clk.Advance(time.Hour)
		write(t, h, func(tx *store.Tx) error { return tx.BundleSeen("in-jp-2022", 2, 7) })
		write(t, h, func(tx *store.Tx) error { return tx.BundleSeen("in-jp-2022", 1, -1) })
		read(t, h, func(tx *store.Tx) error {
			b, err := tx.SeenBundle("in-jp-2022")
			if b.Number != 2 || b.Taken != 7 || b.Seen != Start.UnixMicro() {
				t.Errorf("%+v", b)
			}
			return err
		})
	})
	t.Run("nobody confirms a bundle without having looked", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		link := ident.Sum([]byte("file"))
		err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.ConfirmBundle(link, "asha") })
		wantFault(t, err, fault.Denied)
		for range 2 {
			write(t, h, func(tx *store.Tx) error { return tx.LookBundle(link, "asha") })
		}
		write(t, h, func(tx *store.Tx) error { return tx.LookBundle(link, "ravi") })
		err = h.Write(t.Context(), func(tx *store.Tx) error { return tx.ConfirmBundle(ident.Sum([]byte("another")), "asha") })
		wantFault(t, err, fault.Denied)
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(link, "asha") })
		clk.Advance(time.Hour)
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(link, "asha") })
		write(t, h, func(tx *store.Tx) error { return tx.LookBundle(link, "asha") })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.BundleLooks(link)
			later := Start.Add(time.Hour).UnixMicro()
			want := []store.BundleLook{{Person: "asha", Looked: later, Confirmed: Start.UnixMicro()}, {Person: "ravi", Looked: Start.UnixMicro()}}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			return err
		})
	})
	t.Run("a bundle that one officer wants waits for another, until it is imported or forgotten", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		first, second := bundleNumber(1, store.In), bundleNumber(2, store.In)
		waits := func(person string, since, want int64) {
			t.Helper()
			read(t, h, func(tx *store.Tx) error {
				n, err := tx.BundlesAwaiting(person, since)
				if n != want {
					t.Errorf("%d wait for %s, want %d", n, person, want)
				}
				return err
			})
		}
		for _, link := range []ident.Digest{first.Link, second.Link} {
			for _, person := range []string{"asha", "ravi"} {
				write(t, h, func(tx *store.Tx) error { return tx.LookBundle(link, person) })
			}
			waits("ravi", 0, 0) // to have looked is not to want
		}
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(first.Link, "asha") })
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(second.Link, "asha") })
		waits("ravi", 0, 2)
		waits("asha", 0, 0) // two people means two people
		waits("ravi", Start.UnixMicro()+1, 0)
		write(t, h, func(tx *store.Tx) error { return tx.AddBundle(first) })
		waits("ravi", 0, 1)
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(second.Link, "ravi") })
		waits("ravi", 0, 0)
		waits("meera", 0, 0)
		third := ident.Sum([]byte("third"))
		write(t, h, func(tx *store.Tx) error { return tx.LookBundle(third, "asha") })
		write(t, h, func(tx *store.Tx) error { return tx.ConfirmBundle(third, "asha") })
		waits("meera", 0, 1)
		write(t, h, func(tx *store.Tx) error { return tx.ForgetBundleLooks(third) })
		waits("meera", 0, 0)
	})
	t.Run("a partner has one recipient, in one domain", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		live, play := Live(t, s), Handle(t, s, must(ident.Exercise("x")))
		write(t, live, func(tx *store.Tx) error { return tx.SaveRecipient("jp", store.Recipient{Text: "age1a", Since: 1}) })
		write(t, live, func(tx *store.Tx) error { return tx.SaveRecipient("jp", store.Recipient{Text: "age1b", Since: 2}) })
		read(t, live, func(tx *store.Tx) error {
			got, err := tx.Recipient("jp")
			if got != (store.Recipient{Text: "age1b", Since: 2}) {
				t.Errorf("%+v", got)
			}
			return err
		})
		read(t, play, func(tx *store.Tx) error {
			_, err := tx.Recipient("jp")
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
}

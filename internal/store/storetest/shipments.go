package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func shipment(channel int64, direction string, number int64, items ...store.ShippedItem) store.Shipment {
	return store.Shipment{
		Channel: channel, Direction: direction, Number: number, Link: ident.Sum(fmt.Append(nil, direction, number)),
		Note: []byte("note\n"), Items: items, Bytes: 1234,
	}
}

func testShipments(t *testing.T, open Opener) {
	t.Run("items come back whatever they hold", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		number := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			number++
			want := shipment(1, store.Out, number, items(rt)...)
			want.Body = rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(rt, "body")
			if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddShipment(&want) }); err != nil {
				rt.Fatal(err)
			}
			got := ask(t, h, func(tx *store.Tx) (store.Shipment, error) { return tx.Shipment(1, store.Out, number) })
			if diff := cmp.Diff(want, got, emptyIsNil); diff != "" {
				rt.Fatal(diff)
			}
		})
	})
	t.Run("a shipment is answered once and its body forgotten", testAnswer(open))
	t.Run("the two directions do not mix", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		for _, s := range []store.Shipment{shipment(1, store.Out, 1), shipment(1, store.In, 1), shipment(1, store.In, 2), shipment(2, store.In, 1)} {
			write(t, h, func(tx *store.Tx) error { return tx.AddShipment(&s) })
		}
		again := shipment(1, store.In, 2)
		if h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddShipment(&again) }) == nil {
			t.Error("one number was taken twice")
		}
		for direction, want := range map[string][]int64{store.Out: {1}, store.In: {1, 2}} {
			got := ask(t, h, func(tx *store.Tx) (numbers []int64, err error) {
				err = tx.Shipments(1, direction, 1, 9, func(s store.Shipment) error {
					if s.Direction != direction || s.Link != shipment(1, direction, s.Number).Link {
						t.Errorf("got %+v", s)
					}
					numbers = append(numbers, s.Number)
					return nil
				})
				return numbers, err
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", direction, diff)
			}
		}
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Shipment(1, store.Out, 2); return err })
		refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AnswerShipment(1, 2, []byte("r")) }) // in, not out
	})
	t.Run("an erased item keeps its leaf", testErased(open))
}

// items draws items with few different labels.
func items(rt *rapid.T) []store.ShippedItem {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) store.ShippedItem {
		it := store.ShippedItem{Object: rapid.Int64Min(0).Draw(rt, "object"), Label: []byte(rapid.SampledFrom([]string{`{"tlp":"red"}`, `{}`, `{"kind":"日本"}`}).Draw(rt, "label"))}
		copy(it.Salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "salt"))
		return it
	}), 0, 20).Draw(rt, "items")
}

func testAnswer(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		for n := range int64(3) {
			s := shipment(1, store.Out, n+1)
			s.Body = []byte("body")
			write(t, h, func(tx *store.Tx) error { return tx.AddShipment(&s) })
		}
		in := shipment(1, store.In, 1)
		in.Receipt = []byte("ours")
		write(t, h, func(tx *store.Tx) error { return tx.AddShipment(&in) })
		unanswered := func(want ...int64) {
			t.Helper()
			if diff := cmp.Diff(want, ask(t, h, func(tx *store.Tx) ([]int64, error) { return tx.Unanswered(1) })); diff != "" {
				t.Errorf("unanswered (-want +got):\n%s", diff)
			}
		}
		unanswered(1, 2, 3)
		clk.Advance(time.Hour)
		write(t, h, func(tx *store.Tx) error { return tx.AnswerShipment(1, 2, []byte("receipt")) })
		unanswered(1, 3)
		refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AnswerShipment(1, 2, []byte("another")) })
		refused(t, h, fault.Conflict, func(tx *store.Tx) error { return tx.AnswerShipment(1, 9, []byte("receipt")) })
		got := ask(t, h, func(tx *store.Tx) (store.Shipment, error) { return tx.Shipment(1, store.Out, 2) })
		if string(got.Receipt) != "receipt" || got.Body != nil || got.Answered != clk.Now().UnixMicro() || got.At != Start.UnixMicro() {
			t.Errorf("answered: %+v", got)
		}
		got = ask(t, h, func(tx *store.Tx) (store.Shipment, error) { return tx.Shipment(1, store.In, 1) })
		if got.Answered != Start.UnixMicro() || string(got.Receipt) != "ours" {
			t.Errorf("taken in with its receipt: %+v", got)
		}
		got = ask(t, h, func(tx *store.Tx) (store.Shipment, error) { return tx.Shipment(1, store.Out, 3) })
		if got.Answered != 0 || got.Receipt != nil || string(got.Body) != "body" {
			t.Errorf("not answered: %+v", got)
		}
	}
}

func testErased(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		s := shipment(1, store.Out, 1, store.ShippedItem{Object: 1, Salt: [16]byte{1}, Label: []byte("a")}, store.ShippedItem{Object: 2, Salt: [16]byte{2}, Label: []byte("b")})
		other := shipment(1, store.In, 1)
		write(t, h, func(tx *store.Tx) error {
			if err := tx.AddShipment(&s); err != nil {
				return err
			}
			if err := tx.AddErased(&s, 0, ident.Sum([]byte("leaf"))); err != nil {
				return err
			}
			s.Items[0] = store.ShippedItem{}
			return tx.SaveItems(&s)
		})
		write(t, h, func(tx *store.Tx) error { return tx.AddErased(&s, 0, ident.Sum([]byte("another"))) }) // the first stands
		erased := ask(t, h, func(tx *store.Tx) (map[int]ident.Digest, error) { return tx.Erased(&s) })
		if diff := cmp.Diff(map[int]ident.Digest{0: ident.Sum([]byte("leaf"))}, erased); diff != "" {
			t.Error(diff)
		}
		if got := ask(t, h, func(tx *store.Tx) (map[int]ident.Digest, error) { return tx.Erased(&other) }); len(got) != 0 {
			t.Errorf("in the other direction: %v", got)
		}
		got := ask(t, h, func(tx *store.Tx) (store.Shipment, error) { return tx.Shipment(1, store.Out, 1) })
		if diff := cmp.Diff(s.Items, got.Items, emptyIsNil); diff != "" {
			t.Error(diff)
		}
	}
}

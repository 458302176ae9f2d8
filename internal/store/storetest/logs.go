package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

const testOrigin = "twoseas/in/in-jp-2022/live"

// grow appends n leaves and twice as many hashes that name their own index.
func grow(tx *store.Tx, origin string, n int) (store.Log, error) {
	l, err := tx.OpenLog(origin)
	if err != nil {
		return l, err
	}
	g := store.Growth{FirstHash: 2 * l.Size, Root: ident.Sum(fmt.Append(nil, l.Size+int64(n))), Checkpoint: fmt.Appendf(nil, "size %d", l.Size+int64(n))}
	for i := range int64(n) {
		g.Leaves = append(g.Leaves, fmt.Appendf(nil, "leaf %d", l.Size+i))
		g.Hashes = append(g.Hashes, testHash(2*(l.Size+i)), testHash(2*(l.Size+i)+1))
	}
	return l, tx.GrowLog(l, g)
}

// grown appends n leaves and returns the log as it was before.
func grown(t *testing.T, h *store.Handle, n int) store.Log {
	t.Helper()
	var l store.Log
	write(t, h, func(tx *store.Tx) error {
		var err error
		l, err = grow(tx, testOrigin, n)
		return err
	})
	return l
}

func testHash(ix int64) ident.Digest { return ident.Sum(fmt.Appendf(nil, "hash %d", ix)) }

func leaves(t *testing.T, tx *store.Tx, log, from, to int64) []string {
	t.Helper()
	var got []string
	err := tx.LogLeaves(log, from, to, func(ix int64, leaf []byte) error {
		got = append(got, fmt.Sprintf("%d=%s", ix, leaf))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testLogs(t *testing.T, open Opener) {
	t.Run("a log is made once and grows by what is appended", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		read(t, h, func(tx *store.Tx) error {
			_, err := tx.Log(testOrigin)
			wantFault(t, err, fault.NotFound)
			return nil
		})
		write(t, h, func(tx *store.Tx) error {
			l, err := tx.OpenLog(testOrigin)
			if l.Root != ident.Sum() || l.Size != 0 {
				t.Errorf("a new log is %+v", l)
			}
			return err
		})
		first := grown(t, h, 3)
		write(t, h, func(tx *store.Tx) error { _, err := grow(tx, testOrigin, 2); return err })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.Log(testOrigin)
			want := store.Log{ID: first.ID, Origin: testOrigin, Size: 5, Root: ident.Sum([]byte("5")), Checkpoint: []byte("size 5")}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"2=leaf 2", "3=leaf 3"}, leaves(t, tx, got.ID, 2, 4)); diff != "" {
				t.Error(diff)
			}
			if n, m, err := tx.LogEnd(got.ID); n != 5 || m != 10 || err != nil {
				t.Errorf("the log ends at %d and %d (%v), want 5 and 10", n, m, err)
			}
			return err
		})
	})
	t.Run("what grew from an older state is refused", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		old := grown(t, h, 1)
		now := old
		now.Size, now.Root = 1, ident.Sum([]byte("1"))
		otherRoot, otherSize := now, now
		otherRoot.Root, otherSize.Size = old.Root, 2
		for name, l := range map[string]store.Log{"older": old, "of another root": otherRoot, "of another size": otherSize} {
			err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.GrowLog(l, store.Growth{Checkpoint: []byte("x")}) })
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("a log %s grew: %v", name, err)
			}
		}
		write(t, h, func(tx *store.Tx) error { return tx.GrowLog(now, store.Growth{Checkpoint: []byte("x")}) })
	})
	t.Run("a transaction that fails leaves no leaf", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { _, err := grow(tx, testOrigin, 1); return err })
		why := errors.New("changed my mind")
		err := h.Write(t.Context(), func(tx *store.Tx) error {
			_, err := grow(tx, testOrigin, 4)
			return errors.Join(err, why)
		})
		if !errors.Is(err, why) {
			t.Fatal(err)
		}
		read(t, h, func(tx *store.Tx) error {
			l, err := tx.Log(testOrigin)
			if n, m, _ := tx.LogEnd(l.ID); l.Size != 1 || n != 1 || m != 2 {
				t.Errorf("%d leaves, stored to %d and %d", l.Size, n, m)
			}
			return err
		})
	})
	t.Run("logs of one domain are not there in another", func(t *testing.T) { testLogDomains(t, open) })
	t.Run("hashes are found by index, any number of them", func(t *testing.T) { testLogHashes(t, open) })
	t.Run("leaves are found by how they begin", func(t *testing.T) { testLeavesLike(t, open) })
	t.Run("cosigned checkpoints are kept, and the newest is served", func(t *testing.T) { testCosigned(t, open) })
	t.Run("a witness goes on and never back", func(t *testing.T) { testWitnessed(t, open) })
}

func testLogDomains(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	drill, err := ident.Exercise("drill")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, drill)
	l := grown(t, live, 2)
	read(t, play, func(tx *store.Tx) error {
		if list, err := tx.Logs(); len(list) != 0 || err != nil {
			t.Errorf("the exercise has logs %v (%v)", list, err)
		}
		if got := leaves(t, tx, l.ID, 0, 9); got != nil {
			t.Errorf("the exercise reads live leaves %q", got)
		}
		return tx.LogHashes(l.ID, []int64{0, 1}, func(ix int64, _ ident.Digest) { t.Errorf("the exercise reads live hash %d", ix) })
	})
	err = play.Write(context.Background(), func(tx *store.Tx) error {
		l.Size, l.Root = 2, ident.Sum([]byte("2"))
		return tx.GrowLog(l, store.Growth{Checkpoint: []byte("x")})
	})
	wantFault(t, err, fault.Conflict)
	write(t, play, func(tx *store.Tx) error { _, err := grow(tx, "twoseas/in/in-jp-2022/exercise/drill", 1); return err })
	read(t, live, func(tx *store.Tx) error {
		list, err := tx.Logs()
		if len(list) != 1 || list[0].Origin != testOrigin {
			t.Errorf("live has logs %v", list)
		}
		return err
	})
}

func testLogHashes(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	l := grown(t, h, 400)
	read(t, h, func(tx *store.Tx) error {
		for _, n := range []int{0, 1, 3, 4, 5, 255, 256, 257, 600} {
			var want []int64
			for i := range n {
				want = append(want, int64(i))
			}
			var got []int64
			err := tx.LogHashes(l.ID, want, func(ix int64, d ident.Digest) {
				if d != testHash(ix) {
					t.Errorf("hash %d is another's", ix)
				}
				got = append(got, ix)
			})
			slices.Sort(got)
			if !slices.Equal(got, want) || err != nil {
				t.Errorf("asked for %d hashes, got %d (%v)", n, len(got), err)
			}
		}
		if err := tx.LogHashes(l.ID, []int64{800, 9000}, func(ix int64, _ ident.Digest) { t.Errorf("hash %d", ix) }); err != nil {
			t.Error(err)
		}
		var got []int64
		err := tx.LogHashRange(l.ID, 797, 900, func(ix int64, _ ident.Digest) { got = append(got, ix) })
		if !slices.Equal(got, []int64{797, 798, 799}) {
			t.Errorf("range gives %v", got)
		}
		return err
	})
}

func testLeavesLike(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	var l store.Log
	write(t, h, func(tx *store.Tx) error {
		var err error
		if l, err = tx.OpenLog(testOrigin); err != nil {
			return err
		}
		return tx.GrowLog(l, store.Growth{Leaves: [][]byte{[]byte("key 1"), []byte("other"), []byte("ke"), []byte("key 2")}, Checkpoint: []byte("x")})
	})
	read(t, h, func(tx *store.Tx) error {
		var got []string
		err := tx.LogLeavesLike(l.ID, "key ", func(ix int64, leaf []byte) error {
			got = append(got, fmt.Sprintf("%d=%s", ix, leaf))
			return nil
		})
		if diff := cmp.Diff([]string{"0=key 1", "3=key 2"}, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func testCosigned(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	save := func(size int64, note string) {
		write(t, h, func(tx *store.Tx) error {
			l, err := tx.Log(testOrigin)
			if err != nil {
				return err
			}
			return tx.SaveCosigned(l, size, []byte(note))
		})
	}
	write(t, h, func(tx *store.Tx) error { _, err := grow(tx, testOrigin, 9); return err })
	for _, size := range []int64{2, 9, 5, 7} { // 5 and 7 come late
		save(size, fmt.Sprintf("cosigned %d", size))
	}
	save(5, "cosigned 5 again")
	read(t, h, func(tx *store.Tx) error {
		l, err := tx.Log(testOrigin)
		if l.Cosigned != 9 || string(l.Checkpoint) != "cosigned 9" {
			t.Errorf("cosigned %d, checkpoint %q", l.Cosigned, l.Checkpoint)
		}
		var got []string
		if err := tx.Cosigned(l.ID, 2, 7, func(size int64, note []byte) error {
			got = append(got, fmt.Sprintf("%d %s", size, note))
			return nil
		}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"5 cosigned 5 again", "7 cosigned 7"}, got); diff != "" {
			t.Error(diff)
		}
		notes, err2 := tx.CosignedBefore(l.ID, 9, 2)
		if len(notes) != 2 || string(notes[0]) != "cosigned 7" || string(notes[1]) != "cosigned 5 again" {
			t.Errorf("before 9: %q", notes)
		}
		return errors.Join(err, err2)
	})
	write(t, h, func(tx *store.Tx) error { _, err := grow(tx, testOrigin, 1); return err })
	read(t, h, func(tx *store.Tx) error {
		l, err := tx.Log(testOrigin)
		if l.Cosigned != 9 || string(l.Checkpoint) != "size 10" {
			t.Errorf("after growing: cosigned %d, checkpoint %q", l.Cosigned, l.Checkpoint)
		}
		return err
	})
}

func testWitnessed(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	drill, err := ident.Exercise("drill")
	if err != nil {
		t.Fatal(err)
	}
	h := Live(t, s)
	w := store.Witnessed{Origin: testOrigin, Size: 4, Root: ident.Sum([]byte("4")), Note: []byte("four")}
	write(t, h, func(tx *store.Tx) error { return tx.SaveWitnessed(w) })
	w.Size, w.Note = 6, []byte("six")
	write(t, h, func(tx *store.Tx) error { return tx.SaveWitnessed(w) })
	back := w
	back.Size = 5
	wantFault(t, h.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveWitnessed(back) }), fault.Conflict)
	read(t, h, func(tx *store.Tx) error {
		got, err := tx.Witnessed(testOrigin)
		if diff := cmp.Diff(w, got); diff != "" {
			t.Error(diff)
		}
		_, missing := tx.Witnessed("twoseas/jp/in-jp-2022/live")
		wantFault(t, missing, fault.NotFound)
		return err
	})
	read(t, Handle(t, s, drill), func(tx *store.Tx) error {
		if all, err := tx.AllWitnessed(); len(all) != 0 || err != nil {
			t.Errorf("the exercise has witnessed %v (%v)", all, err)
		}
		_, err := tx.Witnessed(testOrigin)
		wantFault(t, err, fault.NotFound)
		return nil
	})
}

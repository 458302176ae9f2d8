package db_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/store/db"
)

func TestAConnectionKeepsABoundedNumberOfStatements(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		most := 0
		if err := d.Read(t.Context(), func(tx *db.Tx) error {
			for i := range 2*db.MaxStatements + 10 {
				var n int
				if _, err := tx.Get([]any{&n}, fmt.Sprintf("SELECT %d + 0", i)); err != nil || n != i {
					return fmt.Errorf("%d: %d, %w", i, n, err)
				}
				most = max(most, tx.Statements())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if most > db.MaxStatements || most < 10 {
			t.Errorf("up to %d statements kept", most)
		}
	})
}

func TestBulkInsertKeepsEveryTypeOfValue(t *testing.T) {
	t.Parallel()
	type row struct {
		n    int64
		body []byte
		text string
		yes  bool
	}
	rows := []row{{1, nil, "", false}, {2, []byte{}, "日本 'quoted' \\ \"", true}, {-1 << 63, []byte{0, 255}, "{a,b}", true}, {1<<63 - 1, []byte("NULL"), "NULL", false}}
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		write(t, d, func(tx *db.Tx) error {
			if err := tx.Insert(items, 0, nil); err != nil {
				return err
			}
			return tx.Insert(items, len(rows), func(i int, a []any) { a[0], a[1], a[2], a[3] = rows[i].n, rows[i].body, rows[i].text, rows[i].yes })
		})
		for _, want := range rows {
			var got row
			var null bool
			if err := d.Query(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Get([]any{&got.n, &got.body, &null, &got.text, &got.yes}, "SELECT n, body, body IS NULL, text, yes FROM item WHERE n = $1", want.n)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got.n != want.n || string(got.body) != string(want.body) || null != (want.body == nil) || got.text != want.text || got.yes != want.yes {
				t.Errorf("got %#v, NULL: %t, want %#v", got, null, want)
			}
		}
	})
}

func TestListsOfValuesAreBound(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		write(t, d, func(tx *db.Tx) error {
			return tx.Insert(items, 5, func(i int, a []any) {
				a[0], a[1], a[2], a[3] = int64(i)-2, []byte{}, strings.Repeat("\"é,\\", i), false
			})
		})
		if err := d.Query(t.Context(), func(tx *db.Tx) error {
			for _, c := range []struct {
				condition string
				arg       any
				want      int
			}{
				{tx.AnyInt("n", 1), tx.Ints(nil), 0},
				{tx.AnyInt("n", 1), tx.Ints([]int64{-2, 0, 2, 9, 9, 1<<63 - 1, -1 << 63}), 3},
				{tx.AnyText("text", 1), tx.Texts(nil), 0},
				{tx.AnyText("text", 1), tx.Texts([]string{"\"é,\\", "", "x"}), 2},
			} {
				var n int
				if _, err := tx.Get([]any{&n}, "SELECT COUNT(*) FROM item WHERE "+c.condition, c.arg); err != nil {
					return err
				}
				if n != c.want {
					t.Errorf("%s with %v: %d rows, want %d", c.condition, c.arg, n, c.want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

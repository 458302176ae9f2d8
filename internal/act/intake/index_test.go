package intake_test

import (
	"slices"
	"strings"
	"testing"

	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestObservablesAreIndexedOnBothEngines(t *testing.T) {
	engines := map[string]storetest.Opener{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres}
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, open)
			raws := []string{
				indicator(1, 0),
				strings.Replace(indicator(2, 0), "domain-name:value = 'host2.example'", "ipv4-addr:value ISSUBSET '10.1.0.0/16' OR ipv6-addr:value = '2001:db8::1'", 1),
				`{"type":"file","spec_version":"2.1","id":"file--` + uuid(3) + `","name":"a\u0000b\ud83d\ude00"}`, // PostgreSQL takes no NUL in a text
				`{"type":"url","spec_version":"2.1","id":"url--` + uuid(4) + `","value":"http://example.com/\u0000"}`,
				indicator(5, 0),
			}
			rep, results := d.take(clear, raws...)
			if rep.New != 5 {
				t.Fatalf("%+v", rep)
			}
			if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
				found := map[int64]bool{}
				note := func(f store.Found) error { found[f.Object] = true; return nil }
				if err := tx.Find([]store.Key{{Kind: "domain", Value: "host1.example"}}, store.AllLabels, note); err != nil {
					return err
				}
				if err := tx.FindRange(make([]byte, 16), slices.Repeat([]byte{255}, 16), store.AllLabels, 10, note); err != nil {
					return err
				}
				bits, err := tx.PrefixLengths(4)
				if !found[results[0].Seq] || !found[results[1].Seq] || len(found) != 2 || !slices.Equal(bits, []int64{16}) {
					t.Errorf("found %v, prefix lengths %v", found, bits)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

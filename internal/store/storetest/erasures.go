package storetest

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// What is kept in passing goes where it mentions a word, also one that is cut
// between two chunks of an upload, and nothing else does.
func testErasures(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	const word = "kanariya@example.org"
	write(t, h, func(tx *store.Tx) error {
		for _, id := range []string{"with", "without", "packed", "packed-other", "broken"} {
			if err := tx.AddUpload(&store.Upload{ID: id, Account: "ana", State: store.UploadReady, Finding: []byte(`{"x":"` + map[string]string{"with": "x"}[id] + `"}`)}); err != nil {
				return err
			}
		}
		for n, part := range []string{"a,kanariya@exa", "mple.org\n"} {
			if err := tx.AddChunk("with", int64(n), []byte(part)); err != nil {
				return err
			}
		}
		filler := strings.Repeat("0123456789abcdef", 10_000) // the word is far from where reading begins
		for id, body := range map[string][]byte{
			"packed": packed(t, filler+word+filler), "packed-other": packed(t, filler+"kanariya@example.com"), "broken": packed(t, filler)[:40],
		} {
			for n, part := range [][]byte{body[:20], body[20:]} {
				if err := tx.AddChunk(id, int64(n), part); err != nil {
					return err
				}
			}
		}
		if err := tx.AddChunk("without", 0, []byte("kanariya@example.com")); err != nil {
			return err
		}
		for name, value := range map[string]string{"a": "q=" + word, "b": "q=other"} {
			if err := tx.Keep("ana", store.Kept{Kind: "search", Name: name, Value: value}); err != nil {
				return err
			}
		}
		if err := tx.AddStatus(&store.Status{ID: "s1", Account: "ana", Body: []byte(word)}); err != nil {
			return err
		}
		if err := tx.AddSearched([]store.Searched{{Ix: 3, Salt: []byte{1}, Words: "q=" + word}, {Ix: 12, Salt: []byte{2}, Words: "q=other"}}); err != nil {
			return err
		}
		_, err := tx.ForgetMentions([]string{"indicator--1", word})
		return err
	})
	if got := ask(t, h, func(tx *store.Tx) ([]store.Kept, error) { return tx.Kept("ana", "search") }); len(got) != 1 || got[0].Name != "b" {
		t.Errorf("kept: %+v", got)
	}
	for ix, want := range map[int64]string{3: "", 12: "q=other", 13: ""} {
		got := ask(t, h, func(tx *store.Tx) (store.Searched, error) {
			s, found, err := tx.Searched(ix)
			if found != (want != "") {
				t.Errorf("searched at %d is found: %t", ix, found)
			}
			return s, err
		})
		if got.Words != want || want != "" && !bytes.Equal(got.Salt, []byte{2}) {
			t.Errorf("searched at %d: %+v", ix, got)
		}
	}
	uploads := ask(t, h, func(tx *store.Tx) ([]store.Upload, error) { return tx.Uploads("ana", 9) })
	left := map[string]bool{}
	for _, u := range uploads {
		left[u.ID] = true
	}
	if len(left) != 2 || !left["without"] || !left["packed-other"] {
		t.Errorf("uploads: %+v", uploads)
	}
	if err := h.Query(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Status("s1", "ana")
		return err
	}); !fault.Is(err, fault.NotFound) {
		t.Errorf("the status is there: %v", err)
	}
	write(t, h, func(tx *store.Tx) error {
		if err := tx.AddBackup(store.BackupMade{ID: "b1", Place: "tape"}); err != nil {
			return err
		}
		return tx.AddErasure(store.Erasure{ID: "e1", Object: "x--1", Reason: strings.Repeat("r", 9), Asker: "ana"})
	})
	write(t, h, func(tx *store.Tx) error {
		e, err := tx.Erasure("e1")
		if err != nil {
			return err
		}
		e.State, e.Decider, e.Copies, e.Backups = store.ErasureDone, "bo", 2, []byte("[]")
		return tx.SaveErasure(e)
	})
	if got := ask(t, h, func(tx *store.Tx) ([]store.Erasure, error) { return tx.Erasures(9) }); len(got) != 1 || got[0].Copies != 2 || got[0].Decided == 0 {
		t.Errorf("erasures: %+v", got)
	}
	if got := ask(t, h, (*store.Tx).BackupsMade); len(got) != 1 {
		t.Errorf("backups: %+v", got)
	}
	write(t, h, func(tx *store.Tx) error { return tx.BackupGone("b1") })
	if got := ask(t, h, (*store.Tx).BackupsMade); len(got) != 0 {
		t.Errorf("backups after one has gone: %+v", got)
	}
	if err := h.Scrub(t.Context()); err != nil {
		t.Error(err)
	}
}

// packed is a text compressed.
func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

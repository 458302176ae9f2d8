package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func testUploads(t *testing.T, open Opener) {
	t.Run("an upload is kept with its bytes until it is removed", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		want := store.Upload{ID: "u", Account: "ana", Class: 3, Name: "n", State: store.UploadStaging, Options: []byte("{}")}
		write(t, h, func(tx *store.Tx) error {
			if err := tx.AddUpload(&want); err != nil {
				return err
			}
			return tx.AddChunk("u", 1, []byte{0, 1, 255})
		})
		want.State, want.Size, want.Chunks, want.Finding, want.Report = store.UploadReady, 3, 1, []byte("f"), nil
		write(t, h, func(tx *store.Tx) error { return tx.SaveUpload(want) })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.Upload("u")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if list, err := tx.Uploads("ana", 9); err != nil || len(list) != 1 {
				t.Errorf("%v %v", list, err)
			}
			if list, err := tx.Uploads("ben", 9); err != nil || len(list) != 0 {
				t.Errorf("another's: %v %v", list, err)
			}
			if body, err := tx.Chunk("u", 1); err != nil || string(body) != "\x00\x01\xff" {
				t.Errorf("%q %v", body, err)
			}
			_, missing := tx.Chunk("u", 2)
			wantFault(t, missing, fault.NotFound)
			return err
		})
		write(t, h, func(tx *store.Tx) error { return tx.RemoveUpload("u") })
		read(t, h, func(tx *store.Tx) error {
			_, err := tx.Upload("u")
			wantFault(t, err, fault.NotFound)
			_, err = tx.Chunk("u", 1)
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
	t.Run("one process at a time works at an upload", func(t *testing.T) { testUploadLease(t, open) })
	t.Run("what nothing happens to is found", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		for _, u := range []store.Upload{{ID: "a", State: store.UploadReady}, {ID: "b", State: store.UploadImport}, {ID: "c", State: store.UploadDone}} {
			write(t, h, func(tx *store.Tx) error { return tx.AddUpload(&u) })
		}
		clk.Advance(time.Hour)
		write(t, h, func(tx *store.Tx) error { return tx.AddUpload(&store.Upload{ID: "d", State: store.UploadReady}) })
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.StaleUploads(tx.Now())
			if diff := cmp.Diff([]string{"a", "c"}, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
	t.Run("a warning list replaces the one of its name", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		for v := range int64(2) {
			write(t, h, func(tx *store.Tx) error {
				return tx.AddWarningList(store.WarningList{Name: "n", Type: "cidr", Version: v, Entries: v, Body: []byte{byte(v)}, Account: "ana"})
			})
		}
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.WarningLists()
			if diff := cmp.Diff([]store.WarningList{{Name: "n", Type: "cidr", Version: 1, Entries: 1, Account: "ana", Added: Start.UnixMicro()}}, got); diff != "" {
				t.Error(diff)
			}
			if body, err := tx.WarningList("n"); err != nil || string(body) != "\x01" {
				t.Errorf("%q %v", body, err)
			}
			return err
		})
		write(t, h, func(tx *store.Tx) error { return tx.RemoveWarningList("n") })
		read(t, h, func(tx *store.Tx) error {
			_, err := tx.WarningList("n")
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
}

func testUploadLease(t *testing.T, open Opener) {
	const minute = int64(60_000_000)
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	write(t, h, func(tx *store.Tx) error {
		return tx.AddUpload(&store.Upload{ID: "late", State: store.UploadReady})
	})
	write(t, h, func(tx *store.Tx) error { return tx.AddUpload(&store.Upload{ID: "u", State: store.UploadExamine}) })
	take := func(owner string) (u store.Upload, err error) {
		err = h.Write(t.Context(), func(tx *store.Tx) (err error) {
			u, err = tx.TakeUpload(owner, minute)
			return err
		})
		return u, err
	}
	advance := func(owner, state string) error {
		return h.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AdvanceUpload(store.Upload{ID: "u", State: state, Done: 5, Report: []byte("r")}, owner, minute)
		})
	}
	if u, err := take("one"); err != nil || u.ID != "u" {
		t.Fatalf("%v %v", u, err)
	}
	_, err := take("two")
	wantFault(t, err, fault.NotFound)
	wantFault(t, advance("two", store.UploadExamine), fault.Conflict)
	wantFault(t, advance("one", store.UploadImport), fault.Conflict)
	clk.Advance(50 * time.Second)
	if err := advance("one", store.UploadExamine); err != nil {
		t.Fatal(err)
	}
	clk.Advance(50 * time.Second)
	_, err = take("two")
	wantFault(t, err, fault.NotFound) // renewed
	clk.Advance(time.Minute)
	if u, err := take("two"); err != nil || u.Done != 5 || string(u.Report) != "r" {
		t.Fatalf("%v %v", u, err)
	}
	wantFault(t, advance("one", store.UploadExamine), fault.Conflict)
	// The person stops it: nobody is at it any more.
	write(t, h, func(tx *store.Tx) error { return tx.SaveUpload(store.Upload{ID: "u", State: store.UploadCancelled}) })
	wantFault(t, advance("two", store.UploadExamine), fault.Conflict)
	_, err = take("two")
	wantFault(t, err, fault.NotFound)
}

//go:build linux

package importing_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// small mounts a file system of so many bytes, where the test may.
func small(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("twoseas", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a disk that fills up while an import runs, nothing is half stored, the
// upload is kept, its person is told, and with room again it is taken in whole.
func TestAnImportOnAFullDiskGoesOnWhenThereIsRoom(t *testing.T) {
	dir := small(t, "40m")
	clk := clock.NewFake(storetest.Start)
	path := filepath.Join(dir, "twoseas.db")
	storetest.Migrated(t, path)
	s, err := store.Open(t.Context(), path, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := deskOn(t, s, clk)
	const objects = 5000
	j := d.looked(bundle(objects))
	if j, err = d.m.Confirm(t.Context(), d.h, d.by, d.class, j.ID); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	fill(t, dir, ballast)
	said := ""
	for range 3 { // also a second look finds no room
		if _, err := d.m.Work(t.Context(), d.h); err != nil {
			if !fault.Is(err, fault.Unavailable) {
				t.Fatalf("what the node's log has of it: %v", err)
			}
			said = fault.Message(err)
		}
	}
	if j = d.job(j.ID); j.Failure != "" {
		said = j.Failure
	}
	if !strings.Contains(said, "the disk of this node is full") {
		t.Errorf("its person is told %q", said)
	}
	if j.State == store.UploadDone || j.Report.New == objects {
		t.Fatalf("the disk was not full: %+v", j)
	}
	if n := len(d.stored()); n != j.Report.New {
		t.Errorf("%d objects are stored and %d reported", n, j.Report.New)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if j.State == store.UploadFailed {
		if _, err := d.m.Retry(t.Context(), d.h, d.by, j.ID); err != nil {
			t.Fatal(err)
		}
	}
	clk.Advance(d.m.Lease * 2) // whoever held it could not say that it was over
	d.work()
	if j = d.job(j.ID); j.State != store.UploadDone || j.Report.Read != objects || j.Report.New != objects || j.Report.Same != 0 {
		t.Errorf("with room again: %s, %q, %+v", j.State, j.Failure, j.Report.Report)
	}
	if n := len(d.stored()); n != objects {
		t.Errorf("%d objects", n)
	}
}

// fill leaves little room on the file system of dir.
func fill(t *testing.T, dir, name string) {
	t.Helper()
	const left = 512 << 10
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	free := int64(st.Bavail) * st.Bsize
	if free <= left {
		t.Fatalf("%d bytes free before the import", free)
	}
	if err := os.WriteFile(name, make([]byte, free-left), 0o600); err != nil {
		t.Fatal(err)
	}
}

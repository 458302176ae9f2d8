package ledger_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

func (n *node) export(partner *node) []byte {
	n.t.Helper()
	var b bytes.Buffer
	if err := n.ledger.Export(n.t.Context(), n.h, memorandum, partner.side, &b); err != nil {
		n.t.Fatal(err)
	}
	return b.Bytes()
}

func verified(t *testing.T, keys []note.Verifier, files ...[]byte) verify.Report {
	t.Helper()
	readers := make([]io.Reader, len(files))
	for i, f := range files {
		readers[i] = bytes.NewReader(f)
	}
	r, err := verify.Verify(readers, keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantSound(t *testing.T, r verify.Report) {
	t.Helper()
	if !r.OK {
		var b bytes.Buffer
		_ = r.WriteText(&b) // into memory
		t.Errorf("not sound:\n%s", &b)
	}
}

func TestExport(t *testing.T) {
	a, b := pair(t)
	first := []note.Verifier{a.key(), b.key()}
	a.add(memorandum, 3)
	b.add(memorandum, 1)
	cosign(a, b, memorandum)
	a.add(memorandum, 4)
	cosign(a, b, memorandum)
	a.add(memorandum, 1)
	t.Run("the file verifies with the two public keys", func(t *testing.T) {
		r := verified(t, first, a.export(b), b.export(a))
		wantSound(t, r)
		if r.Leaves != 9 || len(r.Logs) != 2 || r.Logs[0].Size != 8 || r.Logs[0].Cosigned != 7 || r.Logs[0].Root != a.checkpoint(memorandum).Root {
			t.Errorf("report %+v", r)
		}
	})
	t.Run("no byte of it can change", func(t *testing.T) {
		file := a.export(b)
		for i := range file {
			changed := bytes.Clone(file)
			changed[i] ^= 1
			if r := verified(t, first, changed); r.OK {
				t.Errorf("byte %d, %q, can change", i, file[max(0, i-10):min(len(file), i+10)])
			}
		}
	})
	t.Run("it verifies through changes of keys, with the first keys or the newest", func(t *testing.T) {
		rotate(a, b)
		b.write(func(tx *store.Tx) error { return b.ledger.Append(tx, memorandum, b.leaf(tx, "after")) })
		cosign(b, a, memorandum)
		a.add(memorandum, 2)
		rotate(b, a)
		rotate(a, b)
		a.add(memorandum, 2)
		cosign(a, b, memorandum)
		for _, keys := range [][]note.Verifier{first, {a.key(), b.key()}} {
			r := verified(t, keys, a.export(b), b.export(a))
			wantSound(t, r)
			if r.Keys != 6 {
				t.Errorf("%d rotations logged, want 6", r.Keys)
			}
		}
		for _, n := range []*node{a, b} {
			if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestExportOfALogThatBeganAfterARotation(t *testing.T) {
	a, b := pair(t)
	var msg []byte
	a.write(func(tx *store.Tx) error {
		var err error
		msg, err = a.ledger.Rotate(tx)
		return err
	})
	b.write(func(tx *store.Tx) error { _, _, err := b.ring.AcceptRotation(tx, msg); return err })
	a.add(memorandum, 2)
	cosign(a, b, memorandum)
	rotate(b, a)
	a.add(memorandum, 1)
	wantSound(t, verified(t, []note.Verifier{a.key(), b.key()}, a.export(b)))
}

func TestExportRefuses(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 600)
	for name, c := range map[string]func() error{
		"a log there is not":        func() error { return a.ledger.Export(t.Context(), a.h, "in-us", "jp", io.Discard) },
		"a partner without a key":   func() error { return a.ledger.Export(t.Context(), a.h, memorandum, "us", io.Discard) },
		"what another domain holds": func() error { return b.ledger.Export(t.Context(), b.h, memorandum, "in", io.Discard) },
	} {
		if err := c(); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantFault(t, a.ledger.Export(t.Context(), a.h, "home", "jp", io.Discard), fault.Invalid)
	t.Run("to a writer that fails", func(t *testing.T) {
		if err := a.ledger.Export(t.Context(), a.h, memorandum, "jp", fullDisk{}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a log that has lost a leaf", func(t *testing.T) {
		for _, ix := range []int{599, 300} {
			a.sabotage(`DELETE FROM log_leaf WHERE ix = $1`, ix)
			err := a.ledger.Export(t.Context(), a.h, memorandum, "jp", io.Discard)
			wantFault(t, err, fault.Conflict)
			if !strings.Contains(fmt.Sprint(err), fmt.Sprintf("leaf %d ", ix)) {
				t.Errorf("%v does not name leaf %d", err, ix)
			}
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full: %w", io.ErrShortWrite) }

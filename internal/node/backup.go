package node

import (
	"archive/tar"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// A backup is a tar file, compressed with zstd: the configuration, the TLS
// pair with its key sealed under seal.key, and the store in its logical form.
// seal.key is not in it: without that file a backup opens no secret.
const (
	entryConfig = "node.yaml"
	entryCert   = "tls.pem"
	entryKey    = "tls.key.sealed"
	entryStore  = "store"
	maxEntry    = 1 << 20 // of every entry but the store
)

// Backup writes everything the node holds to w, while it runs.
func (n *Node) Backup(ctx context.Context, w io.Writer) error {
	z, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	seal, err := readSeal(n.Dir)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		entry, file string
		sealed      bool
	}{{entryConfig, configFile, false}, {entryCert, certFile, false}, {entryKey, keyFile, true}} {
		raw, err := os.ReadFile(filepath.Join(n.Dir, f.file))
		if err != nil {
			return err
		}
		if f.sealed {
			if raw, err = sealFileData(derive(seal, "backup"), raw); err != nil {
				return err
			}
		}
		if err := errors.Join(t.WriteHeader(&tar.Header{Name: f.entry, Mode: 0o600, Size: int64(len(raw))}), second(t.Write(raw))); err != nil {
			return err
		}
	}
	if err := n.backupStore(ctx, t); err != nil {
		return err
	}
	return errors.Join(t.Close(), z.Close())
}

func second(_ int, err error) error { return err }

// backupStore goes through a temporary file, since tar wants the size first.
func (n *Node) backupStore(ctx context.Context, t *tar.Writer) error {
	tmp, err := os.CreateTemp(n.Dir, ".backup-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = tmp.Close()           // read to its end by then
		_ = os.Remove(tmp.Name()) // a leftover has no reader
	}()
	z, err := zstd.NewWriter(tmp, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	if err := errors.Join(n.Store.Dump(ctx, z), z.Close()); err != nil {
		return err
	}
	size, err := tmp.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: entryStore, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	_, err = io.Copy(t, tmp)
	return err
}

// Restore makes a node in dir from a backup and the seal.key that was kept
// apart from it. source, unless empty, is another store than the configured
// one; it must be empty. On failure dir is left without a node.
func Restore(ctx context.Context, dir string, r io.Reader, sealKey []byte, source string, clk clock.Clock) (err error) {
	if _, err := os.Stat(filepath.Join(dir, configFile)); !errors.Is(err, fs.ErrNotExist) {
		return fault.Errorf(fault.Conflict, "%s has a node already", dir)
	}
	if err := ownDirectory(dir); err != nil {
		return err
	}
	if err := create(filepath.Join(dir, sealFile), sealKey, 0o600); err != nil {
		return err
	}
	defer func() {
		if err != nil { // leave nothing that looks like a node
			for _, f := range []string{sealFile, configFile, certFile, keyFile} {
				_ = os.Remove(filepath.Join(dir, f)) // may not be there yet
			}
		}
	}()
	seal, err := readSeal(dir)
	if err != nil {
		return err
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	return restoreEntries(ctx, dir, tar.NewReader(z), seal, source, clk)
}

func restoreEntries(ctx context.Context, dir string, t *tar.Reader, seal [32]byte, source string, clk clock.Clock) error {
	seen := map[string]bool{}
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.Errorf(fault.Invalid, "not a sound backup: %w", err)
		}
		if seen[h.Name] {
			return fault.Errorf(fault.Invalid, "not a sound backup: %q twice", h.Name)
		}
		seen[h.Name] = true
		if h.Name == entryStore {
			if err := restoreStore(ctx, dir, t, source, clk); err != nil {
				return err
			}
			continue
		}
		if err := restoreFile(dir, h, t, seal); err != nil {
			return err
		}
	}
	for _, want := range []string{entryConfig, entryCert, entryKey, entryStore} {
		if !seen[want] {
			return fault.Errorf(fault.Invalid, "not a sound backup: %s is missing", want)
		}
	}
	return nil
}

func restoreFile(dir string, h *tar.Header, r io.Reader, seal [32]byte) error {
	if h.Size > maxEntry {
		return fault.Errorf(fault.Invalid, "not a sound backup: %q is too large", h.Name)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return fault.Errorf(fault.Invalid, "not a sound backup: %w", err)
	}
	switch h.Name {
	case entryConfig:
		return create(filepath.Join(dir, configFile), raw, 0o600)
	case entryCert:
		return create(filepath.Join(dir, certFile), raw, 0o644)
	case entryKey:
		key, err := openFileData(derive(seal, "backup"), raw)
		if err != nil {
			return fault.New(fault.Denied, "this seal.key is not the one of the node that was backed up")
		}
		return create(filepath.Join(dir, keyFile), key, 0o600)
	}
	return fault.Errorf(fault.Invalid, "not a sound backup: an unknown entry %.40q", h.Name)
}

func restoreStore(ctx context.Context, dir string, r io.Reader, source string, clk clock.Clock) error {
	c, err := Load(dir)
	if err != nil {
		return err
	}
	if source != "" {
		c.Store = source
	}
	s, err := store.Open(ctx, c.Store, clk)
	if err != nil {
		return err
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxMemory(128<<20))
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer z.Close()
	return errors.Join(s.Load(ctx, z), s.Close())
}

// sealFileData and openFileData seal the TLS key under a key derived from
// seal.key (AES-256-GCM, random nonce in front).
func sealFileData(key [32]byte, data []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, data, []byte(entryKey)), nil
}

func openFileData(key [32]byte, data []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(data) < aead.NonceSize() {
		return nil, fmt.Errorf("sealed data of %d bytes", len(data))
	}
	return aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(entryKey))
}

func gcm(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

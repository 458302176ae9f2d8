package keys

import (
	"crypto/aes"
	"crypto/cipher"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// sealVersion is the first byte of everything sealed: AES-256-GCM with a
// random nonce of 96 bits in front (NIST SP 800-38D §8.2.2).
const sealVersion = 0x01

// aead makes the cipher of a sealing key. A node seals a handful of secrets in
// its life, far below the 2^32 messages that random nonces allow.
func aead(seal [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(seal[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// place is the associated data of a secret: moved to another domain or name,
// it does not open.
func place(d ident.Domain, name string) []byte {
	return []byte("twoseas/secret/v1\n" + d.String() + "\n" + name + "\n")
}

func sealSecret(seal [32]byte, d ident.Domain, name string, secret []byte) ([]byte, error) {
	a, err := aead(seal)
	if err != nil {
		return nil, err
	}
	return a.Seal([]byte{sealVersion}, nil, secret, place(d, name)), nil //nolint:gosec // it makes the nonce itself and wants none
}

func openSecret(seal [32]byte, d ident.Domain, name string, sealed []byte) ([]byte, error) {
	a, err := aead(seal)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, fault.Errorf(fault.Conflict, "the secret %q of %s was sealed by a newer twoseas", name, d)
	}
	secret, err := a.Open(nil, nil, sealed[1:], place(d, name))
	if err != nil {
		return nil, fault.Errorf(fault.Conflict,
			"the node's sealing key does not open the secret %q of %s: it belongs to another store, or the store was altered", name, d)
	}
	return secret, nil
}

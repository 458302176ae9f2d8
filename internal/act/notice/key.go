package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Key is an OpenPGP key that messages can be encrypted with.
type Key struct {
	Armored     string // the public part
	Fingerprint string
	Expires     time.Time // zero for never
	// Added and Verified say when it was stored, and when the person showed to
	// hold it; before that it is not used.
	Added, Verified time.Time
}

// maxKey bounds a key, in bytes of its armored form.
const maxKey = 64 << 10

// SetKey stores by's key in place of the one before and has a code sent that is
// encrypted with it. Until VerifyKey is given that code, messages go without.
func (n *Notices) SetKey(ctx context.Context, h *store.Handle, by people.Actor, armored string) (Key, error) {
	if err := person(by); err != nil {
		return Key{}, err
	}
	if n.ReadKey == nil || n.Outside == nil {
		return Key{}, fault.New(fault.Unavailable, "this node sends no mail: its configuration names no mail server")
	}
	if len(armored) > maxKey {
		return Key{}, fault.New(fault.TooLarge, "the key is too long")
	}
	k, err := n.ReadKey(armored)
	if err != nil {
		return Key{}, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		row := store.NoticeKey{Person: by.Name, Armored: k.Armored, Fingerprint: k.Fingerprint, Expires: clock.Micro(k.Expires), Added: tx.Now()}
		if err := tx.SaveNoticeKey(row); err != nil {
			return err
		}
		k.Added = clock.At(row.Added)
		x := Notice{
			To: To{Account: by.Name}, Cause: "key " + k.Fingerprint, Step: strconv.FormatInt(row.Added, 10), Kind: keyCode, Urgent: true, Page: "/notices/settings",
		}
		if _, err := n.Post(tx, x); err != nil {
			return err
		}
		if err := n.formFor(tx, []store.Addressee{{Person: by.Name, Urgent: true}}); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.key", "fingerprint", k.Fingerprint)
	})
	return k, err
}

// code is what proves that a key is held. It is not stored.
func (n *Notices) code(k store.NoticeKey) string {
	m := hmac.New(sha256.New, n.Secret[:])
	m.Write([]byte("code\x00" + k.Person + "\x00" + k.Fingerprint + "\x00" + strconv.FormatInt(k.Added, 10)))
	return base32.StdEncoding.EncodeToString(m.Sum(nil)[:10])
}

// VerifyKey takes the code that was sent under the key: from now on messages to
// by are encrypted with it. Another code is fault.Denied.
func (n *Notices) VerifyKey(ctx context.Context, h *store.Handle, by people.Actor, code string) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		k, err := tx.NoticeKey(by.Name)
		if err != nil {
			return err
		}
		given := strings.ToUpper(strings.Join(strings.Fields(code), ""))
		if subtle.ConstantTimeCompare([]byte(given), []byte(n.code(k))) != 1 {
			return fault.New(fault.Denied, "this is not the code that was sent")
		}
		k.Verified = tx.Now()
		if err := tx.SaveNoticeKey(k); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.key.verify", "fingerprint", k.Fingerprint)
	})
}

// RemoveKey forgets by's key: messages go unencrypted.
func (n *Notices) RemoveKey(ctx context.Context, h *store.Handle, by people.Actor) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		k, err := tx.NoticeKey(by.Name)
		if err == nil {
			err = tx.RemoveNoticeKey(by.Name)
		}
		if err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.key.remove", "fingerprint", k.Fingerprint)
	})
}

func keyOf(r store.NoticeKey) Key {
	return Key{Armored: r.Armored, Fingerprint: r.Fingerprint, Expires: clock.At(r.Expires), Added: clock.At(r.Added), Verified: clock.At(r.Verified)}
}

// warnings are how many days before a key ends its holder is told.
var warnings = []int{60, 30, 7}

// KeyEnds is a Source: the own key for messages ends soon.
func (n *Notices) KeyEnds(ctx context.Context, h *store.Handle, by people.Actor) (out []Waits, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		k, err := tx.NoticeKey(by.Name)
		if fault.Is(err, fault.NotFound) || err == nil && (k.Verified == 0 || k.Expires == 0) {
			return nil
		}
		if err != nil {
			return err
		}
		left := clock.At(k.Expires).Sub(n.Clock.Now())
		step := ""
		for _, days := range warnings {
			if left <= time.Duration(days)*24*time.Hour {
				step = strconv.Itoa(days)
			}
		}
		if step != "" {
			out = append(out, Waits{Cause: "key " + k.Fingerprint, Step: step, Kind: KeyExpires, Count: 1, Due: clock.At(k.Expires), Page: "/notices/settings"})
		}
		return nil
	})
	return out, err
}

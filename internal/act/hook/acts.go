package hook

import (
	"context"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/webhook"
	"twoseas/internal/store"
)

// Where the secrets of a subscription are kept.
func secretPlace(name string) string { return "hook " + name }
func oldPlace(name string) string    { return "hook-old " + name }

// secretBytes is how long a secret is.
const secretBytes = 32

// Add adds a subscription, which is told what happens from now on, and returns
// the secret that its messages are signed with. Nobody is shown it again.
func (k *Hooks) Add(ctx context.Context, h *store.Handle, by people.Actor, name string, s Settings) (secret string, err error) {
	if err := by.May(people.Administer); err != nil {
		return "", err
	}
	if !names.MatchString(name) {
		return "", fault.Errorf(fault.Invalid, "name %.80q: want 1 to 64 lower-case letters, digits and inner - and .", name)
	}
	if err := k.admit(ctx, name, &s); err != nil {
		return "", err
	}
	raw := make([]byte, secretBytes)
	if err := k.draw(raw); err != nil {
		return "", err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		c, err := k.begin(tx, &s)
		if err != nil {
			return err
		}
		row := store.Sender{Kind: store.SenderHook, Name: name, Health: []byte("{}")}
		if row.Settings, err = canon.Marshal(kept{Settings: s}); err != nil {
			return err
		}
		if row.Cursor, err = canon.Marshal(c); err != nil {
			return err
		}
		if err := tx.AddSender(&row); err != nil {
			return err
		}
		if err := k.Ring.Keep(tx, secretPlace(name), raw); err != nil {
			return err
		}
		return k.note(tx, by, "hook.add", s.told(name)...)
	})
	if err != nil {
		return "", err
	}
	return webhook.Secret(raw), nil
}

// admit checks settings outside the transaction.
func (k *Hooks) admit(ctx context.Context, name string, s *Settings) error {
	if err := s.check(k.Private); err != nil {
		return err
	}
	_, err := k.People.As(ctx, people.System("hook "+name), s.Account)
	return err
}

// Change replaces what is said of a subscription. It goes on where it was, of
// what it was not told before from now on. Its secret stays, unless it goes to
// another server: then nobody there knows it.
func (k *Hooks) Change(ctx context.Context, h *store.Handle, by people.Actor, name string, s Settings) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	if err := k.admit(ctx, name, &s); err != nil {
		return err
	}
	return k.edit(ctx, h, by, name, "hook.change", s.told(name), func(tx *store.Tx, row *store.Sender) error {
		was, err := keptOf(*row)
		if err != nil {
			return err
		}
		fresh, err := k.begin(tx, &s)
		if err != nil {
			return err
		}
		c, err := cursorOf(*row)
		if err != nil {
			return err
		}
		for place, at := range fresh.Marks {
			if old, ok := c.Marks[place]; ok {
				at = old
			}
			fresh.Marks[place] = at
		}
		if p := c.Pending; p != nil && (p.Event == Test || hears(s, *p)) {
			fresh.Pending = p
		}
		row.Failures, row.Failing, row.Due = 0, 0, tx.Now()
		if row.Settings, err = canon.Marshal(kept{Settings: s, Rotated: was.Rotated}); err != nil {
			return err
		}
		row.Cursor, err = canon.Marshal(fresh)
		return err
	})
}

// hears reports whether a message that is under way is still wanted.
func hears(s Settings, p pending) bool {
	for _, e := range s.Events {
		if e == p.Event && (e != Arrived || p.Place == s.Collection) {
			return true
		}
	}
	return false
}

// told returns what the home log gets to know of settings. What follows a
// question mark may be a key.
func (s Settings) told(name string) []string {
	address, _, _ := strings.Cut(s.URL, "?")
	events := make([]string, 0, len(s.Events))
	for _, e := range s.Events {
		events = append(events, string(e))
	}
	fields := []string{"hook", name, "address", address, "account", s.Account, "events", strings.Join(events, " ")}
	if s.Collection != "" {
		fields = append(fields, "collection", s.Collection)
	}
	if s.Content {
		fields = append(fields, "content", "yes")
	}
	return fields
}

// edit changes a subscription in a transaction of its own.
func (k *Hooks) edit(ctx context.Context, h *store.Handle, by people.Actor, name, act string, fields []string, change func(*store.Tx, *store.Sender) error) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Sender(store.SenderHook, name)
		if err != nil {
			return err
		}
		if err := change(tx, &row); err != nil {
			return err
		}
		if err := tx.SaveSender(row); err != nil {
			return err
		}
		return k.note(tx, by, act, fields...)
	})
}

// Pause keeps messages back; what happens meanwhile is told after Resume.
func (k *Hooks) Pause(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	return k.edit(ctx, h, by, name, "hook.pause", []string{"hook", name}, func(_ *store.Tx, row *store.Sender) error {
		row.Paused = true
		return nil
	})
}

// Resume has a subscription that was paused, or that stopped, go on from where
// it was, at once.
func (k *Hooks) Resume(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	return k.edit(ctx, h, by, name, "hook.resume", []string{"hook", name}, func(tx *store.Tx, row *store.Sender) error {
		health, err := healthOf(*row)
		if err != nil {
			return err
		}
		health.Stopped = time.Time{}
		row.Paused, row.Due, row.Failures, row.Failing = false, tx.Now(), 0, 0
		row.Health, err = canon.Marshal(health)
		return err
	})
}

// Rotate gives a subscription a new secret and returns it. For a while
// (Config.Overlap) messages are signed with the old one too.
func (k *Hooks) Rotate(ctx context.Context, h *store.Handle, by people.Actor, name string) (string, error) {
	raw := make([]byte, secretBytes)
	if err := k.draw(raw); err != nil {
		return "", err
	}
	err := k.edit(ctx, h, by, name, "hook.rotate", []string{"hook", name}, func(tx *store.Tx, row *store.Sender) error {
		s, err := keptOf(*row)
		if err != nil {
			return err
		}
		old, err := k.Ring.Reveal(tx, secretPlace(name))
		if err != nil {
			return err
		}
		if err := k.Ring.Keep(tx, oldPlace(name), old); err != nil {
			return err
		}
		if err := k.Ring.Keep(tx, secretPlace(name), raw); err != nil {
			return err
		}
		s.Rotated = tx.Now()
		row.Settings, err = canon.Marshal(s)
		return err
	})
	if err != nil {
		return "", err
	}
	return webhook.Secret(raw), nil
}

// Try has a message go out that says nothing but that it is a test, before
// whatever else waits.
func (k *Hooks) Try(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	return k.edit(ctx, h, by, name, "hook.test", []string{"hook", name}, func(tx *store.Tx, row *store.Sender) error {
		if row.Paused {
			return fault.Errorf(fault.Conflict, "%s is paused or stopped: resume it first", name)
		}
		c, err := cursorOf(*row)
		if err != nil {
			return err
		}
		if c.Pending != nil {
			return fault.Errorf(fault.Conflict, "a message of %s is under way already: its attempts are the test", name)
		}
		if c.Pending, err = k.pend(tx, Test, "", 0, 0); err != nil {
			return err
		}
		row.Due = tx.Now()
		row.Cursor, err = canon.Marshal(c)
		return err
	})
}

// Remove forgets a subscription and its secret.
func (k *Hooks) Remove(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RemoveSender(store.SenderHook, name); err != nil {
			return err
		}
		for _, place := range []string{secretPlace(name), oldPlace(name)} {
			if err := k.Ring.Forget(tx, place); err != nil {
				return err
			}
		}
		return k.note(tx, by, "hook.remove", "hook", name)
	})
}

// List returns every subscription by name.
func (k *Hooks) List(ctx context.Context, h *store.Handle, by people.Actor) (out []Hook, err error) {
	if err := by.May(people.Administer); err != nil {
		return nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Senders(store.SenderHook)
		if err != nil {
			return err
		}
		for _, row := range rows {
			one, err := k.of(row)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// Find returns one subscription, or fault.NotFound.
func (k *Hooks) Find(ctx context.Context, h *store.Handle, by people.Actor, name string) (one Hook, err error) {
	if err := by.May(people.Administer); err != nil {
		return one, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		row, err := tx.Sender(store.SenderHook, name)
		if err != nil {
			return err
		}
		one, err = k.of(row)
		return err
	})
	return one, err
}

func (k *Hooks) of(row store.Sender) (Hook, error) {
	s, err := keptOf(row)
	if err != nil {
		return Hook{}, err
	}
	c, err := cursorOf(row)
	if err != nil {
		return Hook{}, err
	}
	health, err := healthOf(row)
	one := Hook{
		Name: row.Name, Settings: s.Settings, Paused: row.Paused, Added: time.UnixMicro(row.Created).UTC(), Due: time.UnixMicro(row.Due).UTC(),
		Failures: int(row.Failures), Pending: c.Pending != nil, Health: health,
	}
	if row.Failing != 0 {
		one.Failing = time.UnixMicro(row.Failing).UTC()
	}
	if s.Rotated != 0 {
		one.Rotated = time.UnixMicro(s.Rotated).UTC().Add(k.Overlap)
	}
	return one, err
}

func healthOf(row store.Sender) (h Health, err error) {
	return h, canon.Unmarshal(row.Health, &h)
}

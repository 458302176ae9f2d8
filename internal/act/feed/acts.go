package feed

import (
	"context"
	"regexp"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Feed is one source as people see it. It holds no secret.
type Feed struct {
	Name     string
	Settings Settings
	Secret   bool // whether a password or token is kept
	Paused   bool
	Added    time.Time
	Due      time.Time
	Failures int // runs that failed since the last that did not
	Health   Health
}

var names = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$`)

// secretPlace is where the password or token of a feed is kept.
func secretPlace(name string) string { return "feed " + name }

// Add adds a source, to be asked at once. secret, which may be empty, is the
// password or bearer token shown there. A taken name is fault.Conflict; a
// collection or account that is not there is fault.NotFound.
func (f *Feeds) Add(ctx context.Context, h *store.Handle, by people.Actor, name string, s Settings, secret string) error {
	s, err := f.admit(ctx, by, name, s, secret)
	if err != nil {
		return err
	}
	raw, err := canon.Marshal(s)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := f.settle(tx, s); err != nil {
			return err
		}
		row := store.Feed{Name: name, Settings: raw, Cursor: []byte("{}"), Health: []byte("{}")}
		if err := tx.AddFeed(&row); err != nil {
			return err
		}
		if secret != "" {
			if err := f.Ring.Keep(tx, secretPlace(name), []byte(secret)); err != nil {
				return err
			}
		}
		return f.note(tx, by, "feed.add", s.told(name)...)
	})
}

// Change replaces what is said of a source, and its secret unless that is nil.
// When it names another place now, or files, it is asked for everything anew.
func (f *Feeds) Change(ctx context.Context, h *store.Handle, by people.Actor, name string, s Settings, secret *string) error {
	said := ""
	if secret != nil {
		said = *secret
	}
	s, err := f.admit(ctx, by, name, s, said)
	if err != nil {
		return err
	}
	raw, err := canon.Marshal(s)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := f.settle(tx, s); err != nil {
			return err
		}
		row, err := tx.Feed(name)
		if err != nil {
			return err
		}
		before, err := settingsOf(row)
		if err != nil {
			return err
		}
		if before.where() != s.where() || s.Kind != TAXII && s.Kind != Push { // files may be read otherwise now
			row.Cursor = []byte("{}")
		}
		if err := f.notElsewhere(tx, name, before, s, secret); err != nil {
			return err
		}
		row.Settings, row.Due, row.Failures = raw, tx.Now(), 0
		if err := tx.SaveFeed(row); err != nil {
			return err
		}
		if err := f.keepSecret(tx, name, secret); err != nil {
			return err
		}
		return f.note(tx, by, "feed.change", s.told(name)...)
	})
}

// admit checks who adds or changes what, outside the transaction.
func (f *Feeds) admit(ctx context.Context, by people.Actor, name string, s Settings, secret string) (Settings, error) {
	if err := by.May(people.Administer); err != nil {
		return s, err
	}
	if !names.MatchString(name) {
		return s, fault.Errorf(fault.Invalid, "name %.80q: want 1 to 64 lower-case letters, digits and inner - and .", name)
	}
	if len(secret) > maxText {
		return s, fault.Errorf(fault.Invalid, "a password or token has at most %d bytes", maxText)
	}
	s, err := s.checked()
	if err != nil || s.Kind != Push {
		return s, err
	}
	_, err = f.People.As(ctx, people.System("feed "+name), s.Account)
	return s, err
}

// settle checks what only the store knows.
func (f *Feeds) settle(tx *store.Tx, s Settings) error {
	if s.Collection == "" {
		return nil
	}
	_, err := tx.Collection(s.Collection)
	return err
}

func (f *Feeds) keepSecret(tx *store.Tx, name string, secret *string) error {
	switch {
	case secret == nil:
		return nil
	case *secret == "":
		return f.Ring.Forget(tx, secretPlace(name))
	}
	return f.Ring.Keep(tx, secretPlace(name), []byte(*secret))
}

// notElsewhere refuses to show a secret that was given for one server to
// another.
func (f *Feeds) notElsewhere(tx *store.Tx, name string, before, now Settings, secret *string) error {
	if secret != nil || before.shownTo() == now.shownTo() {
		return nil
	}
	_, err := tx.Secret(secretPlace(name))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Invalid, "the password or token was given for another server, user or kind of line: give it again")
}

// told returns what the journal gets to know of settings. What follows a
// question mark may be a key.
func (s Settings) told(name string) []string {
	address, _, _ := strings.Cut(s.URL, "?")
	fields := []string{"feed", name, "kind", string(s.Kind), "address", address}
	if s.Collection != "" {
		fields = append(fields, "collection", s.Collection)
	}
	if s.Account != "" {
		fields = append(fields, "account", s.Account)
	}
	return fields
}

// Pause keeps a source from being asked; a run under way ends.
func (f *Feeds) Pause(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	return f.edit(ctx, h, by, name, "feed.pause", func(row *store.Feed, _ int64) { row.Paused = true })
}

// Resume has a paused source asked again, at once.
func (f *Feeds) Resume(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	return f.edit(ctx, h, by, name, "feed.resume", func(row *store.Feed, now int64) {
		row.Paused, row.Due, row.Failures = false, now, 0
	})
}

func (f *Feeds) edit(ctx context.Context, h *store.Handle, by people.Actor, name, act string, change func(*store.Feed, int64)) error {
	if err := mayRun(by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Feed(name)
		if err != nil {
			return err
		}
		change(&row, tx.Now())
		if err := tx.SaveFeed(row); err != nil {
			return err
		}
		return f.note(tx, by, act, "feed", name)
	})
}

// Hasten has whichever process serves the node ask a source now.
func (f *Feeds) Hasten(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	if err := mayRun(by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Feed(name)
		if err != nil {
			return err
		}
		if row.Paused {
			return errPaused(name)
		}
		if err := tx.HastenFeed(name); err != nil {
			return err
		}
		return f.note(tx, by, "feed.hasten", "feed", name)
	})
}

func errPaused(name string) error {
	return fault.Errorf(fault.Conflict, "feed %q is paused: resume it first", name)
}

// Remove forgets a source and its secret. What it brought stays.
func (f *Feeds) Remove(ctx context.Context, h *store.Handle, by people.Actor, name string) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RemoveFeed(name); err != nil {
			return err
		}
		if err := f.Ring.Forget(tx, secretPlace(name)); err != nil {
			return err
		}
		return f.note(tx, by, "feed.remove", "feed", name)
	})
}

// Offered asks a server what collections it has for us, as a source there
// would ask; nothing is kept.
func (f *Feeds) Offered(ctx context.Context, h *store.Handle, by people.Actor, r Remote) ([]Offer, error) {
	if err := by.May(people.Administer); err != nil {
		return nil, err
	}
	s := Settings{Kind: TAXII, URL: r.URL, User: r.User, CA: r.CA, Private: r.Private, Every: int64(MinEvery / time.Second)}
	if _, err := s.checked(); err != nil {
		return nil, err
	}
	if len(r.Secret) > maxText {
		return nil, fault.Errorf(fault.Invalid, "a password or token has at most %d bytes", maxText)
	}
	if err := h.Write(ctx, func(tx *store.Tx) error { return f.note(tx, by, "feed.ask", s.told("")[2:]...) }); err != nil {
		return nil, err
	}
	return f.Outside.Offers(ctx, r)
}

// List returns every source by name.
func (f *Feeds) List(ctx context.Context, h *store.Handle, by people.Actor) ([]Feed, error) {
	if err := mayRun(by); err != nil {
		return nil, err
	}
	var out []Feed
	err := h.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Feeds()
		if err != nil {
			return err
		}
		for _, row := range rows {
			one, err := f.of(tx, row)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

func (f *Feeds) of(tx *store.Tx, row store.Feed) (Feed, error) {
	one := Feed{
		Name: row.Name, Paused: row.Paused, Added: time.UnixMicro(row.Created).UTC(), Due: time.UnixMicro(row.Due).UTC(), Failures: int(row.Failures),
	}
	var err error
	if one.Settings, err = settingsOf(row); err != nil {
		return one, err
	}
	if err := canon.Unmarshal(row.Health, &one.Health); err != nil {
		return one, err
	}
	_, err = tx.Secret(secretPlace(row.Name))
	one.Secret = err == nil
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return one, err
}

// mayRun admits those who import and those who administer.
func mayRun(by people.Actor) error {
	if by.May(people.Administer) == nil {
		return nil
	}
	return by.May(people.Import)
}

package notice

import (
	"context"
	"strconv"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// How much lists show, and how long what was told is kept.
const (
	maxList = 100
	keepFor = 400 * 24 * time.Hour
)

// Own is what a person sees of the own notices.
type Own struct {
	Wish Wish
	// Address is where messages go, "" when it is not known.
	Address string
	Key     *Key // nil without one
	// Calendar is the address of the calendar, nil without one.
	Calendar *Subscription
	Mails    []store.Mail // the newest first
	Told     []store.Notice
	// Written says that this node sends mail.
	Written bool
}

// Mine returns what by was told, and how by is told.
func (n *Notices) Mine(ctx context.Context, h *store.Handle, by people.Actor) (o Own, err error) {
	if err := person(by); err != nil {
		return o, err
	}
	o.Written = n.Outside != nil
	err = h.Read(ctx, func(tx *store.Tx) error {
		w, err := n.wish(tx, by.Name)
		if err != nil {
			return err
		}
		o.Wish = wishOf(w)
		who, err := tx.Person(by.Name)
		if err != nil {
			return err
		}
		o.Address = who.Email
		k, err := tx.NoticeKey(by.Name)
		if err == nil {
			key := keyOf(k)
			o.Key = &key
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		at, err := tx.CalendarAddressOf(by.Name)
		if err == nil {
			o.Calendar = &Subscription{Made: clock.At(at.Created), Used: clock.At(at.Used)}
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		if o.Mails, err = tx.MailsTo(by.Name, maxList); err != nil {
			return err
		}
		o.Told, err = tx.NoticesTold(by.Name, maxList)
		return err
	})
	return o, err
}

// Status is how mail is doing on this node.
type Status struct {
	Written bool // a mail server is configured
	Server  Server
	Counts  map[string]int64 // messages by state
	Waiting []store.Mail     // some of them
	Refused []store.Mail     // the newest
}

// Status returns how mail is doing, for who may Administer.
func (n *Notices) Status(ctx context.Context, h *store.Handle, by people.Actor) (s Status, err error) {
	if err := by.May(people.Administer); err != nil {
		return s, err
	}
	return s, h.Read(ctx, func(tx *store.Tx) (err error) {
		s, err = n.status(tx)
		return err
	})
}

func (n *Notices) status(tx *store.Tx) (s Status, err error) {
	s.Written = n.Outside != nil
	if s.Server, err = serverOf(tx); err != nil {
		return s, err
	}
	if s.Counts, err = tx.MailCounts(); err != nil {
		return s, err
	}
	if s.Waiting, err = tx.MailsIn(store.MailWaiting, maxList); err != nil {
		return s, err
	}
	s.Refused, err = tx.MailsIn(store.MailRefused, maxList)
	return s, err
}

// Doing returns how the mail server is doing, for the health of the node.
func (n *Notices) Doing(ctx context.Context, h *store.Handle) (s Server, counts map[string]int64, err error) {
	err = h.Query(ctx, func(tx *store.Tx) (err error) {
		if s, err = serverOf(tx); err != nil {
			return err
		}
		counts, err = tx.MailCounts()
		return err
	})
	return s, counts, err
}

// Try has a test message go to an address at once, and the mail server tried
// again whatever was wrong with it.
func (n *Notices) Try(ctx context.Context, h *store.Handle, by people.Actor, address string) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	if n.Outside == nil {
		return fault.New(fault.Unavailable, "this node sends no mail: its configuration names no mail server")
	}
	to, err := Address(address)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		s, err := serverOf(tx)
		if err != nil {
			return err
		}
		s.Due = time.Time{}
		if err := saveServer(tx, s); err != nil {
			return err
		}
		x := Notice{To: To{Address: to}, Cause: "test " + by.Name, Step: strconv.FormatInt(tx.Now(), 10), Kind: test, Urgent: true, Page: "/operate/mail"}
		if _, err := n.Post(tx, x); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.test", "address", to)
	})
}

// Sweep forgets what was told long ago.
func (n *Notices) Sweep(ctx context.Context, h *store.Handle) error {
	return h.Write(ctx, func(tx *store.Tx) error { return tx.PurgeNotices(n.Clock.Now().Add(-keepFor).UnixMicro()) })
}

package notice

import (
	"context"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/lang"
	"twoseas/internal/store"
)

// How often a person is written to.
const (
	AtOnce = "now"
	Hourly = "hourly"
	Daily  = "daily" // at dailyAt in the person's zone
)

// dailyAt is the hour of a daily message.
const dailyAt = 8

// Digests returns how often a person may want to be written to.
func Digests() []string { return []string{AtOnce, Hourly, Daily} }

// Wish is how a person wants to be told. Urgent notices go at once whatever it
// says, unless Mail is false.
type Wish struct {
	Mail     bool   `json:"mail"`
	Language string `json:"language"`
	Zone     string `json:"zone"` // IANA name
	Digest   string `json:"digest"`
	// QuietFrom and QuietTo are times of day such as 22:00; both "" for none.
	QuietFrom string `json:"quiet_from,omitempty"`
	QuietTo   string `json:"quiet_to,omitempty"`
}

// Address returns s as the address of a mailbox, without a name, or
// fault.Invalid. Nothing in it can end a line of a header.
func Address(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || len(a.Address) > 254 || strings.ContainsAny(a.Address, "\r\n\x00<> \"") {
		return "", fault.Errorf(fault.Invalid, "e-mail address %.80q: want one such as name@ministry.example", s)
	}
	return a.Address, nil
}

// minutes reads a time of day.
func minutes(s string) (int64, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fault.Errorf(fault.Invalid, "time of day %.20q: want one such as 22:00", s)
	}
	return int64(t.Hour()*60 + t.Minute()), nil
}

func timeOfDay(m int64) string {
	if m < 0 {
		return ""
	}
	two := func(n int64) string { return strconv.FormatInt(100+n, 10)[1:] }
	return two(m/60) + ":" + two(m%60)
}

func (w Wish) row(person string) (store.NoticeWish, error) {
	out := store.NoticeWish{Person: person, Mail: w.Mail, Language: w.Language, Zone: w.Zone, Digest: w.Digest, QuietFrom: -1, QuietTo: -1}
	if _, ok := lang.ParseTag(w.Language); !ok {
		return out, fault.Errorf(fault.Invalid, "language %.20q: want en, ja or hi", w.Language)
	}
	if !slices.Contains(Digests(), w.Digest) {
		return out, fault.Errorf(fault.Invalid, "digest %.20q: want now, hourly or daily", w.Digest)
	}
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "" || w.Zone == "Local" {
		return out, fault.Errorf(fault.Invalid, "zone %.60q: want a name of the time zone database, such as Asia/Tokyo", w.Zone)
	}
	if (w.QuietFrom == "") != (w.QuietTo == "") {
		return out, fault.New(fault.Invalid, "quiet hours begin and end")
	}
	if w.QuietFrom == "" || w.QuietFrom == w.QuietTo {
		return out, nil
	}
	var err error
	if out.QuietFrom, err = minutes(w.QuietFrom); err != nil {
		return out, err
	}
	out.QuietTo, err = minutes(w.QuietTo)
	return out, err
}

func wishOf(r store.NoticeWish) Wish {
	return Wish{Mail: r.Mail, Language: r.Language, Zone: r.Zone, Digest: r.Digest, QuietFrom: timeOfDay(r.QuietFrom), QuietTo: timeOfDay(r.QuietTo)}
}

// wish returns what a person wants: until it is said, a message an hour at most,
// by the clock of the own capital.
func (n *Notices) wish(tx *store.Tx, person string) (store.NoticeWish, error) {
	w, found, err := tx.NoticeWish(person)
	if err != nil || found {
		return w, err
	}
	w = store.NoticeWish{Person: person, Mail: true, Language: string(lang.English), Zone: "UTC", Digest: Hourly, QuietFrom: -1, QuietTo: -1}
	places, err := n.Places(tx)
	if len(places) > 0 && places[0].Zone != nil {
		w.Zone = places[0].Zone.String()
	}
	return w, err
}

// Ready returns when a person who wants w is written to about what waits since
// oldest and is not urgent.
func (w Wish) Ready(oldest time.Time) (time.Time, error) {
	row, err := w.row("")
	if err != nil {
		return time.Time{}, err
	}
	return ready(row, oldest), nil
}

func ready(w store.NoticeWish, oldest time.Time) time.Time {
	at := oldest.In(zoneOf(w))
	switch w.Digest {
	case Hourly:
		at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour()+1, 0, 0, 0, at.Location())
	case Daily:
		day := time.Date(at.Year(), at.Month(), at.Day(), dailyAt, 0, 0, 0, at.Location())
		if !day.After(at) {
			day = time.Date(at.Year(), at.Month(), at.Day()+1, dailyAt, 0, 0, 0, at.Location())
		}
		at = day
	}
	return awake(w, at)
}

func zoneOf(w store.NoticeWish) *time.Location {
	z, err := time.LoadLocation(w.Zone)
	if err != nil { // this machine does not know it
		return time.UTC
	}
	return z
}

// awake returns t, or the end of the quiet hours that t lies in.
func awake(w store.NoticeWish, t time.Time) time.Time {
	at := t.In(zoneOf(w))
	now := int64(at.Hour()*60 + at.Minute())
	over := w.QuietFrom > w.QuietTo // midnight lies in them
	switch {
	case w.QuietFrom < 0 || w.QuietTo < 0:
		return t
	case !over && (now < w.QuietFrom || now >= w.QuietTo), over && now < w.QuietFrom && now >= w.QuietTo:
		return t
	}
	day := at.Day()
	if over && now >= w.QuietFrom {
		day++
	}
	return time.Date(at.Year(), at.Month(), day, int(w.QuietTo/60), int(w.QuietTo%60), 0, 0, at.Location())
}

// SetWish records how by wants to be told.
func (n *Notices) SetWish(ctx context.Context, h *store.Handle, by people.Actor, w Wish) error {
	row, err := w.row(by.Name)
	if err != nil {
		return err
	}
	if err := person(by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SaveNoticeWish(row); err != nil {
			return err
		}
		return n.Journal(tx, by, "notice.wish", "mail", strconv.FormatBool(w.Mail), "digest", w.Digest)
	})
}

// person returns fault.Denied unless by is somebody with an account.
func person(by people.Actor) error {
	if by.Name == "" || by.IsSystem() {
		return fault.New(fault.Denied, "this is of a person's own account")
	}
	return nil
}

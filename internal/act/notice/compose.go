package notice

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/lang"
	"twoseas/internal/store"
)

//go:embed *.json
var files embed.FS

// Texts returns what is said to people outside the desk, and the kinds.
var Texts = sync.OnceValues(func() (*lang.Catalog, error) { return lang.Load(files) })

// KindText is a kind in a reader's language.
func KindText(p *lang.Printer, k Kind) string { return p.T("notice.kind." + string(k)) }

// Place is a capital and its clock.
type Place struct {
	Name map[string]string // by language
	Zone *time.Location
}

// Message is one message to one person, ready for the mail server.
type Message struct {
	ID      string // Message-ID without brackets
	To      string
	At      time.Time // for its Date
	Subject string
	Text    string
	// Key encrypts the text; "" for none.
	Key string
}

// maxLines bounds what one message lists.
const maxLines = 20

// compose writes a message; ok is false when there is nobody to send it to any
// more.
func (n *Notices) compose(tx *store.Tx, m store.Mail) (msg Message, ok bool, err error) {
	if _, address, err := n.reach(tx, store.Addressee{Person: m.Person, Address: m.Address}); err != nil || address != m.Address {
		return msg, false, err
	}
	list, err := tx.NoticesIn(m.ID)
	if err != nil || len(list) == 0 {
		return msg, false, err
	}
	texts, err := Texts()
	if err != nil {
		return msg, false, err
	}
	l := letter{Notices: n, list: list, wish: store.NoticeWish{Language: string(lang.English)}}
	if m.Person != "" {
		if l.wish, err = n.wish(tx, m.Person); err != nil {
			return msg, false, err
		}
	}
	if l.places, err = n.Places(tx); err != nil {
		return msg, false, err
	}
	l.Printer = texts.Printer(lang.Tag(l.wish.Language))
	msg = Message{ID: m.ID + "@" + n.Host, To: m.Address, At: clock.At(m.Created), Subject: l.T("notice.mail.subject")}
	if m.Urgent {
		msg.Subject = l.T("notice.mail.subject.urgent")
	}
	if msg.Key, err = n.keyFor(tx, m.Person, list); err != nil {
		return msg, false, err
	}
	msg.Text, err = l.text(tx, m.Person, msg.Key != "")
	return msg, err == nil, err
}

// keyFor returns what encrypts a message: the person's key once it is proved,
// and for the proof itself the key that is to be proved. A key that has ended,
// or soon will, is told of without it, also where it is that of a post.
func (n *Notices) keyFor(tx *store.Tx, person string, list []store.Notice) (string, error) {
	if person == "" {
		return "", nil
	}
	k, err := tx.NoticeKey(person)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	of := func(k Kind) bool {
		return slices.ContainsFunc(list, func(x store.Notice) bool { return x.Kind == string(k) })
	}
	ended := k.Expires != 0 && k.Expires <= tx.Now()
	about := func(x store.Notice) bool {
		return x.Kind == string(ContactKey) && strings.Contains(strings.ToUpper(x.Cause), strings.ToUpper(k.Fingerprint))
	}
	if of(keyCode) || k.Verified != 0 && !ended && !of(KeyExpires) && !slices.ContainsFunc(list, about) {
		return k.Armored, nil
	}
	return "", nil
}

// letter is a message while it is written.
type letter struct {
	*Notices
	*lang.Printer
	wish   store.NoticeWish
	places []Place
	list   []store.Notice
}

func (l letter) text(tx *store.Tx, person string, sealed bool) (string, error) {
	var b strings.Builder
	say := func(s string) { b.WriteString(s + "\n") }
	if kind := Kind(l.list[0].Kind); kind == test {
		say(l.T("notice.mail.test"))
	} else if kind == keyCode {
		k, err := tx.NoticeKey(person)
		if err != nil {
			return "", err
		}
		say(l.T("notice.mail.code", l.URL+"/notices/settings") + "\n\n" + l.code(k))
	} else {
		l.news(say, sealed)
	}
	if person != "" {
		say("\n" + l.T("notice.mail.why", l.URL+"/notices/settings"))
	}
	return b.String(), nil
}

// news says that things wait; which, only in a sealed message.
func (l letter) news(say func(string), sealed bool) {
	say(l.N("notice.mail.waits", int64(len(l.list))))
	due := int64(0)
	for _, x := range l.list {
		if x.Due != 0 && (due == 0 || x.Due < due) {
			due = x.Due
		}
		if Kind(x.Kind) == KeyExpires {
			say("\n" + KindText(l.Printer, KeyExpires))
		}
	}
	say("\n" + l.T("notice.mail.since") + "\n" + l.clocks(l.list[0].At))
	if due != 0 {
		say(l.T("notice.mail.due") + "\n" + l.clocks(due))
	}
	if sealed {
		for i, x := range l.list {
			if i == maxLines {
				say(l.N("notice.mail.more", int64(len(l.list)-maxLines)))
				break
			}
			say("- " + KindText(l.Printer, Kind(x.Kind)) + "\n  " + l.URL + x.Page)
		}
		say("")
	}
	say(l.T("notice.mail.open") + "\n" + l.URL + "/notices")
}

// clocks is an instant in UTC and in both capitals.
func (l letter) clocks(us int64) string {
	at, out := clock.At(us), ""
	line := func(name string, zone *time.Location) {
		out += fmt.Sprintf("  %s  %s\n", at.In(zone).Format("2006-01-02 15:04"), name)
	}
	line("UTC", time.UTC)
	for _, p := range l.places {
		if p.Zone == nil {
			continue
		}
		name := p.Name[string(l.Tag)]
		if name == "" {
			name = p.Name[string(lang.English)]
		}
		line(name, p.Zone)
	}
	return out
}

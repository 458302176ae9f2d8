// Package notice tells people that something waits for them: by mail, in their
// calendar, in the list they find at the desk.
//
// Invariants: a notice says that something waits, of which kind, since and
// until when, never what it is; the same step of the same cause is told a
// person once, however often it is noticed; what an act causes is recorded in
// the transaction of the act. A message is handed over at least once, under
// one Message-ID: when a process is lost between the mail server's answer and
// its recording, the same message goes out again with the same Message-ID, by
// which mail systems know it, and is marked unsure.
package notice

import (
	"io"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Kind is what sort of thing waits. Its text is notice.kind.<kind>.
type Kind string

// The kinds.
const (
	Release   Kind = "release"  // items to approve or refuse
	Reviewing Kind = "review"   // emergency releases to review
	Signing   Kind = "sign"     // an agreement, or what happened to it, to sign
	Partner   Kind = "partner"  // a partner's node to confirm
	Question  Kind = "question" // which values a partner may know
	Onward    Kind = "onward"   // a partner asks to pass something on
	Recall    Kind = "recall"   // something called back that nobody has answered
	Date      Kind = "date"     // a date of an agreement comes near
	Feed      Kind = "feed"     // a source outside cannot be read
	Link      Kind = "link"     // a partner's node cannot be reached
	Request   Kind = "request"  // a request for assistance
	// Coordination is the joint disclosure of a vulnerability.
	Coordination Kind = "coordination"

	Check      Kind = "check"       // a communication check
	Dialogue   Kind = "dialogue"    // a meeting of both sides
	KeyExpires Kind = "key-expires" // the key for messages ends
	ContactKey Kind = "contact-key" // the key of a point of contact: to be heard, or it ends
	keyCode    Kind = "key"         // the proof that a key is held
	test       Kind = "test"
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{Release, Reviewing, Signing, Partner, Question, Onward, Recall, Date, Feed, Link, Request, Coordination, Check, Dialogue, KeyExpires, ContactKey, keyCode, test}
}

// To says who is told: one account, every account with a role, every account
// that may do something, or an address without an account. One field is set.
type To struct {
	Account string
	Role    people.Role
	May     people.Act
	Address string
}

// Notice is one thing to tell.
type Notice struct {
	To To
	// Cause and Step tell it from others: "request 7" and "deputy". Who was told
	// of a step is not told of it again.
	Cause, Step string
	Kind        Kind
	Urgent      bool      // at once, also in quiet hours
	At          time.Time // not before; zero for now
	Due         time.Time // by when something is asked for; zero without
	Page        string    // path of the desk's page; it names no content
}

// Config is what notices work with.
type Config struct {
	People  *people.People
	Clock   clock.Clock
	Rand    io.Reader
	Journal people.Journal
	Owner   string        // names this process
	Lease   time.Duration // how long a message is this process's; default 2 minutes
	// Secret makes the names of messages, and the codes that prove keys.
	Secret [32]byte
	URL    string // of the desk
	Host   string // right part of Message-IDs and of calendar ids
	// Outside is the mail server; nil without one: nobody is written to.
	Outside Outside
	// ReadKey reads an OpenPGP key.
	ReadKey func(armored string) (Key, error)
	// Sources say what waits for people; each is asked at every look.
	Sources []Source
	// Dates are the calendar entries that follow from agreements.
	Dates func(tx *store.Tx) ([]Entry, error)
	// Places are the clocks that times are said by, the own side's first.
	Places func(tx *store.Tx) ([]Place, error)
}

// Notices is what a node tells its people. It is safe for concurrent use.
type Notices struct{ Config }

// New returns notices.
func New(c Config) *Notices {
	if c.Lease <= 0 {
		c.Lease = 2 * time.Minute
	}
	if c.Dates == nil {
		c.Dates = func(*store.Tx) ([]Entry, error) { return nil, nil }
	}
	if c.Places == nil {
		c.Places = func(*store.Tx) ([]Place, error) { return nil, nil }
	}
	return &Notices{c}
}

// maxWords bounds cause, step and page of a notice.
const maxWords = 200

func (x Notice) check() error {
	named := 0
	for _, s := range []string{x.To.Account, string(x.To.Role), string(x.To.May), x.To.Address} {
		if s != "" {
			named++
		}
	}
	switch {
	case named != 1:
		return fault.New(fault.Invalid, "a notice is to one account, role, act or address")
	case !slices.Contains(Kinds(), x.Kind):
		return fault.Errorf(fault.Invalid, "no kind of notice %.40q", x.Kind)
	case x.Cause == "" || x.Step == "" || len(x.Cause) > maxWords || len(x.Step) > maxWords:
		return fault.New(fault.Invalid, "a notice has a cause and a step")
	case !strings.HasPrefix(x.Page, "/") || len(x.Page) > maxWords:
		return fault.Errorf(fault.Invalid, "page %.80q: want a path of the desk", x.Page)
	}
	if x.To.Address == "" {
		return nil
	}
	_, err := Address(x.To.Address)
	return err
}

// Post has people told, in the transaction of the act that causes it, and
// returns how many are told that were not before.
func (n *Notices) Post(tx *store.Tx, x Notice) (told int, err error) {
	if err := x.check(); err != nil {
		return 0, err
	}
	who, err := recipients(tx, x.To)
	if err != nil {
		return 0, err
	}
	row := store.Notice{Address: x.To.Address, Cause: x.Cause, Step: x.Step, Kind: string(x.Kind), Urgent: x.Urgent, Page: x.Page, At: clock.Micro(x.At), Due: clock.Micro(x.Due)}
	if x.At.IsZero() {
		row.At = tx.Now()
	}
	for _, row.Person = range who {
		fresh, err := tx.AddNotice(row)
		if err != nil {
			return told, err
		}
		if fresh {
			told++
		}
	}
	return told, nil
}

// Withdraw has nobody told any more what was not told yet about cause: it was
// dealt with.
func (n *Notices) Withdraw(tx *store.Tx, cause string) error {
	return tx.WithdrawNotices(cause, "", "")
}

// recipients returns the accounts meant, one "" for an address.
func recipients(tx *store.Tx, to To) ([]string, error) {
	switch {
	case to.Address != "":
		return []string{""}, nil
	case to.Account != "":
		a, err := tx.Account(to.Account)
		return []string{a.Name}, err
	}
	all, err := tx.Accounts()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range all {
		if !a.Disabled && !a.Shut && meant(a, to) {
			out = append(out, a.Name)
		}
	}
	return out, nil
}

func meant(a store.Account, to To) bool {
	for name := range strings.SplitSeq(a.Roles, ",") {
		if r := people.Role(name); r == to.Role || to.May != "" && r.May(to.May) {
			return true
		}
	}
	return false
}

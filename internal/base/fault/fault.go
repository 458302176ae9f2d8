// Package fault names the kinds of failure a person or a partner may be told
// about. Everything that is not of one of these kinds is internal: it is
// logged with an id and shown only as that id. Kinds are translated into HTTP,
// TAXII or exit statuses at the edges and nowhere else.
package fault

import (
	"errors"
	"fmt"
)

// Kind is a class of failure. The zero Kind is Internal.
type Kind uint8

// The kinds. Only their message is shown; what they wrap is for the log.
const (
	Internal    Kind = iota // not for anybody's eyes
	NotFound                // not there, or not the reader's to know about
	Invalid                 // the input is wrong; the message says what and where
	Denied                  // understood and refused; the message cites why
	Conflict                // the state changed, or contradicts what is stored
	Held                    // waits for a person
	Busy                    // try again later
	Unavailable             // something this depends on is away
	TooLarge                // over a stated bound
)

var kindNames = [...]string{"internal", "not found", "invalid", "denied", "conflict", "held", "busy", "unavailable", "too large"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

type kinded struct {
	kind Kind
	msg  string
	err  error
}

func (e *kinded) Error() string { return e.msg }
func (e *kinded) Unwrap() error { return e.err }

// New returns an error of kind k whose message may be shown to the caller.
func New(k Kind, msg string) error { return &kinded{kind: k, msg: msg} }

// Errorf is New with formatting; an operand of %w is kept for errors.Is.
func Errorf(k Kind, format string, a ...any) error {
	err := fmt.Errorf(format, a...)
	return &kinded{kind: k, msg: err.Error(), err: err}
}

// KindOf returns the kind of the outermost kinded error in err's chain, and
// Internal when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*kinded](err); ok {
		return e.kind
	}
	return Internal
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Message returns what may be shown of err: its text when it is of a named
// kind, a fixed sentence when it is internal.
func Message(err error) string {
	if e, ok := errors.AsType[*kinded](err); ok && e.kind != Internal {
		return e.msg
	}
	return "internal error; the log of this node has the cause"
}

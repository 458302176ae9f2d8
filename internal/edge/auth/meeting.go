package auth

import (
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
)

// MeetingHeader names the meeting of whoever sends a request, over every
// interface of the node: what everybody in its room may see and do is answered
// and nothing else. A client of TAXII or MISP that cannot send it shows what
// its account may see; give a screen in a room an account of its own then.
const MeetingHeader = "Twoseas-Meeting"

// noMeeting is that somebody who is known means to be in a meeting and is in
// none: credentials are not what is missing.
type noMeeting struct{ error }

func (e noMeeting) Unwrap() error { return e.error }

// inMeeting returns by in the room of the meeting that r names, if it names
// one.
func (a *Auth) inMeeting(r *http.Request, by people.Actor) (people.Actor, error) {
	named := r.Header[MeetingHeader]
	if len(named) == 0 {
		return by, nil
	}
	if len(named) > 1 || a.doors.Sessions == nil {
		return people.Actor{}, noMeeting{fault.New(fault.Denied, "name one meeting, in one "+MeetingHeader+" header")}
	}
	in, err := a.doors.Sessions.Enter(r.Context(), by, named[0])
	if fault.Is(err, fault.Denied) {
		err = noMeeting{err}
	}
	return in, err
}

package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// overview is what the first page shows: what crossed, how long it took, how
// the channel stands, and the dates that come near.
func (a *api) overview() {
	add(a, op{
		tag: "exchange", method: http.MethodGet, path: "/agreements/{agreement}/flow", id: "flow",
		summary: "What crossed of a period, by direction, time and area, and how long it took; as far as you may see it", any: true, saw: "read",
	}, a.flow)
	add(a, op{
		tag: "exchange", method: http.MethodGet, path: "/agreements/{agreement}/channel/standing", id: "channel-standing",
		summary: "Everything about a channel: its pause, the last attempt, what waits longest, the totals of both directions",
		act:     people.Review, or: []people.Act{people.Exchange}, saw: "read",
	}, a.standsNow)
	add(a, op{
		tag: "agreements", method: http.MethodGet, path: "/dates", id: "dates", summary: "The dates of every agreement that come near, soonest first", any: true, saw: "read",
	}, a.dates)
}

type crossedBody struct {
	Direction string `json:"direction"`
	At        string `json:"at" format:"date-time" doc:"Beginning of the step"`
	Area      string `json:"area" doc:"Clause of the area; empty for what no area names"`
	Kind      string `json:"kind"`
	Items     int64  `json:"items"`
	Refused   int64  `json:"refused"`
	Failed    int64  `json:"failed"`
}

type paceBody struct {
	Direction string  `json:"direction"`
	Stage     string  `json:"stage"`
	Area      string  `json:"area" doc:"* for all together"`
	Items     int64   `json:"items" doc:"Of so many it was measured"`
	Median    float64 `json:"median_seconds" doc:"Right within a tenth"`
	P90       float64 `json:"p90_seconds" doc:"Right within a tenth"`
}

type heldBody struct {
	Area string `json:"area"`
	Held int64  `json:"held"`
}

type flowOutput struct {
	Body struct {
		Since     string        `json:"since" format:"date-time"`
		Step      int64         `json:"step_seconds"`
		Crossings []crossedBody `json:"crossings"`
		Paces     []paceBody    `json:"timeliness"`
		Waits     []heldBody    `json:"waiting" doc:"What waits on this shore now, by area"`
	}
}

// periodOf returns how far back a period looks, and in which steps.
func periodOf(name string) (back, step time.Duration) {
	const day = 24 * time.Hour
	switch name {
	case "day":
		return day, time.Hour
	case "quarter":
		return 91 * day, day
	}
	return 7 * day, day
}

func (a *api) flow(ctx context.Context, c caller, in *struct {
	AgreementInput
	Period string `query:"period" enum:"day,week,quarter" default:"week" doc:"day: by the hour; week and quarter: by the day"`
},
) (*flowOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	back, step := periodOf(in.Period)
	f, err := a.Exchange.Flow(ctx, a.Handle, c.Access.Class, id, a.Clock.Now().UTC().Add(-back).Truncate(step).Add(step), step)
	if err != nil {
		return nil, err
	}
	out := &flowOutput{}
	b := &out.Body
	b.Since, b.Step = moment(f.Since), int64(f.Step/time.Second)
	b.Crossings, b.Paces, b.Waits = []crossedBody{}, []paceBody{}, []heldBody{}
	for _, x := range f.Crossings {
		b.Crossings = append(b.Crossings, crossedBody{x.Direction, moment(x.At), x.Area, x.Kind, x.Items, x.Refused, x.Failed})
	}
	for _, p := range f.Paces {
		b.Paces = append(b.Paces, paceBody{p.Direction, p.Stage, p.Area, p.Items, p.Median.Seconds(), p.P90.Seconds()})
	}
	for _, w := range f.Waits {
		b.Waits = append(b.Waits, heldBody{w.Area, w.Held})
	}
	return out, nil
}

type pauseBody struct {
	Who    string `json:"who"`
	Reason string `json:"reason"`
	At     string `json:"at" format:"date-time"`
}

type attemptBody struct {
	Tried     string `json:"tried,omitempty" format:"date-time" doc:"The last attempt"`
	Done      string `json:"done,omitempty" format:"date-time" doc:"The last attempt that brought everything across"`
	Failures  int64  `json:"failures" doc:"Attempts that failed since then"`
	Next      string `json:"next,omitempty" format:"date-time" doc:"When it is tried again"`
	Problem   string `json:"problem,omitempty" doc:"Why the last attempt failed"`
	Refused   string `json:"refused,omitempty" doc:"Why the last shipment of the partner was not taken"`
	RefusedAt string `json:"refused_at,omitempty" format:"date-time"`
}

type standingOutput struct {
	Body struct {
		Status     string          `json:"status" doc:"open, or why it is stopped"`
		Waiting    int64           `json:"waiting" doc:"Objects released and not yet in a shipment"`
		Unanswered int             `json:"unanswered" doc:"Shipments without a receipt"`
		Oldest     string          `json:"oldest,omitempty" format:"date-time" doc:"When what waits longest was released"`
		Lag        float64         `json:"lag_seconds" doc:"How long that has been waiting"`
		Compared   bool            `json:"compared" doc:"The last comparison is of all shipments and found both sides equal"`
		Pause      *pauseBody      `json:"pause,omitempty" doc:"Left out when it is not paused"`
		Attempt    attemptBody     `json:"attempt"`
		Sent       exchange.Totals `json:"sent" doc:"As the receipts say; the four numbers are never one"`
		Received   exchange.Totals `json:"received"`
	}
}

// standsNow is the page of a channel.
func (a *api) standsNow(ctx context.Context, c caller, in *AgreementInput) (*standingOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	s, err := a.Exchange.Standing(ctx, a.Handle, c.Actor, id)
	if err != nil {
		return nil, err
	}
	out := &standingOutput{}
	b := &out.Body
	b.Status, b.Waiting, b.Unanswered, b.Oldest = s.Status, s.Waiting, s.Unanswered, moment(s.Oldest)
	b.Lag, b.Compared = s.Lag(a.Clock.Now()).Seconds(), s.Compared()
	b.Attempt, b.Sent, b.Received = attemptOf(s.Carriage), s.Sent, s.Received
	if s.Pause.At != 0 {
		b.Pause = &pauseBody{s.Pause.Who, s.Pause.Reason, stamp(s.Pause.At)}
	}
	return out, nil
}

func attemptOf(c store.Carriage) attemptBody {
	return attemptBody{stamp(c.Tried), stamp(c.Done), c.Failures, stamp(c.Next), c.Problem, c.Refused, stamp(c.RefusedAt)}
}

type nearBody struct {
	Agreement string `json:"agreement"`
	DateBody
}

type datesOutput struct {
	Body struct {
		Dates []nearBody `json:"dates"`
	}
}

func (a *api) dates(ctx context.Context, _ caller, in *struct {
	Days int `query:"days" minimum:"0" maximum:"3660" default:"180" doc:"How far ahead a date is near"`
},
) (*datesOutput, error) {
	ids, err := a.Accords.Agreements(ctx, a.Handle)
	if err != nil {
		return nil, err
	}
	out := &datesOutput{}
	out.Body.Dates = []nearBody{}
	for _, id := range ids {
		list, err := a.Accords.Calendar(ctx, a.Handle, id)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if (e.When == "ahead" || e.When == "today") && e.Days <= in.Days {
				out.Body.Dates = append(out.Body.Dates, nearBody{string(id), dateOf(e)})
			}
		}
	}
	slices.SortStableFunc(out.Body.Dates, func(a, b nearBody) int { return a.Days - b.Days })
	return out, nil
}

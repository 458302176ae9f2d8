package cli

import (
	"strings"
	"time"

	"twoseas/internal/act/members"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/onward"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type onwardCmd struct {
	List   onwardList   `cmd:"" default:"1" help:"List requests to pass on what belongs to another side."`
	Show   onwardShow   `cmd:"" help:"Show one request, its items and what each side has signed."`
	Ask    onwardAsk    `cmd:"" help:"Ask the originators of objects to let them go on to a third side."`
	Answer onwardAnswer `cmd:"" help:"Answer a partner's request."`
}

type onwardList struct{}

// Run lists.
func (c *onwardList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Onwards.List(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, r := range list {
			rows = append(rows, onwardRow(r))
		}
		return a.say(map[string]any{"requests": rows}, func() {
			for _, r := range list {
				a.printf("%s  %s  %s to %s  %s %s\n", r.ID, r.Way, r.Agreement, r.Audience, r.State, r.Answer)
			}
		})
	})
}

func onwardRow(r store.Onward) map[string]any {
	row := map[string]any{
		"request": r.ID, "way": r.Way, "agreement": r.Agreement, "audience": r.Audience, "asker": r.Asker, "purpose": r.Purpose,
		"state": r.State, "answer": r.Answer, "redact": onward.Names(r.AnswerRedact), "reason": r.Reason, "needed": r.Needed,
		"at": time.UnixMicro(r.At).UTC().Format(time.RFC3339),
	}
	if end := onward.Until(r); r.Answer != "" && !end.IsZero() {
		row["ends"] = end.Format(time.RFC3339)
	}
	return row
}

type onwardShow struct {
	Request string `arg:"" help:"Id of the request."`
}

// Run shows.
func (c *onwardShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Onwards.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Request)
		if err != nil {
			return err
		}
		row, items, said := onwardRow(d.Onward), []string{}, []map[string]any{}
		for _, it := range d.Items {
			items = append(items, it.Object.ID)
		}
		for _, s := range d.Said {
			said = append(said, map[string]any{"from": s.From, "answer": s.Word, "redact": s.Redact})
		}
		row["items"], row["said"] = items, said
		return a.say(row, func() {
			a.printf("%s asks to pass on to %s: %s\n", d.Asker, d.Audience, d.Purpose)
			for _, id := range items {
				a.printf("  %s\n", id)
			}
			for _, s := range d.Said {
				a.printf("%s says %s %s\n", s.From, s.Word, strings.Join(s.Redact, " "))
			}
			a.printf("It is %s. %s %s\n", d.State, d.Answer, d.Reason)
		})
	})
}

type onwardAsk struct {
	Objects []string   `arg:"" help:"Ids of objects."`
	To      ident.Side `required:"" placeholder:"SIDE" help:"Third side."`
	Purpose string     `required:"" placeholder:"TEXT" help:"What for; the originators read it."`
	Redact  []string   `placeholder:"NAME" help:"What could be taken out: contributor, victim."`
	Until   time.Time  `placeholder:"TIME" help:"When the consent may end, such as 2027-03-18T00:00:00Z."`
}

// Run asks.
func (c *onwardAsk) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		ids, err := n.Onwards.Ask(a.ctx, n.Live, n.Operator(), store.AllLabels, onward.Request{
			IDs: c.Objects, Audience: c.To, Purpose: c.Purpose, Redact: c.Redact, Until: c.Until,
		})
		if err != nil {
			return err
		}
		return a.say(map[string]any{"requests": ids}, func() {
			for _, id := range ids {
				a.printf("Asked. Request %s\n", id)
			}
		})
	})
}

type onwardAnswer struct {
	Request string    `arg:"" help:"Id of the request."`
	Answer  string    `arg:"" enum:"yes,redacted,no" help:"yes, redacted or no."`
	As      string    `required:"" placeholder:"USER" help:"Releasing officer who answers; the password is asked for."`
	Redact  []string  `placeholder:"NAME" help:"For redacted: what is taken out first."`
	Until   time.Time `placeholder:"TIME" help:"When the consent ends; without an end when left out."`
	Reason  string    `placeholder:"TEXT" help:"Why; needed for no."`
}

// Run answers.
func (c *onwardAnswer) Run(a *app) error {
	word, err := law.ParseWord(c.Answer)
	if err != nil {
		return err
	}
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		class, err := n.ClassOf(a.ctx, by.Name)
		if err != nil {
			return err
		}
		r, err := n.Onwards.Answer(a.ctx, n.Live, by, class, c.Request, law.Answer{Word: word, Redact: c.Redact, Until: c.Until}, c.Reason)
		if err != nil {
			return err
		}
		return a.say(onwardRow(r), func() {
			switch r.State {
			case store.OnwardWaiting:
				a.printf("Recorded; another officer has to say the same.\n")
			case store.OnwardUpstream:
				a.printf("Recorded; the sides it came from have not answered yet.\n")
			default:
				a.printf("Answered: %s.\n", r.Answer)
			}
		})
	})
}

type membersCmd struct {
	List   membersList   `cmd:"" default:"withargs" help:"Show the numbered lists of who belongs to audiences, both sides'."`
	Change membersChange `cmd:"" help:"Make the next list of who belongs to an audience on this side."`
}

type membersList struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

// Run lists.
func (c *membersList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		book, err := n.Members.Lists(a.ctx, n.Live, n.Operator(), c.Agreement)
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, r := range book.Rolls {
			for _, l := range r.Lists {
				rows = append(rows, map[string]any{
					"compartment": r.Compartment, "side": r.Side, "number": l.Number, "members": l.Members, "joined": l.Joined, "left": l.Left,
					"at": l.At.Format(time.RFC3339), "person": l.Person,
				})
			}
		}
		return a.say(map[string]any{"lists": rows, "epochs": book.Epochs}, func() {
			for _, r := range book.Rolls {
				a.printf("%s of %s, counts until %s\n", r.Compartment, r.Side, r.Ends.Format(time.RFC3339))
				for _, l := range r.Lists {
					a.printf("  list %d  %s  %s  joined: %s  left: %s\n", l.Number, l.At.Format(time.RFC3339), strings.Join(l.Members, " "), strings.Join(l.Joined, " "), strings.Join(l.Left, " "))
				}
			}
		})
	})
}

type membersChange struct {
	Agreement   ident.Agreement `arg:"" help:"Agreement."`
	Compartment string          `arg:"" help:"Caveat with an audience of its own: LES, LIMDIS, PROPIN."`
	Join        []string        `placeholder:"NAME" help:"Organisations that join."`
	Leave       []string        `placeholder:"NAME" help:"Organisations that leave."`
}

// Run changes.
func (c *membersChange) Run(a *app) error {
	if len(c.Join)+len(c.Leave) == 0 {
		return fault.New(fault.Invalid, "say who joins or leaves: --join or --leave")
	}
	return a.with(func(n *node.Node) error {
		l, err := n.Members.Set(a.ctx, n.Live, n.Operator(), members.Change{Agreement: c.Agreement, Compartment: c.Compartment, Join: c.Join, Leave: c.Leave})
		if err != nil {
			return err
		}
		return a.say(map[string]any{"compartment": l.Compartment, "number": l.Number, "members": l.Members}, func() {
			a.printf("List %d of %s: %s. The partner is told.\n", l.Number, l.Compartment, strings.Join(l.Members, " "))
		})
	})
}

package cli

import (
	"strings"
	"time"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/node"
)

type noticeCmd struct {
	List noticeList `cmd:"" help:"List what somebody was told, and what became of the messages."`
	Set  noticeSet  `cmd:"" help:"Say how somebody wants to be told; what is left out stays as it is."`
}

type noticeList struct {
	As string `required:"" placeholder:"USER" help:"Whose; the password is asked for."`
}

// Run lists.
func (c *noticeList) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error { return a.notices(n, by) })
}

// notices says what by was told, and how by is told.
func (a *app) notices(n *node.Node, by people.Actor) error {
	o, err := n.Notices.Mine(a.ctx, n.Live, by)
	if err != nil {
		return err
	}
	type told struct {
		Kind   string `json:"kind"`
		Urgent bool   `json:"urgent"`
		At     string `json:"at"`
		Page   string `json:"page"`
	}
	type message struct {
		To      string `json:"to"`
		State   string `json:"state"`
		Sealed  bool   `json:"encrypted"`
		At      string `json:"at"`
		Problem string `json:"problem,omitempty"`
	}
	list, mails := []told{}, []message{}
	for _, x := range o.Told {
		list = append(list, told{x.Kind, x.Urgent, time.UnixMicro(x.At).UTC().Format(time.RFC3339), x.Page})
	}
	for _, m := range o.Mails {
		mails = append(mails, message{m.Address, m.State, m.Sealed, time.UnixMicro(m.Created).UTC().Format(time.RFC3339), m.Problem})
	}
	out := map[string]any{"settings": o.Wish, "address": o.Address, "written": o.Written, "told": list, "messages": mails}
	return a.say(out, func() {
		a.printf("By mail: %t, %s, in %s; times by %s", o.Wish.Mail && o.Written && o.Address != "", o.Wish.Digest, o.Wish.Language, o.Wish.Zone)
		if o.Wish.QuietFrom != "" {
			a.printf("; quiet from %s to %s", o.Wish.QuietFrom, o.Wish.QuietTo)
		}
		a.printf("\n")
		if o.Address == "" {
			a.printf("No e-mail address is known.\n")
		}
		if len(list) == 0 {
			a.printf("Nothing was told so far.\n")
		}
		for _, x := range list {
			a.printf("%s  %-12s %s\n", x.At, x.Kind, x.Page)
		}
		for _, m := range mails {
			a.printf("message of %s to %s: %s %s\n", m.At, m.To, m.State, m.Problem)
		}
	})
}

type noticeSet struct {
	As       string  `required:"" placeholder:"USER" help:"Whose; the password is asked for."`
	Mail     *bool   `negatable:"" help:"Write to the address of the account."`
	Digest   string  `enum:",now,hourly,daily" default:"" help:"How often at most: now, hourly or daily."`
	Language string  `enum:",en,ja,hi" default:"" help:"Of the messages: en, ja or hi."`
	Zone     string  `placeholder:"ZONE" help:"Time zone, such as Asia/Tokyo."`
	Quiet    *string `placeholder:"FROM-TO" help:"Quiet hours, such as 22:00-07:00; empty for none. What is urgent comes all the same."`
}

// Run records how somebody wants to be told.
func (c *noticeSet) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		o, err := n.Notices.Mine(a.ctx, n.Live, by)
		if err != nil {
			return err
		}
		if err := n.Notices.SetWish(a.ctx, n.Live, by, c.over(o.Wish)); err != nil {
			return err
		}
		return a.notices(n, by)
	})
}

// over returns w with what the flags say.
func (c *noticeSet) over(w notice.Wish) notice.Wish {
	if c.Mail != nil {
		w.Mail = *c.Mail
	}
	for _, f := range []struct {
		from string
		to   *string
	}{{c.Digest, &w.Digest}, {c.Language, &w.Language}, {c.Zone, &w.Zone}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if c.Quiet != nil {
		w.QuietFrom, w.QuietTo, _ = strings.Cut(*c.Quiet, "-")
	}
	return w
}

package notices

import (
	"twoseas/internal/act/notice"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

func (o own) kind(k string) string { return notice.KindText(o.kinds, notice.Kind(k)) }

func digests(q *page.Request) []page.Choice {
	var out []page.Choice
	for _, d := range notice.Digests() {
		out = append(out, page.Choice{Value: d, Text: q.T("notices.digest." + d)})
	}
	return out
}

// colour is how a message's state looks.
func colour(m store.Mail) string {
	switch m.State {
	case store.MailSent:
		return "green"
	case store.MailRefused:
		return "red"
	case store.MailWaiting:
		if m.Problem != "" {
			return "amber"
		}
		return "blue"
	}
	return "grey"
}

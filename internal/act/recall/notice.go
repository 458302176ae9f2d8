package recall

import (
	"context"
	"embed"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
	"twoseas/internal/store"
)

//go:embed notice.*.txt
var drafts embed.FS

// maxNotice bounds a notice, in bytes.
const maxNotice = 20_000

// Notice is what people write to a partner about a recall: a draft of numbers
// and times, without content, until somebody saves a text of their own.
type Notice struct {
	Agreement ident.Agreement
	Lang      lang.Tag
	Text      string
	Account   string    // who saved it last; "" for a draft
	At        time.Time // when; zero for a draft
}

// Notice returns the notice of an act of this side to one partner in one
// language. partner is what the draft calls it. Returns fault.Denied unless by
// may Recall; fault.NotFound for an act of a partner, or a partner that was not
// asked.
func (r *Recalls) Notice(ctx context.Context, h *store.Handle, by people.Actor, id string, a ident.Agreement, in lang.Tag, partner string) (n Notice, err error) {
	if err := by.May(people.Recall); err != nil {
		return n, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		c, ch, err := r.asked(tx, id, a)
		if err != nil {
			return err
		}
		n = Notice{Agreement: a, Lang: in}
		saved, ok, err := tx.RecallNotice(id, string(a), string(in))
		if err != nil || ok {
			n.Text, n.Account, n.At = saved.Body, saved.Account, clock.At(saved.At)
			return err
		}
		n.Text, err = r.draft(tx, c, ch, in, partner)
		return err
	})
	return n, err
}

// SaveNotice keeps a text in the place of the draft; an empty one brings the
// draft back. Returns what Notice does, and fault.Invalid for what is no text.
func (r *Recalls) SaveNotice(ctx context.Context, h *store.Handle, by people.Actor, id string, a ident.Agreement, in lang.Tag, text string) error {
	if err := by.May(people.Recall); err != nil {
		return err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if len(text) > maxNotice {
		return fault.Errorf(fault.TooLarge, "a notice has at most %d bytes", maxNotice)
	}
	bad := func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, bad) {
		return fault.New(fault.Invalid, "the notice holds what is no text")
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if _, _, err := r.asked(tx, id, a); err != nil {
			return err
		}
		if err := tx.SaveRecallNotice(store.RecallNotice{Recall: id, Agreement: string(a), Lang: string(in), Body: text, Account: by.Name}); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "recall.notice", ledger.Field{Name: "recall", Value: id},
			ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "lang", Value: string(in)})
	})
}

// asked returns an act of this side and the channel of a partner that it asked.
func (r *Recalls) asked(tx *store.Tx, id string, a ident.Agreement) (c store.Recall, ch store.Channel, err error) {
	if c, err = tx.Recall(id); err != nil {
		return c, ch, err
	}
	if ch, err = tx.Channel(a); err != nil {
		return c, ch, err
	}
	parts, err := tx.RecallParts(id)
	for _, p := range parts {
		if c.Direction == store.Out && p.Channel == ch.ID {
			return c, ch, err
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "nothing was called back from there")
	}
	return c, ch, err
}

func (r *Recalls) draft(tx *store.Tx, c store.Recall, ch store.Channel, in lang.Tag, partner string) (string, error) {
	raw, err := drafts.ReadFile("notice." + string(in) + ".txt")
	if err != nil {
		return "", fault.Errorf(fault.Invalid, "language %.20q: want en, ja or hi", string(in))
	}
	parts, err := tx.RecallParts(c.ID)
	if err != nil {
		return "", err
	}
	var objects int64
	for _, p := range parts {
		if p.Channel == ch.ID {
			objects += p.Items
		}
	}
	left, err := r.left(tx, parts, ch.ID)
	if err != nil {
		return "", err
	}
	numbers := make([]string, len(left))
	for i, m := range left {
		numbers[i] = decimal(m.Shipment)
	}
	if len(numbers) == 0 {
		numbers = []string{"–"}
	}
	reason := c.Reason
	if reason == "" {
		reason = c.Code
	}
	return strings.NewReplacer(
		"{partner}", partner, "{agreement}", string(ch.Agreement), "{recall}", c.ID, "{asked}", clock.At(c.At).Format("2006-01-02 15:04"),
		"{objects}", decimal(objects), "{shipments}", strings.Join(numbers, ", "), "{reason}", reason,
	).Replace(strings.TrimSpace(string(raw))), nil
}

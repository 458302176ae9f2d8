package releases

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/diff"
	"twoseas/internal/store"
)

// held is the page of one item.
type held struct {
	*page.Request
	At      address
	Item    release.Detail
	Partner ident.Side
	Rows    []diff.Row
	With    string // what it is compared with: "source", "before" or ""
	Pretty  string // the object, indented
	// Cuttable are the properties that may be taken out by hand.
	Cuttable []string
	// Typed is what was written in a form that was not taken, Wrong the form,
	// and Problems why.
	Typed, Wrong string
	Problems     []page.Problem
	// Cuts is what the reader would take out by hand, and Draft what that would
	// make; nil before it was asked for.
	Cuts  release.Cuts
	Draft *release.Draft
	// Listed are the values of it that warning lists name.
	Listed []importing.Naming
}

func (p *pages) hold(w http.ResponseWriter, r *http.Request) error {
	at, err := addressOf(r)
	if err != nil {
		return err
	}
	return p.showHold(w, r, held{At: at})
}

// mark is the item's level, or the reader's where another object stands beside it.
func (v held) mark() string {
	if v.Item.Source.Seq != 0 || v.Item.Before.Seq != 0 {
		return ""
	}
	return page.Highest(v.Item.Label.TLP)
}

func (p *pages) showHold(w http.ResponseWriter, r *http.Request, v held) (err error) {
	q := page.Of(r)
	v.Request = q
	if v.Item, err = p.Releases.Detail(r.Context(), q.Handle, q.Actor, v.At.agreement, v.At.item); err != nil {
		return err
	}
	if v.Partner, err = p.Accords.Partner(r.Context(), q.Handle, v.At.agreement); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "object", v.Item.Object.ID, "where", "release queue"); err != nil {
		return err
	}
	if err := v.compare(); err != nil {
		return err
	}
	if v.Item.Label.Listed {
		if v.Listed, err = p.Imports.Namings(r.Context(), q.Handle, v.Item.Object.Body); err != nil {
			return err
		}
	}
	if v.Cuttable, err = release.Cuttable(v.Item.Object.Body); err != nil {
		return err
	}
	raw, err := canon.Indent(v.Item.Object.Body)
	if err != nil {
		return err
	}
	v.Pretty = string(raw)
	head := page.Head{
		Mark: v.mark(), Title: nameOf(v.Item.Object), Lead: q.T("release.hold.lead", q.SideName(v.Partner)), Area: area,
		Chips: holdChips(v), Rail: page.Rail(q, holdWhy(v), holdEvidence(v)),
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, holdPage(v))
}

// compare chooses what the item is shown beside: what it was made from, or the
// version that left before.
func (v *held) compare() (err error) {
	other := v.Item.Object.Body
	switch {
	case v.Item.Source.Seq != 0:
		v.With, other = "source", v.Item.Source.Body
	case v.Item.Before.Seq != 0:
		v.With, other = "before", v.Item.Before.Body
	}
	v.Rows, err = diff.Compare(other, v.Item.Object.Body)
	return err
}

// bytes sends exactly what will leave.
func (p *pages) bytes(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	at, err := addressOf(r)
	if err != nil {
		return err
	}
	item, err := p.Releases.Preview(r.Context(), q.Handle, q.Actor, at.agreement, at.item)
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "object", item.Object.ID, "where", "release queue"); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="release.json"`)
	h.Set("X-Content-Type-Options", "nosniff")
	_, err = w.Write(item.Object.Body)
	return err
}

// The words that a form can say.
const (
	approve   = release.VerdictApprove
	emergency = release.VerdictEmergency
	refuse    = release.VerdictRefuse
	reopen    = release.VerdictReopen
	redact    = "redact"
)

// redactByHand shows what taking something out of one item would make, and
// makes it once that was seen.
func (p *pages) redactByHand(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	at, err := addressOf(r)
	if err != nil {
		return err
	}
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	ask := release.Redaction{Agreement: at.agreement, Object: at.item, Cuts: cutsOf(f), Reason: f.Get("reason")}
	if ask.Digest, err = ident.ParseDigest(f.Get("digest")); err != nil {
		return err
	}
	v := held{At: at, Typed: ask.Reason, Wrong: redact, Cuts: ask.Cuts}
	made, err := p.redact(r.Context(), q, ask, f.Get("made"), &v)
	switch {
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.TooLarge), fault.Is(err, fault.Conflict), fault.Is(err, fault.Denied) && q.Actor.May(people.Approve) == nil:
		v.Draft, v.Problems = nil, []page.Problem{q.Wrong("redact-reason", err)}
	case err != nil:
		return err
	case made != 0:
		return page.See(w, r, holdPath(at.agreement, made))
	}
	return p.showHold(w, r, v)
}

// redact drafts, or makes what was drafted before as made says.
func (p *pages) redact(ctx context.Context, q *page.Request, ask release.Redaction, made string, v *held) (int64, error) {
	if made == "" {
		d, err := p.Releases.Draft(ctx, q.Handle, q.Actor, ask)
		v.Draft = &d
		return 0, err
	}
	var err error
	if ask.Made, err = ident.ParseDigest(made); err != nil {
		return 0, err
	}
	return p.Releases.Redact(ctx, q.Handle, q.Actor, ask)
}

func cutsOf(f url.Values) release.Cuts {
	cuts := release.Cuts{Properties: f["property"]}
	for word := range strings.Lines(f.Get("words")) {
		if word = strings.TrimSpace(word); word != "" {
			cuts.Words = append(cuts.Words, word)
		}
	}
	return cuts
}

// drafted is v with what would be made beside the item.
func (v held) drafted() (held, error) {
	var err error
	v.With = "source"
	v.Rows, err = diff.Compare(v.Item.Object.Body, v.Draft.Body)
	return v, err
}

// named are the values that warning lists name.
func (v held) named() (out []page.NamedValue) {
	for _, n := range v.Listed {
		out = append(out, page.NamedValue{Value: n.Value, List: n.List, Entry: n.Entry})
	}
	return out
}

// cutWords are the words to black out, each on a line.
func (v held) cutWords() string { return strings.Join(v.Cuts.Words, "\n") }

// say takes an officer's word on one item.
func (p *pages) say(verdict string) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := page.Of(r)
		at, err := addressOf(r)
		if err != nil {
			return err
		}
		f, err := page.Form(w, r, maxForm)
		if err != nil {
			return err
		}
		digest, err := ident.ParseDigest(f.Get("digest"))
		if err != nil {
			return err
		}
		err = p.word(r.Context(), q, at, verdict, digest, f.Get("reason"))
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) && q.Actor.May(people.Approve) == nil {
			return p.showHold(w, r, held{At: at, Typed: f.Get("reason"), Wrong: verdict, Problems: []page.Problem{q.Wrong(verdict+"-reason", err)}})
		}
		if err != nil {
			return err
		}
		return page.See(w, r, at.path(""))
	}
}

func (p *pages) word(ctx context.Context, q *page.Request, at address, verdict string, digest ident.Digest, reason string) (err error) {
	switch verdict {
	case approve:
		_, err = p.Releases.Approve(ctx, q.Handle, q.Actor, at.agreement, at.item, digest)
	case emergency:
		_, err = p.Releases.Emergency(ctx, q.Handle, q.Actor, at.agreement, at.item, digest, reason)
	case refuse:
		_, err = p.Releases.Refuse(ctx, q.Handle, q.Actor, at.agreement, at.item, digest, reason)
	case reopen:
		_, err = p.Releases.Reopen(ctx, q.Handle, q.Actor, at.agreement, at.item, digest, reason)
	}
	return err
}

// typed is what was written in a form that was not taken.
func (v held) typed(verdict string) string {
	if v.Wrong == verdict {
		return v.Typed
	}
	return ""
}

func (v held) wrong(verdict string) []page.Problem {
	if v.Wrong == verdict {
		return v.Problems
	}
	return nil
}

func (v held) waits() bool   { return v.Item.Hold.State == store.HoldWaiting }
func (v held) refused() bool { return v.Item.Hold.State == store.HoldRefused }

// signed reports whether the reader has approved these very bytes.
func (v held) signed() bool { return v.Item.SignedBy(v.Actor.Name) }

// why says why the reader may not approve, in the act's words.
func (v held) why() string {
	if err := v.Item.Approvable(v.Actor); err != nil {
		return fault.Message(err)
	}
	return ""
}

// urgent reports whether the reader may release it in an emergency.
func (v held) urgent() bool { return v.Item.Urgent(v.Actor) == nil }

// changes are the rows that differ, or all of them.
func (v held) changes() int { return diff.Count(v.Rows) }

// said is a word of an officer: whether it counts, and how it looks.
func (v held) void(w store.Word) bool { return w.Digest != v.Item.Digest }

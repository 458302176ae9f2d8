package release

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Approve records that the officer has seen the held item as the recipient
// will and agrees to its release. It binds to digest: if the bytes changed
// since they were shown, nothing is recorded and the error is fault.Conflict.
// When the last needed approval is in, the item joins the recipient's queue in
// the same transaction. Who brought the item in does not approve it, and a
// program's token approves nothing: fault.Denied (ADR 0019).
func (r *Releases) Approve(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest) (Preview, error) {
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: VerdictApprove, Digest: digest})
}

// Emergency is Approve by one officer where the agreement asks for more. It
// changes nothing else: what may not leave does not. It opens a review that
// another officer closes, and says so on the wire.
func (r *Releases) Emergency(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, reason string) (Preview, error) {
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: VerdictEmergency, Digest: digest, Reason: reason})
}

// Refuse records that the officer keeps the held item back, and why. One
// refusal is enough.
func (r *Releases) Refuse(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, reason string) (Preview, error) {
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: VerdictRefuse, Digest: digest, Reason: reason})
}

// Reopen has a refused item wait for officers again, and says why. What was
// said before is kept and counts no more.
func (r *Releases) Reopen(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, reason string) (Preview, error) {
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: VerdictReopen, Digest: digest, Reason: reason})
}

// Signature is an officer's approval of the bytes with a digest.
type Signature struct {
	Object int64
	Digest ident.Digest
}

// Said is what became of one of many signatures.
type Said struct {
	Signature
	State string // of the item now, see store.Hold; empty with Err
	Err   error  // why the signature was not taken
}

// MaxSignatures bounds the items of one ApproveAll: what a person can look
// through on one page.
const MaxSignatures = 200

// ApproveAll approves several held items, each as Approve does, in one
// transaction. What changed since it was shown, or may not be approved, is left
// as it was and said; the rest is approved.
func (r *Releases) ApproveAll(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, list []Signature) ([]Said, error) {
	if len(list) == 0 || len(list) > MaxSignatures {
		return nil, fault.Errorf(fault.Invalid, "%d items: want 1 to %d at a time", len(list), MaxSignatures)
	}
	var out []Said
	err := r.write(ctx, h, by, func(tx *store.Tx, class int64) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		g, err := r.Gate(tx, a)
		if err != nil {
			return err
		}
		out = make([]Said, 0, len(list))
		for _, s := range list {
			said := Said{Signature: s}
			word := store.Approval{Verdict: VerdictApprove, Digest: s.Digest, Officer: by.Name}
			var p Preview
			if p, said.Err = r.consider(tx, g, ch, class, by, s.Object, word); said.Err == nil {
				if err := r.take(tx, ch, by, &p, word); err != nil {
					return err
				}
				said.State = p.Hold.State
			}
			out = append(out, said)
		}
		return nil
	})
	return out, err
}

// write runs fn with the class of by, who decides on releases in person.
func (r *Releases) write(ctx context.Context, h *store.Handle, by people.Actor, fn func(tx *store.Tx, class int64) error) error {
	if err := by.May(people.Approve); err != nil {
		return err
	}
	if by.Token != "" {
		return fault.New(fault.Denied, "a release is decided by a person who is there, with a password or a passkey and not with a token")
	}
	class, err := r.class(ctx, h, by)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error { return fn(tx, class) })
}

func (r *Releases) say(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, word store.Approval) (p Preview, err error) {
	err = r.write(ctx, h, by, func(tx *store.Tx, class int64) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		word.Officer, word.Reason = by.Name, strings.TrimSpace(word.Reason)
		g, err := r.Gate(tx, a)
		if err != nil {
			return err
		}
		if p, err = r.consider(tx, g, ch, class, by, object, word); err != nil {
			return err
		}
		return r.take(tx, ch, by, &p, word)
	})
	return p, err
}

// consider returns the item as it is now, or why the officer's word cannot be
// taken. It writes nothing.
func (r *Releases) consider(tx *store.Tx, g *Gate, ch store.Channel, class int64, by people.Actor, object int64, word store.Approval) (Preview, error) {
	p, err := r.previewBy(tx, g, ch, class, object)
	if err != nil {
		return p, err
	}
	return p, p.admits(by, word)
}

// take records an officer's word and what follows from it.
func (r *Releases) take(tx *store.Tx, ch store.Channel, by people.Actor, p *Preview, word store.Approval) (err error) {
	if word.Verdict == VerdictReopen {
		err = tx.ForgetApprovals(ch.ID, p.Object.Seq)
	} else {
		err = tx.Approve(ch.ID, p.Object.Seq, word)
	}
	if err != nil {
		return err
	}
	if err := tx.AddWord(ch.ID, p.Object.Seq, word); err != nil {
		return err
	}
	if p.Approvals, err = tx.Approvals(ch.ID, p.Object.Seq); err != nil {
		return err
	}
	if err := r.settle(tx, ch, p, word); err != nil {
		return err
	}
	return r.recordWord(tx, ch, by, *p, word)
}

func (r *Releases) recordWord(tx *store.Tx, ch store.Channel, by people.Actor, p Preview, word store.Approval) error {
	fields := []ledger.Field{
		{Name: "agreement", Value: string(ch.Agreement)},
		{Name: "object", Value: p.Object.ID},
		{Name: "digest", Value: word.Digest.String()},
		{Name: "state", Value: p.Hold.State + " " + strconv.Itoa(p.Given()) + "/" + strconv.Itoa(p.Decision.Approvals)},
	}
	if word.Reason != "" {
		fields = append(fields, ledger.Field{Name: "reason", Value: line(word.Reason)})
	}
	return r.ledger.Record(tx, by.String(), "release."+word.Verdict, fields...)
}

// admits says whether an officer's word can be taken now.
func (p Preview) admits(by people.Actor, word store.Approval) error {
	if err := p.open(by, word); err != nil {
		return err
	}
	if word.Verdict != VerdictApprove {
		if err := checkReason(word); err != nil {
			return err
		}
	}
	if word.Verdict == VerdictRefuse || word.Verdict == VerdictReopen {
		return nil
	}
	return p.admitsRelease(by, word)
}

// open says whether the item waits for such a word about such bytes.
func (p Preview) open(by people.Actor, word store.Approval) error {
	state := store.HoldWaiting
	if word.Verdict == VerdictReopen {
		state = store.HoldRefused
	}
	switch {
	case by.IsSystem() || by.Name == "":
		return fault.New(fault.Denied, "a release is decided by a named officer")
	case p.Hold.State != state:
		return fault.Errorf(fault.Conflict, "the item is %s already", p.Hold.State)
	case word.Digest != p.Digest:
		return fault.New(fault.Conflict, "the item changed after you opened it: look at it again")
	}
	return nil
}

// admitsRelease is for the words that let an item go.
func (p Preview) admitsRelease(by people.Actor, word store.Approval) error {
	switch {
	case p.Decision.Outcome == gate.Deny:
		return fault.New(fault.Denied, p.Decision.Sentence)
	case len(p.Decision.Redact) > 0:
		return fault.New(fault.Denied, "it does not leave as it is: what is taken out makes an item of its own, which waits by itself")
	case p.Importer != "" && p.Importer == by.Name:
		return fault.New(fault.Denied, "you brought it in: another officer decides on its release")
	case p.sponsorFirst(by, word):
		return fault.New(fault.Denied, "the sponsor of the member who contributed it looks at it first: one of its officers has to approve it")
	case word.Verdict != VerdictEmergency:
		return nil
	case p.Decision.Approvals < 2:
		return fault.New(fault.Invalid, "one approval is all it needs: approve it")
	case p.Given()+1 >= p.Decision.Approvals && !p.SignedBy(by.Name):
		return fault.New(fault.Invalid, "yours is the last approval it needs: approve it")
	}
	return nil
}

// maxReason bounds what an officer writes, in characters.
const maxReason = 1000

func checkReason(word store.Approval) error {
	why := map[string]string{VerdictRefuse: "is refused", VerdictReopen: "is to be looked at again", VerdictEmergency: "cannot wait for another officer"}
	switch n := utf8.RuneCountInString(word.Reason); {
	case n == 0:
		return fault.New(fault.Invalid, "say why it "+why[word.Verdict])
	case n > maxReason:
		return fault.Errorf(fault.Invalid, "the reason has %d characters: want at most %d", n, maxReason)
	case !utf8.ValidString(word.Reason) || strings.ContainsRune(word.Reason, 0):
		return fault.New(fault.Invalid, "the reason is not text")
	}
	return nil
}

// line is a text on one line, as the home log wants it.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func (r *Releases) settle(tx *store.Tx, ch store.Channel, p *Preview, word store.Approval) error {
	p.Hold.Digest, p.Hold.Needed = p.Digest, p.Decision.Approvals
	switch {
	case word.Verdict == VerdictRefuse:
		p.Hold.State = store.HoldRefused
	case word.Verdict == VerdictReopen:
		p.Hold.State = store.HoldWaiting
	case word.Verdict == VerdictEmergency:
		if err := tx.OpenReview(&store.Review{
			Channel: ch.ID, Object: p.Object.Seq, Digest: p.Digest, Officer: word.Officer, Reason: word.Reason,
			Given: int64(p.Given()), Needed: int64(p.Decision.Approvals),
		}); err != nil {
			return err
		}
		fallthrough
	case p.Given() >= p.Decision.Approvals:
		p.Hold.State = store.HoldReleased
		if err := r.ahead(tx, ch, p.Object.Seq, p.Label); err != nil {
			return err
		}
		if err := tx.QueueOne(ch.ID, p.Object.Seq, p.Given()); err != nil {
			return err
		}
	}
	return tx.SetHold(p.Hold)
}

// Approved returns how many officers have approved exactly the bytes that
// object would leave with now, and whether one did in an emergency: what the
// sending end checks at the last moment. None have when one has refused them.
func Approved(tx *store.Tx, channel, object int64, digest ident.Digest) (int, bool, error) {
	words, err := tx.Approvals(channel, object)
	for _, a := range words {
		if a.Verdict == VerdictRefuse && a.Digest == digest {
			return 0, false, err
		}
	}
	p := Preview{Approvals: words, Digest: digest}
	return p.Given(), p.Emergency(), err
}

package shipment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

// ReceiptTitle is the first line of a receipt's text.
const ReceiptTitle = "twoseas/receipt/v1"

// maxReceiptText keeps a receipt with its signature within a leaf.
const maxReceiptText = 60_000

// Receipt is the receiver's answer to one shipment. Every item is in exactly
// one of four numbers: applied, already had, refused, failed; the last two
// are listed.
type Receipt struct {
	Agreement  ident.Agreement
	Domain     ident.Domain
	From, To   ident.Side   // of the shipment; To signs the receipt
	Number     uint64       // of the shipment
	Shipment   ident.Digest // Link of the shipment
	Received   time.Time    // whole seconds, UTC
	Applied    int
	Already    int
	LedgerSize int64        // the receiver's ledger once it holds the shipment,
	LedgerRoot ident.Digest // and before it holds this receipt
	Answers    []Answer     // by position, the refused and the failed
}

// Refused returns how many items a clause kept out.
func (r Receipt) Refused() int { return r.count(Refused) }

// Failed returns how many items could not be applied.
func (r Receipt) Failed() int { return r.count(Failed) }

// Items returns how many items the receipt answers for.
func (r Receipt) Items() int { return r.Applied + r.Already + len(r.Answers) }

func (r Receipt) count(o Outcome) int {
	n := 0
	for _, a := range r.Answers {
		if a.Outcome == o {
			n++
		}
	}
	return n
}

// Add files an answer at its place, cleaned. A second answer for the same
// position replaces the first.
func (r *Receipt) Add(a Answer) {
	i, found := slices.BinarySearchFunc(r.Answers, a.Position, func(b Answer, p int) int { return b.Position - p })
	if found {
		r.Answers[i] = a.Clean()
		return
	}
	r.Answers = slices.Insert(r.Answers, i, a.Clean())
}

// Text returns the text to sign. It is valid if r is; see Sign.
func (r Receipt) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nagreement %s\ndomain %s\nfrom %s\nto %s\nnumber %d\nshipment %s\nreceived %s\n",
		ReceiptTitle, r.Agreement, r.Domain, r.From, r.To, r.Number, r.Shipment, note.FormatTime(r.Received))
	fmt.Fprintf(&b, "applied %d\nalready %d\nrefused %d\nfailed %d\nledger %d %s\n",
		r.Applied, r.Already, r.Refused(), r.Failed(), r.LedgerSize, r.LedgerRoot)
	for _, g := range group(r.Answers) {
		b.WriteString(g.line())
	}
	return []byte(b.String())
}

// ParseReceipt reads a receipt's text strictly, or returns fault.Invalid that
// names the line.
func ParseReceipt(text []byte) (Receipt, error) {
	l := note.ReadLines("receipt", ReceiptTitle, string(text))
	r := Receipt{
		Agreement: note.Field(l, "agreement", ident.ParseAgreement),
		Domain:    note.Field(l, "domain", ident.ParseDomain),
		From:      note.Field(l, "from", ident.ParseSide),
		To:        note.Field(l, "to", ident.ParseSide),
		Number:    note.Field(l, "number", parseNumber),
		Shipment:  note.Field(l, "shipment", ident.ParseDigest),
		Received:  note.Field(l, "received", note.ParseTime),
		Applied:   note.Field(l, "applied", note.Count(0, MaxItems)),
		Already:   note.Field(l, "already", note.Count(0, MaxItems)),
	}
	refused := note.Field(l, "refused", note.Count(0, MaxItems))
	failed := note.Field(l, "failed", note.Count(0, MaxItems))
	ledger := note.Field(l, "ledger", parseLedger)
	r.LedgerSize, r.LedgerRoot = ledger.Size, ledger.Root
	for l.More() && len(r.Answers) <= MaxItems { // a line can stand for many: bound them
		r.Answers = append(r.Answers, note.Line(l, parseGroup)...)
	}
	if len(r.Answers) > MaxItems {
		return Receipt{}, fault.Errorf(fault.Invalid, "receipt: more than %d items are listed", MaxItems)
	}
	if err := l.End(); err != nil {
		return Receipt{}, err
	}
	slices.SortStableFunc(r.Answers, func(a, b Answer) int { return a.Position - b.Position })
	if err := r.check(text, refused, failed); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// check holds what was read to what would be written.
func (r Receipt) check(text []byte, refused, failed int) error {
	switch {
	case r.From == r.To:
		return fault.Errorf(fault.Invalid, "receipt: line 5: from %s to itself", r.From)
	case r.Items() < 1 || r.Items() > MaxItems:
		return fault.Errorf(fault.Invalid, "receipt: the four numbers add up to %d, want 1 to %d", r.Items(), MaxItems)
	case r.Refused() != refused:
		return fault.Errorf(fault.Invalid, "receipt: line 11: %d refused, %d are listed", refused, r.Refused())
	case r.Failed() != failed:
		return fault.Errorf(fault.Invalid, "receipt: line 12: %d failed, %d are listed", failed, r.Failed())
	}
	for i, a := range r.Answers {
		if i > 0 && a.Position == r.Answers[i-1].Position {
			return fault.Errorf(fault.Invalid, "receipt: item %d is listed twice", a.Position)
		}
	}
	if string(r.Text()) != string(text) {
		return fault.New(fault.Invalid, "receipt: the list of items is not in order")
	}
	return nil
}

// Sign checks the receipt as a reader will and returns its note, signed by
// the receiver of the shipment. When the list would make the note too large,
// the answers' texts are left out, and if that is not enough their codes and
// clauses.
func (r Receipt) Sign(s note.Signer) ([]byte, error) {
	text := r.fit().Text()
	if _, err := ParseReceipt(text); err != nil {
		return nil, err
	}
	if s.Side() != r.To {
		return nil, fault.Errorf(fault.Denied, "receipt: of a shipment to %s, not for %s to sign", r.To, s.Side())
	}
	return s.Sign(text)
}

func (r Receipt) fit() Receipt {
	for _, shorten := range []func(*Answer){
		func(a *Answer) { a.Text = "" },
		func(a *Answer) { a.Clause, a.Code = "", codeVarious },
	} {
		if len(r.Text()) <= maxReceiptText {
			return r
		}
		r.Answers = slices.Clone(r.Answers)
		for i := range r.Answers {
			shorten(&r.Answers[i])
		}
	}
	return r
}

// OpenReceipt returns the receipt in a note and the key that signed it, which
// must be one of keys and of the side that received the shipment. Signatures
// by anyone else are refused.
func OpenReceipt(msg []byte, keys ...note.Verifier) (Receipt, note.Verifier, error) {
	n, err := note.Open(msg, keys...)
	if err != nil {
		return Receipt{}, note.Verifier{}, err
	}
	r, err := ParseReceipt(n.Text)
	if err != nil {
		return Receipt{}, note.Verifier{}, err
	}
	by, err := soleSigner(n, r.To)
	if err != nil {
		return Receipt{}, note.Verifier{}, fault.Errorf(fault.Denied, "receipt of shipment %d: %w", r.Number, err)
	}
	return r, by, nil
}

// Fits returns fault.Conflict, saying where, when the receipt is not an
// answer to the shipment h.
func (r Receipt) Fits(h Header) error {
	link := Link(h.Text())
	switch {
	case r.Agreement != h.Agreement || r.Domain != h.Domain:
		return fault.Errorf(fault.Conflict, "the receipt is of %s, %s; the shipment of %s, %s", r.Agreement, r.Domain, h.Agreement, h.Domain)
	case r.From != h.From || r.To != h.To || r.Number != h.Number:
		return fault.Errorf(fault.Conflict, "the receipt is of shipment %d from %s to %s, not %d from %s to %s", r.Number, r.From, r.To, h.Number, h.From, h.To)
	case r.Shipment != link:
		return fault.Errorf(fault.Conflict, "the receipt of shipment %d is of another one: %s, not %s", r.Number, r.Shipment, link)
	case r.Items() != h.Items:
		return fault.Errorf(fault.Conflict, "the receipt of shipment %d answers for %d items of %d", r.Number, r.Items(), h.Items)
	case len(r.Answers) > 0 && r.Answers[len(r.Answers)-1].Position >= h.Items:
		return fault.Errorf(fault.Conflict, "the receipt of shipment %d answers for item %d of %d", r.Number, r.Answers[len(r.Answers)-1].Position, h.Items)
	}
	return nil
}

func parseLedger(s string) (merkle.Checkpoint, error) {
	size, root, _ := strings.Cut(s, " ")
	n, err := note.Decimal(size)
	if err != nil || n < 1 || n > merkle.MaxLog {
		return merkle.Checkpoint{}, fault.Errorf(fault.Invalid, "%.30s: want the number of leaves, from 1", strconv.Quote(size))
	}
	d, err := ident.ParseDigest(root)
	return merkle.Checkpoint{Size: int64(n), Root: d}, err
}

package verify

import (
	"fmt"
	"slices"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// compare checks two ledgers against each other when they are of the same
// agreement and domain: two exports of one ledger, or the two sides'.
func compare(r *Report, a, b *ledger) {
	if a.Agreement != b.Agreement || a.Domain != b.Domain {
		return
	}
	switch {
	case a.Owner == b.Owner:
		comparePrefix(r, a, b)
	case a.Owner == b.Partner && a.Partner == b.Owner:
		p := pair{r}
		p.keys(a, b)
		p.direction(a, b)
		p.direction(b, a)
	}
}

// comparePrefix wants the shorter of two exports to be the beginning of the
// longer.
func comparePrefix(r *Report, a, b *ledger) {
	for i := range min(a.tree.Size(), b.tree.Size()) {
		if a.tree.LeafHash(i) != b.tree.LeafHash(i) {
			r.add(Finding{File: -1, Leaf: i, Text: fmt.Sprintf("files %d and %d are two histories of the ledger of %s: they part at leaf %d", a.file+1, b.file+1, a.Owner, i)})
			return
		}
	}
}

// pair compares the ledgers of the two sides. A difference that time will
// close, because one file is ahead of the other, is a remark.
type pair struct{ r *Report }

func (p pair) problem(format string, a ...any) {
	p.r.add(Finding{File: -1, Leaf: -1, Text: fmt.Sprintf(format, a...)})
}

func (p pair) remark(what string, numbers []uint64, of ident.Side, rest string) {
	if len(numbers) > 0 {
		p.r.add(Finding{File: -1, Leaf: -1, Sound: true, Text: fmt.Sprintf("%s of %s %s", numbered(what, numbers), of, rest)})
	}
}

// keys wants both ledgers to tell the same sequence of keys of each side.
// A ledger knows the keys from its own beginning on, and the two begin and end
// at different times: of a side that went over to another key in between, one
// knows more at the front.
func (p pair) keys(a, b *ledger) {
	for _, side := range []ident.Side{a.Owner, b.Owner} {
		x, y := a.rings[side].keys(), b.rings[side].keys()
		if !oneSequence(x, y) {
			p.problem("the two ledgers know different keys of %s: %s in that of %s and %s in that of %s", side, shortNames(x), a.Owner, shortNames(y), b.Owner)
		}
	}
}

// oneSequence reports whether x and y, neither of them empty nor with a key
// twice, are parts of one sequence without a key twice, and meet in it: the
// first key of one is in the other, and from there on they agree as far as
// both go.
func oneSequence(x, y []note.Verifier) bool {
	from := slices.Index(x, y[0])
	if from < 0 {
		x, y = y, x
		from = slices.Index(x, y[0])
	}
	if from < 0 {
		return false
	}
	both := min(len(x)-from, len(y))
	again := func(v note.Verifier) bool { return slices.Contains(x, v) }
	return slices.Equal(x[from:from+both], y[:both]) && !slices.ContainsFunc(y[both:], again)
}

// direction compares what from's ledger says it sent with what to's ledger
// says arrived, and the receipts that went back.
func (p pair) direction(from, to *ledger) {
	out, in := from.ways[from.Owner], to.ways[from.Owner]
	var unseen, ahead []uint64
	for _, n := range numbers(out.sent) {
		got, ok := in.sent[n]
		switch {
		case !ok:
			unseen = append(unseen, n)
			p.denied(out, n, to)
		case got.link != out.sent[n].link:
			p.problem("shipment %d of %s is not the same in both ledgers: sent %s, received %s", n, from.Owner, out.sent[n].link, got.link)
		case got.by != out.sent[n].by:
			p.problem("shipment %d of %s is signed with %s in one ledger and %s in the other", n, from.Owner, out.sent[n].by.Short(), got.by.Short())
		}
	}
	for _, n := range numbers(in.sent) {
		if _, ok := out.sent[n]; !ok {
			ahead = append(ahead, n)
		}
	}
	p.remark("shipment", unseen, from.Owner, fmt.Sprintf("not yet seen by %s", to.Owner))
	p.remark("shipment", ahead, from.Owner, fmt.Sprintf("received by %s, not yet in the file of %s", to.Owner, from.Owner))
	p.receipts(from, to, out, in)
}

// denied finds the contradiction in a shipment that its receiver's ledger
// lacks although the receiver's own receipt names a state, within that
// ledger, that holds it.
func (p pair) denied(out *way, n uint64, to *ledger) {
	if rec, ok := out.receipts[n]; ok && rec.size <= to.tree.Size() {
		p.problem("%s gave a receipt of shipment %d of %s, and its ledger of %d leaves does not have it", to.Owner, n, out.chain.From, to.tree.Size())
	}
}

// receipts compares the receipts that to gave from, and what they state of
// to's ledger.
func (p pair) receipts(from, to *ledger, out, in *way) {
	var unseen, ahead, beyond []uint64
	for _, n := range numbers(in.receipts) {
		got, ok := out.receipts[n]
		switch {
		case !ok:
			unseen = append(unseen, n)
		case got.text != in.receipts[n].text:
			p.problem("the receipt of shipment %d of %s is not the same in both ledgers", n, from.Owner)
		case got.by != in.receipts[n].by:
			p.problem("the receipt of shipment %d of %s is signed with %s in one ledger and %s in the other", n, from.Owner, in.receipts[n].by.Short(), got.by.Short())
		}
	}
	for _, n := range numbers(out.receipts) {
		rec := out.receipts[n]
		if _, ok := in.receipts[n]; !ok {
			ahead = append(ahead, n)
		}
		if rec.size > to.tree.Size() {
			beyond = append(beyond, n)
			continue
		}
		if root, err := to.tree.Root(rec.size); err != nil || root != rec.root {
			p.problem("the receipt of shipment %d of %s states another root of %d leaves than the ledger of %s has", n, from.Owner, rec.size, to.Owner)
		}
	}
	p.remark("receipt", unseen, to.Owner, fmt.Sprintf("not yet seen by %s", from.Owner))
	p.remark("receipt", ahead, to.Owner, fmt.Sprintf("held by %s, not yet in the file of %s", from.Owner, to.Owner))
	p.remark("receipt", beyond, to.Owner, "states a ledger longer than the file")
}

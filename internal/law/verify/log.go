package verify

import (
	"bytes"
	"fmt"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

// ledger is one exported ledger as far as it has been read.
type ledger struct {
	Ledger

	file    int
	report  *Report
	tree    merkle.Tree
	rings   map[ident.Side]*keyring
	streams map[stream]int // newest key of the partner seen in each stream
	ways    map[ident.Side]*way
	signed  map[ident.Digest]map[ident.Side]bool // agreement versions, who signed
	remark  map[ident.Digest]bool                // versions remarked on
	claims  map[int64]ident.Digest               // the partner's ledger as its receipts state it
}

// stream is the notes of one kind by one side. Within it a side never goes
// back to an older key; across streams notes may overtake each other on
// their way to the other side's ledger.
type stream struct {
	side ident.Side
	kind string
}

// way is one direction: the shipments from one side and their receipts.
type way struct {
	chain    shipment.Chain
	sent     map[uint64]sent
	receipts map[uint64]received
}

type sent struct {
	header shipment.Header
	link   ident.Digest
	by     note.Verifier
	leaf   int64
}

type received struct {
	text ident.Digest // of the receipt's text
	size int64        // of the receiver's ledger, as the receipt states it
	root ident.Digest
	by   note.Verifier
	leaf int64
}

func newLedger(r *Report, file int, head Ledger) *ledger {
	l := &ledger{
		Ledger: head, file: file, report: r,
		rings:   map[ident.Side]*keyring{head.Owner: newKeyring(head.OwnerKey)},
		streams: map[stream]int{},
		ways:    map[ident.Side]*way{},
		signed:  map[ident.Digest]map[ident.Side]bool{},
		remark:  map[ident.Digest]bool{},
		claims:  map[int64]ident.Digest{},
	}
	if head.Home() {
		return l
	}
	l.rings[head.Partner] = newKeyring(head.PartnerKey)
	l.ways[head.Owner] = newWay(head, head.Owner, head.Partner)
	l.ways[head.Partner] = newWay(head, head.Partner, head.Owner)
	return l
}

func newWay(head Ledger, from, to ident.Side) *way {
	return &way{
		chain:    shipment.Chain{Agreement: head.Agreement, Domain: head.Domain, From: from, To: to, Next: 1},
		sent:     map[uint64]sent{},
		receipts: map[uint64]received{},
	}
}

// leaf checks the next leaf and adds it to the tree. An error is trouble of
// ours, not of the leaf.
func (l *ledger) leaf(leaf []byte) error {
	index := l.tree.Size()
	if err := l.tree.Append(leaf); err != nil {
		return fmt.Errorf("append leaf %d: %w", index, err)
	}
	l.report.Leaves++
	title, _, _ := bytes.Cut(leaf, []byte("\n"))
	var err error
	switch kind := string(title); {
	case l.Home():
		err = l.homeLeaf(kind, leaf, index)
	case kind == shipment.Title:
		l.report.Shipments++
		err = l.shipment(leaf, index)
	case kind == shipment.ReceiptTitle:
		l.report.Receipts++
		err = l.receipt(leaf, index)
	case kind == agreementTitle:
		l.report.Agreements++
		err = l.agreement(leaf)
	case kind == note.RotationTitle:
		l.report.Keys++
		err = l.rotation(leaf, index)
	default:
		err = l.other(kind, leaf)
	}
	if err != nil {
		l.problem(index, "%s", err)
	}
	return nil
}

// keys returns every key either side has had so far.
func (l *ledger) keys() []note.Verifier {
	all := l.rings[l.Owner].keys()
	if l.Home() {
		return all
	}
	return append(all, l.rings[l.Partner].keys()...)
}

// mayStill checks that the key could sign a note of the kind at this point of
// the ledger: the owner's must be its newest; the partner's must not be older
// than one it used for that kind before.
func (l *ledger) mayStill(v note.Verifier, kind string) error {
	ring := l.rings[v.Side()]
	i, newest := ring.index(v), len(ring.epochs)-1
	if v.Side() == l.Owner {
		if i != newest {
			return fault.Errorf(fault.Denied, "signed with %s, which %s had given up", v.Short(), v.Side())
		}
		return nil
	}
	s := stream{v.Side(), kind}
	if i < l.streams[s] {
		return fault.Errorf(fault.Denied, "signed with %s after %s had gone over to another key", v.Short(), v.Side())
	}
	l.streams[s] = i
	return nil
}

func (l *ledger) shipment(leaf []byte, index int64) error {
	h, link, by, err := shipment.Open(leaf, l.keys()...)
	if err != nil {
		return err
	}
	if err := l.mayStill(by, shipment.Title); err != nil {
		return err
	}
	w, ok := l.ways[h.From]
	if !ok {
		return fault.Errorf(fault.Denied, "a shipment from %s in a ledger of %s and %s", h.From, l.Owner, l.Partner)
	}
	w.chain.Versions = []ident.Digest{h.AgreementHash}
	verdict, err := w.chain.Accept(h, w.sent[h.Number].link)
	if verdict == shipment.Duplicate {
		return fault.Errorf(fault.Conflict, "shipment %d of %s is logged twice", h.Number, h.From)
	}
	if verdict == shipment.Next || verdict == shipment.Gap { // after a gap go on from here: it is one finding
		w.chain = w.chain.After(h)
		w.sent[h.Number] = sent{header: h, link: link, by: by, leaf: index}
		l.restsOn(h, index)
	}
	return err
}

// restsOn remarks, once per version, on a shipment under a version of the
// agreement whose two signatures are not in the ledger before it.
func (l *ledger) restsOn(h shipment.Header, index int64) {
	if len(l.signed[h.AgreementHash]) == 2 || l.remark[h.AgreementHash] {
		return
	}
	l.remark[h.AgreementHash] = true
	l.note(index, "shipment %d of %s rests on a version of %s that this ledger does not show signed by both sides before it: %s", h.Number, h.From, h.Agreement, h.AgreementHash)
}

func (l *ledger) receipt(leaf []byte, index int64) error {
	r, by, err := shipment.OpenReceipt(leaf, l.keys()...)
	if err != nil {
		return err
	}
	if err := l.mayStill(by, shipment.ReceiptTitle); err != nil {
		return err
	}
	w, ok := l.ways[r.From]
	if !ok {
		return fault.Errorf(fault.Denied, "a receipt of a shipment from %s in a ledger of %s and %s", r.From, l.Owner, l.Partner)
	}
	s, ok := w.sent[r.Number]
	if !ok {
		return fault.Errorf(fault.Conflict, "a receipt of shipment %d of %s, which is not in the ledger before it", r.Number, r.From)
	}
	if err := r.Fits(s.header); err != nil {
		return err
	}
	if _, twice := w.receipts[r.Number]; twice {
		return fault.Errorf(fault.Conflict, "a second receipt of shipment %d of %s", r.Number, r.From)
	}
	text, err := note.Text(leaf)
	if err != nil {
		return err
	}
	w.receipts[r.Number] = received{text: shipment.Link(text), size: r.LedgerSize, root: r.LedgerRoot, by: by, leaf: index}
	if r.To == l.Owner {
		return l.ownState(r, s.leaf, index)
	}
	return l.partnerState(r)
}

// ownState checks what the owner's receipt says of the owner's ledger: a
// state that holds the shipment and not yet the receipt.
func (l *ledger) ownState(r shipment.Receipt, shipped, index int64) error {
	if r.LedgerSize <= shipped || r.LedgerSize > index {
		return fault.Errorf(fault.Conflict, "the receipt of shipment %d states a ledger of %d leaves; with the shipment and without the receipt it had %d to %d", r.Number, r.LedgerSize, shipped+1, index)
	}
	root, err := l.tree.Root(r.LedgerSize)
	if err != nil {
		return err
	}
	if root != r.LedgerRoot {
		return fault.Errorf(fault.Conflict, "the receipt of shipment %d states another root of %d leaves than this ledger has", r.Number, r.LedgerSize)
	}
	return nil
}

// partnerState keeps what the partner's receipts say of the partner's ledger:
// they must not say two things of one size.
func (l *ledger) partnerState(r shipment.Receipt) error {
	if root, ok := l.claims[r.LedgerSize]; ok && root != r.LedgerRoot {
		return fault.Errorf(fault.Conflict, "%s states two different roots for %d leaves of its ledger", r.To, r.LedgerSize)
	}
	l.claims[r.LedgerSize] = r.LedgerRoot
	return nil
}

func (l *ledger) rotation(leaf []byte, index int64) error {
	text, err := note.Text(leaf)
	if err != nil {
		return err
	}
	r, err := note.ParseRotation(text)
	if err != nil {
		return err
	}
	ring, ok := l.rings[r.Side]
	if !ok {
		return fault.Errorf(fault.Denied, "a key of %s in a ledger of %s", r.Side, l.parties())
	}
	return ring.rotate(leaf, index)
}

// other checks a note of a kind this tool knows nothing more about.
func (l *ledger) other(kind string, leaf []byte) error {
	if !strings.HasPrefix(kind, "twoseas/") || len(kind) > 100 {
		return fault.New(fault.Invalid, "not a note of Twoseas")
	}
	l.report.Other[kind]++
	_, err := l.open(kind, leaf)
	return err
}

// open opens a note that one or both sides signed, and nobody else.
func (l *ledger) open(kind string, leaf []byte) (note.Note, error) {
	n, err := note.Open(leaf, l.keys()...)
	if err != nil {
		return note.Note{}, err
	}
	if len(n.Unknown)+len(n.Cosigs) > 0 {
		return note.Note{}, fault.Errorf(fault.Denied, "signed by more than the keys of %s", l.parties())
	}
	for _, v := range n.Sigs {
		if err := l.mayStill(v, kind); err != nil {
			return note.Note{}, err
		}
	}
	return n, nil
}

// parties names whose keys may sign in the ledger.
func (l *ledger) parties() string {
	if l.Home() {
		return string(l.Owner)
	}
	return string(l.Owner) + " and " + string(l.Partner)
}

func (l *ledger) problem(leaf int64, format string, a ...any) {
	l.report.add(Finding{File: l.file, Owner: l.Owner, Leaf: leaf, Text: fmt.Sprintf(format, a...)})
}

func (l *ledger) note(leaf int64, format string, a ...any) {
	l.report.add(Finding{File: l.file, Owner: l.Owner, Leaf: leaf, Sound: true, Text: fmt.Sprintf(format, a...)})
}

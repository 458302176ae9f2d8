package verify

import (
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

// HomeTitle is the first line of an exported home log: what people of one
// side did, signed by that side's node alone. It has no partner.
const HomeTitle = "twoseas/home/v1"

// HomeAgreement stands where the origin of an exchange log names its
// agreement.
const HomeAgreement ident.Agreement = "home"

// actTitle is the first line of the text that records an act of a person.
const actTitle = "twoseas/act/v1"

// Home reports whether l is of a home log, which has no partner.
func (l Ledger) Home() bool { return l.Agreement == HomeAgreement }

// head returns the lines of the file before the checkpoints.
func (l Ledger) head() string {
	if l.Home() {
		return HomeTitle + "\ndomain " + l.Domain.String() + "\nowner " + string(l.Owner) + "\nkey " + l.OwnerKey.String() + "\n"
	}
	return LedgerTitle + "\nagreement " + string(l.Agreement) + "\ndomain " + l.Domain.String() +
		"\nowner " + string(l.Owner) + "\npartner " + string(l.Partner) +
		"\nkey " + l.OwnerKey.String() + "\nkey " + l.PartnerKey.String() + "\n"
}

// headLines is how many lines follow each title before the checkpoints.
var headLines = map[string]int{LedgerTitle: 6, HomeTitle: 3}

// readHead reads what head writes.
func readHead(title, text string) (Ledger, error) {
	lines := note.ReadLines("ledger", title, text)
	l := Ledger{Agreement: HomeAgreement}
	if title == HomeTitle {
		l.Domain = note.Field(lines, "domain", ident.ParseDomain)
		l.Owner = note.Field(lines, "owner", ident.ParseSide)
		l.OwnerKey = note.Field(lines, "key", note.ParseVerifier)
		return l, lines.End()
	}
	l.Agreement = note.Field(lines, "agreement", ident.ParseAgreement)
	l.Domain = note.Field(lines, "domain", ident.ParseDomain)
	l.Owner = note.Field(lines, "owner", ident.ParseSide)
	l.Partner = note.Field(lines, "partner", ident.ParseSide)
	l.OwnerKey = note.Field(lines, "key", note.ParseVerifier)
	l.PartnerKey = note.Field(lines, "key", note.ParseVerifier)
	if err := lines.End(); err != nil {
		return l, err
	}
	if l.Home() {
		return l, fault.Errorf(fault.Invalid, "ledger: %q names the log that stays at home, not an agreement", l.Agreement)
	}
	return l, nil
}

// sides checks that the keys are of the sides the ledger names.
func (l Ledger) sides() error {
	if l.Home() {
		if l.OwnerKey.Side() != l.Owner || l.Owner == "" || l.Partner != "" || len(l.Earlier) > 0 {
			return fault.Errorf(fault.Invalid, "home log: %s is not a key of %s, or there is more than a home log has", l.OwnerKey.Short(), l.Owner)
		}
		return nil
	}
	if l.OwnerKey.Side() != l.Owner || l.PartnerKey.Side() != l.Partner || l.Owner == l.Partner {
		return fault.Errorf(fault.Invalid, "ledger: %s and %s are not keys of the two sides %s and %s", l.OwnerKey.Short(), l.PartnerKey.Short(), l.Owner, l.Partner)
	}
	return nil
}

// homeLeaf checks a leaf of a home log: an act of a person, a change of the
// node's key, or another note of the node's own. What crosses between sides
// has no place in it.
func (l *ledger) homeLeaf(kind string, leaf []byte, index int64) error {
	switch kind {
	case note.RotationTitle:
		l.report.Keys++
		return l.rotation(leaf, index)
	case shipment.Title, shipment.ReceiptTitle, agreementTitle:
		return fault.Errorf(fault.Denied, "%s in a home log", kind)
	case actTitle:
		l.report.Other[kind]++
		n, err := l.open(kind, leaf)
		if err != nil {
			return err
		}
		t := note.ReadLines("act", actTitle, string(n.Text))
		note.Field(t, "at", note.ParseTime)
		t.Value("by")
		t.Value("act")
		return t.Err()
	}
	return l.other(kind, leaf)
}

package shipment

import (
	"fmt"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Chain is one direction of one agreement and domain, as far as it has come:
// what the next shipment must look like.
type Chain struct {
	Agreement ident.Agreement
	Versions  []ident.Digest // hashes of the agreement that both sides signed
	Domain    ident.Domain
	From, To  ident.Side
	Next      uint64       // number of the next shipment, from 1
	Last      ident.Digest // Link of the one before; zero at the start
}

// Verdict is what a shipment's header means to a chain.
type Verdict uint8

// The verdicts. Only Next and Duplicate come without an error.
const (
	Unclear        Verdict = iota // the caller did not supply what is needed to tell
	Next                          // the one to apply now
	Duplicate                     // applied before: answer with the stored receipt
	Gap                           // numbers are missing before it
	Fork                          // a second history: raise the alarm, keep both notes
	WrongAgreement                // of another agreement, or of a version not signed by both
	WrongDomain                   // of another domain
	WrongDirection                // not from and to these sides
)

var verdictNames = [...]string{"unclear", "next", "duplicate", "gap", "fork", "wrong agreement", "wrong domain", "wrong direction"}

// String returns the verdict in words.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return verdictNames[Unclear]
}

// Accept says what a header, whose signature was verified, means to the
// chain. For a number below Next, stored is the Link of the shipment accepted
// under that number; it is ignored otherwise. Next and Duplicate come with no
// error; Gap and Fork with fault.Conflict, the wrong ones with fault.Denied,
// in a sentence a person can read.
func (c Chain) Accept(h Header, stored ident.Digest) (Verdict, error) {
	if v, err := c.belongs(h); err != nil {
		return v, err
	}
	switch {
	case h.Number > c.Next:
		return Gap, fault.Errorf(fault.Conflict, "shipment %d of %s came while %d is awaited: %s missing", h.Number, h.From, c.Next, plural(h.Number-c.Next, "shipment is", "shipments are"))
	case h.Number == c.Next && h.Previous == c.Last:
		return Next, nil
	case h.Number == c.Next:
		return Fork, fault.Errorf(fault.Conflict, "shipment %d of %s follows another shipment %d than the one received", h.Number, h.From, h.Number-1)
	case stored.IsZero():
		return Unclear, fmt.Errorf("accept shipment %d: the link of the stored one is needed", h.Number)
	case stored == Link(h.Text()):
		return Duplicate, nil
	}
	return Fork, fault.Errorf(fault.Conflict, "%s signed two different shipments %d", h.From, h.Number)
}

func (c Chain) belongs(h Header) (Verdict, error) {
	switch {
	case h.Agreement != c.Agreement:
		return WrongAgreement, fault.Errorf(fault.Denied, "a shipment under %s came on the channel of %s", h.Agreement, c.Agreement)
	case h.Domain != c.Domain:
		return WrongDomain, fault.Errorf(fault.Denied, "a shipment of the domain %s came on the channel of %s", h.Domain, c.Domain)
	case h.From != c.From || h.To != c.To:
		return WrongDirection, fault.Errorf(fault.Denied, "a shipment from %s to %s came on the channel from %s to %s", h.From, h.To, c.From, c.To)
	case !slices.Contains(c.Versions, h.AgreementHash):
		return WrongAgreement, fault.Errorf(fault.Denied, "shipment %d rests on a version of %s that both sides have not signed: %s", h.Number, h.Agreement, h.AgreementHash)
	}
	return Unclear, nil
}

// Header returns the header of the chain's next shipment.
func (c Chain) Header(agreement ident.Digest, items int, root ident.Digest) Header {
	return Header{
		Agreement: c.Agreement, AgreementHash: agreement, Domain: c.Domain,
		From: c.From, To: c.To, Number: c.Next, Previous: c.Last, Items: items, Root: root,
	}
}

// After returns the chain once h, which it accepted as Next, is applied.
func (c Chain) After(h Header) Chain {
	c.Next = h.Number + 1
	c.Last = Link(h.Text())
	return c
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

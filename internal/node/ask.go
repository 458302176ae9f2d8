package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// PublicKey returns the node's verifier key in the live domain, made on first
// use.
func (n *Node) PublicKey(ctx context.Context) (key string, err error) {
	err = n.Live.Write(ctx, func(tx *store.Tx) error {
		s, err := n.Ring.Signer(tx)
		key = s.Verifier().String()
		return err
	})
	return key, err
}

// ExportLedger writes the exchange ledger of an agreement for twoseas verify.
func (n *Node) ExportLedger(ctx context.Context, a ident.Agreement, w io.Writer) error {
	partner, err := n.Accords.Partner(ctx, n.Live, a)
	if err != nil {
		return err
	}
	return n.Ledger.Export(ctx, n.Live, a, partner, w)
}

// ClassOf returns the clearance class of an account, and that of the node
// itself for "".
func (n *Node) ClassOf(ctx context.Context, account string) (int64, error) {
	if account == "" {
		return store.AllLabels, nil
	}
	actor, err := n.People.As(ctx, n.Operator(), account)
	if err != nil {
		return 0, err
	}
	access, err := n.People.Access(ctx, n.Live, actor)
	return access.Class, err
}

// NewUUID returns a random UUID, such as a bundle's.
func (n *Node) NewUUID() (string, error) { return ident.NewUUID(rand.Reader) }

// CheckPeer calls a partner's node and compares what both sides hold, and says
// in lines for people what it found.
func (n *Node) CheckPeer(ctx context.Context, side ident.Side, full bool) (sound bool, lines []string, err error) {
	var p store.Peer
	if err := n.Live.Query(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Peer(side)
		return err
	}); err != nil {
		return false, nil, err
	}
	if p.State != store.PeerActive {
		return false, nil, fault.Errorf(fault.Denied, "%s is not confirmed yet", side)
	}
	link := n.Peers.Client(p)
	defer link.Close()
	st, err := link.Status(ctx)
	if err != nil {
		return false, nil, err
	}
	apart := st.Time.Sub(n.Clock.Now()).Round(time.Second)
	lines = append(lines, fmt.Sprintf("%s answers at %s; its clock is %s apart.", side, p.URL, apart.Abs()))
	sound = true
	ids, err := n.Accords.Agreements(ctx, n.Live)
	if err != nil {
		return false, lines, err
	}
	for _, a := range ids {
		partner, err := n.Accords.Partner(ctx, n.Live, a)
		if err != nil {
			return false, lines, err
		}
		if partner != side {
			continue
		}
		f, err := n.Exchange.Compare(ctx, n.Live, a, link, full)
		if fault.Is(err, fault.NotFound) {
			lines = append(lines, fmt.Sprintf("%s is not in force.", a))
			continue
		}
		if err != nil {
			return false, lines, err
		}
		sound = sound && f.Converged
		lines = append(lines, FindingLines(a, f)...)
	}
	return sound, lines, nil
}

// FindingLines says in lines for people what a comparison found.
func FindingLines(a ident.Agreement, f exchange.Finding) []string {
	if f.Converged {
		return []string{fmt.Sprintf("%s: converged; %d shipments sent and %d received were compared.", a, f.Out, f.In)}
	}
	lines := []string{fmt.Sprintf("%s: not converged.", a)}
	for _, g := range f.Missing {
		lines = append(lines, "  "+g.String())
	}
	return lines
}

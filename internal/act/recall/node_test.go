package recall_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const inJP = nodetest.InJp

// start is when the tests begin, four months before the term of the reference
// agreement ends.
var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// pair returns two nodes in force that do nothing by themselves any more: each
// test carries by hand.
func pair(t *testing.T) (in, jp *nodetest.Node, clk *clock.Fake) {
	t.Helper()
	clk = clock.NewFake(start)
	in, jp = nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	clk.Advance(time.Minute)
	return in, jp, clk
}

// line is a link to a node in the same process.
type line struct{ to *nodetest.Node }

func (l line) Ship(ctx context.Context, _ ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	return l.to.Exchange.Receive(ctx, l.to.Live, a, p)
}

func (l line) AddCheckpoint(ctx context.Context, _ ident.Domain, a ident.Agreement, body []byte) (out []byte, err error) {
	err = l.to.Live.Write(ctx, func(tx *store.Tx) error {
		partner, err := l.to.Accords.Partner(ctx, l.to.Live, a)
		if err != nil {
			return err
		}
		out, err = l.to.Ledger.Witness(tx, partner, body)
		return err
	})
	return out, err
}

func (l line) Holding(ctx context.Context, _ ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	return l.to.Exchange.Holding(ctx, l.to.Live, a, q)
}

// carry brings everything from one node to the other.
func carry(t *testing.T, from, to *nodetest.Node) exchange.Delivered {
	t.Helper()
	done, err := from.Exchange.Deliver(t.Context(), from.Live, inJP, line{to}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// settled carries both ways and wants both sides equal and their ledgers sound.
func settled(t *testing.T, a, b *nodetest.Node) {
	t.Helper()
	for range 2 {
		carry(t, a, b)
		carry(t, b, a)
	}
	for _, way := range [][2]*nodetest.Node{{a, b}, {b, a}} {
		if err := way[0].Exchange.Cosign(t.Context(), way[0].Live, inJP, line{way[1]}); err != nil {
			t.Fatal(err)
		}
		f, err := way[0].Exchange.Compare(t.Context(), way[0].Live, inJP, line{way[1]}, true)
		if err != nil || !f.Converged {
			t.Fatalf("%s: %+v, %v", way[0].Side, f, err)
		}
	}
	nodetest.VerifyLedgers(t, a.Node, b.Node)
}

func indicatorID(i int) string { return fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", i) }

// indicator is one that was changed so many times.
func indicator(i, changed int) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:%02d.000Z",`+
		`"pattern":"[ipv4-addr:value = '45.%d.%d.%d']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","name":"canary%d"}`,
		indicatorID(i), changed, i>>16&255, i>>8&255, i&255, i)
}

func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + strings.Join(objects, ",") + `]}`
}

// take brings indicators in.
func take(t *testing.T, n *nodetest.Node, tlp marking.TLP, numbers ...int) (ids []string) {
	t.Helper()
	var objects []string
	for _, i := range numbers {
		objects, ids = append(objects, indicator(i, 0)), append(ids, indicatorID(i))
	}
	if rep := n.Import(tlp, bundle(objects...)); rep.New != len(numbers) {
		t.Fatalf("import: %+v", rep)
	}
	return ids
}

func actor(name string, role people.Role) people.Actor {
	return people.Actor{Name: name, Roles: []people.Role{role}, Clearance: people.Clearance{TLP: marking.Red}}
}

var duty = actor("duty@in", people.DutyOfficer)

// send calls back and returns the act.
func send(t *testing.T, n *nodetest.Node, ask recall.Ask) string {
	t.Helper()
	p, err := n.Recalls.Preview(t.Context(), n.Live, duty, ask)
	if err != nil {
		t.Fatal(err)
	}
	id, err := n.Recalls.Send(t.Context(), n.Live, duty, ask, p.Digest)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// classOf is the class of a reader.
func classOf(t *testing.T, n *nodetest.Node, tlp marking.TLP) int64 {
	t.Helper()
	a, err := n.People.Access(t.Context(), n.Live, people.Actor{Name: "reader", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: tlp}})
	if err != nil {
		t.Fatal(err)
	}
	return a.Class
}

// visible is the version of id that readers of a class see, as the object page
// has it; "" when they see none.
func visible(t *testing.T, n *nodetest.Node, class int64, id string) (body string) {
	t.Helper()
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		h, err := tx.Heads(class, []string{id})
		body = string(h[id].Body)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return body
}

// served is what the collection of what came from a partner serves readers of a
// class under an id.
func served(t *testing.T, n *nodetest.Node, collection string, class int64, after int64, id string) (bodies []string, last int64) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		c, err := tx.Collection(collection)
		if err != nil {
			return err
		}
		_, err = tx.Page(store.PageQuery{Collection: c.N, Class: class, After: after, Limit: 1000, Bodies: true}, func(m store.Member) error {
			last = m.Added
			if m.ID == id {
				bodies = append(bodies, string(m.Body))
			}
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return bodies, last
}

func state(t *testing.T, n *nodetest.Node, id string) recall.Detail {
	t.Helper()
	d, err := n.Recalls.Show(t.Context(), n.Live, duty, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// outcomes are those of a recall at its one partner.
func outcomes(t *testing.T, d recall.Detail) map[law.Outcome]int {
	t.Helper()
	if len(d.Partners) != 1 {
		t.Fatalf("%d partners", len(d.Partners))
	}
	return d.Partners[0].Outcomes
}

func edge(d recall.Detail, name string) (e law.Edge) {
	for _, p := range d.Partners {
		if i := slices.IndexFunc(p.Edges, func(e law.Edge) bool { return e.Name == name }); i >= 0 {
			return p.Edges[i]
		}
	}
	return e
}

// ship hands a parcel over and takes the receipt.
func ship(t *testing.T, from, to *nodetest.Node, p exchange.Parcel) error {
	t.Helper()
	receipt, err := to.Exchange.Receive(t.Context(), to.Live, inJP, p)
	if err != nil {
		return err
	}
	_, err = from.Exchange.Settle(t.Context(), from.Live, inJP, receipt)
	return err
}

// approveAll lets everything leave that waits for one officer.
func approveAll(t *testing.T, n *nodetest.Node) {
	t.Helper()
	by := actor("officer@"+string(n.Side), people.ReleasingOfficer)
	held, err := n.Releases.Waiting(t.Context(), n.Live, by, inJP, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range held {
		if _, err := n.Releases.Approve(t.Context(), n.Live, by, inJP, p.Object.Seq, p.Digest); err != nil {
			t.Fatal(err)
		}
	}
}

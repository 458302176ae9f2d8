package bench_test

import (
	"fmt"
	"testing"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// asked is what BenchmarkSearch looks for: filters alone, together, with many
// that fit and with none, in every order.
func asked() map[string]library.Filter {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return map[string]library.Filter{
		"all":             {},
		"type":            {Types: []string{"indicator"}},
		"type none":       {Types: []string{"malware"}},
		"tlp":             {TLPs: []marking.TLP{marking.Clear, marking.Green}},
		"tlp none":        {TLPs: []marking.TLP{marking.Red}},
		"word common":     {Text: "campaign"},
		"word rare":       {Text: "domain 123454"},
		"words and type":  {Text: "sensor of the national cert address", Types: []string{"indicator"}},
		"word none":       {Text: "zzyzx"},
		"phase":           {Phases: []string{"lockheed-martin-cyber-kill-chain/delivery"}},
		"value":           {Value: "1.2.3.4"},
		"time":            {Clock: store.Created, From: at, Until: at.Add(time.Hour)},
		"oldest":          {Oldest: true},
		"by created":      {Order: store.Created},
		"by modified":     {Order: store.Modified, Oldest: true, Text: "url"},
		"everything":      {Text: "address campaign", Types: []string{"indicator"}, TLPs: []marking.TLP{marking.Clear}, Phases: []string{"lockheed-martin-cyber-kill-chain/delivery"}, Origins: []ident.Side{"in"}, Order: store.Modified},
		"origin and none": {Origins: []ident.Side{"in"}, Text: "file zzyzx"},
	}
}

// BenchmarkSearch searches a million indicators in many ways, for the node
// itself and for a class of readers; the figure is the 95th percentile.
func BenchmarkSearch(b *testing.B) {
	m := needMillion(b)
	n := m.mustOpen(b)
	begin := time.Now()
	if err := n.Library.CatchUp(b.Context(), n.Live); err != nil {
		b.Fatal(err)
	}
	indexed := time.Since(begin)
	who := people.System("bench")
	access, err := n.People.Access(b.Context(), n.Live, people.Actor{Name: "reader", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Amber}})
	if err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for b.Loop() {
		for _, class := range []int64{store.AllLabels, access.Class} {
			for name, f := range asked() {
				at := time.Now()
				p, err := n.Library.Search(b.Context(), n.Live, who, class, f, store.Place{}, 50)
				took := time.Since(at)
				if err != nil {
					b.Fatal(name, err)
				}
				times = append(times, took)
				b.Logf("%-16s class %d: %6.2f ms, %d rows, %d counted", name, class, took.Seconds()*1000, len(p.Rows), p.Count)
			}
		}
	}
	b.ReportMetric(indexed.Seconds(), "s-to-index")
	searchTail.is(b, percentile(times, 95))
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkObjectPage asks for pages of single objects, and of searches, as a
// browser does, one at a time.
func BenchmarkObjectPage(b *testing.B) {
	m := needMillion(b)
	p := m.serve(b)
	defer p.stop(b)
	c := p.dial(b, m)
	c.root = p.url
	n := m.mustOpen(b)
	if err := n.Library.CatchUp(b.Context(), n.Live); err != nil {
		b.Fatal(err)
	}
	var ids []string
	if err := n.Live.Query(b.Context(), func(tx *store.Tx) error {
		for seq := int64(1000); seq < int64(m.objects) && len(ids) < 100; seq += int64(m.objects / 101) {
			o, err := tx.Object(seq)
			if err != nil {
				return err
			}
			ids = append(ids, o.ID)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	var objects, lists []time.Duration
	for b.Loop() {
		for i, id := range ids {
			for path, to := range map[string]*[]time.Duration{
				"/objects/" + id: &objects, fmt.Sprintf("/threats?type=indicator&q=sensor+%d", i): &lists,
			} {
				at := time.Now()
				if _, _, err := c.get(b.Context(), path); err != nil {
					b.Fatal(err)
				}
				*to = append(*to, time.Since(at))
			}
		}
	}
	objectTail.is(b, percentile(objects, 95))
	listTail.is(b, percentile(lists, 95))
	pageTail.is(b, slowestPage(b, c))
}

// slowestPage is the 95th percentile of the slowest of the pages that the
// reader may open besides, in milliseconds.
func slowestPage(b *testing.B, c *client) (worst float64) {
	for _, path := range []string{"/", "/?period=quarter", "/threats", "/imports", "/releases", "/releases/items", "/reviews", "/agreements", "/account", "/people/roles"} {
		var times []time.Duration
		for range 40 {
			at := time.Now()
			if _, _, err := c.get(b.Context(), path); err != nil {
				b.Fatal(path, err)
			}
			times = append(times, time.Since(at))
		}
		p := percentile(times, 95)
		b.Logf("%-20s %6.2f ms", path, p)
		worst = max(worst, p)
	}
	return worst
}

package rightstest_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/rightstest"
	"twoseas/internal/store"
)

// member makes an account of an operator, cleared for TLP:GREEN.
func (d *desk) member(name, org string) rightstest.Reader {
	d.Helper()
	d.must(d.People.AddOrganisation(d.Context(), d.Operator(), people.Organisation{ID: org, Name: "The " + org + " works", Kind: people.Operator, Ceiling: "TLP:AMBER"}))
	d.must(d.People.AddAccount(d.Context(), d.Operator(), people.Account{Name: name, Org: org, Roles: []people.Role{people.Member}, Clearance: "TLP:GREEN", Password: rightstest.Password}))
	d.must(d.People.Grant(d.Context(), d.Live, d.Operator(), store.Right{Collection: d.collection.ID, Account: name, Read: true}))
	return rightstest.Reader{Node: d.Node, Account: name}
}

// brought is an object of a test, and who brought it.
type brought struct {
	n      int
	by     string     // "" for the state's people
	origin ident.Side // "" for this side
	tlp    marking.TLP
	caveat string
}

const unknown = "a marking that is not known here"

// victim stands in the object n where redaction takes it out.
func victim(n int) string { return fmt.Sprintf("CANARYVICTIM%02d", n) }

// bring takes an object in as who brought it; value may be another's.
func (d *desk) bring(b brought, value string) {
	d.Helper()
	marks, objects := []string{}, [][]byte{}
	if id, ok := tlps[b.tlp]; ok {
		marks = append(marks, id)
	}
	switch b.caveat {
	case "":
	case unknown: // a marking that nobody here has the definition of
		marks = append(marks, "marking-definition--00000000-0000-4000-8000-0000000009ff")
	default:
		id, definition := statement(len(b.caveat), b.caveat)
		marks, objects = append(marks, id), append(objects, []byte(definition))
	}
	text := strings.TrimSuffix(indicator(b.n, marks...), "}") + `,"x_twoseas_victim":"` + victim(b.n) + `"}`
	text = strings.Replace(text, "[domain-name:value = '"+canary(b.n)+"'", "[domain-name:value = '"+value+"'", 1)
	rep, err := d.Intake.Objects(d.Context(), d.Live, intake.Source{By: b.by, Origin: b.origin, Collection: d.collection.ID}, append(objects, []byte(text)))
	if err != nil || rep.Refused > 0 {
		d.Fatalf("%+v: %+v %v", b, rep, err)
	}
}

// mayRead says in the plainest words what a member of an organisation whose
// account is by may read: what TLP:GREEN admits to and carries no words beyond
// that, but that one's own side may read what is only for itself; and nothing that another
// member contributed.
func (b brought) mayRead(by string) bool {
	return (b.by == "" || b.by == by) && (b.tlp == marking.Clear || b.tlp == marking.Green) &&
		(b.caveat == "" || b.caveat == "NOFORN" && b.origin == "")
}

// TestAMemberReadsWhatTLPAndTheAgreementAllow has two members read everything there is
// to be read, by every interface, of objects of every kind of handling.
func TestAMemberReadsWhatTLPAndTheAgreementAllow(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	d := newDesk(t, in)
	readers := map[string]rightstest.Reader{"alpha": d.member("alpha", "alphaworks"), "beta": d.member("beta", "betaworks")}
	var all []brought
	for _, who := range []brought{{}, {by: "alpha"}, {by: "beta"}, {origin: "jp"}} {
		for _, tlp := range []marking.TLP{marking.NoTLP, marking.Clear, marking.Green, marking.Amber, marking.Red} {
			for _, caveat := range []string{"", "LES", "NOFORN", unknown} {
				b := brought{len(all) + 1, who.by, who.origin, tlp, caveat}
				all = append(all, b)
				d.bring(b, canary(b.n))
			}
		}
	}
	d.must(d.Library.CatchUp(d.Context(), d.Live))
	nodetest.Converged(t, in, jp)
	for name, x := range readers {
		of := d.thing(5, x)
		answers := x.All(t, rightstest.Reads(in, of))
		for _, b := range all {
			id := strings.TrimPrefix(indicatorID(b.n), "indicator--")
			shown := append(shows(answers, victim(b.n)), shows(answers, id)...)
			switch {
			case b.mayRead(name) && len(shown) < 5:
				t.Errorf("%s may read %+v, and only %v show it", name, b, shown)
			case !b.mayRead(name):
				if b.by == "" { // what is made of another member's by redaction is for all
					shown = append(shown, shows(answers, "about "+canary(b.n))...)
				}
				if len(shown) > 0 {
					t.Errorf("%s may not read %+v, and %v show it", name, b, shown)
				}
			}
		}
		d.hidden(t, name, x, all, of)
	}
}

// hidden asks for one by one what a member may not read.
func (d *desk) hidden(t *testing.T, name string, x rightstest.Reader, all []brought, of rightstest.Thing) {
	t.Helper()
	for _, b := range all {
		if b.mayRead(name) || b.n%9 != 1 {
			continue
		}
		of.Object, of.Value = indicatorID(b.n), canary(b.n)
		named := slices.DeleteFunc(rightstest.Reads(d.Node, of), func(r rightstest.Read) bool {
			return !strings.Contains(r.String()+r.Body, strings.TrimPrefix(of.Object, "indicator--"))
		})
		if len(named) < 10 {
			t.Fatalf("only %d reads name an object", len(named))
		}
		answers := x.All(t, named)
		for word, of := range map[string]bool{victim(b.n): true, "about " + canary(b.n): b.by == ""} {
			if got := shows(answers, word); of && len(got) > 0 {
				t.Errorf("%s may not read %+v, and %v show it", name, b, got)
			}
		}
	}
}

// passing is what differs from one asking to the next.
var passing = regexp.MustCompile(`\d\d:\d\d(:\d\d(\.\d+)?)?Z?|\d+ (ms|s|min) ago|\([0-9a-f]{16}\)|"error_id":"[0-9a-f]{16}"|urn:uuid:[0-9a-f-]{36}|nonce="[^"]*"`)

// TestWhatAMemberMayNotReadChangesNothingItReads compares, read by read, what a
// member is shown before and after there is more that it may not see: no count, no
// order, no entry of a list, no word on who else says the same.
func TestWhatAMemberMayNotReadChangesNothingItReads(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	d := newDesk(t, in)
	x, other := d.member("alpha", "alphaworks"), "beta"
	d.member(other, "betaworks")
	// What may be read stays here, so that nothing of it is on its way between two askings.
	d.bring(brought{n: 1, by: "alpha", tlp: marking.Green, caveat: "NOFORN"}, canary(1))
	d.bring(brought{n: 2, tlp: marking.Green, caveat: "NOFORN"}, canary(2))
	d.must(d.Library.CatchUp(d.Context(), d.Live))
	nodetest.Converged(t, in, jp)
	reads := slices.DeleteFunc(rightstest.Reads(in, d.thing(2, x)), func(r rightstest.Read) bool {
		return r.Path == "/metrics" || strings.HasPrefix(r.Path, "/api/v1/docs") || strings.HasPrefix(r.Path, "/api/v1/openapi") // for operators; the same for everybody
	})
	before := x.All(t, reads)
	for range 5 { // the state of a line may change between two askings
		again := x.All(t, reads)
		still := len(differing(before, again)) == 0
		if before = again; still {
			break
		}
	}
	if got := shows(before, victim(2)); len(got) < 5 {
		t.Fatalf("only %v show what may be read", got)
	}
	n := 2
	for _, b := range []brought{
		{tlp: marking.Amber},
		{tlp: marking.Red},
		{},
		{tlp: marking.Green, caveat: "LES"},
		{tlp: marking.Clear, caveat: unknown},
		{by: other, tlp: marking.Amber},
		{tlp: marking.Amber, origin: "jp"},
	} {
		for _, value := range []string{canary(1), canary(2)} {
			n++
			b.n = n
			d.bring(b, value)
		}
	}
	d.must(d.Library.CatchUp(d.Context(), d.Live))
	after := x.All(t, reads)
	differ := differing(before, after)
	for range 5 { // what tells them apart does so each time
		if len(differ) == 0 {
			return
		}
		after = x.All(t, reads)
		differ = differing(before, after)
	}
	for _, name := range differ {
		t.Errorf("%s tells of what its reader may not see:\n%s", name, difference(before[name].Text, after[name].Text))
	}
}

// differing returns the names of the reads that were answered otherwise.
func differing(a, b map[string]rightstest.Said) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name].Status != b[name].Status || passing.ReplaceAllString(a[name].Text, "…") != passing.ReplaceAllString(b[name].Text, "…") {
			names = append(names, name)
		}
	}
	return names
}

// difference shows where two texts part, but for what is passing.
func difference(a, b string) string {
	a, b = passing.ReplaceAllString(a, "…"), passing.ReplaceAllString(b, "…")
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-100):min(len(s), i+150)] }
	return cut(a) + "\n---\n" + cut(b)
}

// TestWhatHasLapsedIsReadByNobody has the agreement's period for threats end: what
// came from the partner and says no end of its own leaves every read and every feed,
// for members and for who may see all.
func TestWhatHasLapsedIsReadByNobody(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	nodetest.Amend(t, in, jp, "targets:\n", "expiry: {threat: P45D}\n\ntargets:\n") // from 1 November: 16 December
	d := newDesk(t, in)
	readers := []rightstest.Reader{d.member("alpha", "alphaworks"), d.account("ann", "cert", "TLP:RED+UNMARKED")}
	jp.Import(marking.Clear, bundle(indicator(1)))
	nodetest.Eventually(t, "Japan's object is in India", func() bool { return d.has(indicatorID(1)) })
	d.put(marking.Green, bundle(indicator(2))) // one's own has no period but the one it says
	reads := rightstest.Reads(in, d.thing(1, readers[0]))
	for _, x := range readers {
		if got := shows(x.All(t, reads), canary(1)); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "GET /out/") }) {
			t.Errorf("%s: %v show it while it holds", x.Account, got)
		}
	}
	clk.Advance(16 * 24 * time.Hour)
	if _, err := in.Intake.Turn(t.Context(), in.Live); err != nil {
		t.Fatal(err)
	}
	for _, x := range readers {
		answers := x.All(t, reads)
		silent(t, x.Account, answers, "about "+canary(1), "name of "+canary(1))
		feeds := maps.Clone(answers)
		maps.DeleteFunc(feeds, func(name string, _ rightstest.Said) bool {
			return !strings.HasPrefix(name, "GET /out/") && !strings.HasPrefix(name, "GET /misp") && !strings.HasPrefix(name, "GET /api1/")
		})
		silent(t, x.Account, feeds, canary(1))
		if got := shows(answers, "about "+canary(2)); len(got) < 5 {
			t.Errorf("%s: what holds is shown by %v only", x.Account, got)
		}
	}
}

package exchange_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// member adds an operator with one account of the same name.
func member(t *testing.T, n *nodetest.Node, id string, o people.Organisation) {
	t.Helper()
	o.ID, o.Kind = id, people.Operator
	if o.Name == "" {
		o.Name = "The " + id + " works"
	}
	if err := n.People.AddOrganisation(t.Context(), n.Operator(), o); err != nil {
		t.Fatal(err)
	}
	account(t, n, id, id, people.Analyst)
}

func account(t *testing.T, n *nodetest.Node, name, org string, role people.Role) {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Org: org, Roles: []people.Role{role}}); err != nil {
		t.Fatal(err)
	}
}

func tip(n int, name string) string {
	return fmt.Sprintf(`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-%012d","created":"2027-01-01T00:00:00Z",`+
		`"modified":"2027-01-01T00:00:00Z","is_family":false,"name":%q}`, n, name)
}

// sectorsOf returns what the receiver's labels say of sectors.
func sectorsOf(t *testing.T, n *nodetest.Node) (out []string) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		for _, o := range receivedObjects(t, n) {
			l, err := tx.Label(o.Label)
			if err != nil {
				return err
			}
			m, err := marking.ParseLabel(l.Resolved)
			if err != nil {
				return err
			}
			out = append(out, strings.Join(m.Sectors, "+"))
			if m.Contributor != marking.Member || m.Named || m.Look {
				t.Errorf("%s arrived as %s", o.ID, l.Resolved)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// The sector of a contribution is shown from k members on: at k-1 not, at k
// yes, and after one left not any more, also of what waited already.
func TestASectorIsShownWhenEnoughMembersShareIt(t *testing.T) {
	in, jp := pair(t, nil)
	energy := people.Organisation{Sectors: []string{"energy"}}
	member(t, in, "alpha", energy)
	member(t, in, "beta", energy)
	if err := in.People.AddOrganisation(t.Context(), in.Operator(), people.Organisation{ID: "grid-cert", Name: "Grid CERT", Kind: people.CERT, Sectors: []string{"energy"}}); err != nil {
		t.Fatal(err) // which is no member, and does not count
	}
	src := intake.Source{DefaultTLP: marking.Green, By: "alpha"} // it does not say whose it is
	take1(t, in, src, tip(1, "one"))
	deliver(t, in, jp)
	member(t, in, "gamma", energy)
	take1(t, in, src, tip(2, "two"))
	deliver(t, in, jp)
	take1(t, in, src, tip(3, "three"))
	if err := in.People.ChangeOrganisation(t.Context(), in.Operator(), people.Organisation{ID: "gamma", Name: "The gamma works", Kind: people.Operator, Sectors: []string{"energy"}, Closed: true}); err != nil {
		t.Fatal(err)
	}
	deliver(t, in, jp)
	if got := sectorsOf(t, jp); !slices.Equal(got, []string{"", "energy", ""}) {
		t.Errorf("sectors %q", got)
	}
	if d := dumped(t, jp); bytes.Contains(d, []byte("alpha")) || bytes.Contains(d, []byte("beta")) {
		t.Error("a member is named in the receiver's store")
	}
	settled(t, in, jp)
}

// What names a member by a name or a domain, defanged or hidden in an odd way,
// waits for an officer; what does not goes by itself.
func TestWhatNamesAMemberWaitsForAnOfficer(t *testing.T) {
	in, jp := pair(t, nil)
	member(t, in, "alpha", people.Organisation{Name: "Alpha Power", Aliases: []string{"alpha-power.example", "東都電力"}})
	member(t, in, "beta", people.Organisation{Name: "Beta Rail"})
	names := []string{
		"seen at Alpha Power", "ALPHA\u3000POWER", "mail from ops@alpha-power[.]example", "also at beta  rail, they say", "東都電力で確認", "Al\u200bpha Power",
	}
	var list []string
	for i, n := range names {
		list = append(list, tip(10+i, n))
	}
	src := intake.Source{DefaultTLP: marking.Green, By: "beta"}
	take1(t, in, src, append(list, tip(30, "alphapower dropper"), tip(31, "beta railway"))...)
	if d := deliver(t, in, jp); d.Applied != 2 {
		t.Errorf("%d went by themselves, want 2", d.Applied)
	}
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 50)
	if err != nil || len(waiting) != len(names) {
		t.Errorf("%d wait, want %d: %v", len(waiting), len(names), err)
	}
	if d := dumped(t, jp); bytes.Contains(d, []byte("Alpha Power")) {
		t.Error("it crossed")
	}
}

// A sponsor that wants to look decides through an officer of its own.
func TestASponsorLooksFirst(t *testing.T) {
	in, jp := pair(t, nil)
	if err := in.People.AddOrganisation(t.Context(), in.Operator(), people.Organisation{ID: "ministry", Name: "Ministry", Kind: people.Ministry}); err != nil {
		t.Fatal(err)
	}
	member(t, in, "alpha", people.Organisation{Sponsor: "ministry", Look: true})
	take1(t, in, intake.Source{DefaultTLP: marking.Green, By: "alpha"}, tip(1, "one"))
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Errorf("it left: %+v", d)
	}
	other, own := officer("other"), officer("own")
	own.Org = "ministry"
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, other, inJP, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatal(len(waiting), err)
	}
	p := waiting[0]
	if _, err := in.Releases.Approve(t.Context(), in.Live, other, inJP, p.Object.Seq, p.Digest); !fault.Is(err, fault.Denied) {
		t.Errorf("another's officer approved it: %v", err)
	}
	if _, err := in.Releases.Approve(t.Context(), in.Live, own, inJP, p.Object.Seq, p.Digest); err != nil {
		t.Error(err)
	}
	if d := deliver(t, in, jp); d.Applied != 1 {
		t.Errorf("%+v", d)
	}
	for _, o := range []people.Organisation{
		{ID: "x", Name: "X", Kind: people.Vendor, Sponsor: "alpha"},
		{ID: "x", Name: "X", Kind: people.Vendor, Sponsor: "nobody"},
		{ID: "x", Name: "X", Kind: people.CERT, Sponsor: "ministry"},
	} {
		if err := in.People.AddOrganisation(t.Context(), in.Operator(), o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s under %s: %v", o.Kind, o.Sponsor, err)
		}
	}
}

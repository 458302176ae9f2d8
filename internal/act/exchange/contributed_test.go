package exchange_test

import (
	"fmt"
	"testing"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// A member sees that its contribution was released, seen and found useful by
// the partner, who is not told whose it is; another member is told nothing.
func TestAMemberSeesWhatBecameOfItsContribution(t *testing.T) {
	in, jp := pair(t, nil)
	member(t, in, "alpha", people.Organisation{})
	member(t, in, "beta", people.Organisation{})
	src := intake.Source{DefaultTLP: marking.Green, By: "alpha"}
	take1(t, in, src, tip(1, "one"))
	take1(t, in, intake.Source{DefaultTLP: marking.Amber, By: "alpha"}, tip(2, "two"))
	deliver(t, in, jp)
	id, ok := received(t, jp)["malware"]["id"].(string)
	if !ok {
		t.Fatal("nothing crossed")
	}
	answers := []string{
		fmt.Sprintf(`{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-000000000001","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","sighting_of_ref":%q}`, id),
		fmt.Sprintf(`{"type":"opinion","spec_version":"2.1","id":"opinion--00000000-0000-4000-8000-000000000001","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","opinion":"strongly-agree","labels":["useful"],"object_refs":[%q]}`, id),
	}
	take1(t, jp, intake.Source{DefaultTLP: marking.Green}, answers...)
	if _, err := jp.Exchange.Deliver(t.Context(), jp.Live, inJP, exchange.Link(loop{to: in}), nil); err != nil {
		t.Fatal(err)
	}
	told := func(name string) []library.Contribution {
		by := people.Actor{Name: name, Org: name, Roles: []people.Role{people.Member}}
		list, _, err := in.Library.Contributed(t.Context(), in.Live, by, store.AllLabels, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if err := in.Library.CatchUp(t.Context(), in.Live); err != nil {
		t.Fatal(err)
	}
	list := told("alpha")
	if len(list) != 2 || list[1].Sightings != 1 || list[1].Opinions["useful"] != 1 {
		t.Fatalf("told %+v", list)
	}
	if list[0].Fate != library.FateWaiting || list[1].Fate != library.FateSent || list[1].Sent.IsZero() || !list[0].Sent.IsZero() {
		t.Errorf("told %+v", list)
	}
	if list[0].Sightings+len(list[0].Opinions) != 0 {
		t.Errorf("what nobody has was seen: %+v", list[0])
	}
	if list := told("beta"); len(list) != 0 {
		t.Errorf("another member is told %+v", list)
	}
}

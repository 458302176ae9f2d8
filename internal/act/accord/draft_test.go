package accord_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestWithoutThePartnersKeyNobodySigns(t *testing.T) {
	clk := clock.NewFake(storetest.Start)
	in := newNode(t, "in", storetest.SQLite(t, clk), clk)
	v := in.add(t, reference(1, "", ""))
	_, err := in.Sign(t.Context(), in.h, desk, v)
	wantSays(t, err, fault.Conflict, "jp has no key yet")
	jp := newNode(t, "jp", storetest.SQLite(t, clk), clk)
	in.meet(t, jp, store.PeerActive)
	w := in.add(t, reference(1, "", "")) // once more, now that the key is known
	if w == v {
		t.Error("the key was not put in")
	}
	in.sign(t, w)
}

func TestAddRefuses(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	unknown := accord.Version{Hash: ident.Sum([]byte("unknown"))}
	otherSides := strings.NewReplacer("- id: jp", "- id: us", "[jpn]", "[usa]").Replace(stricter(2, v1))
	for name, c := range map[string]struct {
		yaml string
		kind fault.Kind
		says string
	}{
		"no agreement":                        {"agreement: [", fault.Invalid, ""},
		"a test that fails":                   {strings.Replace(reference(1, "", ""), "expect: {approve: 1, rule: sensitive}", "expect: {approve: 3, rule: sensitive}", 1), fault.Invalid, "approve 3"},
		"an agreement of others":              {strings.NewReplacer("- id: in", "- id: us", "in-jp-2022", "us-jp").Replace(reference(1, "", "")), fault.Invalid, "not a side"},
		"another text of what is in force":    {reference(1, "", "Changed"), fault.Conflict, "is in force"},
		"an amendment of an unknown text":     {stricter(2, unknown), fault.Conflict, "does not have"},
		"an amendment between other sides":    {otherSides, fault.Conflict, "same sides"},
		"an amendment without what it amends": {strings.Replace(reference(1, "", ""), "version: 1", "version: 2", 1), fault.Invalid, "previous"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := in.Add(t.Context(), in.h, desk, []byte(c.yaml))
			wantSays(t, err, c.kind, c.says)
		})
	}
	v2 := in.add(t, stricter(2, v1))
	jp.add(t, stricter(2, v1))
	signBoth(t, in, jp, v2)
	_, err := in.Add(t.Context(), in.h, desk, []byte(reference(3, v1.Hash.String(), "")))
	wantSays(t, err, fault.Conflict, "amends version 1, but version 2 is in force")
	if again := in.add(t, stricter(2, v1)); again != v2 {
		t.Errorf("the same text once more: %v", again)
	}
}

// A draft that was right when it was added may have been overtaken.
func TestSignChecksOnceMoreWhatIsAmended(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	draft := in.add(t, reference(3, v1.Hash.String(), "Overtaken"))
	v2 := in.add(t, stricter(2, v1))
	jp.add(t, stricter(2, v1))
	signBoth(t, in, jp, v2)
	_, err := in.Sign(t.Context(), in.h, desk, draft)
	wantSays(t, err, fault.Conflict, "amends version 1, but version 2 is in force")
}

package rightstest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/onward"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/rightstest"
	"twoseas/internal/store"
)

// officer makes an account that decides on releases.
func officer(d *desk, name string) (people.Actor, int64) {
	d.Helper()
	d.must(d.People.AddAccount(d.Context(), d.Operator(), people.Account{Name: name, Roles: []people.Role{people.ReleasingOfficer}, Clearance: "TLP:RED"}))
	by, err := d.People.As(d.Context(), d.Operator(), name)
	d.must(err)
	access, err := d.People.Access(d.Context(), d.Live, by)
	d.must(err)
	return by, access.Class
}

func (d *desk) has(id string) (found bool) {
	d.Helper()
	d.must(d.Live.Read(d.Context(), func(tx *store.Tx) error {
		return tx.Versions(id, func(store.Object) error {
			found = true
			return nil
		})
	}))
	return found
}

// silent fails when a read shows one of words, and when nothing is shown that
// should be.
func silent(t *testing.T, who string, answers map[string]rightstest.Said, words ...string) {
	t.Helper()
	for _, word := range words {
		if got := shows(answers, word); len(got) != 0 {
			t.Errorf("%s: %q is shown by %v", who, word, got)
		}
	}
}

// TestNothingOfOneSideIsReadOnTheThirdOrByItsGuests has Japan's object in India
// and walks everything that is read: in the United Kingdom, by who may read all
// there is, its home log among it; and in India, by guests of the United
// Kingdom. With Japan's consent, if redacted, the same, but for what was made
// of it.
func TestNothingOfOneSideIsReadOnTheThirdOrByItsGuests(t *testing.T) {
	told := listen(t)
	inNode, jpNode, gbNode := nodetest.Three(t, nil, false, func(c *node.Config) {
		if c.Side == "gb" {
			c.HookPrivate, c.SIEM = true, []node.SIEM{told.siem}
		}
	})
	in, gb := newDesk(t, inNode), newDesk(t, gbNode)
	reader, host := gb.account("ann", "ncsc", "TLP:RED+UNMARKED"), in.account("asha", "cert", "TLP:RED")
	gb.subscribe(told, reader.Account)
	const victim = "CANARYVICTIM"
	text := strings.TrimSuffix(indicator(1), "}") + `,"x_twoseas_victim":"` + victim + ` Corp"}`
	jpNode.Import(marking.Green, bundle(text))
	nodetest.Eventually(t, "Japan's object is in India", func() bool { return in.has(indicatorID(1)) })
	in.put(marking.Green, bundle(indicator(2)))
	nodetest.Eventually(t, "India's own is in the United Kingdom", func() bool { return gb.has(indicatorID(2)) })
	gb.gather()
	words := []string{victim, "about " + canary(1), indicatorID(1), strings.TrimPrefix(indicatorID(1), "indicator--")}
	walk := func(when string) {
		t.Helper()
		there := rightstest.Reads(gbNode, gb.thing(1, reader))
		answers := reader.All(t, there)
		if len(shows(answers, "about "+canary(2))) < 5 {
			t.Errorf("%s: the United Kingdom reads nothing of India's either", when)
		}
		for name, said := range answers { // what was asked for is in the answer to an error
			said.Text = strings.ReplaceAll(said.Text, indicatorID(1), "")
			answers[name] = said
		}
		silent(t, when+", in the United Kingdom", answers, words[:2]...)
		here := rightstest.Reads(inNode, in.thing(1, host))
		some(t, shows(host.All(t, here), canary(1)))
		guests := in.meets(host, session.Meeting{Guests: &people.Guests{TLP: marking.Red, Sides: []gate.Party{{Side: "gb", Codes: []string{"gbr"}}}}}).All(t, here)
		if len(shows(guests, "about "+canary(2))) < 5 {
			t.Errorf("%s: guests are shown nothing of India's either", when)
		}
		silent(t, when+", guests in India", guests, words[:2]...)
		var log strings.Builder
		gb.must(gbNode.Audit.Export(t.Context(), gbNode.Operator(), &log))
		mark := "mark-" + strings.ReplaceAll(when, " ", "-")
		gb.mark(mark)
		nodetest.Eventually(t, "the programs beside the node are told", func() bool {
			heard := told.heard()
			return strings.Contains(heard["syslog"].Text, mark) && strings.Contains(heard["webhooks"].Text, "about "+canary(2))
		})
		silent(t, when+", programs beside the node", told.heard(), words[:2]...)
		silent(t, when+", the home log", map[string]rightstest.Said{"home log": {Text: log.String()}}, victim, "about "+canary(1))
	}
	onDisk(t, gbNode, words...) // before its own people ask for them
	walk("without consent")
	onDisk(t, gbNode, words[:2]...)

	by, _ := officer(in, "indu")
	jp := &desk{T: t, Node: jpNode}
	keeper, class := officer(jp, "kenji")
	ids, err := inNode.Onwards.Ask(t.Context(), inNode.Live, by, store.AllLabels, onward.Request{IDs: []string{indicatorID(1)}, Audience: "gb", Purpose: "a warning"})
	in.must(err)
	nodetest.Eventually(t, "Japan is asked", func() bool {
		list, err := jpNode.Onwards.Waiting(t.Context(), jpNode.Live, keeper)
		return err == nil && len(list) == 1
	})
	_, err = jpNode.Onwards.Answer(t.Context(), jpNode.Live, keeper, class, ids[0], law.Answer{Word: law.Redacted, Redact: []string{"victim"}}, "")
	in.must(err)
	var held []store.Hold
	nodetest.Eventually(t, "it waits for an officer of India", func() bool {
		in.must(inNode.Live.Read(t.Context(), func(tx *store.Tx) error {
			ch, err := tx.Channel(nodetest.InGb)
			if err != nil {
				return err
			}
			held, err = tx.Holds(ch.ID, store.HoldWaiting, 0, 9)
			return err
		}))
		return len(held) == 1
	})
	p, err := inNode.Releases.Preview(t.Context(), inNode.Live, by, nodetest.InGb, held[0].Object)
	in.must(err)
	_, err = inNode.Releases.Approve(t.Context(), inNode.Live, by, nodetest.InGb, held[0].Object, p.Digest)
	in.must(err)
	made := ""
	nodetest.Eventually(t, "what was made of it is in the United Kingdom", func() bool {
		gb.must(gbNode.Live.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Objects(0, store.AllLabels, func(o store.Object) error {
				if o.Type == "indicator" && o.ID != indicatorID(2) {
					made = o.ID
				}
				return nil
			})
		}))
		return made != ""
	})
	gb.gather()
	of := gb.thing(2, reader)
	of.Object = made
	answers := reader.All(t, rightstest.Reads(gbNode, of))
	some(t, shows(answers, canary(1)))
	silent(t, "with consent, in the United Kingdom", answers, victim, indicatorID(1))
	nodetest.Eventually(t, "programs beside the node are told of what was made of it", func() bool {
		return strings.Contains(told.heard()["webhooks"].Text, made)
	})
	silent(t, "with consent, programs beside the node", told.heard(), victim)
	onDisk(t, gbNode, victim)
}

// onDisk fails when a file of a node holds one of words.
func onDisk(t *testing.T, n *nodetest.Node, words ...string) {
	t.Helper()
	files := 0
	if err := filepath.WalkDir(n.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for _, w := range words {
			if strings.Contains(string(raw), w) {
				t.Errorf("%s holds %q", filepath.Base(path), w)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("no file was looked at")
	}
}

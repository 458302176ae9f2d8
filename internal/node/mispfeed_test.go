package node_test

import (
	"os"
	"strings"
	"testing"

	"twoseas/internal/act/feed"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// One node reads the events of another as a static MISP feed: all of them
// first, then only what changed, and nothing it is not cleared for.
func TestAMISPFeedIsReadByAnotherNode(t *testing.T) {
	jp, in := nodetest.Start(t, "jp", nil), nodetest.Start(t, "in", nil)
	if err := jp.People.AddAccount(t.Context(), jp.Operator(), people.Account{Name: "india", Roles: []people.Role{people.Analyst}, Password: feedPassword, Clearance: "green"}); err != nil {
		t.Fatal(err)
	}
	take := func(tlp marking.TLP, objects ...[]byte) {
		t.Helper()
		var text []string
		for _, o := range objects {
			text = append(text, string(o))
		}
		rep, err := jp.Intake.Stream(t.Context(), jp.Live, intake.Source{DefaultTLP: tlp}, strings.NewReader("["+strings.Join(text, ",")+"]"), nil)
		if err != nil || rep.Refused > 0 {
			t.Fatalf("%v %v", err, rep.Refusals)
		}
	}
	report := func(name, value string, opts ...st.Option) [][]byte {
		id := st.NewID("indicator")
		return [][]byte{
			st.Indicator(st.ID(id), st.Pattern("[domain-name:value = '"+value+"']")),
			st.Report([]string{id}, append([]st.Option{st.Name(name)}, opts...)...),
		}
	}
	take(marking.Green, report("First", "one.tokyo")...)
	take(marking.Green, report("Second", "two.tokyo")...)
	take(marking.Red, report("Sealed", "secret.tokyo")...)
	pem, err := os.ReadFile(jp.CertificateFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Feeds.Add(t.Context(), in.Live, in.Operator(), "jp", feed.Settings{
		Kind: feed.MISP, URL: jp.Run.URL + "/misp-feed/manifest.json", User: "india", CA: string(pem), Private: true, Every: 3600, TLP: "green",
	}, feedPassword); err != nil {
		t.Fatal(err)
	}
	run := func() feed.Result {
		t.Helper()
		out, err := in.Feeds.Run(t.Context(), in.Live, in.Operator(), "jp")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	holds := func(value string) (found bool) {
		t.Helper()
		if err := in.Live.Query(t.Context(), func(tx *store.Tx) error {
			return tx.Find([]store.Key{{Kind: "domain", Value: value}}, store.AllLabels, func(store.Found) error { found = true; return nil })
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	nodetest.Eventually(t, "the first run is over", func() bool {
		_, err := in.Feeds.Run(t.Context(), in.Live, in.Operator(), "jp")
		return err == nil && holds("one.tokyo")
	})
	if !holds("two.tokyo") || holds("secret.tokyo") {
		t.Error("not what india may see")
	}
	if out := run(); out.Pages != 0 || out.Moved() {
		t.Errorf("nothing changed, and %d files were taken in", out.Pages)
	}
	take(marking.Green, report("Third", "three.tokyo")...)
	if out := run(); out.Pages != 2 || !holds("three.tokyo") { // the manifest and one event
		t.Errorf("one event is new, and %d files were taken in", out.Pages)
	}
	take(marking.Red, report("Sealed too", "secret2.tokyo")...)
	if out := run(); out.Pages != 0 {
		t.Errorf("what may not be seen is heard of: %d files", out.Pages)
	}
}

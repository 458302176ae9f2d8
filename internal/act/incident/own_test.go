package incident_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"twoseas/internal/act/incident"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// TestWhatIsOwnIsNowhereAtThePartner writes down everything that a side keeps
// to itself beside a shared incident, and looks for it in every file of the
// partner and in every shipment that left.
func TestWhatIsOwnIsNowhereAtThePartner(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	id := notify(t, in, marking.Green, night())
	class := int64(store.AllLabels)
	duty := person(t, in, "duty", people.DutyOfficer)
	if _, err := in.Incidents.Keep(t.Context(), in.Live, duty, class, law.OwnNote{Incident: id, Text: "CANARY-OWN-NOTE", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	for _, a := range law.Audiences() {
		if _, err := in.Incidents.Propose(t.Context(), in.Live, duty, class, law.Wording{Incident: id, Audience: a, Text: "CANARY-WORDING", Language: "en"}); err != nil {
			t.Fatal(err)
		}
	}
	began := in.Clock.Now().Add(-time.Hour)
	if err := in.Incidents.Start(t.Context(), in.Live, duty, class, id, "in-certin", began); err != nil {
		t.Fatal(err)
	}
	if err := in.Incidents.Report(t.Context(), in.Live, duty, class, id, "in-certin", "initial", began.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	d := look(t, in, id)
	if len(d.Own.Notes) != 1 || len(d.Own.Proposals) != 3 || len(d.Own.Clocks) != 1 || d.Own.Clocks[0].Reports[0].Made.IsZero() {
		t.Fatalf("%+v", d.Own)
	}
	add(t, in, law.Entry{Incident: id, Kind: law.Note, Text: "CANARY-SHARED"}) // what is looked for can be found
	there := until(t, jp, id, "the shared note", func(d incident.Detail) bool { return len(d.Notes) == 1 })
	if len(there.Own.Notes)+len(there.Own.Proposals)+len(there.Own.Clocks) != 0 {
		t.Errorf("%+v", there.Own)
	}
	nodetest.Converged(t, in, jp)
	for canary, want := range map[string]bool{"CANARY-SHARED": true, "CANARY-OWN-NOTE": false, "CANARY-WORDING": false, "in-certin": false, "x-twoseas-own": false} {
		if got := onDisk(t, jp.Dir, canary); got != want {
			t.Errorf("%s at the partner: %v", canary, got)
		}
		if got := onWire(t, in, canary); got != want {
			t.Errorf("%s in what left: %v", canary, got)
		}
	}
	// Nor does anybody here read it as data.
	for _, typ := range []string{law.OwnNoteType, law.OwnWordingType} {
		if err := in.Live.Read(t.Context(), func(tx *store.Tx) error {
			parts, err := tx.IncidentParts(id)
			for _, p := range parts {
				if o, err := tx.Object(p.Object); err != nil || p.Type != typ {
					continue
				} else if may, err := tx.Permits(classOf(t, in, duty), o.Label); err != nil || may {
					t.Errorf("%s is read as data: %v", typ, err)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func classOf(t *testing.T, n *nodetest.Node, by people.Actor) int64 {
	t.Helper()
	a, err := n.People.Access(t.Context(), n.Live, by)
	if err != nil {
		t.Fatal(err)
	}
	return a.Class
}

func onDisk(t *testing.T, dir, canary string) (found bool) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || found {
			return err
		}
		raw, err := os.ReadFile(path)
		found = bytes.Contains(raw, []byte(canary))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// onWire looks into every shipment that left.
func onWire(t *testing.T, n *nodetest.Node, canary string) (found bool) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(nodetest.InJp)
		if err != nil {
			return err
		}
		var left []int64
		if err := tx.Shipments(ch.ID, store.Out, 1, 1<<40, func(s store.Shipment) error {
			for _, it := range s.Items {
				left = append(left, it.Object)
			}
			return nil
		}); err != nil {
			return err
		}
		bodies, err := tx.Bodies(left)
		for _, raw := range bodies {
			found = found || bytes.Contains(raw, []byte(canary))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOwnThingsAreForThoseWhoHandleIncidents(t *testing.T) {
	in := nodetest.Start(t, "in", nil)
	jp := nodetest.Start(t, "jp", nil)
	nodetest.Join(t, in, jp)
	id := notify(t, in, marking.Green, night())
	class := int64(store.AllLabels)
	if _, err := in.Incidents.Keep(t.Context(), in.Live, in.Operator(), class, law.OwnNote{Incident: id, Text: "Ask the minister.", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	began := in.Clock.Now().Add(-time.Hour)
	start := func(by people.Actor, clock string, from time.Time) error {
		return in.Incidents.Start(t.Context(), in.Live, by, class, id, clock, from)
	}
	auditor, officer := person(t, in, "auditor", people.Auditor), person(t, in, "officer", people.ReleasingOfficer)
	for name, err := range map[string]error{
		"a clock of another side": start(in.Operator(), "jp-appi", began),
		"a time that comes yet":   start(in.Operator(), "in-certin", began.Add(48*time.Hour)),
		"a report of no clock":    in.Incidents.Report(t.Context(), in.Live, in.Operator(), class, id, "in-dpdp", "detailed", began),
	} {
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := start(officer, "in-certin", began); !fault.Is(err, fault.Denied) {
		t.Errorf("an officer who handles no incidents starts one: %v", err)
	}
	if err := start(in.Operator(), "in-certin", began); err != nil {
		t.Fatal(err)
	}
	if err := start(in.Operator(), "in-certin", began); !fault.Is(err, fault.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if _, err := in.Incidents.Propose(t.Context(), in.Live, in.Operator(), class, law.Wording{Incident: id, Audience: law.Joint, Text: "x", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[*people.Actor][3]int{&auditor: {0, 0, 0}, &officer: {0, 0, 1}} {
		d, err := in.Incidents.Open(t.Context(), in.Live, *by, class, id)
		if got := [3]int{len(d.Own.Notes), len(d.Own.Clocks), len(d.Own.Proposals)}; err != nil || got != want {
			t.Errorf("%s: %v %v", by.Name, got, err)
		}
	}
	if err := in.Incidents.Stop(t.Context(), in.Live, in.Operator(), class, id, "in-certin"); err != nil {
		t.Fatal(err)
	}
	if d := look(t, in, id); len(d.Own.Clocks) != 0 {
		t.Errorf("%+v", d.Own.Clocks)
	}
}

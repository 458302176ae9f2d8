package incident_test

import (
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/incident"
)

func TestTheTaxonomyIsWhole(t *testing.T) {
	types := map[string]bool{}
	for _, c := range incident.Classes() {
		for _, k := range c.Types {
			if of, ok := incident.ClassOf(k.Type); types[k.Type] || !ok || of.Class != c.Class || k.Label == "" {
				t.Errorf("%s of %s", k.Type, c.Class)
			}
			types[k.Type] = true
		}
	}
	if len(incident.Classes()) != 11 || len(types) != 39 {
		t.Errorf("%d classes, %d types", len(incident.Classes()), len(types))
	}
}

func TestSeverityIsReadBesideAndNeverAveraged(t *testing.T) {
	jp, _ := incident.SchemeFor("jp")
	us, _ := incident.SchemeFor("us")
	for level, want := range map[string][]string{"4": {"emergency"}, "1": {"low", "baseline-minor"}, "2": {"high"}} {
		got := jp.Beside(level, us)
		if len(got) != len(want) {
			t.Errorf("%s: %+v", level, got)
			continue
		}
		for i := range got {
			if got[i].Code != want[i] {
				t.Errorf("%s: %+v", level, got)
			}
		}
	}
	if got := us.Beside("medium", jp); len(got) != 0 {
		t.Errorf("where the other scheme has no such level none is made up: %+v", got)
	}
	if _, ok := incident.SchemeFor("in"); ok {
		t.Error("a scheme that nobody confirmed is offered")
	}
	if got := jp.Beside("9", us); got != nil {
		t.Errorf("a level that is none: %+v", got)
	}
}

func TestSectorsAreReadInTheOtherList(t *testing.T) {
	in, _ := incident.SectorsFor("in")
	jp, _ := incident.SectorsFor("jp")
	for _, c := range []struct {
		code string
		list incident.SectorList
		want map[string]string
	}{
		{"jp-ele", in, map[string]string{"in-pwr": "broad"}},
		{"in-pwr", jp, map[string]string{"jp-ele": "narrow", "jp-gas": "narrow", "jp-oil": "narrow"}},
		{"in-spe", jp, map[string]string{"jp-oil": "related", "jp-che": "related"}},
		{"jp-gov", in, map[string]string{"in-gov": "close"}},
		{"nothing", in, nil},
	} {
		got := incident.Counterparts(c.code, c.list)
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", c.code, got)
		}
		for _, g := range got {
			if c.want[g.Code] != g.Relation {
				t.Errorf("%s: %+v", c.code, g)
			}
		}
	}
	us, _ := incident.SectorsFor("us")
	if got := incident.Counterparts("us-dam", jp); len(got) != 0 {
		t.Errorf("dams: %+v", got)
	}
	if got := incident.Counterparts("jp-wat", us); len(got) != 1 || got[0].Relation != "close" {
		t.Errorf("water: %+v", got)
	}
}

func TestClocks(t *testing.T) {
	start := time.Date(2027, 1, 30, 22, 0, 0, 0, time.UTC)
	certin, ok := incident.ClockOf("in-certin")
	if due := certin.Due(start, nil); !ok || len(due) != 1 || !due[0].At.Equal(start.Add(6*time.Hour)) {
		t.Errorf("CERT-In: %+v", due)
	}
	nis2, _ := incident.ClockOf("eu-nis2")
	due := nis2.Due(start, nil)
	if !due[0].At.Equal(start.Add(24*time.Hour)) || !due[1].At.Equal(start.Add(72*time.Hour)) || !due[2].At.IsZero() {
		t.Errorf("NIS2 before anything was made: %+v", due)
	}
	notified := start.Add(20 * time.Hour) // 31 January
	if err := nis2.CheckReport(start, nil, "final", notified); !fault.Is(err, fault.Conflict) {
		t.Errorf("the final report comes after the notification: %v", err)
	}
	made := map[string]time.Time{"notification": notified}
	if due = nis2.Due(start, made); !due[2].At.Equal(time.Date(2027, 2, 28, 18, 0, 0, 0, time.UTC)) || !due[1].Made.Equal(notified) {
		t.Errorf("a month after 31 January: %+v", due[2])
	}
	if err := nis2.CheckReport(start, made, "final", notified.Add(-time.Hour)); !fault.Is(err, fault.Invalid) {
		t.Errorf("made before what it is counted from: %v", err)
	}
	if err := nis2.CheckReport(start, made, "final", notified.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if err := nis2.CheckReport(start, nil, "lunch", notified); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
	acd, _ := incident.ClockOf("jp-acd")
	if due := acd.Due(start, nil); due[0].Open == "" || !due[0].At.IsZero() {
		t.Errorf("hours nobody found are made up: %+v", due)
	}
	for _, side := range []string{"in", "jp", "eu"} {
		for _, c := range incident.ClocksFor("in") {
			if c.Country != "in" {
				t.Errorf("%s has the clock of %s", side, c.Country)
			}
		}
	}
	if len(incident.ClocksFor("in")) != 2 || len(incident.ClocksFor("jp")) != 4 || len(incident.ClocksFor("fr")) != 0 {
		t.Error("clocks of a side")
	}
}

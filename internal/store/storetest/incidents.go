package storetest

import (
	"slices"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func testIncidents(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	const one, two = "incident--1", "incident--2"
	some := class(t, h, "some", func([]byte) bool { return false })
	shut, open1 := label(t, h, "shut"), label(t, h, "open", "some")
	objects := stock(t, h, object(one, 1, open1), object(two, 1, open1), object(two, 2, shut), object(one, 2, open1))
	var seqs []int64
	write(t, h, func(tx *store.Tx) error {
		for _, o := range objects {
			seqs = append(seqs, o.Seq)
			for range 2 { // the second changes nothing
				if err := tx.AddIncidentPart(store.IncidentPart{Incident: o.ID, Object: o.Seq, Type: "incident"}); err != nil {
					return err
				}
			}
		}
		return tx.AddIncidentPart(store.IncidentPart{Incident: two, Object: seqs[3] + 1, Type: "x-twoseas-incident-entry"})
	})
	read(t, h, func(tx *store.Tx) error {
		for name, c := range map[string]struct {
			class, before int64
			limit         int
			want          []int64
		}{
			"all":                  {store.AllLabels, 0, 10, []int64{seqs[3], seqs[2]}},
			"what one may see":     {some, 0, 10, []int64{seqs[3], seqs[1]}},
			"the first":            {some, 0, 1, []int64{seqs[3]}},
			"after it":             {some, seqs[3], 10, []int64{seqs[1]}},
			"nobody in particular": {0, 0, 10, nil},
		} {
			if got, err := tx.Incidents(c.class, c.before, c.limit); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v %v, want %v", name, got, err, c.want)
			}
		}
		parts, err := tx.IncidentParts(two)
		if err != nil || len(parts) != 3 || parts[2].Type != "x-twoseas-incident-entry" || parts[0].Object != seqs[1] {
			t.Errorf("%+v %v", parts, err)
		}
		return nil
	})
	testIncidentClocks(t, h)
}

func testIncidentClocks(t *testing.T, h *store.Handle) {
	t.Helper()
	clocks := []store.IncidentClock{
		{Incident: "incident--1", Clock: "in-certin", Started: 5, Person: "asha"},
		{Incident: "incident--2", Clock: "in-certin", Started: 3, Person: "asha"},
	}
	report := store.IncidentReport{Incident: "incident--1", Clock: "in-certin", Step: "initial", Made: 9, Person: "ravi"}
	write(t, h, func(tx *store.Tx) error {
		for _, c := range clocks {
			if err := tx.StartIncidentClock(c); err != nil {
				return err
			}
		}
		for _, person := range []string{"b", "a", "b"} {
			if err := tx.ApproveWording("w", store.WordingApproval{Person: person, At: 1}); err != nil {
				return err
			}
		}
		return tx.AddIncidentReport(report)
	})
	for name, again := range map[string]func(tx *store.Tx) error{
		"a clock":  func(tx *store.Tx) error { return tx.StartIncidentClock(clocks[0]) },
		"a report": func(tx *store.Tx) error { return tx.AddIncidentReport(report) },
	} {
		if err := h.Write(t.Context(), again); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s twice: %v", name, err)
		}
	}
	read(t, h, func(tx *store.Tx) error {
		all, err := tx.IncidentClocks("")
		if err != nil || len(all) != 2 || all[0] != clocks[1] || all[1] != clocks[0] {
			t.Errorf("%+v %v", all, err)
		}
		made, err := tx.IncidentReports("incident--1")
		if err != nil || len(made) != 1 || made[0] != report {
			t.Errorf("%+v %v", made, err)
		}
		who, err := tx.WordingApprovals("w")
		if err != nil || len(who) != 2 || who[0].Person != "a" {
			t.Errorf("%+v %v", who, err)
		}
		return nil
	})
	write(t, h, func(tx *store.Tx) error { return tx.StopIncidentClock("incident--1", "in-certin") })
	read(t, h, func(tx *store.Tx) error {
		one, err := tx.IncidentClocks("incident--1")
		made, err2 := tx.IncidentReports("incident--1")
		if err != nil || err2 != nil || len(one)+len(made) != 0 {
			t.Errorf("%+v %+v %v %v", one, made, err, err2)
		}
		return nil
	})
}

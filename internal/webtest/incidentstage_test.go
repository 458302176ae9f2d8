package webtest_test

import (
	"testing"
	"time"

	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// incident puts one there with something of everything.
func (w *world) incident(tb testing.TB) {
	tb.Helper()
	n, ctx := w.In, tb.Context()
	must := func(id string, err error) string {
		if err != nil {
			tb.Fatal(err)
		}
		return id
	}
	at := incident.Instant{At: n.Clock.Now().Add(-time.Hour), Precision: incident.Hour}
	id := must(n.Incidents.Notify(ctx, n.Live, n.Operator(), store.AllLabels, marking.Green, incident.Notification{
		Agreement: nodetest.InJp, Title: "Ransomware at a power distributor", Text: "Billing stands still.", Language: "en", Kind: "system-compromise",
		Severity: incident.Severity{Scheme: "us-nciss", Level: "medium"}, Sectors: []string{"in-pwr", "in-spe"}, Noticed: at,
	}))
	for _, e := range []incident.Entry{
		{Kind: incident.Event, Text: "Servers were encrypted.", When: at},
		{Kind: incident.Task, Text: "Have the mail server looked at.", For: "in"},
		{Kind: incident.Note, Text: "Only billing is affected."},
	} {
		e.Incident, e.Language = id, "en"
		must(n.Incidents.Contribute(ctx, n.Live, n.Operator(), store.AllLabels, marking.NoTLP, e))
	}
	must(n.Incidents.Keep(ctx, n.Live, n.Operator(), store.AllLabels, incident.OwnNote{Incident: id, Text: "Ask the minister.", Language: "en"}))
	must(n.Incidents.Propose(ctx, n.Live, n.Operator(), store.AllLabels, incident.Wording{Incident: id, Audience: incident.Joint, Text: "Criminals.", Language: "en"}))
	must(id, n.Incidents.Start(ctx, n.Live, n.Operator(), store.AllLabels, id, "in-certin", at.At))
}

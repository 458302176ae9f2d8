package webtest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/webtest"
)

// evil is what nobody may have run or seen as anything but text.
const evil = `\"><script>window.__evil=1</script><img src=x onerror=window.__evil=1><svg onload=window.__evil=1>{{7*7}}' onmouseover='window.__evil=1`

// evilBundle has evil in every field that takes text.
func evilBundle() (string, []string) {
	objects := []string{
		`{"type":"identity","id":"identity--%[1]s","name":"%[2]s","description":"%[2]s","identity_class":"%[2]s","sectors":["%[2]s"],"contact_information":"%[2]s"`,
		`{"type":"malware","id":"malware--%[1]s","name":"%[2]s","description":"%[2]s","is_family":true,"aliases":["%[2]s"],"malware_types":["%[2]s"],"kill_chain_phases":[{"kill_chain_name":"%[2]s","phase_name":"%[2]s"}],"labels":["%[2]s"],"external_references":[{"source_name":"%[2]s","url":"javascript:window.__evil=1","description":"%[2]s","external_id":"%[2]s"}]`,
		`{"type":"indicator","id":"indicator--%[1]s","name":"%[2]s","description":"%[2]s","indicator_types":["%[2]s"],"pattern":"[file:name = '<script>window.__evil=1</script>' OR url:value = 'javascript:window.__evil=1']","pattern_type":"stix","valid_from":"2026-11-21T10:00:00Z"`,
		`{"type":"report","id":"report--%[1]s","name":"%[2]s","description":"%[2]s","report_types":["%[2]s"],"published":"2026-11-21T10:00:00Z","object_refs":["malware--%[1]s"]`,
		`{"type":"note","id":"note--%[1]s","abstract":"%[2]s","content":"%[2]s","authors":["%[2]s"],"object_refs":["malware--%[1]s"]`,
		`{"type":"opinion","id":"opinion--%[1]s","explanation":"%[2]s","authors":["%[2]s"],"opinion":"agree","object_refs":["malware--%[1]s"]`,
		`{"type":"relationship","id":"relationship--%[1]s","relationship_type":"indicates","description":"%[2]s","source_ref":"indicator--%[1]s","target_ref":"malware--%[1]s"`,
		`{"type":"x-evil","id":"x-evil--%[1]s","name":"%[2]s","%[2]s":"%[2]s","x_list":[{"%[2]s":["%[2]s"]}]`,
	}
	const uuid = "7f1c2c1e-6d55-4c39-9f0b-6a0d9a7b1c55"
	var ids []string
	for i, o := range objects {
		o = fmt.Sprintf(o, uuid, evil)
		ids = append(ids, strings.Split(o, `"`)[7])
		objects[i] = o + `,"spec_version":"2.1","created":"2026-11-21T10:00:00.000Z","modified":"2026-11-21T10:00:00.000Z","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}`
	}
	return `{"type":"bundle","id":"bundle--` + uuid + `","objects":[` + strings.Join(objects, ",") + `]}`, ids
}

func TestAStoredObjectWithScriptInEveryFieldDoesNothing(t *testing.T) {
	w := newWorld(t)
	bundle, ids := evilBundle()
	rep, err := w.In.Intake.Stream(t.Context(), w.In.Live, intake.Source{DefaultTLP: marking.Red, Collection: "threat-data"}, strings.NewReader(bundle), nil)
	if err != nil || rep.New < len(ids)-1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	plain := strings.ReplaceAll(evil, `\"`, `"`)
	paths := []string{
		"/threats", "/threats?q=" + url.QueryEscape(plain), "/find?q=" + url.QueryEscape(plain), "/releases/items?agreement=in-jp-2022", "/objects/" + url.PathEscape(plain),
		"/waiting", "/agreements/" + url.PathEscape(plain), "/sign-in?back=" + url.QueryEscape("javascript:window.__evil=1"),
	}
	for _, id := range ids {
		paths = append(paths, "/objects/"+id, "/objects/"+id+"/access", "/objects/"+id+"/json")
	}
	analyst, officer := w.as(t, "in", "analyst"), w.as(t, "in", "officer")
	look := func(tab *webtest.Tab, where string) {
		t.Helper()
		webtest.Eval[bool](tab, "document.querySelectorAll('details').forEach(d => d.open = true) || true")
		if webtest.Eval[bool](tab, "!!window.__evil || !!document.querySelector('main script, main img[src=\"x\"], main [onload], main [onmouseover], a[href^=\"javascript\"]')") {
			t.Errorf("%s: what was stored became more than text", where)
		}
		for _, p := range tab.Problems() {
			t.Errorf("%s: %s", where, p)
		}
	}
	for _, path := range paths {
		tab := analyst
		if strings.HasPrefix(path, "/waiting") || strings.HasPrefix(path, "/releases") {
			tab = officer
		}
		tab.Go(path)
		look(tab, path)
	}
	w.hold(officer, "<script>")
	look(officer, "a hold")

	for name, text := range map[string]string{"STIX": bundle, "text": plain + "\nhxxp://evil[.]example/<script>", "CSV": "a,b\n" + `"<script>window.__evil=1</script>",http://evil.example/` + "\n"} {
		analyst.Go("/imports")
		analyst.Set("#text", text)
		analyst.Submit("form.import-drop button[type=submit]")
		analyst.Until("the preview of "+name, "!document.querySelector('#state progress')")
		look(analyst, "preview of "+name)
	}
}

// TestTheFirstPageIsSmall adds up what a browser that has nothing yet is sent.
func TestTheFirstPageIsSmall(t *testing.T) {
	w := newWorld(t)
	tab := w.as(t, "in", "analyst")
	tab.Go("/")
	tab.Until("everything is there", "document.readyState === 'complete'")
	files := webtest.Eval[[]string](tab, `["navigation","resource"].flatMap(k => performance.getEntriesByType(k)).map(e => e.name)`)
	total := webtest.Eval[float64](tab, `(async () => { let n = 0; for (const e of ["navigation","resource"].flatMap(k => performance.getEntriesByType(k))) {
		if (e.name.endsWith("/live")) continue; n += e.encodedBodySize; } return n; })()`)
	if len(files) < 3 || total < 10_000 || total > 150_000 {
		t.Errorf("%.0f bytes compressed in %d files, at most 150,000: %q", total, len(files), files)
	}
	t.Logf("%.0f bytes compressed in %d files", total, len(files))
}

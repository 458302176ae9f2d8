package importing_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// desk is imports over an empty store, with one analyst who may see all of
// what is at most TLP:AMBER.
type desk struct {
	t     *testing.T
	clk   *clock.Fake
	s     *store.Store
	h     *store.Handle
	in    *intake.Intake
	m     *importing.Imports
	by    people.Actor
	class int64
	notes []string
}

var home = people.Home{Side: "in"}

// nowhere routes nothing: there is no agreement.
type nowhere struct{}

func (nowhere) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (nowhere) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

func newDesk(t *testing.T) *desk {
	t.Helper()
	clk := clock.NewFake(storetest.Start)
	return deskOn(t, storetest.SQLite(t, clk), clk)
}

func deskOn(t *testing.T, s *store.Store, clk *clock.Fake) *desk {
	t.Helper()
	d := &desk{t: t, clk: clk, s: s}
	d.h = storetest.Live(t, d.s)
	d.in = intake.New("in", home, nowhere{})
	d.m = d.imports("one")
	d.by = people.Actor{Name: "ana", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Amber, Unmarked: true}}
	d.class = d.classOf(d.by.Clearance)
	return d
}

func (d *desk) imports(owner string) *importing.Imports {
	return importing.New(importing.Config{
		Intake: d.in, Releases: release.New("in", nil, nil, [32]byte{}), Clock: d.clk, Owner: owner, MaxBytes: 4 << 20,
		Journal: func(_ *store.Tx, by people.Actor, act string, _ ...string) error {
			d.notes = append(d.notes, by.Name+" "+act)
			return nil
		},
	})
}

func (d *desk) classOf(c people.Clearance) (id int64) {
	d.t.Helper()
	if err := d.h.Write(d.t.Context(), func(tx *store.Tx) (err error) {
		id, err = tx.AddClass(c.String(), func(label []byte) bool { return home.Readable(c.String(), label, ident.Live, d.clk.Now()) })
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) stage(text string) importing.Job {
	d.t.Helper()
	j, err := d.m.Stage(d.t.Context(), d.h, d.by, d.class, "a file", strings.NewReader(text))
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// work works until nothing waits.
func (d *desk) work() {
	d.t.Helper()
	for {
		more, err := d.m.Work(d.t.Context(), d.h)
		if err != nil {
			d.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (d *desk) job(id string) importing.Job {
	d.t.Helper()
	j, err := d.m.Job(d.t.Context(), d.h, d.by, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// looked stages text and has it looked at.
func (d *desk) looked(text string) importing.Job {
	d.t.Helper()
	id := d.stage(text).ID
	d.work()
	return d.job(id)
}

func (d *desk) correct(j importing.Job, change func(*importing.Options)) importing.Job {
	d.t.Helper()
	opt := j.Options
	change(&opt)
	if _, err := d.m.Correct(d.t.Context(), d.h, d.by, people.Access{}, j.ID, opt); err != nil {
		d.t.Fatal(err)
	}
	d.work()
	return d.job(j.ID)
}

func (d *desk) confirm(j importing.Job) importing.Job {
	d.t.Helper()
	if _, err := d.m.Confirm(d.t.Context(), d.h, d.by, d.class, j.ID); err != nil {
		d.t.Fatal(err)
	}
	d.work()
	return d.job(j.ID)
}

// stored returns the labels of what is stored, by id.
func (d *desk) stored() map[string]marking.Label {
	d.t.Helper()
	out := map[string]marking.Label{}
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		if err != nil {
			return err
		}
		means := map[int64]marking.Label{}
		for _, l := range labels {
			if means[l.ID], err = marking.ParseLabel(l.Resolved); err != nil {
				return err
			}
		}
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			out[o.ID] = means[o.Label]
			return nil
		})
	}); err != nil {
		d.t.Fatal(err)
	}
	return out
}

func indicator(n int, more string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",
		"pattern":"[domain-name:value = 'host%d.example.shop']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"%s}`, n, n, more)
}

func bundle(n int) string {
	var b strings.Builder
	b.WriteString(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(indicator(i, ""))
	}
	return b.String() + "]}"
}

const event = `{"Event":{"uuid":"00000000-0000-4000-8000-00000000000e","info":"x","date":"2026-01-01","timestamp":"1767312000","Attribute":[
	{"uuid":"00000000-0000-4000-8000-0000000000a1","type":"domain","category":"Network activity","value":"a.example.shop","to_ids":true,"timestamp":"1767312000"},
	{"uuid":"00000000-0000-4000-8000-0000000000a2","type":"md5","category":"Network activity","value":"short","to_ids":true,"timestamp":"1767312000"}],"Tag":[{"name":"%s"}]}}`

func TestTheKindIsRecognised(t *testing.T) {
	for in, want := range map[string]importing.Kind{
		bundle(1):                                  importing.STIX,
		indicator(1, ""):                           importing.STIX,
		"[" + indicator(1, "") + "]":               importing.STIX,
		`{"more":false,"objects":[]}`:              importing.STIX,
		fmt.Sprintf(event, "x"):                    importing.MISP,
		`{"response":[` + fmt.Sprintf(event, "x"):  importing.MISP,
		"\xef\xbb\xbf  [ {\"Event\":":              importing.MISP,
		"date,URL\n2026-01-01,http://a.example.in": importing.CSV,
		"see hxxp://a[.]example[.]in":              importing.Text,
		"[draft] see a[.]example[.]in":             importing.Text,
		"":                                         importing.Text,
	} {
		if got := importing.Recognise([]byte(in)).Kind; got != want {
			t.Errorf("%.60q is seen as %s, want %s", in, got, want)
		}
	}
}

func TestNothingIsStoredBeforeThePersonSaysSo(t *testing.T) {
	d := newDesk(t)
	j := d.looked(bundle(3))
	f := j.Finding
	if j.State != store.UploadReady || f.Read != 3 || f.New != 3 || f.Unmarked != 3 || len(f.First) != 3 || f.Types[0].Count != 3 || f.Types[0].Kind != marking.Threat {
		t.Fatalf("%+v", j)
	}
	if n := len(d.stored()); n != 0 {
		t.Fatalf("%d objects are stored already", n)
	}
	if _, err := d.m.Work(t.Context(), d.h); err != nil || len(d.stored()) != 0 {
		t.Fatalf("%d objects, %v", len(d.stored()), err)
	}
	j = d.confirm(d.correct(j, func(o *importing.Options) { o.TLP, o.PAP = "green", "amber" }))
	if j.State != store.UploadDone || j.Report.New != 3 || j.Report.Read != 3 || j.Done != j.Size {
		t.Fatalf("%+v", j)
	}
	for id, l := range d.stored() {
		if l.TLP != marking.Green || l.PAP != marking.PAPAmber || l.Origin != "in" {
			t.Errorf("%s has the label %s", id, l.Canonical())
		}
	}
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Chunk(j.ID, 0); !fault.Is(err, fault.NotFound) {
			t.Errorf("the bytes are still here: %v", err)
		}
		who, err := tx.Importer(1)
		if who != "ana" {
			t.Errorf("brought in by %q", who)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(d.notes, ", "); got != "ana import.start, ana import.done" {
		t.Errorf("the home log says %s", got)
	}
	again := d.looked(bundle(4)).Finding
	if again.New != 1 || again.Same != 3 {
		t.Errorf("a second time: %+v", again)
	}
}

func TestEveryKindComesIn(t *testing.T) {
	for name, c := range map[string]struct {
		in       string
		kind     importing.Kind
		new      int
		problems int
		tlp      marking.TLP
	}{
		"stix":                {bundle(2), importing.STIX, 2, 0, marking.NoTLP},
		"misp":                {fmt.Sprintf(event, "tlp:amber"), importing.MISP, 3, 1, marking.Amber},
		"table":               {"url,tlp\nhttp://a.example.shop/,green\nnothing,green\nhttp://b.example.shop/,green\nhttp://c.example.shop/,green\n", importing.CSV, 3, 1, marking.Green},
		"text":                {"TLP:RED\nhxxp://a[.]example.shop/x and b.example.shop\n", importing.Text, 2, 0, marking.Red},
		"stix, gzip":          {packed(bundle(2)), importing.STIX, 2, 0, marking.NoTLP},
		"stix with a problem": {`[` + indicator(1, "") + `,{"type":"indicator"}]`, importing.STIX, 1, 0, marking.NoTLP},
	} {
		d := newDesk(t)
		j := d.looked(c.in)
		if j.Options.Kind != c.kind || j.Finding.New != c.new || j.Finding.Faults != c.problems || j.Finding.Broken != "" {
			t.Errorf("%s: found %+v", name, j.Finding)
		}
		j = d.confirm(j)
		if j.State != store.UploadDone || j.Report.New != c.new || j.Report.Faults != c.problems || j.Report.Refused != j.Finding.Refused {
			t.Errorf("%s: %+v %s", name, j.Report, j.Failure)
		}
		for id, l := range d.stored() {
			if l.TLP != c.tlp {
				t.Errorf("%s: %s has the label %s", name, id, l.Canonical())
			}
		}
	}
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// TestAMisspeltTLPMakesUnreleasableWhateverThePersonSays.
func TestAMisspeltTLPMakesUnreleasableWhateverThePersonSays(t *testing.T) {
	for name, in := range map[string]string{
		"misp": fmt.Sprintf(event, "tlp:ambr"), "table": "url,tlp\nhttp://a.example.shop/,ambr\nhttp://b.example.shop/,gren\n",
		"tags": "url,tags\nhttp://a.example.shop/,tpl:green\nhttp://b.example.shop/,TLP GREN\n", "text": "TLP:GREN a.example.shop",
	} {
		d := newDesk(t)
		j := d.correct(d.looked(in), func(o *importing.Options) { o.TLP = "clear" })
		if j.Finding.Unmarked < j.Finding.New-3 || j.Finding.Unmarked == 0 {
			t.Errorf("%s: %+v", name, j.Finding)
		}
		d.confirm(j)
		for id, l := range d.stored() {
			if !strings.HasPrefix(id, "marking-definition") && len(l.Unknown) == 0 {
				t.Errorf("%s: %s has the label %s", name, id, l.Canonical())
			}
		}
	}
}

func TestAnInterruptedImportGoesOnAndCountsNothingTwice(t *testing.T) {
	d := newDesk(t)
	j := d.looked(bundle(5000))
	if _, err := d.m.Confirm(t.Context(), d.h, d.by, d.class, j.ID); err != nil {
		t.Fatal(err)
	}
	// The first process is lost in the middle: its second batch never commits.
	ctx, die := context.WithCancel(t.Context())
	batches := 0
	router := &dying{at: 2, die: die, n: &batches}
	lost := importing.New(importing.Config{Intake: intake.New("in", home, router), Releases: d.m.Releases, Clock: d.clk, Owner: "lost", Journal: d.m.Journal})
	if _, err := lost.Work(ctx, d.h); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if j = d.job(j.ID); j.State != store.UploadImport || j.Report.New != 2000 || j.Done == 0 {
		t.Fatalf("after the loss: %+v", j)
	}
	d.m = d.imports("two")
	d.work()
	if j = d.job(j.ID); j.State != store.UploadDone || j.Report.Read != 5000 || j.Report.New != 5000 || j.Report.Same != 0 {
		t.Fatalf("%+v", j.Report.Report)
	}
	if n := len(d.stored()); n != 5000 {
		t.Errorf("%d objects", n)
	}
}

// dying ends the context while a batch is being stored.
type dying struct {
	at  int
	n   *int
	die func()
}

func (r *dying) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error {
	*r.n++
	if *r.n == r.at {
		r.die()
		return context.Canceled
	}
	return nil
}
func (r *dying) Relabelled(*store.Tx, int64, marking.Label) error { return nil }

func TestCancelStopsItAtTheNextBatch(t *testing.T) {
	d := newDesk(t)
	j := d.looked(bundle(5000))
	if _, err := d.m.Confirm(t.Context(), d.h, d.by, d.class, j.ID); err != nil {
		t.Fatal(err)
	}
	var u store.Upload
	if err := d.h.Write(t.Context(), func(tx *store.Tx) (err error) { // another process is at it
		u, err = tx.TakeUpload("other", time.Minute.Microseconds())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.m.Cancel(t.Context(), d.h, d.by, j.ID); err != nil {
		t.Fatal(err)
	}
	err := d.h.Write(t.Context(), func(tx *store.Tx) error { return tx.AdvanceUpload(u, "other", time.Minute.Microseconds()) })
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("its batch would stand: %v", err)
	}
	d.work()
	if j = d.job(j.ID); j.State != store.UploadCancelled || len(d.stored()) != 0 {
		t.Errorf("%+v", j)
	}
	for name, err := range map[string]error{
		"confirm": second(d.m.Confirm(t.Context(), d.h, d.by, d.class, j.ID)), "cancel": second(d.m.Cancel(t.Context(), d.h, d.by, j.ID)),
		"retry": second(d.m.Retry(t.Context(), d.h, d.by, j.ID)), "correct": second(d.m.Correct(t.Context(), d.h, d.by, people.Access{}, j.ID, j.Options)),
	} {
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnUploadIsNobodysBusinessButItsAccounts(t *testing.T) {
	d := newDesk(t)
	j := d.looked(bundle(1))
	ben := d.by
	ben.Name = "ben"
	auditor := people.Actor{Name: "ana", Roles: []people.Role{people.Auditor}}
	ctx := t.Context()
	for _, c := range []struct {
		by   people.Actor
		want fault.Kind
	}{{ben, fault.NotFound}, {auditor, fault.Denied}, {people.Actor{}, fault.Denied}} {
		for name, err := range map[string]error{
			"job": second(d.m.Job(ctx, d.h, c.by, j.ID)), "confirm": second(d.m.Confirm(ctx, d.h, c.by, d.class, j.ID)),
			"cancel": second(d.m.Cancel(ctx, d.h, c.by, j.ID)), "retry": second(d.m.Retry(ctx, d.h, c.by, j.ID)),
			"correct": second(d.m.Correct(ctx, d.h, c.by, people.Access{}, j.ID, j.Options)), "remove": d.m.Remove(ctx, d.h, c.by, j.ID),
			"detect": second(d.m.Detect(ctx, d.h, c.by, j.ID)),
		} {
			if !fault.Is(err, c.want) {
				t.Errorf("%s as %s: %v", name, c.by, err)
			}
		}
	}
	if list, err := d.m.Jobs(ctx, d.h, ben); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if d.job(j.ID).State != store.UploadReady {
		t.Error("it changed")
	}
}

// TestTheLookSpeaksOfNothingHidden: what is stored and not for the person's
// eyes is neither the same nor another version.
func TestTheLookSpeaksOfNothingHidden(t *testing.T) {
	d := newDesk(t)
	red := `,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]`
	if _, err := d.in.Objects(t.Context(), d.h, intake.Source{}, [][]byte{[]byte(indicator(1, red)), []byte(indicator(2, ""))}); err != nil {
		t.Fatal(err)
	}
	f := d.looked(`[` + indicator(1, "") + `,` + indicator(2, "") + `]`).Finding
	if f.Same != 1 || f.Refused != 1 || !strings.Contains(f.Refusals[0].Reason, "in use") {
		t.Errorf("%+v", f)
	}
}

func TestHostileUploadsCostLittle(t *testing.T) {
	d := newDesk(t)
	if _, err := d.m.Stage(t.Context(), d.h, d.by, d.class, "x", io.LimitReader(zeros{}, 5<<20)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("more than the limit: %v", err)
	}
	if _, err := d.m.Stage(t.Context(), d.h, d.by, d.class, "x", strings.NewReader("")); !fault.Is(err, fault.Invalid) {
		t.Errorf("nothing: %v", err)
	}
	if list, err := d.m.Jobs(t.Context(), d.h, d.by); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	if _, err := io.Copy(w, io.LimitReader(zeros{}, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"a bomb": bomb.String(), "nested": strings.Repeat(`[`, 1<<20), "nested objects": strings.Repeat(`{"Event":`, 1<<18), "one line": "a,b\n" + strings.Repeat("x,", 1<<20),
		"not UTF-8": "\xff\xfe\xff" + strings.Repeat("\xff", 1000), "cut gzip": packed(bundle(100))[:200], "cut JSON": bundle(100)[:20000],
	} {
		j := d.looked(in)
		if j.State != store.UploadReady && j.State != store.UploadFailed {
			t.Errorf("%s: %+v", name, j)
		}
		if j.State == store.UploadReady && j.Finding.Broken == "" && j.Finding.New > 0 {
			t.Errorf("%s is taken for good: %+v", name, j.Finding)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhatATableHoldsIsRememberedForTheNextOne(t *testing.T) {
	d := newDesk(t)
	first := d.looked("when,what,who\n2026-01-01,a.example.shop,x\n2026-01-02,b.example.shop,y\n")
	d.correct(first, func(o *importing.Options) {
		o.Layout.Roles = []string{"first-seen", "domain", "tags"}
		o.Layout.Zone = 330
	})
	next := d.looked("when,what,who\n2026-02-01,c.example.shop,z\n")
	if l := next.Options.Layout; strings.Join(l.Roles, " ") != "first-seen domain tags" || l.Zone != 330 {
		t.Errorf("%+v", l)
	}
	other := d.looked("when,what\n2026-02-01,c.example.shop\n")
	if l := other.Options.Layout; strings.Join(l.Roles, " ") != "first-seen value" {
		t.Errorf("another table: %+v", l)
	}
}

// Colleagues are offered what somebody of their organisation said of such a
// table, until they say otherwise; others are not.
func TestColleaguesShareWhatATableHolds(t *testing.T) {
	d := newDesk(t)
	const text = "when,what,who\n2026-01-01,a.example.shop,x\n2026-01-02,b.example.shop,y\n"
	roles := func(name, org string) string {
		t.Helper()
		d.by.Name, d.by.Org = name, org
		return strings.Join(d.looked(text).Options.Layout.Roles, " ")
	}
	guessed := roles("first", "cert")
	d.correct(d.looked(text), func(o *importing.Options) { o.Layout.Roles = []string{"first-seen", "domain", "tags"} })
	if got := roles("second", "cert"); got != "first-seen domain tags" {
		t.Errorf("a colleague is offered %q", got)
	}
	for _, other := range [][2]string{{"third", "elsewhere"}, {"fourth", ""}} {
		if got := roles(other[0], other[1]); got != guessed {
			t.Errorf("%s is offered %q", other[0], got)
		}
	}
	roles("second", "cert")
	d.correct(d.looked(text), func(o *importing.Options) { o.Layout.Roles = []string{"first-seen", "domain", "description"} })
	if got := roles("first", "cert"); got != "first-seen domain tags" {
		t.Errorf("what one said oneself gives way to a colleague's word: %q", got)
	}
}

func TestWarningListsAreShownAndLeaveOutOnRequest(t *testing.T) {
	d := newDesk(t)
	list := `{"name":"Ours","type":"hostname","list":["known.shop"],"version":1}`
	if _, err := d.m.AddWarningList(t.Context(), d.h, d.by, []byte(list)); err != nil {
		t.Fatal(err)
	}
	j := d.looked("a.known.shop 192.168.1.1 evil.example.shop\n")
	if f := j.Finding; f.New != 3 || f.Listed != 2 || len(f.Hits) != 2 || f.Hits[0].Count != 1 {
		t.Fatalf("%+v", f)
	}
	j = d.confirm(d.correct(j, func(o *importing.Options) { o.SkipListed = true }))
	if j.Finding.LeftOut != 2 || j.Report.New != 1 || j.Report.LeftOut != 2 {
		t.Errorf("%+v %+v", j.Finding, j.Report)
	}
	if err := d.m.RemoveWarningList(t.Context(), d.h, d.by, "Ours"); err != nil {
		t.Fatal(err)
	}
	if f := d.looked("a.known.shop\n").Finding; f.Listed != 0 {
		t.Errorf("a list that was removed still counts: %+v", f)
	}
	if _, err := d.m.AddWarningList(t.Context(), d.h, d.by, []byte(strings.Replace(list, "Ours", "Reserved addresses (IANA)", 1))); !fault.Is(err, fault.Conflict) {
		t.Errorf("the name of one built in: %v", err)
	}
}

func TestOldUploadsAreSwept(t *testing.T) {
	d := newDesk(t)
	old := d.looked(bundle(1))
	d.clk.Advance(importing.KeptFor - time.Hour)
	young := d.looked(bundle(1))
	d.clk.Advance(2 * time.Hour)
	if err := d.m.Sweep(t.Context(), d.h); err != nil {
		t.Fatal(err)
	}
	if _, err := d.m.Job(t.Context(), d.h, d.by, old.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the old one: %v", err)
	}
	d.job(young.ID)
}

// TestWhatBreaksOffIsImportedAsFarAsItGoes: the person has seen where.
func TestWhatBreaksOffIsImportedAsFarAsItGoes(t *testing.T) {
	d := newDesk(t)
	whole := bundle(100)
	j := d.looked(whole[:len(whole)-300])
	if j.State != store.UploadReady || j.Finding.Broken == "" || j.Finding.New < 90 {
		t.Fatalf("%+v", j.Finding)
	}
	j = d.confirm(j)
	if j.State != store.UploadDone || j.Failure != j.Finding.Broken || j.Report.New != j.Finding.New || len(d.stored()) != j.Report.New {
		t.Errorf("%s %q %+v", j.State, j.Failure, j.Report.Report)
	}
	if again := d.looked(whole).Finding; again.New != 100-j.Report.New {
		t.Errorf("the rest: %+v", again)
	}
}

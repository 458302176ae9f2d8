package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// door is an intake into an empty store, and what its router was told.
type door struct {
	t          *testing.T
	s          *store.Store
	h          *store.Handle
	in         *intake.Intake
	fail       error // what the router says
	arrived    []string
	relabelled map[int64]marking.Label
}

func newDoor(t *testing.T, open storetest.Opener) *door {
	t.Helper()
	d := &door{t: t, s: open(t, clock.NewFake(storetest.Start)), relabelled: map[int64]marking.Label{}}
	d.h = storetest.Live(t, d.s)
	d.in = intake.New("in", d, d)
	return d
}

func (d *door) Readable(clearance string, raw []byte, _ ident.Domain, _ time.Time) bool {
	l, err := marking.ParseLabel(raw)
	return err == nil && len(l.Unknown) == 0 && strings.Contains(clearance, l.TLP.Name())
}

func (d *door) Arrived(_ *store.Tx, from, to int64, labels map[int64]marking.Label) error {
	var tlps []string
	for _, l := range labels {
		tlps = append(tlps, l.TLP.Name())
	}
	slices.Sort(tlps)
	d.arrived = append(d.arrived, fmt.Sprintf("%d-%d %s", from, to, strings.Join(tlps, " ")))
	return d.fail
}

func (d *door) Relabelled(_ *store.Tx, id int64, l marking.Label) error {
	d.relabelled[id] = l
	return d.fail
}

// take takes items in as one batch.
func (d *door) take(src intake.Source, raws ...string) (intake.Report, []intake.Result) {
	d.t.Helper()
	var rep intake.Report
	var results []intake.Result
	if err := d.h.Write(d.t.Context(), func(tx *store.Tx) (err error) {
		rep, results, err = d.in.Batch(tx, src, prepared(raws))
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return rep, results
}

func prepared(raws []string) []intake.Item {
	items := make([]intake.Item, len(raws))
	for i, raw := range raws {
		items[i] = intake.Prepare(i, []byte(raw), "")
	}
	return items
}

// outcomes takes items in and compares what became of them, written
// "outcome" or "refused: part of the reason".
func (d *door) outcomes(src intake.Source, raws []string, want ...string) []intake.Result {
	d.t.Helper()
	rep, results := d.take(src, raws...)
	counts := map[intake.Outcome]int{}
	for i, r := range results {
		outcome, reason, _ := strings.Cut(want[i], ": ")
		if string(r.Outcome) != outcome || !strings.Contains(r.Reason, reason) || (r.Reason == "") != (reason == "") {
			d.t.Errorf("item %d: %s %q, want %s %q", i, r.Outcome, r.Reason, outcome, reason)
		}
		if (r.Seq == 0) != (r.Outcome == intake.Refused) {
			d.t.Errorf("item %d is %s with number %d", i, r.Outcome, r.Seq)
		}
		counts[r.Outcome]++
	}
	if len(results) != len(want) || rep.Read != len(want) || rep.New != counts[intake.Added] || rep.Updated != counts[intake.Updated] ||
		rep.Same != counts[intake.Same] || rep.Refused != counts[intake.Refused] || len(rep.Refusals) != rep.Refused {
		d.t.Errorf("%d results and the report %+v", len(results), rep)
	}
	return results
}

// label returns what the label of a stored version means.
func (d *door) label(seq int64) (l marking.Label, stored store.Label) {
	d.t.Helper()
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		o, err := tx.Object(seq)
		if err != nil {
			return err
		}
		if stored, err = tx.Label(o.Label); err != nil {
			return err
		}
		l, err = marking.ParseLabel(stored.Resolved)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return l, stored
}

// stored counts the versions in the store.
func (d *door) stored() (n int) {
	d.t.Helper()
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(store.Object) error { n++; return nil })
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// bytes adds up what is stored.
func (d *door) bytes() (n int64) {
	d.t.Helper()
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error { n += int64(len(o.Body)); return nil })
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// indicator is number n's version of a minute, with more members.
func indicator(n, minute int, more ...string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:%02d:00Z",
		"pattern":"[domain-name:value = 'host%d.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"%s}`,
		uuid(n), minute, n, strings.Join(append([]string{""}, more...), ","))
}

func marked(ids ...string) string {
	return `"object_marking_refs":["` + strings.Join(ids, `","`) + `"]`
}

// definition is a marking definition of ours with a TLP.
func definition(n int, tlp string) string {
	return fmt.Sprintf(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--%s","created":"2026-01-01T00:00:00Z",
		"extensions":{"%s":{"extension_type":"property-extension","tlp":"%s"}}}`, uuid(n), marking.HandlingExtension, tlp)
}

func markingID(n int) string { return "marking-definition--" + uuid(n) }

func bundle(raws ...string) string {
	return `{"type":"bundle","id":"bundle--` + uuid(0) + `","objects":[` + strings.Join(raws, ",") + `]}`
}

const (
	anything   = `"name":"x"`
	domainName = `{"type":"domain-name","spec_version":"2.1","id":"domain-name--ecb120bf-2694-4902-a737-62b74539a41b","value":"example.com"%s}`
)

var clear = intake.Source{DefaultTLP: marking.Clear}

// recalling is an object of a kind that nodes only write.
var recalling = `{"type":"x-twoseas-recall","spec_version":"2.1","id":"x-twoseas-recall--` + uuid(9) + `","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"}`

func TestLimitsOfTheSourceAddToWhatTheObjectSays(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	until, end := storetest.Start.Add(time.Hour), storetest.Start.Add(48*time.Hour)
	limits := marking.Terms{NotBefore: until, Expires: end, Areas: []string{"in-jp 1(6)"}, ReleasableTo: []string{"jp"}}
	src := intake.Source{DefaultTLP: marking.Green, Limits: limits}
	d.outcomes(src, []string{indicator(1, 0)}, "new")
	d.outcomes(intake.Source{DefaultTLP: marking.Green}, []string{indicator(1, 0), indicator(2, 0)}, "same", "new") // fewer words take nothing back
	var got []marking.Label
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		for _, s := range labels {
			l, err := marking.ParseLabel(s.Resolved)
			if err != nil {
				return err
			}
			if s.Objects > 0 {
				got = append(got, l)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("labels in use: %+v", got)
	}
	want := limits
	want.TLP = marking.Green
	if diff := cmp.Diff(want, got[0].Terms); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(marking.Terms{TLP: marking.Green}, got[1].Terms); diff != "" {
		t.Error(diff)
	}
}

func TestWhatBecomesOfAnObject(t *testing.T) {
	sco := func(more string) string { return fmt.Sprintf(domainName, more) }
	jp, in := intake.Source{Origin: "jp"}, intake.Source{}
	cases := []struct {
		name string
		src  intake.Source
		had  []string
		raws []string
		want []string
	}{
		{"one that is not there is new", jp, nil, []string{indicator(1, 0)}, []string{"new"}},
		{"the same bytes are the same", jp, []string{indicator(1, 0)}, []string{indicator(1, 0)}, []string{"same"}},
		{"the same value written otherwise is the same", jp, []string{`{"a_b":1,` + indicator(1, 0)[1:]}, []string{strings.TrimSuffix(indicator(1, 0), "}") + `, "a_b":1.0 }`}, []string{"same"}},
		{"a later version updates", jp, []string{indicator(1, 0)}, []string{indicator(1, 1)}, []string{"updated"}},
		{"an earlier version is kept too", jp, []string{indicator(1, 5)}, []string{indicator(1, 1)}, []string{"updated"}},
		{"another content of one version is refused", jp, []string{indicator(1, 1)}, []string{indicator(1, 1, anything)}, []string{"refused: another content is stored under this id and version (2026-01-01T00:01:00Z)"}},
		{"another side's object is not changed", in, []string{indicator(1, 0)}, []string{indicator(1, 1)}, []string{"refused: belongs to jp"}},
		{"nor under its own version", in, []string{indicator(1, 0)}, []string{indicator(1, 0, anything)}, []string{"refused: belongs to jp"}},
		{"its bytes may come from anywhere", in, []string{indicator(1, 0)}, []string{indicator(1, 0)}, []string{"same"}},
		{"its owner revokes it", jp, []string{indicator(1, 0)}, []string{indicator(1, 1, `"revoked":true`)}, []string{"updated"}},
		{
			"repeats in one batch", jp, nil,
			[]string{indicator(1, 0), indicator(1, 0), indicator(1, 1), indicator(1, 1, anything), indicator(1, 1), indicator(2, 0)},
			[]string{"new", "same", "updated", "refused: another content", "same", "new"},
		},
		{
			"a cyber-observable has no owner, and each content is a version", in,
			[]string{sco("")},
			[]string{sco(`,"defanged":true`), sco(""), sco(`,"defanged":true`)},
			[]string{"updated", "same", "same"},
		},
		{"a marking definition is not changed", jp, []string{definition(1, "red")}, []string{definition(1, "clear"), definition(1, "red")}, []string{"refused: cannot be changed", "same"}},
		{"by nobody", in, []string{definition(1, "red")}, []string{definition(1, "clear")}, []string{"refused: cannot be changed"}},
		{"what nodes say to each other is no import", in, nil, []string{recalling}, []string{"refused: written by nodes only"}},
		{"nor a feed's or a partner's collection", jp, nil, []string{recalling}, []string{"refused: written by nodes only"}},
		{"only the exchange takes it", intake.Source{Origin: "jp", Control: true, DefaultTLP: marking.Green}, nil, []string{recalling}, []string{"new"}},
		{"a bad item in the middle", jp, nil, []string{indicator(1, 0), `{"type":"indicator","id":"indicator--` + uuid(2) + `"}`, "{", indicator(3, 0)}, []string{"new", "refused: required", "refused: ends too early", "new"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t, storetest.SQLite)
			if len(c.had) > 0 {
				d.take(intake.Source{Origin: "jp"}, c.had...)
			}
			had := d.stored()
			results := d.outcomes(c.src, c.raws, c.want...)
			fresh := 0
			for i, r := range results {
				if r.Outcome == intake.Added || r.Outcome == intake.Updated {
					fresh++
				}
				for j := range i {
					if c.raws[j] == c.raws[i] && results[j].Seq != r.Seq {
						t.Errorf("items %d and %d are the same and have the numbers %d and %d", j, i, results[j].Seq, r.Seq)
					}
				}
			}
			if got := d.stored() - had; got != fresh {
				t.Errorf("%d were stored, %d are said to be", got, fresh)
			}
		})
	}
}

func TestWhatIsStoredIsCanonicalAndCarriesItsVersion(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	raw := indicator(1, 5, `"revoked":true`)
	r := d.outcomes(clear, []string{raw, fmt.Sprintf(domainName, "")}, "new", "new")
	want, err := canon.Canonicalize([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		o, err := tx.Object(r[0].Seq)
		if string(o.Body) != string(want) || o.Digest != ident.Sum(want) || o.Type != "indicator" || !o.Revoked ||
			o.Version != time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC).UnixMicro() || r[0].Version != o.Version {
			t.Errorf("stored %+v", o)
		}
		if err != nil {
			return err
		}
		o, err = tx.Object(r[1].Seq)
		if o.Version != storetest.Start.UnixMicro() { // has no time of its own
			t.Errorf("version %d", o.Version)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, l := d.label(r[0].Seq)
	if l.Objects != 2 || l.Bytes != d.bytes() {
		t.Errorf("the label counts %d of %d bytes", l.Objects, l.Bytes)
	}
}

func TestARefusalSaysWhereAndWhy(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	rep, _ := d.take(clear, indicator(1, 0), strings.Replace(indicator(2, 0), `"valid_from":"2026-01-01T00:00:00Z"`, `"valid_from":"yesterday"`, 1), "[]")
	var got []string
	for _, r := range rep.Refusals {
		got = append(got, r.String())
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "objects[1] indicator--"+uuid(2)+": valid_from") || !strings.HasPrefix(got[1], "objects[2]: ") {
		t.Errorf("refusals %q", got)
	}
}

func TestAnItemKeepsNoParsedView(t *testing.T) {
	it := intake.Prepare(0, []byte(indicator(1, 0)), "")
	if it.Err != nil || it.Object.Props != nil || len(it.Object.Raw) == 0 || len(it.Values) != 1 {
		t.Errorf("prepared %+v", it)
	}
}

func TestAnObjectJoinsTheCollectionHoweverItCame(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	if err := d.h.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.AddClass("clear", func([]byte) bool { return false }); err != nil {
			return err
		}
		return tx.AddCollection(&store.Collection{ID: "c", Alias: "main"})
	}); err != nil {
		t.Fatal(err)
	}
	d.take(clear, indicator(1, 0))
	src := clear
	src.Collection = "main"
	d.outcomes(src, []string{indicator(1, 0), indicator(2, 0), indicator(2, 0), indicator(3, 0, marked(marking.Red.DefinitionID())), "{}"}, "same", "new", "same", "new", "refused: type")
	var ids []string
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Page(store.PageQuery{Collection: 1, Class: 1, Limit: 10}, func(m store.Member) error {
			ids = append(ids, m.ID)
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// The reader's class is cleared for TLP:CLEAR alone.
	if diff := cmp.Diff([]string{"indicator--" + uuid(1), "indicator--" + uuid(2)}, ids); diff != "" {
		t.Error(diff)
	}
	src.Collection = "none"
	err := d.h.Write(t.Context(), func(tx *store.Tx) error {
		_, _, err := d.in.Batch(tx, src, prepared([]string{indicator(4, 0)}))
		return err
	})
	if !fault.Is(err, fault.NotFound) || d.stored() != 3 {
		t.Errorf("into a collection that is not there: %v, %d stored", err, d.stored())
	}
}

func TestTheRouterIsPartOfTheTransaction(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	d.take(clear, indicator(1, 0))
	d.take(clear, indicator(1, 0)) // nothing new: nothing to route
	d.take(clear, indicator(2, 0), "{}", indicator(3, 0, marked(marking.Red.DefinitionID())))
	if diff := cmp.Diff([]string{"1-1 clear", "2-3 clear red"}, d.arrived); diff != "" {
		t.Error(diff)
	}
	d.fail = errors.New("no route")
	rep, err := d.in.Objects(t.Context(), d.h, clear, [][]byte{[]byte(indicator(4, 0))})
	if !errors.Is(err, d.fail) || rep.New != 0 || d.stored() != 3 {
		t.Errorf("%+v %v, %d stored", rep, err, d.stored())
	}
}

func TestOneCancelledStreamKeepsWhatWasCommitted(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	ctx, stop := context.WithCancel(t.Context())
	rep, err := d.in.Stream(ctx, d.h, clear, strings.NewReader(many(9000, nil)), func(intake.Report) { stop() })
	if !errors.Is(err, context.Canceled) || rep.New != 2000 || d.stored() != 2000 {
		t.Errorf("%d new, %d stored, %v", rep.New, d.stored(), err)
	}
}

// many is a bundle of n indicators; spoil may replace one.
func many(n int, spoil func(i int) string) string {
	var b strings.Builder
	b.WriteString(`{"type":"bundle","id":"bundle--` + uuid(0) + `","objects":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if spoil != nil && spoil(i) != "" {
			b.WriteString(spoil(i))
			continue
		}
		b.WriteString(indicator(i, 0))
	}
	b.WriteString("]}")
	return b.String()
}

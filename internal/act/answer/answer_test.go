package answer_test

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// alone stands in for routes: nothing leaves.
type alone struct{}

func (alone) Readable(clearance string, label []byte, _ ident.Domain, _ time.Time) bool {
	l, err := marking.ParseLabel(label)
	return err == nil && l.TLP == marking.Clear && clearance == "clear"
}
func (alone) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (alone) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

type room struct {
	h     *store.Handle
	a     *answer.Answers
	in    *intake.Intake
	class int64 // sees only TLP:CLEAR
}

var analyst = people.Actor{Name: "ana", Roles: []people.Role{people.Analyst}}

func open(t *testing.T) *room {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := &room{in: intake.New("in", alone{}, alone{})}
	if r.h, err = s.Domain(t.Context(), ident.Live); err != nil {
		t.Fatal(err)
	}
	r.a = answer.New(r.in, ledger.New(keys.New([32]byte{1}, "in", clk, rand.Reader), clk), rand.Reader)
	if err := r.h.Write(t.Context(), func(tx *store.Tx) error {
		r.class, err = tx.AddClass("clear", func([]byte) bool { return false })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i, tlp := range []marking.TLP{marking.NoTLP, marking.Clear, marking.Green, marking.Amber, marking.AmberStrict, marking.Red} {
		r.take(t, tlp, fmt.Sprintf(`{"type":"malware","spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","is_family":false}`, id(i)))
	}
	return r
}

func (r *room) take(t *testing.T, tlp marking.TLP, raw string) {
	t.Helper()
	rep, err := r.in.Objects(t.Context(), r.h, intake.Source{Origin: "jp", DefaultTLP: tlp}, [][]byte{[]byte(raw)})
	if err != nil || rep.Refused > 0 {
		t.Fatal(rep, err)
	}
}

func id(n int) string { return fmt.Sprintf("malware--00000000-0000-4000-8000-%012d", n) }

// stored returns an answer as it was stored, and its label.
func (r *room) stored(t *testing.T, answer string) (map[string]any, marking.Label) {
	t.Helper()
	var s store.Shown
	if err := r.h.Query(t.Context(), func(tx *store.Tx) error {
		heads, err := tx.Heads(store.AllLabels, []string{answer})
		s = heads[answer]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	props, err := canon.Decode(s.Body)
	if err != nil {
		t.Fatal(err)
	}
	l, err := marking.ParseLabel(s.Terms)
	if err != nil {
		t.Fatal(err)
	}
	return props, l
}

func TestAnAnswerIsAtLeastAsStrict(t *testing.T) {
	r := open(t)
	levels := []marking.TLP{marking.NoTLP, marking.Clear, marking.Green, marking.Amber, marking.AmberStrict, marking.Red}
	for of, own := range levels {
		for _, asked := range levels {
			got, err := r.a.Opine(t.Context(), r.h, analyst, store.AllLabels, answer.About{IDs: []string{id(of)}, TLP: asked}, answer.Useful, "")
			want, ok := asked, asked >= own
			if asked == marking.NoTLP {
				want, ok = own, true
			}
			if own == marking.NoTLP && asked != marking.NoTLP {
				ok = asked == marking.Red
			}
			if !ok {
				if !fault.Is(err, fault.Denied) {
					t.Errorf("%s on %s: %v", asked, own, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s on %s: %v", asked, own, err)
				continue
			}
			if _, l := r.stored(t, got); l.TLP != want || l.Origin != "in" || l.Kind != marking.Feedback {
				t.Errorf("%s on %s: stored as %+v", asked, own, l)
			}
		}
	}
	got, err := r.a.Note(t.Context(), r.h, analyst, store.AllLabels, answer.About{IDs: []string{id(1), id(3)}}, "both")
	if err != nil {
		t.Fatal(err)
	}
	if _, l := r.stored(t, got); l.TLP != marking.Amber {
		t.Errorf("of several the strictest: %s", l.TLP)
	}
}

// TestWhatIsBoundByMore: a misspelt marking, and a member's answer.
func TestWhatIsBoundByMore(t *testing.T) {
	r := open(t)
	r.take(t, marking.Clear, `{"type":"tool","spec_version":"2.1","id":"`+strings.Replace(id(9), "malware", "tool", 1)+`","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"x",
		"object_marking_refs":["marking-definition--11111111-1111-4111-8111-111111111111"]}`)
	got, err := r.a.Note(t.Context(), r.h, analyst, store.AllLabels, answer.About{IDs: []string{strings.Replace(id(9), "malware", "tool", 1)}, TLP: marking.Red}, "text")
	if err != nil {
		t.Fatal(err)
	}
	if _, l := r.stored(t, got); l.TLP != marking.NoTLP {
		t.Errorf("%+v: nothing may release it", l)
	}
	member := people.Actor{Name: "mem", Roles: []people.Role{people.Member}}
	if got, err = r.a.Note(t.Context(), r.h, member, r.class, answer.About{IDs: []string{id(1)}}, "text"); err != nil {
		t.Fatal(err)
	}
	if _, l := r.stored(t, got); l.Contributor != marking.Member {
		t.Errorf("%+v: who contributed it would leave", l)
	}
}

func TestWhoMayAnswerWhat(t *testing.T) {
	r := open(t)
	opine := func(by people.Actor, class int64, ids ...string) error {
		_, err := r.a.Opine(t.Context(), r.h, by, class, answer.About{IDs: ids}, answer.Known, "")
		return err
	}
	for name, tc := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"what is not there":           {opine(analyst, store.AllLabels, id(99)), fault.NotFound},
		"what is not for them":        {opine(analyst, r.class, id(5)), fault.NotFound},
		"one of several not for them": {opine(analyst, r.class, id(1), id(5)), fault.NotFound},
		"nothing":                     {opine(analyst, r.class), fault.Invalid},
		"an administrator":            {opine(people.Actor{Name: "adm", Roles: []people.Role{people.Administrator}}, store.AllLabels, id(1)), fault.Denied},
		"nobody":                      {opine(people.Actor{}, store.AllLabels, id(1)), fault.Denied},
	} {
		if !fault.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %s", name, tc.err, tc.want)
		}
	}
	if err := opine(analyst, r.class, id(1)); err != nil {
		t.Error(err)
	}
}

func TestASighting(t *testing.T) {
	r := open(t)
	at := time.Date(2026, 2, 1, 10, 0, 0, 0, time.UTC)
	sight := func(s answer.Sighting) (string, error) {
		return r.a.Sight(t.Context(), r.h, analyst, store.AllLabels, answer.About{IDs: []string{id(2)}}, s)
	}
	got, err := sight(answer.Sighting{Count: 3, First: at, Last: at.Add(time.Hour), Text: " here "})
	if err != nil {
		t.Fatal(err)
	}
	props, _ := r.stored(t, got)
	for name, want := range map[string]any{
		"sighting_of_ref": id(2), "count": 3.0, "first_seen": "2026-02-01T10:00:00.000Z", "last_seen": "2026-02-01T11:00:00.000Z", "description": "here",
		"created": "2026-11-22T09:00:00.000Z",
	} {
		if props[name] != want {
			t.Errorf("%s: got %v, want %v", name, props[name], want)
		}
	}
	for _, s := range []answer.Sighting{{Count: -1}, {Count: 1 << 40}, {First: at, Last: at.Add(-1)}} {
		if _, err := sight(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := sight(answer.Sighting{Text: strings.Repeat("x", 5000)}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a long text: %v", err)
	}
	if _, err := r.a.Opine(t.Context(), r.h, analyst, store.AllLabels, answer.About{IDs: []string{id(2)}}, "splendid", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("a verdict of one's own: %v", err)
	}
}

package matching_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/matching"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

const inJP = nodetest.InJp

var (
	analyst = people.Actor{Name: "kenji", Roles: []people.Role{people.Analyst}}
	officer = people.Actor{Name: "ravi", Roles: []people.Role{people.ReleasingOfficer}}
	second  = people.Actor{Name: "asha", Roles: []people.Role{people.ReleasingOfficer}}
	member  = people.Actor{Name: "member", Roles: []people.Role{people.Member}}
)

// rule is the row that permits matching, to be put into the reference
// agreement.
func rule(then, more string) []string {
	return []string{"\nrules:\n", "\n" + more + "rules:\n  - {id: matching, clause: \"1(1)\", when: {kind: matching}, then: " + then + "}\n"}
}

// pair returns two nodes that do nothing by themselves, under the reference
// agreement with some of its text replaced.
func pair(t *testing.T, clk clock.Clock, replace ...string) (in, jp *nodetest.Node) {
	t.Helper()
	in, jp = nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	if len(replace) > 0 {
		nodetest.Amend(t, in, jp, replace...)
	}
	return in, jp
}

// wire is the way from jp to in, in one process, that remembers every byte.
type wire struct {
	to     *nodetest.Node
	there  bytes.Buffer
	back   bytes.Buffer
	cut    bool
	change func(note, content []byte) ([]byte, []byte)
}

func (w *wire) AskMatching(ctx context.Context, _ ident.Domain, a ident.Agreement, note, blinded []byte) error {
	w.there.Write(note)
	w.there.Write(blinded)
	if w.cut {
		return fault.New(fault.Unavailable, "cut")
	}
	return w.to.Matchings.Asked(ctx, w.to.Live, a, "jp", note, blinded)
}

func (w *wire) MatchingAnswer(ctx context.Context, _ ident.Domain, a ident.Agreement, session string) ([]byte, []byte, error) {
	note, content, err := w.to.Matchings.Answer(ctx, w.to.Live, a, "jp", session)
	if err == nil && w.change != nil {
		note, content = w.change(note, content)
	}
	w.back.Write(note)
	w.back.Write(content)
	return note, content, err
}

func (w *wire) RevealMatching(ctx context.Context, _ ident.Domain, a ident.Agreement, session string, found []byte) error {
	w.there.Write(found)
	if w.cut {
		return fault.New(fault.Unavailable, "cut")
	}
	return w.to.Matchings.Revealed(ctx, w.to.Live, a, "jp", session, found)
}

// load puts indicators for hosts in.
func load(t *testing.T, n *nodetest.Node, tlp marking.TLP, hosts ...string) {
	t.Helper()
	var objects [][]byte
	for _, h := range hosts {
		objects = append(objects, stixtest.Indicator(stixtest.Pattern("[domain-name:value = '"+h+"']")))
	}
	rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: tlp}, bytes.NewReader(stixtest.Bundle(objects...)), nil)
	if err != nil || rep.New != len(hosts) {
		t.Fatalf("%+v %v", rep, err)
	}
}

func hosts(name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s-%d.example", name, i)
	}
	return out
}

func normal(t *testing.T, texts ...string) []ioc.Value {
	t.Helper()
	v, not := matching.Normal(texts)
	if len(not) > 0 {
		t.Fatal(not)
	}
	return v
}

func texts(list []ioc.Value) string {
	var out []string
	for _, v := range list {
		out = append(out, v.Text)
	}
	return strings.Join(out, " ")
}

func want(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v (%v), want %v that says %q", err, fault.KindOf(err), kind, text)
	}
}

func TestOnlyTheOverlapIsLearnedAndByTheAskerAlone(t *testing.T) {
	in, jp := pair(t, nil, rule("{approve: 1}", "")...)
	ctx := t.Context()
	load(t, in, marking.Clear, append(hosts("common", 7), hosts("indian", 60)...)...)
	load(t, in, marking.Amber, "kept-back.example") // needs an officer, so it does not answer
	asked := append(append(hosts("common", 7), hosts("japanese", 90)...), "kept-back.example")
	w := &wire{to: in}
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, asked...), w)
	if err != nil || q.State != store.MatchingSent || q.Asked != 98 {
		t.Fatalf("%+v %v", q, err)
	}
	_, err = jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	want(t, err, fault.Held, "waits for an officer of in")
	_, err = in.Matchings.Approve(ctx, in.Live, analyst, q.Session)
	want(t, err, fault.Denied, "may not")
	if got, err := in.Matchings.Approve(ctx, in.Live, officer, q.Session); err != nil || got.State != store.MatchingApproved {
		t.Fatalf("%+v %v", got, err)
	}
	r, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	if err != nil || texts(r.Values) != strings.Join(hosts("common", 7), " ") || r.Known != 7 {
		t.Fatalf("%v %v", r.Values, err)
	}
	again, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	if err != nil || texts(again.Values) != texts(r.Values) {
		t.Errorf("%v %v", again.Values, err)
	}
	// What crossed shows no value of either side, nor anything one could try values against.
	for _, v := range append(asked, hosts("indian", 60)...) {
		hidden(t, v, w.there.Bytes())
		hidden(t, v, w.back.Bytes())
	}
	// Nor does what is left at the side that answered, or the counts of its set.
	got, err := in.Matchings.Result(ctx, in.Live, officer, q.Session)
	if err != nil || got.Known != -1 || got.Values != nil {
		t.Errorf("%+v %v", got, err)
	}
	if n := (w.back.Len() - 98*32 - 64) / 12 / 1024; n != 1 {
		t.Errorf("the set is not rounded up: %d", n)
	}
	forgotten(t, in, q.Session, "blinded", "key")
	forgotten(t, jp, q.Session, "blinded", "values", "secret", "found")
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

// hidden looks for a value and its plain hashes in bytes.
func hidden(t *testing.T, value string, in []byte) {
	t.Helper()
	s256, s1, m5 := sha256.Sum256([]byte(value)), sha1.Sum([]byte(value)), md5.Sum([]byte(value))
	with := sha256.Sum256([]byte(matching.RequestTitle + "\ndomain\n" + value))
	for _, h := range [][]byte{[]byte(value), s256[:], s1[:], m5[:], with[:], s256[:12], with[:12]} {
		for _, form := range [][]byte{h, []byte(hex.EncodeToString(h)), []byte(base64.StdEncoding.EncodeToString(h))} {
			if bytes.Contains(in, form) {
				t.Fatalf("%s crossed as %x", value, form)
			}
		}
	}
}

func forgotten(t *testing.T, n *nodetest.Node, session string, names ...string) {
	t.Helper()
	for _, name := range names {
		err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
			_, err := tx.MatchingData(session, name)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("%s keeps the %s of a question: %v", n.Side, name, err)
		}
	}
}

func TestWithoutARuleThereIsNoMatching(t *testing.T) {
	in, jp := pair(t, nil)
	w := &wire{to: in}
	_, err := jp.Matchings.Ask(t.Context(), jp.Live, analyst, inJP, normal(t, "a.example"), w)
	want(t, err, fault.Denied, "no rule of in-jp-2022")
	if w.there.Len() > 0 {
		t.Error("something crossed")
	}
}

// A side that asks although its own node should have kept it from asking is
// refused by the other.
func TestTheAnsweringSideDecidesForItself(t *testing.T) {
	clk := clock.NewFake(storetest.Start)
	in, jp := pair(t, clk, rule("release", "matching: {values_per_day: 10}\n")...)
	ctx := t.Context()
	load(t, in, marking.Clear, "a.example", "b.example")
	w := &wire{to: in}
	ask := func(n int) (store.Matching, error) {
		return jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, hosts("x", n)...), w)
	}
	if _, err := ask(7); err != nil {
		t.Fatal(err)
	}
	_, err := ask(4)
	want(t, err, fault.Denied, "more than the 10 a day")
	// The asker's own count is lost, as by a node that was altered.
	if err := jp.Live.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("DELETE FROM matching")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	q, err := ask(4)
	want(t, err, fault.Denied, "jp has asked for 7 values today")
	if q.State != store.MatchingRefused {
		t.Errorf("%+v", q)
	}
	forgotten(t, jp, q.Session, "blinded", "values", "secret")
	clk.Advance(24 * time.Hour)
	q, err = ask(10)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w); err != nil || len(r.Values) != 0 { // the rule asks for no officer
		t.Errorf("%+v %v", r, err)
	}
}

func TestBothLearnTheOverlapWhereThatIsAgreed(t *testing.T) {
	in, jp := pair(t, nil, rule("{approve: 2}", "matching: {reveal: both}\n")...)
	ctx := t.Context()
	load(t, in, marking.Clear, "a.example", "b.example", "c.example")
	w := &wire{to: in}
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, "b.example", "c.example", "d.example"), w)
	if err != nil {
		t.Fatal(err)
	}
	for i, by := range []people.Actor{officer, officer, second} { // one officer, however often, is one
		got, err := in.Matchings.Approve(ctx, in.Live, by, q.Session)
		if err != nil || (got.State == store.MatchingApproved) != (i == 2) {
			t.Fatalf("%d: %+v %v", i, got, err)
		}
	}
	w.cut = true
	_, err = jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	want(t, err, fault.Unavailable, "cut")
	w.cut = false
	r, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	if err != nil || texts(r.Values) != "b.example c.example" {
		t.Fatalf("%+v %v", r, err)
	}
	got, err := in.Matchings.Result(ctx, in.Live, officer, q.Session)
	if err != nil || got.Known != 2 || len(got.Values) != 2 || !strings.Contains(texts(got.Values), "b.example") {
		t.Errorf("%+v %v", got, err)
	}
	hidden(t, "d.example", w.there.Bytes())
	forgotten(t, in, q.Session, "key")
	if err := in.Matchings.Revealed(ctx, in.Live, inJP, "jp", q.Session, nil); err != nil { // again
		t.Error(err)
	}
}

func TestARefusalIsToldWithItsReason(t *testing.T) {
	in, jp := pair(t, nil, rule("{approve: 1}", "")...)
	ctx := t.Context()
	w := &wire{to: in}
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, "b.example"), w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Matchings.Refuse(ctx, in.Live, officer, q.Session, "ask us by telephone"); err != nil {
		t.Fatal(err)
	}
	_, err = in.Matchings.Approve(ctx, in.Live, second, q.Session)
	want(t, err, fault.Conflict, "it is refused")
	_, err = jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	want(t, err, fault.Denied, "ask us by telephone")
	forgotten(t, jp, q.Session, "blinded", "values", "secret")
	forgotten(t, in, q.Session, "blinded")
}

func TestWhatIsNotTheQuestionSignedIsRefused(t *testing.T) {
	in, jp := pair(t, nil, rule("release", "")...)
	ctx := t.Context()
	load(t, in, marking.Clear, "b.example")
	w := &wire{to: in, cut: true}
	_, err := jp.Matchings.Ask(ctx, jp.Live, member, inJP, normal(t, "b.example"), w)
	want(t, err, fault.Denied, "may not")
	q, err := jp.Matchings.Ask(ctx, jp.Live, analyst, inJP, normal(t, "b.example", "c.example"), w)
	want(t, err, fault.Unavailable, "cut")
	crossed := w.there.Bytes()
	note, blinded := crossed[:len(q.Request)], crossed[len(q.Request):]
	asked := func(a ident.Agreement, from ident.Side, note, blinded []byte) error {
		return in.Matchings.Asked(ctx, in.Live, a, from, note, blinded)
	}
	want(t, asked(inJP, "jp", note, blinded[:32]), fault.Invalid, "not the ones signed")
	want(t, asked(inJP, "jp", note, append(bytes.Clone(blinded[32:]), blinded[:32]...)), fault.Invalid, "not the ones signed")
	want(t, asked(inJP, "jp", note, blinded[:33]), fault.Invalid, "")
	want(t, asked(inJP, "jp", bytes.Replace(note, []byte("values 2"), []byte("values 1"), 1), blinded), fault.Denied, "")
	want(t, asked("in-jp-2021", "jp", note, blinded), fault.Denied, "under in-jp-2022")
	if _, _, err := in.Matchings.Answer(ctx, in.Live, inJP, "jp", q.Session); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	w.cut = false
	_, err = jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, &wire{to: in, change: func(n, c []byte) ([]byte, []byte) {
		c = bytes.Clone(c)
		c[len(c)-1] ^= 1
		return n, c
	}})
	want(t, err, fault.Invalid, "not the one signed")
	if err := asked(inJP, "jp", note, blinded); err != nil { // the same question again is none
		t.Error(err)
	}
	if _, _, err := in.Matchings.Answer(ctx, in.Live, inJP, "uk", q.Session); !fault.Is(err, fault.NotFound) {
		t.Error("a third side was answered", err)
	}
	r, err := jp.Matchings.Fetch(ctx, jp.Live, analyst, q.Session, w)
	if err != nil || texts(r.Values) != "b.example" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestNormalSpellsOnceAndOnce(t *testing.T) {
	v, not := matching.Normal([]string{"B.example", "hxxp://a[.]example/", "b[.]example", "198.51.100.7", "", "\x00"})
	if len(v) != 3 || len(not) != 2 {
		t.Errorf("%v %q", v, not)
	}
}

package recall_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/lang"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
)

// The notice of a spill is drafted in three languages from numbers and times,
// holds nothing of the content, and is what people make of it once they save.
func TestTheNoticeOfASpillIsDraftedAndKept(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Green, 1, 2)
	settled(t, in, jp)
	act := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids, Reason: "sent in error"})
	for _, tag := range lang.Tags() {
		n, err := in.Recalls.Notice(t.Context(), in.Live, duty, act, inJP, tag, "Japan")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Japan", string(inJP), act, "2026-11-22 09:01", "sent in error", ": 2"} {
			if !strings.Contains(n.Text, want) {
				t.Errorf("%s: no %q in %s", tag, want, n.Text)
			}
		}
		if strings.ContainsAny(n.Text, "{}") || strings.Contains(n.Text, "canary") || strings.Contains(n.Text, ids[0]) || !n.At.IsZero() {
			t.Errorf("%s: %+v", tag, n)
		}
	}
	save := func(by people.Actor, text string) error {
		return in.Recalls.SaveNotice(t.Context(), in.Live, by, act, inJP, lang.Japanese, text)
	}
	if err := save(duty, "お詫び\r\n二行目 "); err != nil {
		t.Fatal(err)
	}
	n, err := in.Recalls.Notice(t.Context(), in.Live, duty, act, inJP, lang.Japanese, "Japan")
	if err != nil || n.Text != "お詫び\n二行目" || n.Account != duty.Name || n.At.IsZero() {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err := in.Recalls.Notice(t.Context(), in.Live, duty, act, inJP, lang.Hindi, "Japan"); err != nil || !n.At.IsZero() {
		t.Errorf("another language is no draft any more: %+v, %v", n, err)
	}
	for _, wrong := range []string{"\x00", "a\xff", strings.Repeat("x", 20_001)} {
		if save(duty, wrong) == nil {
			t.Errorf("taken: %.10q", wrong)
		}
	}
	if err := save(actor("m", people.Member), "x"); !fault.Is(err, fault.Denied) {
		t.Errorf("who may not recall: %v", err)
	}
	if err := save(duty, " "); err != nil {
		t.Fatal(err)
	}
	if n, err := in.Recalls.Notice(t.Context(), in.Live, duty, act, inJP, lang.Japanese, "Japan"); err != nil || !n.At.IsZero() || !strings.Contains(n.Text, act) {
		t.Errorf("the draft is not back: %+v, %v", n, err)
	}
	settled(t, in, jp)
	if _, err := jp.Recalls.Notice(t.Context(), jp.Live, duty, act, inJP, lang.English, "India"); !fault.Is(err, fault.NotFound) {
		t.Errorf("for the partner's recall: %v", err)
	}
	if _, err := in.Recalls.Notice(t.Context(), in.Live, duty, act, inJP, "fr", "x"); !fault.Is(err, fault.Invalid) {
		t.Errorf("in a language that is none: %v", err)
	}
}

// The timeline has what left when, who read it at home since, when it was
// called back, and each answer, in order.
func TestTheTimelineOfASpill(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1, 2)
	settled(t, in, jp)
	clk.Advance(time.Minute)
	if err := in.Audit.Saw(t.Context(), actor("asha", people.Analyst), "read", "object", ids[0]); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute)
	act := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids})
	clk.Advance(time.Minute)
	settled(t, in, jp)
	clk.Advance(time.Minute)
	if err := in.Recalls.Lift(t.Context(), in.Live, duty, act); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute)
	settled(t, in, jp)
	moments, err := in.Recalls.Timeline(t.Context(), in.Live, duty, act)
	if err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, m := range moments {
		what = append(what, m.What)
		switch {
		case m.At.IsZero(),
			m.What == recall.Left && (m.Count != 2 || m.Shipment != 1 || m.Partner != "jp"),
			m.What == recall.Read && (m.Account != "asha" || m.Count != 1),
			m.What == recall.Asked && m.Account != duty.Name:
			t.Errorf("%+v", m)
		}
	}
	want := []string{recall.Left, recall.Read, recall.Asked, recall.Sent, recall.Receipt, recall.Answered, recall.Lifted, recall.Sent, recall.Receipt, recall.Answered}
	if !slices.Equal(what, want) {
		t.Errorf("%v\nwant %v", what, want)
	}
	if first, last := moments[5], moments[len(moments)-1]; first.Outcomes[law.Quarantined] != 2 || last.Outcomes[law.Restored] != 2 {
		t.Errorf("answers: %v, then %v", first.Outcomes, last.Outcomes)
	}
	theirs, err := jp.Recalls.Timeline(t.Context(), jp.Live, duty, act)
	if err != nil || len(theirs) == 0 || theirs[0].What != recall.Came {
		t.Errorf("at the receiver: %+v, %v", theirs, err)
	}
	if _, err := in.Recalls.Timeline(t.Context(), in.Live, actor("m", people.Member), act); !fault.Is(err, fault.Denied) {
		t.Errorf("who may not recall: %v", err)
	}
	for _, m := range theirs {
		if m.Account == "asha" || m.Account == duty.Name {
			t.Errorf("the partner is told names: %+v", m)
		}
	}
}

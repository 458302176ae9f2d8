package storetest

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// testAssistance: lists come by rank, page by page, and show no channel that was
// not asked for; a domain has its own requests.
func testAssistance(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h, drill := Live(t, s), ask2(s.Domain(t.Context(), must(ident.Exercise("drill"))))
	row := func(id string, rank int64) store.Assistance {
		return store.Assistance{
			ID: id, Agreement: "in-jp-2022", Asker: "in", Asked: "jp", Kind: "block", Urgency: "urgent", Object: 1, Sent: 10, State: "sent", Open: true, Rank: rank, Changed: 10,
		}
	}
	police, ended, kept := row("police", 5), row("ended", 1), row("kept", 30)
	police.Police, ended.Open, kept.Kind, kept.Kept, kept.Renewal, kept.Received = true, false, "preservation", 500, 700, 20
	write(t, h, func(tx *store.Tx) error {
		for _, a := range []store.Assistance{row("late", 40), row("b", 20), row("a", 20), police, ended, kept} {
			if err := tx.SaveAssistance(a); err != nil {
				return err
			}
		}
		return nil
	})
	write(t, drill, func(tx *store.Tx) error { return tx.SaveAssistance(row("a", 1)) })
	list := func(h *store.Handle, q store.AssistanceQuery) string {
		var ids []string
		if q.Limit == 0 {
			q.Limit = 10
		}
		for _, a := range ask(t, h, func(tx *store.Tx) ([]store.Assistance, error) { return tx.Assistances(q) }) {
			ids = append(ids, a.ID)
		}
		return strings.Join(ids, " ")
	}
	for want, q := range map[string]store.AssistanceQuery{
		"a b kept late":        {Open: true, Technical: true},
		"police":               {Open: true, Police: true},
		"police a b kept late": {Open: true, Technical: true, Police: true},
		"ended":                {Technical: true},
		"kept":                 {Open: true, Technical: true, Kept: true},
		"b kept":               {Open: true, Technical: true, AfterRank: 20, AfterID: "a", Limit: 2},
		"a b":                  {Open: true, Technical: true, Before: 30},
		"":                     {Open: true, Technical: true, Asker: "jp"},
		"kept ":                {Open: true, Technical: true, Kind: "preservation", Asked: "jp", State: "sent", Urgency: "urgent"},
	} {
		if got := list(h, q); got != strings.TrimSpace(want) {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	if got := list(drill, store.AssistanceQuery{Open: true, Technical: true}); got != "a" {
		t.Errorf("the exercise sees %q", got)
	}
	got := ask(t, h, func(tx *store.Tx) (store.Assistance, error) { return tx.Assistance("kept") })
	if got != kept {
		t.Errorf("%+v, want %+v", got, kept)
	}
	kept.State, kept.Kept, kept.Renewal, kept.Asker = "preserved", 700, 0, "us" // who asks never changes
	write(t, h, func(tx *store.Tx) error { return tx.SaveAssistance(kept) })
	got = ask(t, h, func(tx *store.Tx) (store.Assistance, error) { return tx.Assistance("kept") })
	if kept.Asker = "in"; got != kept {
		t.Errorf("%+v, want %+v", got, kept)
	}
	if list := ask(t, h, func(tx *store.Tx) ([]store.Assistance, error) { return tx.Undelivered("in", "in-jp-2022") }); len(list) != 5 {
		t.Errorf("%d are not delivered", len(list))
	}
	if err := h.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Assistance("none"); return err }); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	for n := range int64(3) {
		write(t, h, func(tx *store.Tx) error {
			return tx.AddAssistanceStep("a", store.AssistanceStep{Side: "jp", N: n + 1, Object: 10 + n, Person: "kenji"})
		})
	}
	if err := h.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddAssistanceStep("a", store.AssistanceStep{Side: "jp", N: 2, Object: 99})
	}); err == nil {
		t.Error("a step's number is given twice")
	}
	steps := ask(t, h, func(tx *store.Tx) ([]store.AssistanceStep, error) { return tx.AssistanceSteps("a") })
	if fmt.Sprint(steps) != "[{jp 1 10 kenji} {jp 2 11 kenji} {jp 3 12 kenji}]" {
		t.Errorf("%v", steps)
	}
}

// testCustody: entries come in each side's order, a number is given once, and
// passages are known to the compartments that may know of them.
func testCustody(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h, drill := Live(t, s), ask2(s.Domain(t.Context(), must(ident.Exercise("drill"))))
	write(t, h, func(tx *store.Tx) error {
		for _, c := range []store.Custody{{Side: "jp", N: 2, Object: 3}, {Side: "in", N: 1, Object: 4, Person: "asha"}, {Side: "jp", N: 1, Object: 2, Digest: ident.Sum([]byte("x"))}} {
			if err := tx.AddCustody("r", c); err != nil {
				return err
			}
		}
		return nil
	})
	if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddCustody("r", store.Custody{Side: "jp", N: 1}) }); err == nil {
		t.Error("an entry's number is given twice")
	}
	got := ask(t, h, func(tx *store.Tx) ([]store.Custody, error) { return tx.Custody("r") })
	if len(got) != 3 || got[0].Person != "asha" || got[1].Digest != ident.Sum([]byte("x")) || got[2].Object != 3 {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		h  *store.Handle
		id string
	}{{h, "other"}, {drill, "r"}} {
		if got := ask(t, c.h, func(tx *store.Tx) ([]store.Custody, error) { return tx.Custody(c.id) }); len(got) != 0 {
			t.Errorf("%s: %+v", c.id, got)
		}
	}
	write(t, h, func(tx *store.Tx) error {
		for i, p := range []store.Passage{
			{ID: "own-technical", Side: "in", Answer: store.PassageGiven},
			{ID: "own-police", Side: "in", Police: true, Answer: store.PassageGiven},
			{ID: "waits", Side: "in"},
			{ID: "refused", Side: "in", Police: true, Answer: store.PassageRefused},
			{ID: "theirs", Side: "jp", Answer: store.PassageGiven},
			{ID: "their-police", Side: "jp", Police: true},
		} {
			p.Request, p.Agreement, p.At = "r", "in-jp-2022", int64(i)
			if err := tx.SavePassage(p); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(h *store.Handle, technical, police bool, request string) string {
		var ids []string
		for _, p := range ask(t, h, func(tx *store.Tx) ([]store.Passage, error) { return tx.Passages("in", technical, police, request, 10) }) {
			ids = append(ids, p.ID)
		}
		return strings.Join(ids, " ")
	}
	for _, c := range []struct {
		technical, police bool
		want              string
	}{
		{true, false, "theirs waits own-police own-technical"},
		{false, true, "their-police refused own-police own-technical"},
		{true, true, "their-police theirs refused waits own-police own-technical"},
		{false, false, ""},
	} {
		if got := list(h, c.technical, c.police, "r"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if list(h, true, true, "other")+list(drill, true, true, "") != "" {
		t.Error("passages of another request, or domain, are seen")
	}
	write(t, h, func(tx *store.Tx) error {
		return tx.SavePassage(store.Passage{ID: "waits", Side: "jp", Answer: store.PassageGiven, Answered: 7})
	})
	p := ask(t, h, func(tx *store.Tx) (store.Passage, error) { return tx.Passage("waits") })
	if p.Side != "in" || p.Answer != store.PassageGiven || p.Answered != 7 || p.Request != "r" {
		t.Errorf("%+v", p)
	}
	if err := drill.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Passage("waits"); return err }); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

package storetest

import (
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// begin writes what takes too many steps in a row to come about by chance.
func begin(t *testing.T, h *store.Handle) {
	t.Helper()
	write(t, h, func(tx *store.Tx) error {
		if _, err := grow(tx, h.Domain().String(), 3); err != nil {
			return err
		}
		if err := tx.SaveAgreement(store.AgreementVersion{ID: memorandum, Version: 1, Hash: ident.Sum(), Document: []byte("{}"), Source: []byte("x")}); err != nil {
			return err
		}
		for _, side := range []ident.Side{"in", "jp"} {
			if err := tx.SignAgreement(store.AgreementSignature{Agreement: memorandum, Version: 1, Side: side, Hash: ident.Sum(), Note: []byte("x")}); err != nil {
				return err
			}
		}
		if _, err := tx.Account("begin"); fault.Is(err, fault.NotFound) {
			if err := tx.AddAccount(store.Account{Name: "begin"}); err != nil {
				return err
			}
			if err := tx.AddToken(store.Token{ID: "begin", Account: "begin", Hash: []byte("begin")}); err != nil {
				return err
			}
			if err := tx.CountLogin("begin", 0); err != nil {
				return err
			}
		}
		var entries []store.AuditEntry
		for i := range int64(216) { // every name with every other
			text := func(n int64) string { return []string{"in", "jp", "out", "x--1", "waiting", "leaf"}[n%6] }
			entries = append(entries, store.AuditEntry{Ix: i, At: i % 4, Account: text(i), Act: text(i / 6), Agreement: text(i / 36), About: someTexts})
		}
		if err := tx.AddAudit(entries); err != nil {
			return err
		}
		if upTo, err := tx.Indexed(); err != nil || upTo > 0 {
			return err
		} else if err := tx.AddPostings(0, 3, []store.Posted{{Seq: 1, Label: 1, Terms: []int64{1}}, {Seq: 2, Label: 2}, {Seq: 3, Label: 1, Terms: []int64{1, 2}}}); err != nil {
			return err
		}
		if err := tx.AddCollection(&store.Collection{ID: "in"}); err != nil {
			return err
		}
		if err := tx.AddUpload(&store.Upload{ID: "begin", State: store.UploadExamine}); err != nil {
			return err
		}
		if err := beginQueue(tx); err != nil {
			return err
		}
		if err := tx.AddErasure(store.Erasure{ID: "in", Object: "x--1"}); err != nil {
			return err
		}
		if err := beginRecalls(tx); err != nil {
			return err
		}
		for _, way := range []string{store.CheckReceived, store.CheckAsked} {
			if err := tx.SetContactCheck(store.ContactCheck{ID: "begin " + way, Agreement: memorandum, Contact: "in", Way: way, Sent: 1, Due: 2}); err != nil {
				return err
			}
		}
		if err := tx.AddTurns(1, []int64{tx.Now()}); err != nil {
			return err
		}
		if err := tx.AddLapses([]store.Lapse{{At: 1, Object: 1}, {At: 2, Object: 2}, {At: 3, Object: 3}}); err != nil {
			return err
		}
		if err := tx.AddDerived(1, "in", 2); err != nil {
			return err
		}
		if err := tx.SaveAssistance(store.Assistance{ID: "in", Agreement: memorandum, Asker: "in", Asked: "jp", Open: true}); err != nil {
			return err
		}
		if err := tx.AddIncidentPart(store.IncidentPart{Incident: "in", Object: 1, Type: "incident"}); err != nil {
			return err
		}
		for _, side := range []ident.Side{"in", "jp"} {
			if err := tx.AddCustody("in", store.Custody{Side: side, N: 1}); err != nil {
				return err
			}
			if err := tx.SavePassage(store.Passage{ID: string(side), Request: "in", Agreement: memorandum, Side: side, Answer: store.PassageGiven}); err != nil {
				return err
			}
		}
		if err := tx.SaveCoordination(store.Coordination{ID: "in", Agreement: memorandum, Opener: "in", Partner: "jp", Live: true, Instant: 1}); err != nil {
			return err
		}
		if err := tx.SaveCoordinationStep("in", store.CoordinationStep{Side: "in", N: 1, Object: 1}); err != nil {
			return err
		}
		if err := beginWaiting(tx); err != nil {
			return err
		}
		return tx.Grant(store.Right{Collection: "in", Account: "begin"})
	})
}

// beginRecalls adds an act of each direction with a message on each of a few
// channels, and what these withheld.
func beginRecalls(tx *store.Tx) error {
	for _, way := range []string{store.In, store.Out} {
		if err := tx.AddRecall(&store.Recall{ID: way, Direction: way, Kind: "wrong"}); err != nil {
			return err
		}
		for channel := range int64(5) {
			p := store.RecallPart{Message: way + strings.Repeat("'", int(channel)), Recall: way, Channel: channel, Items: 1, Open: true}
			if err := tx.SaveRecallPart(p); err != nil {
				return err
			}
			if err := tx.AddRecallIDs(p.Message, someTexts, nil); err != nil {
				return err
			}
			if err := tx.AddRecalled([]store.Recalled{{Object: 1 + channel%3, Message: p.Message, Was: 1}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// beginWaiting writes what somebody is to be told, and a file that one officer
// wants imported.
func beginWaiting(tx *store.Tx) error {
	for _, person := range []string{"in", "jp", "out"} {
		for i, address := range []string{"in", "jp", "out"} {
			if _, err := tx.AddNotice(store.Notice{Person: person, Address: address, Cause: "begin", At: 1, Urgent: i == 0}); err != nil {
				return err
			}
		}
	}
	if _, err := tx.AddNotice(store.Notice{Person: "in", Cause: "begin", Step: "later", At: 1 << 52}); err != nil {
		return err
	}
	link := ident.Sum([]byte("begin"))
	if err := tx.LookBundle(link, "begin"); err != nil {
		return err
	}
	return tx.ConfirmBundle(link, "begin")
}

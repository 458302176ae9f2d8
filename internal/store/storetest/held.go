package storetest

import (
	"fmt"

	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// everybody may see a label.
func everybody(string) bool { return true }

// beginLog gives a log a leaf that begins with a text the monkey knows.
func beginLog(tx *store.Tx) error {
	l, err := tx.OpenLog(tx.Domain().String())
	if err != nil {
		return err
	}
	return tx.GrowLog(l, store.Growth{
		FirstHash: 2 * l.Size, Root: ident.Sum(), Checkpoint: []byte("begin"),
		Leaves: [][]byte{[]byte("in"), []byte("jp"), []byte("out")}, Hashes: []ident.Digest{testHash(6), testHash(7), testHash(8), testHash(9), testHash(10), testHash(11)},
	})
}

// beginRecall withholds an object, for every name a recall can be asked for by.
func beginRecall(tx *store.Tx, channel int64, o store.Object) error {
	for _, recall := range []string{"in", "jp", "out"} {
		message := "begin-" + recall
		if err := tx.SaveRecallPart(store.RecallPart{Message: message, Recall: recall, Channel: channel, Object: o.Seq}); err != nil {
			return err
		}
		if err := tx.AddRecalled([]store.Recalled{{Object: o.Seq, Message: message, Was: o.Label}}); err != nil {
			return err
		}
	}
	return nil
}

// beginQueue puts items in front of the officers of a channel, in every way
// they are asked for.
func beginQueue(tx *store.Tx) error {
	if err := beginLog(tx); err != nil {
		return err
	}
	ch, err := tx.OpenChannel(memorandum, "jp")
	if err != nil {
		return err
	}
	label, err := tx.AddLabel(store.Label{Raw: []byte("begin"), Resolved: []byte("begin")}, everybody)
	if err != nil {
		return err
	}
	for _, terms := range []string{"in", "jp", "out"} {
		if _, err := tx.AddClass(terms, func([]byte) bool { return true }); err != nil {
			return err
		}
	}
	o := []store.Object{object("x--begin", 1, label), object("x--begun", 1, label), object("x--1", 1, label)}
	if err := tx.AddObjects(o, nil); err != nil {
		return err
	}
	digest := ident.Sum()
	for _, step := range []func() error{
		func() error { return tx.Hurry(ch.ID, o[0].Seq, o[0].Seq, []int64{label}) },
		func() error { return tx.Hurried(ch.ID, 1, []int64{o[0].Seq}) },
		func() error { return tx.Hurry(ch.ID, o[1].Seq, o[1].Seq, []int64{label}) }, // goes on waiting
		func() error { return tx.AddImport(o[0].Seq, o[1].Seq, "in") },
		func() error { return tx.AddCuts(o[0].Seq, []string{"x--1"}, []string{"begin"}) },
		func() error { return beginRecall(tx, ch.ID, o[0]) },
		func() error { // asked for by id, and taken out again
			c, err := tx.Collection("in")
			if err != nil {
				return err
			}
			_, err = tx.AddMembers(&c, []store.Entry{{Object: o[2].Seq, Label: label, Version: 1, ID: o[2].ID, Type: o[2].Type}})
			return err
		},
		func() error {
			return tx.AddHolds([]store.Hold{{Channel: ch.ID, Object: o[0].Seq, Digest: digest, Needed: 1}})
		},
		func() error {
			for _, officer := range []string{"in", "jp", "out", "x--1", "waiting", "leaf"} {
				if err := tx.Approve(ch.ID, o[0].Seq, store.Approval{Officer: officer, Verdict: "approve", Digest: digest}); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return tx.OpenReview(&store.Review{Channel: ch.ID, Object: o[0].Seq}) },
		func() error {
			return tx.AddFlow(store.Flow{Channel: ch.ID, Direction: store.Out, Label: label, Items: 1})
		},
		func() error {
			return tx.AddPace(store.Pace{Channel: ch.ID, Direction: store.In, Stage: store.StageReceived, Label: label, Items: 1})
		},
	} {
		if err := step(); err != nil {
			return fmt.Errorf("begin a queue: %w", err)
		}
	}
	return nil
}

package webtest_test

import (
	"testing"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	law "twoseas/internal/law/contact"
	"twoseas/internal/nodetest"
)

// post is a contact that the tests name.
func post(name, zone string) law.Contact {
	return law.Contact{
		Agency: "CERT", Post: name, Role: law.Technical, Areas: []string{"1(1)", "1(2)"}, Languages: []string{"en"},
		Hours:    law.Hours{Zone: zone, Days: []int{1, 2, 3, 4, 5}, From: 540, To: 1080, Holidays: []string{"2027-03-22"}},
		Channels: []law.Channel{{Kind: law.PhoneAlways, Address: "+00 0 0000 0000"}, {Kind: law.Email, Address: "duty@cert.example"}}, ValidFrom: "2022-03-19",
	}
}

// name puts contacts of both sides into the directories of the demonstration: a
// post that is held, its deputy, a key that two people heard and one that one
// did, and checks that were answered and wait.
func (w *world) name(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	own, err := w.In.Contacts.Set(ctx, w.In.Live, w.In.Operator(), nodetest.InJp, post("Duty officer", "Asia/Kolkata"))
	must(t, err)
	deputy := post("Deputy", "Asia/Kolkata")
	deputy.BackupOf = own.ID
	_, err = w.In.Contacts.Set(ctx, w.In.Live, w.In.Operator(), nodetest.InJp, deputy)
	must(t, err)
	must(t, w.In.Contacts.Assign(ctx, w.In.Live, w.In.Operator(), own.ID, "duty", []people.Role{people.DutyOfficer}))
	theirs, err := w.Jp.Contacts.Set(ctx, w.Jp.Live, w.Jp.Operator(), nodetest.InJp, post("Watch officer", "Asia/Tokyo"))
	must(t, err)
	for _, name := range []string{"duty", "desk"} {
		by, err := w.Jp.People.As(ctx, w.Jp.Operator(), name)
		must(t, err)
		_, err = w.Jp.Contacts.Hear(ctx, w.Jp.Live, by, theirs.ID, contact.Heard{
			Kind: "pgp", Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Expires: "2026-12-20", Means: "in-person",
		})
		must(t, err)
	}
	nodetest.Eventually(t, "the other side's contact is here with its key", func() bool {
		d, err := w.In.Contacts.Contact(ctx, w.In.Live, w.In.Operator(), theirs.ID)
		return err == nil && len(d.Keys) == 1
	})
	by, err := w.In.People.As(ctx, w.In.Operator(), "duty")
	must(t, err)
	_, err = w.In.Contacts.Hear(ctx, w.In.Live, by, theirs.ID, contact.Heard{
		Kind: "pgp", Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Expires: "2026-12-20", Means: "telephone",
	})
	must(t, err)
	_, err = w.In.Contacts.Ask(ctx, w.In.Live, w.In.Operator(), theirs.ID)
	must(t, err)
	nodetest.Eventually(t, "this side's contact is there", func() bool {
		_, err := w.Jp.Contacts.Ask(ctx, w.Jp.Live, w.Jp.Operator(), own.ID)
		return err == nil
	})
	nodetest.Eventually(t, "the check is here", func() bool {
		d, err := w.In.Contacts.Contact(ctx, w.In.Live, w.In.Operator(), own.ID)
		return err == nil && len(d.Checks) == 1
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

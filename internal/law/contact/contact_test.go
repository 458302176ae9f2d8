package contact_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/contact"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func id(n string) string { return contact.Type + "--00000000-0000-4000-8000-0000000000" + n }

const pgp = "0123456789ABCDEF0123456789ABCDEF01234567"

func post(n string) contact.Contact {
	return contact.Contact{
		ID: id(n), Created: at("2027-01-05T00:00:00Z"), Modified: at("2027-01-05T00:00:00Z"), Agency: "CERT", Post: "Duty officer", Role: contact.Technical,
		Areas: []string{"1(1)"}, Languages: []string{"en", "ja"}, Channels: []contact.Channel{{Kind: contact.Email, Address: "duty@cert.example"}},
		Hours: contact.Hours{Zone: "Asia/Tokyo", Days: []int{1, 2, 3, 4, 5}, From: 540, To: 1080, Holidays: []string{"2027-02-11"}}, ValidFrom: "2027-01-05",
		Keys: []contact.Key{{Kind: contact.PGP, Fingerprint: pgp, Expires: "2027-05-01", Verified: contact.Verified{On: "2027-01-05", Means: []string{"video", "paper"}, People: 2}}},
	}
}

func TestARecordIsTheSameOnBothSides(t *testing.T) {
	raw, err := post("01").Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := contact.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := got.Encode()
	if err != nil || string(again) != string(raw) {
		t.Fatalf("%v\n%s\n%s", err, raw, again)
	}
	if _, err := contact.Parse([]byte(strings.Replace(string(raw), `"post"`, `"pots"`, 1))); !fault.Is(err, fault.Invalid) {
		t.Errorf("a property nobody knows: %v", err)
	}
}

func TestARecordThatCannotBeReliedOnIsRefused(t *testing.T) {
	for name, change := range map[string]func(*contact.Contact){
		"no post":           func(c *contact.Contact) { c.Post = "" },
		"two lines":         func(c *contact.Contact) { c.Agency = "CERT\nelse" },
		"no role":           func(c *contact.Contact) { c.Role = "chief" },
		"no area":           func(c *contact.Contact) { c.Areas = nil },
		"areas not sorted":  func(c *contact.Contact) { c.Areas = []string{"1(2)", "1(1)"} },
		"no channel":        func(c *contact.Contact) { c.Channels = nil },
		"no address":        func(c *contact.Contact) { c.Channels[0].Address = "nowhere" },
		"own deputy":        func(c *contact.Contact) { c.BackupOf = c.ID },
		"another id":        func(c *contact.Contact) { c.ID = "identity--00000000-0000-4000-8000-000000000001" },
		"no zone":           func(c *contact.Contact) { c.Hours.Zone = "Local" },
		"eighth day":        func(c *contact.Contact) { c.Hours.Days = []int{1, 8} },
		"end first":         func(c *contact.Contact) { c.Hours.From, c.Hours.To = 1080, 540 },
		"always and hours":  func(c *contact.Contact) { c.Hours.Always = true },
		"no first day":      func(c *contact.Contact) { c.ValidFrom = "soon" },
		"review before":     func(c *contact.Contact) { c.ReviewDue = "2026-12-31" },
		"one person":        func(c *contact.Contact) { c.Keys[0].Verified.People, c.Keys[0].Verified.Means = 1, []string{"video"} },
		"a person unheard":  func(c *contact.Contact) { c.Keys[0].Verified.Means = []string{"video"} },
		"by e-mail":         func(c *contact.Contact) { c.Keys[0].Verified.Means = []string{"e-mail", "video"} },
		"short fingerprint": func(c *contact.Contact) { c.Keys[0].Fingerprint = pgp[:16] },
		"small letters":     func(c *contact.Contact) { c.Keys[0].Fingerprint = strings.ToLower(pgp) },
		"twice the key":     func(c *contact.Contact) { c.Keys = append(c.Keys, c.Keys[0]) },
		"changed before":    func(c *contact.Contact) { c.Modified = c.Created.Add(-time.Second) },
	} {
		c := post("01")
		change(&c)
		if _, err := c.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFingerprintsAsPeopleWriteThem(t *testing.T) {
	for _, s := range []string{pgp, strings.ToLower(pgp), "0x" + pgp, "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"} {
		if k, err := contact.ParseKey("pgp", s, ""); err != nil || k.Fingerprint != pgp {
			t.Errorf("%q: %v %v", s, k, err)
		}
	}
	for _, s := range []string{"", pgp[1:], pgp + "0", strings.Replace(pgp, "0", "O", 1)} {
		if _, err := contact.ParseKey("pgp", s, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := contact.ParseKey("age", "age1"+strings.Repeat("q", 58), "2027-03-18"); err != nil {
		t.Error(err)
	}
}

func TestKeysAreWarnedOfIn60And30And7Days(t *testing.T) {
	for now, want := range map[string]int{
		"2027-03-01T00:00:00Z": -1, "2027-03-02T00:00:00Z": 60, "2027-03-31T23:00:00Z": 60, "2027-04-01T00:00:00Z": 30,
		"2027-04-24T00:00:00Z": 7, "2027-05-01T00:00:00Z": 0, "2027-06-01T00:00:00Z": 0,
	} {
		got := post("01").Warnings(at(now))
		if len(got) == 0 && want >= 0 || len(got) > 0 && got[0].Step != want {
			t.Errorf("%s: %+v, want %d", now, got, want)
		}
	}
	c := post("01")
	c.Channels = append(c.Channels, contact.Channel{Kind: contact.Secure, Address: "matrix"}, contact.Channel{Kind: contact.PhoneAlways, Address: "+81 3"})
	if out := c.Outside(); len(out) != 2 || out[0].Kind != contact.PhoneAlways || out[1].Kind != contact.Email {
		t.Errorf("by what works without the key: %v", out)
	}
}

func TestWhoIsOnDuty(t *testing.T) {
	chief, deputy, second := post("01"), post("02"), post("03")
	deputy.BackupOf, second.BackupOf = chief.ID, deputy.ID
	second.Hours = contact.Hours{Zone: "Asia/Tokyo", Always: true}
	all := []contact.Contact{second, deputy, chief}
	noon, night, holiday := at("2027-03-18T03:00:00Z"), at("2027-03-18T15:00:00Z"), at("2027-02-11T03:00:00Z")
	ask := func(when string, now time.Time, want string, there bool) {
		t.Helper()
		if d := contact.OnDuty(chief.ID, all, now); d.Contact != want || d.There != there {
			t.Errorf("%s: %+v, want %s", when, d, want)
		}
	}
	ask("by day", noon, chief.ID, true)
	ask("by night", night, second.ID, true)
	ask("on a holiday", holiday, second.ID, true)
	all[2].Vacant = true
	ask("vacant", noon, deputy.ID, true)
	all[0].Revoked = true
	ask("vacant by night", night, deputy.ID, false)
	all[1].Vacant = true
	ask("nobody", noon, "", false)
	if got := contact.OnDuty(chief.ID, nil, noon); got.Contact != "" {
		t.Errorf("of what is not there: %+v", got)
	}
	if n := post("01").Hours.Next(holiday); !n.Equal(at("2027-02-12T00:00:00Z")) {
		t.Errorf("there again at %s", n)
	}
}

// TestSomebodyIsOnDutyWhileAnyPostIsHeld: whatever stands in for what, also in
// a circle, the search ends, and finds a held post if there is one in line.
func TestSomebodyIsOnDutyWhileAnyPostIsHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"01", "02", "03", "04", "05"}
		var all []contact.Contact
		for _, n := range names {
			c := post(n)
			if b := rapid.SampledFrom(append(names, "")).Draw(t, "backup"); b != "" && b != n {
				c.BackupOf = id(b)
			}
			c.Vacant = rapid.Bool().Draw(t, "vacant")
			all = append(all, c)
		}
		now := at("2027-03-18T03:00:00Z")
		d := contact.OnDuty(id("01"), all, now)
		line := contact.Succession(id("01"), all)
		held := ""
		for _, s := range line {
			for _, c := range all {
				if c.ID == s && !c.Vacant && held == "" {
					held = s
				}
			}
		}
		if d.Contact != held || len(line) == 0 || line[0] != id("01") {
			t.Fatalf("%+v, want %q of %v", d, held, line)
		}
	})
}

func TestTheMatrixShowsEveryGap(t *testing.T) {
	now := at("2027-03-18T03:00:00Z")
	in, jp, later := post("01"), post("02"), post("03")
	in.Areas, in.Role = []string{"1(1)", "1(4)"}, contact.Police
	jp.Vacant = true
	later.ValidFrom, later.Areas = "2027-04-01", []string{"1(2)"}
	posts := []contact.Post{{Side: "in", Contact: in}, {Side: "jp", Contact: jp}, {Side: "jp", Contact: later}}
	m := contact.Cover([]ident.Side{"in", "jp"}, []string{"1(1)", "1(2)", "1(4)"}, posts, now)
	if m.Covered != 2 || m.Gaps != 4 || m.Areas[0].Cells[0].Gap() || !m.Areas[0].Cells[1].Gap() || m.Areas[0].Cells[0].Roles[0] != contact.Police {
		t.Errorf("%+v", m)
	}
	deputy := post("04")
	deputy.BackupOf = jp.ID
	deputy.Areas = []string{"1(4)"}
	m = contact.Cover([]ident.Side{"in", "jp"}, []string{"1(1)", "1(2)", "1(4)"}, append(posts, contact.Post{Side: "jp", Contact: deputy}), now)
	if m.Gaps != 2 || m.Areas[0].Cells[1].Gap() {
		t.Errorf("a deputy covers for a vacant post: %+v", m)
	}
}

func TestDayTwelveOfSixty(t *testing.T) {
	from := at("2027-03-18T00:00:00Z")
	to := from.AddDate(0, 0, 60)
	for now, want := range map[string]int{"2027-03-17T23:00:00Z": 0, "2027-03-18T00:00:00Z": 1, "2027-03-29T12:00:00Z": 12, "2027-05-16T23:59:00Z": 60, "2027-05-17T00:00:00Z": 61} {
		c := contact.CountDown(from, to, at(now))
		if c.Day != want || c.Of != 60 || c.Over() != (want > 60) {
			t.Errorf("%s: %+v, want day %d", now, c, want)
		}
	}
}

func TestLateAndMissedAreToldApart(t *testing.T) {
	due := at("2027-03-18T03:00:00Z")
	before, after, none := due.Add(-time.Hour), due.Add(time.Hour), time.Time{}
	for _, c := range []struct {
		answered time.Time
		waived   bool
		away     bool // not delivered
		now      time.Time
		want     contact.State
	}{
		{none, false, false, before, contact.Sent},
		{none, false, true, due, contact.Sent},
		{none, false, false, after, contact.Missed},
		{none, false, true, after, contact.Failed},
		{none, true, true, after, contact.Waived},
		{none, true, false, after, contact.Waived},
		{before, false, false, after, contact.Answered},
		{due, true, false, after, contact.Answered},
		{after, false, false, after, contact.Late},
	} {
		course := contact.Course{Due: due, Delivered: before, Answered: c.answered, Waived: c.waived}
		if c.away {
			course.Delivered = none
		}
		if got := course.At(c.now); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestACheckSaysNothingElse(t *testing.T) {
	c := contact.Check{
		ID: contact.CheckType + "--00000000-0000-4000-8000-000000000001", Contact: id("01"), Created: at("2027-03-18T00:00:00Z"), Modified: at("2027-03-18T00:00:00Z"),
		Due: at("2027-03-19T00:00:00Z"), Scheduled: true,
	}
	raw, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := contact.ParseCheck(raw); err != nil || got != c {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := contact.ParseCheck([]byte(strings.Replace(string(raw), "EXERCISE. ", "", 1))); !fault.Is(err, fault.Invalid) {
		t.Errorf("a check that is no exercise: %v", err)
	}
	c.Due = c.Created
	if _, err := c.Encode(); !fault.Is(err, fault.Invalid) {
		t.Errorf("no window: %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	a := contact.Answer{
		Agreement: "in-jp-2022", Domain: ident.Live, Side: "jp", Check: contact.CheckType + "--00000000-0000-4000-8000-000000000001",
		Contact: id("01"), At: at("2027-03-18T00:00:00Z"),
	}
	f.Add(string(a.Text()))
	f.Fuzz(func(t *testing.T, s string) {
		got, err := contact.ParseAnswer([]byte(s))
		if err == nil && string(got.Text()) != s {
			t.Fatalf("%q is read as %q", s, got.Text())
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	raw, err := post("01").Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := contact.Parse(b)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if _, err := c.Encode(); err != nil {
			t.Fatal(err)
		}
	})
}

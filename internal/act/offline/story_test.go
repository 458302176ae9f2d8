package offline_test

import (
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/store/storetest"
)

// Two nodes that never see a network exchange signatures, data, receipts,
// cosignatures and comparisons by file, and end as a pair on a line does.
func TestAPairThatOnlyMeetsByFileConverges(t *testing.T) {
	clk := clock.NewFake(storetest.Start)
	in, jp := islands(t, clk)
	load(t, in, marking.Clear, some(30)...) // before anybody has the other's signature
	got := cross(t, in, jp)                 // the signature
	if got.Delivered.Shipments != 0 {
		t.Errorf("%+v crossed before the agreement was in force", got.Delivered)
	}
	cross(t, jp, in) // and the other
	if rounds := converge(t, in, jp); rounds > 3 {
		t.Errorf("%d rounds", rounds)
	}
	// A sighting comes back, and both sides have more to say at once.
	clk.Advance(time.Hour)
	seen := stixtest.Indicator()
	load(t, in, marking.Green, seen)
	cross(t, in, jp)
	load(t, jp, marking.Green, append(some(5), stixtest.Sighting(stixtest.IDOf(seen)))...)
	load(t, in, marking.Clear, some(3)...)
	if rounds := converge(t, in, jp); rounds > 3 {
		t.Errorf("%d rounds", rounds)
	}
	// Nothing new: a file more changes nothing.
	before := write(t, in, false)
	if before.out.Items != 0 || before.out.Receipts != 0 {
		t.Errorf("with nothing new: %+v", before.out)
	}
}

// Several shipments, both ways, and the code that is read over the telephone.
func TestACodeReadOverTheTelephoneSaysWhatArrived(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(2500)...)
	s := write(t, in, false)
	if s.out.Shipments.Count() != 3 || s.out.Items != 2500 {
		t.Fatalf("%+v", s.out)
	}
	got, err := take(jp, t, s)
	if err != nil {
		t.Fatal(err)
	}
	b, kept, err := in.Offline.Heard(t.Context(), in.Live, asha, inJP, got.Code)
	if err != nil || b.Number != s.out.Number || kept != 0 {
		t.Errorf("heard %+v, %d kept out: %v", b, kept, err)
	}
	wrong := []byte(got.Code)
	wrong[3] = '0' + (wrong[3]-'0'+1)%10
	_, _, err = in.Offline.Heard(t.Context(), in.Live, asha, inJP, string(wrong))
	want(t, err, fault.Invalid, "misheard")
	_, _, err = jp.Offline.Heard(t.Context(), jp.Live, asha, inJP, got.Code)
	want(t, err, fault.NotFound, "none of the last")
	// What was heard counts: an export from there on leaves nothing to repeat.
	if again := write(t, in, true); again.out.Follows.Number != s.out.Number || again.out.Items != 0 {
		t.Errorf("after the call: %+v", again.out)
	}
}

// A file that is lost is noticed at the next, and made up for by one export.
func TestALostFileIsMissedAndMadeUpFor(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(4)...)
	lost := write(t, in, false)
	load(t, in, marking.Clear, some(6)...)
	later := write(t, in, false)
	_, err := take(jp, t, later)
	want(t, err, fault.Conflict, "file 2 is not imported here yet")
	p, err := jp.Offline.Look(t.Context(), jp.Live, asha, later.source())
	if err != nil || p.Obstacle == "" {
		t.Fatalf("%+v %v", p, err)
	}
	want(t, fault.New(fault.Conflict, p.Obstacle), fault.Conflict, "file 2 is not imported here yet")
	again := write(t, in, true)
	if again.out.Follows.Number != 1 || again.out.Items != 10 {
		t.Fatalf("%+v", again.out)
	}
	if _, err := take(jp, t, again); err != nil {
		t.Fatal(err)
	}
	// The lost one turns up, and so does the one after it.
	for _, s := range []stick{lost, later} {
		p, err := jp.Offline.Look(t.Context(), jp.Live, asha, s.source())
		if err != nil {
			t.Fatal(err)
		}
		want(t, fault.New(fault.Conflict, p.Obstacle), fault.Conflict, "which is imported and holds all that was in it")
	}
	converge(t, jp, in)
}

func TestARepeatedFileIsRefused(t *testing.T) {
	in, jp := inForce(t)
	load(t, in, marking.Clear, some(4)...)
	s := write(t, in, false)
	if _, err := take(jp, t, s); err != nil {
		t.Fatal(err)
	}
	_, err := jp.Offline.Import(t.Context(), jp.Live, asha, s.source())
	want(t, err, fault.Conflict, "was imported already, on 2026-11-22")
	want(t, err, fault.Conflict, "by asha and ravi")
	converge(t, in, jp)
}

// Files in the wrong order are refused with the number that is missing, and
// taken once it is there.
func TestFilesInTheWrongOrderWaitForEachOther(t *testing.T) {
	in, jp := inForce(t)
	var sticks []stick
	for range 3 {
		load(t, in, marking.Clear, some(2)...)
		sticks = append(sticks, write(t, in, false))
	}
	for _, i := range []int{2, 1} {
		p, err := jp.Offline.Look(t.Context(), jp.Live, asha, sticks[i].source())
		if err != nil || p.Obstacle == "" {
			t.Errorf("file %d: %+v %v", i, p, err)
		}
		_, err = jp.Offline.Import(t.Context(), jp.Live, asha, sticks[i].source())
		want(t, err, fault.Conflict, "Import first what is missing")
	}
	for _, s := range sticks {
		if _, err := take(jp, t, s); err != nil {
			t.Fatal(err)
		}
	}
	converge(t, in, jp)
}

// One side writes twice before it hears anything: requests about the ledger
// cross, and settle.
func TestFilesThatCrossOnTheWaySettle(t *testing.T) {
	in, jp := inForce(t)
	for range 3 {
		load(t, in, marking.Clear, some(2)...)
		load(t, jp, marking.Clear, some(2)...)
		a, b := write(t, in, false), write(t, jp, false)
		if _, err := take(jp, t, a); err != nil {
			t.Fatal(err)
		}
		if _, err := take(in, t, b); err != nil {
			t.Fatal(err)
		}
	}
	converge(t, in, jp)
}

// The signing key and the recipient change between two files.
func TestNewKeysComeWithTheNextFile(t *testing.T) {
	in, jp := inForce(t)
	if _, err := in.Pairing.Rotate(t.Context(), asha); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Pairing.AnnounceRecipient(t.Context(), asha, true); err != nil {
		t.Fatal(err)
	}
	load(t, in, marking.Clear, some(2)...)
	cross(t, in, jp)
	back := write(t, jp, false) // encrypted to the new recipient
	if _, err := take(in, t, back); err != nil {
		t.Fatal(err)
	}
	converge(t, in, jp)
	// A file made before the keys changed still opens.
	old := write(t, jp, false)
	if _, err := in.Pairing.AnnounceRecipient(t.Context(), asha, true); err != nil {
		t.Fatal(err)
	}
	if _, err := take(in, t, old); err != nil {
		t.Fatal(err)
	}
}

// What the receiver refuses is in the receipts and in the code.
func TestRefusedItemsComeBackInTheReceipts(t *testing.T) {
	in, jp := inForce(t)
	// What the other side has under an id already is its own to change.
	taken := stixtest.Indicator()
	load(t, jp, marking.Amber, taken) // waits for an officer, so in never heard of it
	load(t, in, marking.Clear, append(some(3), stixtest.Indicator(stixtest.ID(stixtest.IDOf(taken)), stixtest.Name("another")))...)
	s := write(t, in, false)
	got, err := take(jp, t, s)
	if err != nil || got.Delivered.Refused != 1 || got.Delivered.Applied != 3 {
		t.Fatalf("%+v %v", got.Delivered, err)
	}
	_, kept, err := in.Offline.Heard(t.Context(), in.Live, ravi, inJP, got.Code)
	if err != nil || kept != 1 {
		t.Errorf("%d kept out, %v", kept, err)
	}
	back := write(t, jp, false)
	p, err := in.Offline.Look(t.Context(), in.Live, asha, back.source())
	if err != nil || p.Receipts.Refused != 1 || p.Receipts.Applied != 3 {
		t.Errorf("%+v %v", p.Receipts, err)
	}
}

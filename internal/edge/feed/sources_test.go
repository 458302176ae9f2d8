package feed_test

import (
	"strings"
	"testing"
	"time"

	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
)

// rows returns the rows of a table below its head, by value.
func (a answer) rows(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(a.body), "\r\n") {
		cells := strings.Split(line, ",")
		if i == 0 {
			continue
		}
		if _, twice := out[cells[1]]; twice || len(cells) != 7 {
			t.Errorf("line %d: %q", i, line)
		}
		out[cells[1]] = strings.Join(append(cells[2:6:6], cells[6][len(cells[6])-2:]), " ")
	}
	return out
}

// A value that several sources name is one entry: as strict as the strictest,
// citing the most confident, in no list while one of them bars it; and sources
// that the reader may not see, or that hold no more, change nothing.
func TestAValueOfSeveralSourcesIsOneEntry(t *testing.T) {
	s := newServer(t)
	clear, ok, careful := pap(marking.PAPClear), pap(marking.PAPGreen), pap(marking.PAPAmber)
	n := func(last string) st.Option { return st.ID("indicator--00000000-0000-4000-8000-0000000000" + last) }
	sure := func(c int) st.Option { return st.Set("confidence", c) }
	white := st.TLP("clear")
	over := []st.Option{st.Set("valid_from", "2020-01-01T00:00:00Z"), st.Set("valid_until", st.Timestamp(start.Add(-time.Hour)))}
	soon := []st.Option{st.Set("valid_from", "2020-01-01T00:00:00Z"), st.Set("valid_until", st.Timestamp(start.Add(time.Hour)))}
	s.add(
		domain("alone.tokyo", n("01"), green, ok, sure(50)),
		domain("strict.tokyo", n("02"), white, clear, sure(90)), domain("strict.tokyo", n("03"), green, ok, sure(10)),
		domain("sure.tokyo", n("04"), green, ok), domain("sure.tokyo", n("05"), green, ok, sure(70)), domain("sure.tokyo", n("06"), green, ok, sure(70)),
		domain("barred.tokyo", n("07"), green, ok), domain("barred.tokyo", n("08"), green, careful),
		domain("unseen.tokyo", n("09"), white, clear), domain("unseen.tokyo", n("10"), red, pap(marking.PAPRed)),
		domain("over.tokyo", n("11"), white, clear), domain("over.tokyo", append(over, n("12"), green, careful)...),
		domain("long.tokyo", append(soon, n("13"), green, ok, sure(90))...), domain("long.tokyo", n("14"), green, ok),
		domain("lifted.tokyo", n("15"), green, ok), domain("lifted.tokyo", append(soon, n("16"), green, careful)...),
		domain("revoked.tokyo", n("17"), green, ok), domain("revoked.tokyo", n("18"), green, careful, st.Revoked()),
	)
	want := map[string]string{
		"alone.tokyo":   "TLP:GREEN PAP:GREEN 50 1 01",
		"strict.tokyo":  "TLP:GREEN PAP:GREEN 90 2 02",
		"sure.tokyo":    "TLP:GREEN PAP:GREEN 70 3 05",
		"unseen.tokyo":  "TLP:CLEAR PAP:CLEAR  1 09",
		"over.tokyo":    "TLP:CLEAR PAP:CLEAR  1 11",
		"long.tokyo":    "TLP:GREEN PAP:GREEN 90 2 13",
		"revoked.tokyo": "TLP:GREEN PAP:GREEN  1 17",
	}
	check := func(when, who string) {
		t.Helper()
		got := s.get(who, "/out/main/values.csv").rows(t)
		for value, row := range want {
			if got[value] != row {
				t.Errorf("%s, %s: %s is %q, want %q", when, who, value, got[value], row)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s, %s: %v", when, who, got)
		}
		plain := strings.Fields(s.get(who, "/out/main/domain.txt").entries())
		if len(plain) != len(want) {
			t.Errorf("%s, %s: the plain list holds %v", when, who, plain)
		}
		for _, f := range []string{"suricata.rules", "rpz.zone"} {
			body := s.get(who, "/out/main/"+f).body
			for value := range want {
				if !strings.Contains(body, value) {
					t.Errorf("%s, %s: %s is not in %s", when, who, value, f)
				}
			}
			if strings.Contains(body, "barred.tokyo") {
				t.Errorf("%s, %s: %s holds what a source bars", when, who, f)
			}
		}
	}
	check("now", "gus")
	delete(want, "unseen.tokyo") // who may see the source that bars it does not act on it
	check("now", "rei")
	s.clk.Advance(time.Hour) // what bars one value ends, and so does one source of another
	want["unseen.tokyo"], want["lifted.tokyo"], want["long.tokyo"] = "TLP:CLEAR PAP:CLEAR  1 09", "TLP:GREEN PAP:GREEN  1 15", "TLP:GREEN PAP:GREEN  1 14"
	check("later", "gus")
	if body := s.get("gus", "/out/main/domain.txt").body; !strings.Contains(body, "stricter than TLP:GREEN") || strings.Contains(body, "RED") {
		t.Errorf("a trace of what gus may not see:\n%s", body)
	}
}

package coordination_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/coordination"
)

const (
	openID = coordination.Type + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"
	stepID = coordination.StepType + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c04"
)

func whole() coordination.Opening {
	return coordination.Opening{
		ID: openID, Agreement: "in-jp-2022", Language: "ja", Title: "題", Vulnerabilities: []string{"CVE-2027-1234", "JVNDB-2027-000001"},
		Created: opened, Modified: opened,
	}
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	raw, err := whole().Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := coordination.Parse(raw)
	if err != nil || back.Title != "題" || !back.Created.Equal(opened) || len(back.Vulnerabilities) != 2 {
		t.Fatalf("%+v %v", back, err)
	}
	a := agreed(t).does(jp, coordination.Report, coordination.Withhold)
	for _, s := range append(a.Steps(in), a.Steps(jp)...) {
		raw, err := coordination.EncodeStep(stepID, openID, s)
		if err != nil {
			t.Fatal(s.Move, err)
		}
		of, got, err := coordination.ParseStep(raw)
		if err != nil || of != openID {
			t.Fatal(s.Move, err)
		}
		again, err := coordination.EncodeStep(stepID, openID, got)
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("%s\n%s\n%v", raw, again, err)
		}
		if same, err := a.With(got); err != nil || len(same.Steps(s.By)) != len(a.Steps(s.By)) {
			t.Errorf("%s is another step once it was read: %v", s.Move, err)
		}
	}
}

func TestWhatIsNotWholeIsRefused(t *testing.T) {
	for name, change := range map[string]func(*coordination.Opening){
		"another type's id":     func(o *coordination.Opening) { o.ID = stepID },
		"no agreement":          func(o *coordination.Opening) { o.Agreement = "" },
		"a language not known":  func(o *coordination.Opening) { o.Language = "tlh" },
		"no title":              func(o *coordination.Opening) { o.Title = "" },
		"a long title":          func(o *coordination.Opening) { o.Title = strings.Repeat("題", coordination.MaxTitle+1) },
		"a bell":                func(o *coordination.Opening) { o.Title = "\a" },
		"named twice":           func(o *coordination.Opening) { o.Vulnerabilities[1] = o.Vulnerabilities[0] },
		"no vulnerability":      func(o *coordination.Opening) { o.Vulnerabilities[1] = "the bad one" },
		"changed before opened": func(o *coordination.Opening) { o.Modified = o.Created.Add(-time.Second) },
	} {
		o := whole()
		change(&o)
		if _, err := o.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := whole().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an unknown member": strings.Replace(string(raw), `"lang"`, `"lung"`, 1),
		"no microseconds":   strings.Replace(string(raw), "00.000000Z", "00Z", 1),
		"another type":      strings.Replace(string(raw), `"type":"x-twoseas-coordination"`, `"type":"note"`, 1),
	} {
		if _, err := coordination.Parse([]byte(text)); text == string(raw) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := whole()
	later.Title, later.Modified = "別の題", opened.Add(time.Hour)
	if err := later.Corrects(whole()); err != nil {
		t.Error(err)
	}
	if later.Agreement = "in-gb-2021"; !fault.Is(later.Corrects(whole()), fault.Conflict) {
		t.Error("it goes over to another agreement")
	}
}

func FuzzParseStep(f *testing.F) {
	raw, err := coordination.EncodeStep(stepID, openID, coordination.Step{By: in, N: 1, Move: coordination.Write, On: opened, Draft: advisory("x")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		of, s, err := coordination.ParseStep(raw)
		if err != nil {
			return
		}
		again, err := coordination.EncodeStep(stepID, of, s)
		if err != nil {
			t.Fatalf("%q is read and cannot be written: %v", raw, err)
		}
		if _, b, err := coordination.ParseStep(again); err != nil || b.Move != s.Move {
			t.Fatalf("%q: %v", again, err)
		}
	})
}

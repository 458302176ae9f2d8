package request_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/request"
)

const (
	askedID = request.Type + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"
	stepID  = request.StepType + "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c04"
)

func whole() request.Asked {
	return request.Asked{
		ID: askedID, Agreement: "in-jp-2022", Kind: request.Takedown, Urgency: request.Urgent, Channel: request.Technical, Language: "ja",
		Title: "題", Text: "本文\n二行目", Basis: "法", Done: "済", By: sent.AddDate(0, 0, 1),
		Objects: []string{"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c05"}, Created: sent, Modified: sent,
	}
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	raw, err := whole().Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := request.Parse(raw)
	if err != nil || back.Text != whole().Text || !back.By.Equal(whole().By) || back.Objects[0] != whole().Objects[0] {
		t.Fatalf("%+v %v", back, err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("%s\n%s\n%v", raw, again, err)
	}
	s := request.Step{By: "jp", N: 2, Move: request.Decline, On: sent, Reason: request.NotStated, Until: sent.AddDate(0, 1, 0), Text: "残念"}
	raw, err = request.EncodeStep(stepID, askedID, s)
	if err != nil {
		t.Fatal(err)
	}
	of, got, err := request.ParseStep(raw)
	if err != nil || of != askedID || got != s {
		t.Errorf("%s %+v %v", of, got, err)
	}
}

func TestWhatIsNotWholeIsRefused(t *testing.T) {
	for name, change := range map[string]func(*request.Asked){
		"another type's id":    func(a *request.Asked) { a.ID = stepID },
		"a kind not known":     func(a *request.Asked) { a.Kind = "favour" },
		"an urgency not known": func(a *request.Asked) { a.Urgency = "soon" },
		"a channel not known":  func(a *request.Asked) { a.Channel = "fax" },
		"a language not known": func(a *request.Asked) { a.Language = "tlh" },
		"no title":             func(a *request.Asked) { a.Title = "" },
		"a long title":         func(a *request.Asked) { a.Title = strings.Repeat("題", request.MaxTitle+1) },
		"broken text":          func(a *request.Asked) { a.Text = "\xff" },
		"an object twice":      func(a *request.Asked) { a.Objects = append(a.Objects, a.Objects[0]) },
		"no object's id":       func(a *request.Asked) { a.Objects = []string{"indicator"} },
		"changed before made":  func(a *request.Asked) { a.Modified = a.Created.Add(-time.Second) },
	} {
		a := whole()
		change(&a)
		if _, err := a.Encode(); !fault.Is(err, fault.Invalid) {
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
		"another type":      strings.Replace(string(raw), `"type":"x-twoseas-request"`, `"type":"note"`, 1),
	} {
		if _, err := request.Parse([]byte(text)); text == string(raw) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACorrectionLeavesWhatIsAskedFor(t *testing.T) {
	later := whole()
	later.Text, later.Modified = "直した", sent.Add(time.Hour)
	if err := later.Corrects(whole()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*request.Asked){
		"kind": func(a *request.Asked) { a.Kind = request.Block }, "urgency": func(a *request.Asked) { a.Urgency = request.Routine },
		"channel": func(a *request.Asked) { a.Channel = request.LawEnforcement }, "agreement": func(a *request.Asked) { a.Agreement = "in-gb-2021" },
	} {
		a := later
		change(&a)
		if err := a.Corrects(whole()); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw, err := whole().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := request.Parse(raw)
		if err != nil {
			return
		}
		again, err := a.Encode()
		if err != nil {
			t.Fatalf("%q is read and cannot be written: %v", raw, err)
		}
		if b, err := request.Parse(again); err != nil || b.ID != a.ID {
			t.Fatalf("%q: %v", again, err)
		}
	})
}

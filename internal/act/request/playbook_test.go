package request_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const playbook = `{"type":"playbook","spec_version":"cacao-2.0","id":"playbook--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c00","name":"Take two pages down",
"created_by":"identity--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c01","created":"2027-03-01T00:00:00.000Z","modified":"2027-03-01T00:00:00.000Z",
"workflow_start":"start--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02","workflow":{
"start--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02":{"type":"start","on_completion":"action--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"},
"action--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03":{"type":"action","name":"Write to the host","commands":[{"type":"manual","command":"Ask for both pages."}],"on_completion":"end--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c04"},
"end--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c04":{"type":"end"}}}`

// TestAPlaybookCrossesByteForByteAndIsCheckedOnBothNodes, also when what was
// asked is corrected: texts, day and what is attached change, and nothing else.
func TestAPlaybookCrossesByteForByteAndIsCheckedOnBothNodes(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	q := ask()
	q.Playbook = strings.Replace(playbook, `"type":"end"`, `"type":"stop"`, 1)
	if _, err := in.Requests.Send(t.Context(), in.Live, in.Operator(), store.AllLabels, q); !fault.Is(err, fault.Invalid) {
		t.Errorf("what is no playbook is sent: %v", err)
	}
	q.Playbook = playbook
	id := send(t, in, q)
	there := until(t, jp, id, law.Delivered)
	if there.Asks.Playbook != playbook {
		t.Errorf("it came as %q", there.Asks.Playbook)
	}
	if p, err := there.Playbook(); err != nil || len(p.Steps) != 3 || p.Steps[1].Name != "Write to the host" {
		t.Errorf("%+v %v", p, err)
	}

	better := there.Asks
	better.Title, better.Text, better.Playbook, better.Kind = "Three pages", "There are three by now.", "", law.Block
	if err := in.Requests.Correct(t.Context(), in.Live, in.Operator(), store.AllLabels, better); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, "the correction is there", func() bool { return look(t, jp, id).Asks.Title == "Three pages" })
	d := look(t, jp, id)
	if p, err := d.Playbook(); err != nil || p != nil || d.Asks.Kind != law.Takedown || !d.Asks.Created.Equal(there.Asks.Created) || d.Due != there.Due {
		t.Errorf("%+v %v", d.Asks, err)
	}
	if err := jp.Requests.Correct(t.Context(), jp.Live, jp.Operator(), store.AllLabels, better); !fault.Is(err, fault.Conflict) {
		t.Errorf("the asked side corrects it: %v", err)
	}
	better.Title = ""
	if err := in.Requests.Correct(t.Context(), in.Live, in.Operator(), store.AllLabels, better); !fault.Is(err, fault.Invalid) {
		t.Errorf("without a title: %v", err)
	}
	step(t, jp, id, request.Move{Move: law.Decline, Reason: law.NotStated, After: -1})
	until(t, in, id, law.Declined)
	if better.Title = "Too late"; !fault.Is(in.Requests.Correct(t.Context(), in.Live, in.Operator(), store.AllLabels, better), fault.Conflict) {
		t.Error("what was declined is corrected")
	}
}

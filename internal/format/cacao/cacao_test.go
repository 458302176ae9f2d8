package cacao_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/cacao"
)

const u = "--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c0"

// playbook asks to take pages down, and looks again until they are gone.
const playbook = `{"type":"playbook","spec_version":"cacao-2.0","id":"playbook` + u + `0","name":"Take two pages down","description":"In this order.",
"playbook_types":["mitigation"],"created_by":"identity` + u + `1","created":"2027-03-01T00:00:00.000Z","modified":"2027-03-01T00:00:00.000Z",
"workflow_start":"start` + u + `2","agent_definitions":{"organization` + u + `8":{"type":"organization","name":"Host"}},
"workflow":{
"start` + u + `2":{"type":"start","on_completion":"action` + u + `3"},
"action` + u + `3":{"type":"action","name":"Write to the host","commands":[{"type":"manual","command":"Ask the host to remove both pages."}],"agent":"organization` + u + `8","on_success":"while-condition` + u + `4","on_failure":"end` + u + `6"},
"while-condition` + u + `4":{"type":"while-condition","name":"Still there?","condition":"page answers","on_true":"action` + u + `5","on_completion":"end` + u + `6"},
"action` + u + `5":{"type":"action","name":"Look again","commands":[{"type":"http-api","command":"GET /"}],"on_completion":"while-condition` + u + `4"},
"end` + u + `6":{"type":"end"}}}`

func TestStepsAreShownInTheirOrder(t *testing.T) {
	p, err := cacao.Parse([]byte(playbook))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Steps {
		line := fmt.Sprintf("%d %s %s", s.N, s.Type, s.Name)
		for _, n := range s.Next {
			line += fmt.Sprintf(" %s>%d", n.When, n.N)
		}
		got = append(got, line)
	}
	want := "1 start  done>2|2 action Write to the host success>3 failure>5|3 while-condition Still there? true>4 done>5|4 action Look again done>3|5 end "
	if strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
	if p.Name != "Take two pages down" || p.Steps[1].Commands[0].Text != "Ask the host to remove both pages." || p.Steps[2].Condition != "page answers" {
		t.Errorf("%+v", p)
	}
}

func TestWhatIsNoPlaybookIsRefused(t *testing.T) {
	for name, c := range map[string][2]string{
		"another version":          {"cacao-2.0", "cacao-1.1"},
		"no playbook":              {`"type":"playbook"`, `"type":"bundle"`},
		"no name":                  {`"Take two pages down"`, `""`},
		"it begins nowhere":        {`"workflow_start":"start`, `"workflow_start":"end`},
		"it begins at an action":   {`"workflow_start":"start` + u + `2"`, `"workflow_start":"action` + u + `3"`},
		"a step that is not there": {`"on_failure":"end` + u + `6"`, `"on_failure":"end` + u + `9"`},
		"an agent that is not":     {`"agent":"organization` + u + `8"`, `"agent":"organization` + u + `9"`},
		"an action that is idle":   {`"commands":[{"type":"http-api","command":"GET /"}],`, ``},
		"a type of its own":        {`{"type":"end"}`, `{"type":"stop"}`},
		"no condition":             {`"condition":"page answers",`, ``},
		"an end that goes on":      {`{"type":"end"}`, `{"type":"end","on_completion":"action` + u + `3"}`},
		"a cycle":                  {`"on_failure":"end` + u + `6"`, `"on_failure":"action` + u + `3"`},
		"a longer cycle":           {`"on_completion":"while-condition` + u + `4"`, `"on_completion":"action` + u + `3"`},
		"an id that is none":       {`"id":"playbook` + u, `"id":"playbook--x`},
		"nothing at all":           {playbook, ``},
		"no JSON":                  {`"workflow":{`, `"workflow":`},
	} {
		text := strings.Replace(playbook, c[0], c[1], 1)
		if _, err := cacao.Parse([]byte(text)); text == playbook || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := cacao.Parse([]byte(playbook + strings.Repeat(" ", cacao.MaxBytes))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too large: %v", err)
	}
	long := strings.Replace(playbook, "In this order.", strings.Repeat("段", 5_000), 1)
	if p, err := cacao.Parse([]byte(long)); err != nil || len([]rune(p.Description)) > 2_001 {
		t.Errorf("a long text: %v", err)
	}
}

func TestAPlaybookHasNotTooManySteps(t *testing.T) {
	var b strings.Builder
	for i := range cacao.MaxSteps {
		fmt.Fprintf(&b, `"action--7d0c2b9e-5d0f-4f0e-8a55-%012d":{"type":"action","commands":[{"type":"manual","command":"x"}],"on_completion":"end%s6"},`, i, u)
	}
	text := strings.Replace(playbook, `"workflow":{`, `"workflow":{`+b.String(), 1)
	if _, err := cacao.Parse([]byte(text)); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func FuzzPlaybook(f *testing.F) {
	f.Add([]byte(playbook))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := cacao.Parse(raw)
		if err != nil {
			if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		for i, s := range p.Steps {
			if s.N != i+1 {
				t.Fatalf("step %d is the %dth", s.N, i)
			}
			for _, n := range s.Next {
				if n.N < 1 || n.N > len(p.Steps) {
					t.Fatalf("step %d leads to %d", s.N, n.N)
				}
			}
		}
	})
}

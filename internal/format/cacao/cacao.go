// Package cacao reads security playbooks (OASIS CACAO 2.0) to show their steps.
// Nothing here, or anywhere in this software, carries one out.
//
// Invariants: what Parse returns has a beginning, names no step that is not
// there, and can be walked to its end: a cycle leads only through a
// while-condition. Sizes are bounded before anything is built.
package cacao

import (
	"slices"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Bounds of a playbook: its bytes, its steps, what one step names, and how much
// text of one property is shown, in characters.
const (
	MaxBytes = 64 << 10
	MaxSteps = 200
	maxNext  = 50
	maxText  = 2_000
)

// Playbook is what is shown of a playbook.
type Playbook struct {
	ID, Name, Description string
	Types                 []string // such as mitigation
	Steps                 []Step   // as one comes to them from the beginning, then those nothing leads to
}

// Step is one step as it is shown. N counts from 1.
type Step struct {
	N                 int
	ID, Type          string
	Name, Description string
	Condition         string // of if, while and switch
	Commands          []Command
	Next              []Next
	Playbook          string // id of the one a playbook-action names
}

// Command is what a step would have done, as text.
type Command struct{ Type, Text string }

// Next is where a step leads and when: done, success, failure, true, false, a
// branch, or a case's value.
type Next struct {
	When string
	N    int
	id   string
}

type wire struct {
	Type          string          `json:"type"`
	SpecVersion   string          `json:"spec_version"`
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Description   string          `json:"description"`
	CreatedBy     string          `json:"created_by"`
	Created       string          `json:"created"`
	Modified      string          `json:"modified"`
	PlaybookTypes []string        `json:"playbook_types"`
	WorkflowStart string          `json:"workflow_start"`
	Exception     string          `json:"workflow_exception"`
	Workflow      map[string]step `json:"workflow"`
	Agents        map[string]any  `json:"agent_definitions"`
	Targets       map[string]any  `json:"target_definitions"`
}

type step struct {
	Type         string            `json:"type"`
	Name         string            `json:"name"`
	Description  string            `json:"description"`
	OnCompletion string            `json:"on_completion"`
	OnSuccess    string            `json:"on_success"`
	OnFailure    string            `json:"on_failure"`
	Condition    string            `json:"condition"`
	OnTrue       string            `json:"on_true"`
	OnFalse      string            `json:"on_false"`
	Switch       string            `json:"switch"`
	Cases        map[string]string `json:"cases"`
	NextSteps    []string          `json:"next_steps"`
	Commands     []command         `json:"commands"`
	Agent        string            `json:"agent"`
	Targets      []string          `json:"targets"`
	PlaybookID   string            `json:"playbook_id"`
}

type command struct {
	Type    string `json:"type"`
	Command string `json:"command"`
	Base64  string `json:"command_b64"`
}

// types are the kinds of step.
var types = []string{"start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"}

// Parse reads a playbook, or returns fault.Invalid that says what is wrong, or
// fault.TooLarge.
func Parse(raw []byte) (p Playbook, err error) {
	if len(raw) > MaxBytes {
		return p, fault.Errorf(fault.TooLarge, "a playbook has at most %d bytes", MaxBytes)
	}
	var w wire
	if err := canon.Unmarshal(raw, &w); err != nil {
		return p, fault.Errorf(fault.Invalid, "playbook: %w", err)
	}
	if err := w.check(); err != nil {
		return p, err
	}
	p = Playbook{ID: w.ID, Name: short(w.Name), Description: short(w.Description), Types: w.PlaybookTypes}
	p.Steps, err = w.order()
	return p, err
}

func (w wire) check() error {
	switch {
	case w.Type != "playbook" || w.SpecVersion != "cacao-2.0":
		return fault.Errorf(fault.Invalid, "type %.40q, version %.40q: want a playbook of cacao-2.0", w.Type, w.SpecVersion)
	case !named(w.ID, "playbook") || !named(w.CreatedBy, "identity"):
		return fault.New(fault.Invalid, "playbook: its id, or who made it, is none")
	case w.Name == "" || w.Created == "" || w.Modified == "":
		return fault.New(fault.Invalid, "playbook: want a name and when it was made and changed")
	case len(w.Workflow) == 0 || len(w.Workflow) > MaxSteps:
		return fault.Errorf(fault.Invalid, "playbook: %d steps, want 1 to %d", len(w.Workflow), MaxSteps)
	case w.Workflow[w.WorkflowStart].Type != "start":
		return fault.New(fault.Invalid, "playbook: its workflow_start is no start step")
	case w.Exception != "" && w.Workflow[w.Exception].Type == "":
		return fault.Errorf(fault.Invalid, "playbook: step %.80q is not there", w.Exception)
	case len(w.PlaybookTypes) > maxNext:
		return fault.New(fault.Invalid, "playbook: too many types")
	}
	for id, s := range w.Workflow {
		if err := w.checkStep(id, s); err != nil {
			return err
		}
	}
	return nil
}

func named(id, kind string) bool {
	rest, ok := strings.CutPrefix(id, kind+"--")
	return ok && ident.IsUUID(rest)
}

func (w wire) checkStep(id string, s step) error {
	outs := s.outs()
	switch {
	case !slices.Contains(types, s.Type) || !named(id, s.Type):
		return fault.Errorf(fault.Invalid, "step %.80q: its type %.40q is not known, or not that of its id", id, s.Type)
	case len(outs) > maxNext || len(s.Commands) > maxNext:
		return fault.Errorf(fault.Invalid, "step %.80q leads to, or commands, more than %d", id, maxNext)
	case s.Type == "end" && len(outs) > 0, s.Type != "end" && len(outs) == 0:
		return fault.Errorf(fault.Invalid, "step %.80q: an end leads nowhere, and every other step somewhere", id)
	case (s.Type == "if-condition" || s.Type == "while-condition") && (s.Condition == "" || s.OnTrue == ""):
		return fault.Errorf(fault.Invalid, "step %.80q: want a condition and where it leads when true", id)
	case s.Type == "switch-condition" && (s.Switch == "" || len(s.Cases) == 0):
		return fault.Errorf(fault.Invalid, "step %.80q: want a switch and its cases", id)
	case s.Type == "parallel" && len(s.NextSteps) == 0:
		return fault.Errorf(fault.Invalid, "step %.80q: want the steps side by side", id)
	case s.Type == "action" && len(s.Commands) == 0:
		return fault.Errorf(fault.Invalid, "step %.80q: an action commands something", id)
	case s.Type == "playbook-action" && !named(s.PlaybookID, "playbook"):
		return fault.Errorf(fault.Invalid, "step %.80q names no playbook", id)
	}
	for _, o := range outs {
		if w.Workflow[o.id].Type == "" {
			return fault.Errorf(fault.Invalid, "step %.80q leads to %.80q, which is not there", id, o.id)
		}
	}
	return w.defined(id, s)
}

// defined refuses agents and targets that a step names and nobody defines.
func (w wire) defined(id string, s step) error {
	if _, ok := w.Agents[s.Agent]; s.Agent != "" && !ok {
		return fault.Errorf(fault.Invalid, "step %.80q: agent %.80q is not there", id, s.Agent)
	}
	for _, t := range s.Targets {
		if _, ok := w.Targets[t]; !ok {
			return fault.Errorf(fault.Invalid, "step %.80q: target %.80q is not there", id, t)
		}
	}
	return nil
}

// outs returns where a step leads, in an order of its own.
func (s step) outs() []Next {
	var out []Next
	add := func(when, id string) {
		if id != "" {
			out = append(out, Next{When: when, id: id})
		}
	}
	add("true", s.OnTrue)
	add("false", s.OnFalse)
	for _, id := range s.NextSteps {
		add("branch", id)
	}
	names := make([]string, 0, len(s.Cases))
	for name := range s.Cases {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		add("= "+short(name), s.Cases[name])
	}
	add("success", s.OnSuccess)
	add("failure", s.OnFailure)
	add("done", s.OnCompletion)
	return out
}

// short is a text as far as it is shown.
func short(s string) string {
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText]) + "…"
	}
	return s
}

package cacao

import (
	"cmp"
	"slices"

	"twoseas/internal/base/fault"
)

// walk comes to every step from the beginning, depth first.
type walk struct {
	wire
	number map[string]int
	open   map[string]bool // on the way to where the walk is now
	order  []string
}

// order numbers the steps as one comes to them, and refuses a cycle.
func (w wire) order() ([]Step, error) {
	k := walk{wire: w, number: map[string]int{}, open: map[string]bool{}}
	begin := []string{w.WorkflowStart}
	if w.Exception != "" {
		begin = append(begin, w.Exception)
	}
	rest := make([]string, 0, len(w.Workflow))
	for id := range w.Workflow {
		rest = append(rest, id)
	}
	slices.Sort(rest)
	for _, id := range append(begin, rest...) {
		if err := k.visit(id); err != nil {
			return nil, err
		}
	}
	out := make([]Step, 0, len(k.order))
	for i, id := range k.order {
		s := w.Workflow[id]
		shown := Step{
			N: i + 1, ID: id, Type: s.Type, Name: short(s.Name), Description: short(s.Description), Condition: short(cmp.Or(s.Condition, s.Switch)), Playbook: s.PlaybookID,
		}
		for _, c := range s.Commands {
			shown.Commands = append(shown.Commands, Command{short(c.Type), short(cmp.Or(c.Command, c.Base64))})
		}
		for _, o := range s.outs() {
			shown.Next = append(shown.Next, Next{When: o.When, N: k.number[o.id]})
		}
		out = append(out, shown)
	}
	return out, nil
}

// visit numbers a step and those that it leads to. The depth is at most
// MaxSteps. A while-condition is where a cycle may close.
func (k *walk) visit(id string) error {
	s := k.Workflow[id]
	if k.open[id] && s.Type != "while-condition" {
		return fault.Errorf(fault.Invalid, "playbook: step %.80q leads back to itself", id)
	}
	if k.number[id] != 0 {
		return nil
	}
	k.order = append(k.order, id)
	k.number[id] = len(k.order)
	k.open[id] = true
	for _, o := range s.outs() {
		if err := k.visit(o.id); err != nil {
			return err
		}
	}
	k.open[id] = false
	return nil
}

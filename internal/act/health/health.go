// Package health says how a node is: what was checked, what works in the
// background, what it was started with. The node fills it in; pages, the
// programs' interface and the command line show it.
//
// Invariant: nothing in it is a secret or names a person.
package health

import (
	"context"
	"sync"
	"time"

	"twoseas/internal/base/clock"
)

// State is how one thing is.
type State string

// The states, from good to bad.
const (
	Good  State = "good"
	Watch State = "watch" // somebody should look soon
	Bad   State = "bad"   // data or service is in danger
)

// Check is one thing that was looked at. Values are in Numbers by name, so
// that each reader's language says them; Detail is in English.
type Check struct {
	Name    string           `json:"name" doc:"store, disk, ledger, certificate, clock, audit"`
	State   State            `json:"state" enum:"good,watch,bad"`
	Detail  string           `json:"detail" doc:"In English"`
	Numbers map[string]int64 `json:"numbers,omitempty"`
}

// Report is the health of a node at one time.
type Report struct {
	At      time.Time `json:"at"`
	State   State     `json:"state" enum:"good,watch,bad" doc:"The worst of the checks"`
	Version string    `json:"version"`
	Store   string    `json:"store" doc:"The engine: sqlite or postgres"`
	Process string    `json:"process" doc:"The host and process that looked: disk, certificate and clock are its own"`
	Checks  []Check   `json:"checks"`
	// Backup is when the newest backup that may still be there was made.
	Backup time.Time `json:"backup,omitzero" doc:"When the newest backup that may still be there was made; left out when none is known"`
}

// Worst returns the worst state of the checks.
func Worst(checks []Check) State {
	worst := Good
	for _, c := range checks {
		if c.State == Bad || c.State == Watch && worst == Good {
			worst = c.State
		}
	}
	return worst
}

// Setting is one thing the node was started with.
type Setting struct {
	Name    string `json:"name" doc:"As in node.yaml"`
	Value   string `json:"value"`
	Default bool   `json:"default" doc:"Not said in node.yaml"`
}

// Job is one thing that works in the background of a process.
type Job struct {
	Kind    string    `json:"kind" doc:"carry, import, index, feed, sweep, audit"`
	Subject string    `json:"subject,omitempty" doc:"What it is for, such as an agreement"`
	State   string    `json:"state" enum:"idle,running,waiting" doc:"waiting: it failed and tries again"`
	Runs    int64     `json:"runs"`
	Failed  int64     `json:"failed" doc:"Runs that failed"`
	Last    time.Time `json:"last" doc:"When it ended last"`
	Next    time.Time `json:"next" doc:"When it tries again after a failure"`
	Problem string    `json:"problem,omitempty" doc:"Why the last run failed, in English"`

	running int // how many run now: feeds run side by side
}

// Process is one process that serves the node, with what it does in the
// background as far as it told.
type Process struct {
	ID      string    `json:"id"`
	Host    string    `json:"host" doc:"Its host, and its number there"`
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen" doc:"When it told"`
	Here    bool      `json:"here" doc:"The one that answers"`
	Jobs    []Job     `json:"jobs"`
}

// Source answers how the node is.
type Source interface {
	Health(ctx context.Context) (Report, error)
	Settings() []Setting
	// Processes are those that serve the node, the one that answers first.
	Processes(ctx context.Context) ([]Process, error)
}

// Board keeps what works in the background. It is safe for concurrent use.
type Board struct {
	clock clock.Clock

	mu    sync.Mutex
	order []key // in order of first appearance, guarded by mu
	jobs  map[key]*Job
}

type key struct{ kind, subject string }

// NewBoard returns an empty board.
func NewBoard(clk clock.Clock) *Board { return &Board{clock: clk, jobs: map[key]*Job{}} }

// Begin notes that a job runs.
func (b *Board) Begin(kind, subject string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.job(kind, subject)
	j.State = "running"
	j.running++
	j.Runs++
}

// End notes how a job ended, and after which wait it tries again; wait is 0
// when it runs when it is next due.
func (b *Board) End(kind, subject string, err error, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.job(kind, subject)
	j.Last, j.Next, j.State, j.Problem = b.clock.Now(), time.Time{}, "idle", ""
	j.running--
	if err != nil {
		j.Failed++
		j.Problem = err.Error()
	}
	switch {
	case j.running > 0:
		j.State = "running"
	case err != nil && wait > 0:
		j.State, j.Next = "waiting", j.Last.Add(wait)
	}
}

// Jobs returns every job that ever ran in this process.
func (b *Board) Jobs() []Job {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Job, 0, len(b.order))
	for _, k := range b.order {
		out = append(out, *b.jobs[k])
	}
	return out
}

// job returns the job, made when new; b.mu is held.
func (b *Board) job(kind, subject string) *Job {
	k := key{kind, subject}
	j, ok := b.jobs[k]
	if !ok {
		j = &Job{Kind: kind, Subject: subject}
		b.jobs[k] = j
		b.order = append(b.order, k)
	}
	return j
}

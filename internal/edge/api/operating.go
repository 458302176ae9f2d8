package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/health"
	"twoseas/internal/act/people"
)

func (a *api) operating() {
	at := func(path, id, summary string) op {
		return op{tag: "operation", method: http.MethodGet, path: path, id: id, summary: summary, act: people.Administer, saw: "read"}
	}
	either := func(o op) op {
		o.or = []people.Act{people.Exchange}
		return o
	}
	add(a, either(at("/health", "health", "Store, disk, ledger, certificates, clock")), a.health)
	add(a, either(at("/jobs", "jobs", "What works in the background, process by process")), a.jobs)
	add(a, at("/settings", "settings", "What the node was started with"), a.settings)
}

type healthOutput struct{ Body health.Report }

func (a *api) health(ctx context.Context, _ caller, _ *struct{}) (*healthOutput, error) {
	r, err := a.Health.Health(ctx)
	return &healthOutput{r}, err
}

type jobsOutput struct {
	Body struct {
		Processes []health.Process `json:"processes"`
	}
}

func (a *api) jobs(ctx context.Context, _ caller, _ *struct{}) (*jobsOutput, error) {
	list, err := a.Health.Processes(ctx)
	out := &jobsOutput{}
	out.Body.Processes = list
	return out, err
}

type settingsOutput struct {
	Body struct {
		Settings []health.Setting `json:"settings"`
	}
}

func (a *api) settings(context.Context, caller, *struct{}) (*settingsOutput, error) {
	out := &settingsOutput{}
	out.Body.Settings = a.Health.Settings()
	return out, nil
}

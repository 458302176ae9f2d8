package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
)

// hooks are webhooks: programs elsewhere that are told what happens here.
func (a *api) hooks() {
	at := func(method, path, id, summary string) op {
		return op{tag: "hooks", method: method, path: "/hooks" + path, id: id, summary: summary, act: people.Administer}
	}
	list := at(http.MethodGet, "", "hooks", "Webhooks and how they are doing; without their secrets")
	list.saw = "read"
	add(a, list, a.listHooks)
	create := at(http.MethodPost, "", "add-hook", "Have a program told what happens from now on; the answer shows the secret, once")
	create.status, create.person = http.StatusCreated, true
	add(a, create, a.addHook)
	change := at(http.MethodPut, "/{hook}", "change-hook", "Replace what is said of a webhook; its secret stays")
	change.person = true
	add(a, change, a.changeHook)
	add(a, at(http.MethodPost, "/{hook}/test", "test-hook", "Send a message that says nothing, before what else waits"), a.testHook)
	add(a, at(http.MethodPost, "/{hook}/pause", "pause-hook", "Keep messages back until it is resumed"), a.pauseHook)
	add(a, at(http.MethodPost, "/{hook}/resume", "resume-hook", "Go on with a webhook that was paused, or that stopped"), a.resumeHook)
	rotate := at(http.MethodPost, "/{hook}/rotate", "rotate-hook", "Give a webhook a new secret, which the answer shows, once; the old one signs too for a day")
	rotate.person = true
	add(a, rotate, a.rotateHook)
	remove := at(http.MethodDelete, "/{hook}", "remove-hook", "Forget a webhook and its secret")
	remove.person = true
	add(a, remove, a.removeHook)
}

type hookBody struct {
	Name     string        `json:"name"`
	Settings hook.Settings `json:"settings"`
	State    string        `json:"state" enum:"new,well,failing,paused,stopped" doc:"stopped: nothing could be delivered for days, or nobody wants messages there any more"`
	Added    string        `json:"added" format:"date-time"`
	Due      string        `json:"due" format:"date-time" doc:"Not tried again before"`
	Failures int           `json:"failures" doc:"Attempts that failed since the last that did not"`
	Health   hook.Health   `json:"health"`
}

func hookOf(h hook.Hook) hookBody {
	return hookBody{h.Name, h.Settings, h.State(), moment(h.Added), moment(h.Due), h.Failures, h.Health}
}

type hooksOutput struct {
	Body struct {
		Hooks []hookBody `json:"hooks"`
	}
}

func (a *api) listHooks(ctx context.Context, c caller, _ *struct{}) (*hooksOutput, error) {
	list, err := a.Hooks.List(ctx, a.Handle, c.Actor)
	out := &hooksOutput{}
	out.Body.Hooks = []hookBody{}
	for _, h := range list {
		out.Body.Hooks = append(out.Body.Hooks, hookOf(h))
	}
	return out, err
}

type hookOutput struct{ Body hookBody }

// oneHook returns a webhook as it is now.
func (a *api) oneHook(ctx context.Context, c caller, name string, err error) (*hookOutput, error) {
	if err != nil {
		return nil, err
	}
	h, err := a.Hooks.Find(ctx, a.Handle, c.Actor, name)
	return &hookOutput{hookOf(h)}, err
}

type secretOutput struct {
	Body struct {
		Name   string `json:"name"`
		Secret string `json:"secret" doc:"As Standard Webhooks writes it: whsec_ and base64"`
	}
}

func (a *api) addHook(ctx context.Context, c caller, in *struct {
	Body struct {
		Name     string        `json:"name" maxLength:"64" doc:"Lower-case letters, digits and inner - and ."`
		Settings hook.Settings `json:"settings"`
	}
},
) (*secretOutput, error) {
	out := &secretOutput{}
	var err error
	out.Body.Name = in.Body.Name
	out.Body.Secret, err = a.Hooks.Add(ctx, a.Handle, c.Actor, in.Body.Name, in.Body.Settings)
	return out, err
}

// HookInput names a webhook.
type HookInput struct {
	Hook string `path:"hook" maxLength:"64"`
}

func (a *api) changeHook(ctx context.Context, c caller, in *struct {
	HookInput
	Body struct {
		Settings hook.Settings `json:"settings"`
	}
},
) (*hookOutput, error) {
	return a.oneHook(ctx, c, in.Hook, a.Hooks.Change(ctx, a.Handle, c.Actor, in.Hook, in.Body.Settings))
}

func (a *api) testHook(ctx context.Context, c caller, in *HookInput) (*hookOutput, error) {
	return a.oneHook(ctx, c, in.Hook, a.Hooks.Try(ctx, a.Handle, c.Actor, in.Hook))
}

func (a *api) pauseHook(ctx context.Context, c caller, in *HookInput) (*hookOutput, error) {
	return a.oneHook(ctx, c, in.Hook, a.Hooks.Pause(ctx, a.Handle, c.Actor, in.Hook))
}

func (a *api) resumeHook(ctx context.Context, c caller, in *HookInput) (*hookOutput, error) {
	return a.oneHook(ctx, c, in.Hook, a.Hooks.Resume(ctx, a.Handle, c.Actor, in.Hook))
}

func (a *api) rotateHook(ctx context.Context, c caller, in *HookInput) (*secretOutput, error) {
	out := &secretOutput{}
	var err error
	out.Body.Name = in.Hook
	out.Body.Secret, err = a.Hooks.Rotate(ctx, a.Handle, c.Actor, in.Hook)
	return out, err
}

func (a *api) removeHook(ctx context.Context, c caller, in *HookInput) (*struct{}, error) {
	return nil, a.Hooks.Remove(ctx, a.Handle, c.Actor, in.Hook)
}

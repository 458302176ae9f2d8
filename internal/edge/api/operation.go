package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
)

// Where the description says which acts open an operation, any of them, and
// that it takes a person's password.
const (
	actExtension    = "x-acts"
	personExtension = "x-person"
)

// op is one operation.
type op struct {
	tag, method, path, id, summary string
	// act is what the caller must be allowed to do. An operation without one is
	// served to nobody but where it is for any account.
	act people.Act
	or  []people.Act // acts that will do as well
	any bool
	// saw is what the audit log calls the reading; "" for writes, which their
	// acts record. counted: programs read by it so often that their reads are
	// counted by the minute.
	saw     string
	counted bool
	// person: a decision of a person, who shows a password; a token will not do.
	person bool
	// secret: the answer holds a secret and is not kept for an idempotency key.
	secret bool
	status int   // of success; 200 when left out
	body   int64 // bound of the request's body; maxBody when left out
	// media is the type of an answer that is not JSON, or several of them.
	media []string
	// upload: the body is bytes, read as they come in.
	upload bool
	// params are described though no input declares them.
	params []*huma.Param
}

// acts are those of which any opens the operation.
func (o op) acts() []people.Act {
	if o.act == "" {
		return nil
	}
	return append([]people.Act{o.act}, o.or...)
}

// writes reports whether the operation changes anything: what only reads, if
// by POST, is read anew each time, with the rights of that time.
func (o op) writes() bool { return o.method != http.MethodGet && o.saw == "" }

// caller is who calls an operation.
type caller struct {
	people.Actor
	Access people.Access
	url    url.URL
	remote string // address of the client
}

type callerKey struct{}

// add registers an operation.
func add[I, O any](a *api, o op, serve func(ctx context.Context, c caller, in *I) (*O, error)) {
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: Prefix + o.path, Summary: o.summary, Tags: []string{o.tag},
		DefaultStatus: o.status, MaxBodyBytes: o.body, Extensions: map[string]any{actExtension: texts(o.acts())},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
		Middlewares: huma.Middlewares{
			func(c huma.Context, next func(huma.Context)) { a.admit(o, c, next) },
			func(c huma.Context, next func(huma.Context)) { a.record(o, c, next) }, // also what is answered again
			func(c huma.Context, next func(huma.Context)) { a.once(o, c, next) },
		},
	}
	if h.MaxBodyBytes == 0 {
		h.MaxBodyBytes = maxBody
	}
	if o.upload {
		h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		}}
	}
	if o.act != "" {
		h.Description = "Needs an account that may: " + strings.Join(texts(o.acts()), "; or ") + "."
	}
	if o.person {
		h.Extensions[personExtension] = true
		h.Description += " A decision of a person: takes a password, not a token."
	}
	h.Parameters = o.params
	if o.writes() {
		h.Parameters = []*huma.Param{{
			Name: keyHeader, In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "Any text, new for each thing done: the same key again gets the first answer again for a day, and does nothing twice",
		}}
	}
	if len(o.media) > 0 {
		ok := &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{}}
		for _, m := range o.media {
			ok.Content[m] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
		}
		h.Responses = map[string]*huma.Response{"200": ok}
	}
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		c, ok := ctx.Value(callerKey{}).(caller)
		if !ok {
			return nil, problemOf(fault.New(fault.Denied, "log in first"))
		}
		out, err := serve(ctx, c, in)
		if err != nil {
			return nil, problemOf(err)
		}
		return out, nil
	})
}

// admit lets a caller through that may do the operation.
func (a *api) admit(o op, c huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(c)
	actor, err := a.Auth.Authenticate(r)
	if err != nil {
		a.refuse(c, err)
		return
	}
	if err := mayCall(o, actor); err != nil {
		a.fail(c, err)
		return
	}
	access, err := a.People.Access(c.Context(), a.Handle, actor)
	if err != nil {
		a.fail(c, err)
		return
	}
	next(huma.WithValue(c, callerKey{}, caller{Actor: actor, Access: access, url: *r.URL, remote: a.Auth.Remote(r)}))
}

func mayCall(o op, actor people.Actor) error {
	switch {
	case o.act == "" && !o.any:
		return fault.New(fault.NotFound, "there is nothing at this address")
	case o.act != "" && !slices.ContainsFunc(o.acts(), func(act people.Act) bool { return actor.May(act) == nil }):
		return actor.May(o.act)
	case o.person && actor.Token != "":
		return fault.New(fault.Denied, "this is a decision of a person: show your password, a token will not do")
	}
	return nil
}

// refuse answers somebody who could not be told who it is.
func (a *api) refuse(c huma.Context, err error) {
	head := http.Header{}
	status := auth.Refuse(head, err)
	for name, values := range head {
		for _, v := range values {
			c.AppendHeader(name, v)
		}
	}
	_ = huma.WriteErr(a.huma, c, status, fault.Message(err)) // the caller has gone, if anything
}

// fail answers with a problem document.
func (a *api) fail(c huma.Context, err error) {
	problem, ok := errors.AsType[huma.StatusError](problemOf(err))
	if !ok {
		problem = huma.Error500InternalServerError(fault.Message(err))
	}
	_ = huma.WriteErr(a.huma, c, problem.GetStatus(), problem.Error()) // see refuse
}

// record tells the audit log what is read before it is answered.
func (a *api) record(o op, c huma.Context, next func(huma.Context)) {
	by, ok := c.Context().Value(callerKey{}).(caller)
	if o.saw == "" || !ok {
		next(c)
		return
	}
	var err error
	if o.counted && by.Token != "" {
		err = a.Audit.Counted(c.Context(), by.Actor, o.saw, "api", 0)
	} else {
		err = a.Audit.Saw(c.Context(), by.Actor, o.saw, seen(o, c, by)...)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	next(c)
}

// seen is what the audit log says of a read: what the path names, and what was
// asked.
func seen(o op, c huma.Context, by caller) []string {
	fields := []string{"where", "api"}
	for part := range strings.SplitSeq(o.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			fields = append(fields, name, c.Param(name))
		}
	}
	if asked, err := url.QueryUnescape(by.url.RawQuery); err == nil && asked != "" {
		fields = append(fields, "asked", asked)
	}
	return fields
}

package event

import (
	"context"
	"slices"

	"twoseas/internal/format/misp"
	"twoseas/internal/store"
)

// Part is one attribute or object with the event it is in.
type Part struct {
	In      Entry
	Element map[string]any // as the event shows it, an object with its attributes
	Object  bool           // it is an object
	// Inside is the attribute that was asked for where Element is the object it
	// belongs to, nil otherwise.
	Inside map[string]any

	source string // id of the STIX object
	raw    []byte
}

// errNoPart is for what is not there, and what is not the class's to know of.
var errNoPart = errNo("Invalid attribute or object")

// Part returns the attribute or object with a UUID, or fault.NotFound.
func (e *Events) Part(ctx context.Context, h *store.Handle, class int64, uuid string) (Part, error) {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return Part{}, err
	}
	head, err := e.holder(ctx, h, class, uuid)
	if err != nil {
		return Part{}, err
	}
	home := v.home(store.IDHash(head.ID), head.Seq, head.Label, head.Received)
	if home == nil {
		return Part{}, errNoPart
	}
	element, err := misp.Whole(&world{ctx: ctx, h: h, class: class, events: e}, head.ID, func(string) (string, bool) { return home.UUID, true })
	if err != nil || element == nil {
		return Part{}, notFoundOr(err)
	}
	p := Part{In: home.Entry, Element: element, source: head.ID, raw: head.Body}
	parts, ok := element["Attribute"].([]any)
	p.Object = ok
	if element["uuid"] == uuid {
		return p, nil
	}
	for _, x := range parts {
		if a, _ := x.(map[string]any); a["uuid"] == uuid {
			p.Inside = a
			return p, nil
		}
	}
	return Part{}, errNoPart
}

// holder returns the object that is the element with a UUID, or holds it: what
// it is itself is found at once, what is inside of others by the index.
func (e *Events) holder(ctx context.Context, h *store.Handle, class int64, uuid string) (head store.Shown, err error) {
	heads, err := e.heads(ctx, h, class, misp.Holders(uuid))
	if err != nil {
		return head, err
	}
	for _, s := range heads { // an attribute may have been something else before, which is revoked
		if head.Body == nil || head.Revoked && !s.Revoked || head.Revoked == s.Revoked && s.Version > head.Version {
			head = s
		}
	}
	if head.Body != nil {
		return head, nil
	}
	source := ""
	if err := e.Attributes(ctx, h, class, Query{UUIDs: []string{uuid}, Deleted: Both, Limit: 1, Page: 1}, func(f Found) error {
		source = f.Source
		return nil
	}); err != nil {
		return head, err
	}
	if heads, err = e.heads(ctx, h, class, []string{source}); err != nil {
		return head, err
	}
	head, ok := heads[source]
	if !ok {
		return head, errNoPart
	}
	return head, nil
}

func (e *Events) heads(ctx context.Context, h *store.Handle, class int64, ids []string) (heads map[string]store.Shown, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		heads, err = tx.Heads(class, ids)
		return err
	})
	return heads, err
}

func notFoundOr(err error) error {
	if err != nil {
		return err
	}
	return errNoPart
}

// nearly is how many versions the index may be behind so that a search waits
// for them: what somebody has just entered is found by his next call.
const nearly = 2000

// index brings the index up to what is stored where it is only a little behind.
func (e *Events) index(ctx context.Context, h *store.Handle) error {
	if e.c.Index == nil {
		return nil
	}
	var last, upTo int64
	err := h.Query(ctx, func(tx *store.Tx) (err error) {
		if last, err = tx.LastObject(); err == nil {
			upTo, err = tx.Indexed()
		}
		return err
	})
	if err != nil || last <= upTo || last-upTo > nearly {
		return err
	}
	return e.c.Index(ctx, h)
}

// Orgs returns the organisations of the events that class may see, and the
// node's own.
func (e *Events) Orgs(ctx context.Context, h *store.Handle, class int64) ([]misp.Org, error) {
	list, err := e.List(ctx, h, class)
	out := []misp.Org{e.org}
	for _, x := range list {
		if !slices.Contains(out, x.Org) {
			out = append(out, x.Org)
		}
	}
	return out, err
}

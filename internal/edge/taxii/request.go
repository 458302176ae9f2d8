package taxii

import (
	"context"
	"net/http"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
	"twoseas/internal/store"
)

// need is what a client must be to use an endpoint. The zero need is held by
// nobody.
type need uint8

const (
	account         need = iota + 1 // whoever has logged in
	readerOrWriter                  // of the collection in the path
	reader                          // "
	writer                          // "
	readerAndWriter                 // " (TAXII 2.1 §5.7)
)

// held returns nil when a right on a collection meets the need.
func (n need) held(r people.Right) error {
	switch {
	case !r.Read && !r.Write:
		return errNotFound // as if it were not there
	case n == readerOrWriter, n == reader && r.Read, n == writer && r.Write, n == readerAndWriter && r.Read && r.Write:
		return nil
	case n == reader:
		return failure{http.StatusForbidden, "you may write to this collection, not read it"}
	case n == writer, n == readerAndWriter && r.Read:
		return failure{http.StatusForbidden, "you may read this collection, not write to it"}
	}
	return failure{http.StatusForbidden, "this needs the right to read this collection and to write to it"}
}

// request is one request of somebody known, with what the path names.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	actor  people.Actor
	access people.Access

	// Of a path with a collection.
	collection *store.Collection
	right      people.Right
}

// handler answers the requests of one route; reads is as in route.
func (s *Server) handler(n need, serve func(*Server, *request) error, reads string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := s.Auth.Authenticate(r)
		if err != nil {
			drain(r, drainStranger)
			s.fail(w, r, auth.Refuse(w.Header(), err), err)
			return
		}
		q := &request{w: w, r: r, actor: actor}
		if err = s.admit(r.Context(), q, n); err == nil && reads != "" && s.Reads != nil {
			err = s.Reads(r.Context(), actor, reads, q.collection.ID)
		}
		if err == nil {
			err = serve(s, q)
		}
		if err != nil {
			drain(r, 2*s.MaxContentLength)
			s.failWith(q, err)
		}
	})
}

// admit looks up what the path names and whether the client has what is
// needed there.
func (s *Server) admit(ctx context.Context, q *request, n need) (err error) {
	if !acceptable(q.r.Header["Accept"]) {
		return failure{http.StatusNotAcceptable, "this server speaks " + mediaType}
	}
	if q.access, err = s.People.Access(ctx, s.Handle, q.actor); err != nil {
		return err
	}
	switch n {
	case account:
		return nil
	case readerOrWriter, reader, writer, readerAndWriter:
	default:
		return errNotFound
	}
	q.collection, q.right, err = s.catalogue.find(ctx, q.r.PathValue("collection"), q.access)
	if err != nil {
		return err
	}
	return n.held(q.right)
}

// object returns the object id in the path.
func (q *request) object() (string, error) {
	id := q.r.PathValue("object")
	if !plain(id) {
		return "", errNotFound
	}
	return id, nil
}

// maxName bounds an id or a type, in bytes.
const maxName = 300

// plain reports whether s could be the name of something stored.
func plain(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// catalogue finds collections by id or alias. What it keeps of each, its id
// and number, never changes; collections that are not kept are looked up.
type catalogue struct {
	handle *store.Handle
	known  atomic.Pointer[map[string]*store.Collection] // replaced whole, never changed
}

// find returns the collection and what the client may do with it. It takes
// the same steps for one that is not there and one that the client has no
// right on, and returns errNotFound for both.
func (c *catalogue) find(ctx context.Context, name string, access people.Access) (*store.Collection, people.Right, error) {
	if known := c.known.Load(); known != nil {
		if found, right := look(*known, name, access); found != nil {
			return found, right, nil
		}
	}
	known, err := c.load(ctx)
	if err != nil {
		return nil, people.Right{}, err
	}
	if found, right := look(known, name, access); found != nil {
		return found, right, nil
	}
	return nil, people.Right{}, errNotFound
}

// look returns nil when the client has no right.
func look(known map[string]*store.Collection, name string, access people.Access) (*store.Collection, people.Right) {
	c, ok := known[name]
	if !ok {
		return nil, people.Right{}
	}
	right := access.Right(c.ID)
	if !right.Read && !right.Write {
		return nil, people.Right{}
	}
	return c, right
}

func (c *catalogue) load(ctx context.Context) (map[string]*store.Collection, error) {
	known := map[string]*store.Collection{}
	err := c.handle.Query(ctx, func(tx *store.Tx) error {
		all, err := tx.Collections()
		for i := range all {
			known[all[i].ID] = &all[i]
			if all[i].Alias != "" {
				known[all[i].Alias] = &all[i]
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c.known.Store(&known)
	return known, nil
}

// fresh returns the collection of the path with its title and limits as they
// are now.
func (s *Server) fresh(q *request) (c store.Collection, err error) {
	err = s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Collection(q.collection.ID)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		err = errNotFound
	}
	return c, err
}

package taxii

import (
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// getDiscovery is TAXII 2.1 §4.1.
func (s *Server) getDiscovery(q *request) error {
	write(q.w, http.StatusOK, s.discovery)
	return nil
}

// getAPIRoot is TAXII 2.1 §4.2.
func (s *Server) getAPIRoot(q *request) error {
	write(q.w, http.StatusOK, s.apiRoot)
	return nil
}

// getCollections is TAXII 2.1 §5.1: those that the client may read or write.
func (s *Server) getCollections(q *request) error {
	var all []store.Collection
	err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.Collections()
		return err
	})
	if err != nil {
		return err
	}
	b := []byte(`{"collections":[`)
	found := false
	for _, c := range all {
		right := q.access.Right(c.ID)
		if readerOrWriter.held(right) != nil {
			continue
		}
		if found {
			b = append(b, ',')
		}
		found = true
		b = appendCollection(b, &c, right)
	}
	if !found { // an empty list is left out (§5.1.1)
		write(q.w, http.StatusOK, empty)
		return nil
	}
	s.send(q, http.StatusOK, append(b, "]}"...))
	return nil
}

// getCollection is TAXII 2.1 §5.2.
func (s *Server) getCollection(q *request) error {
	c, err := s.fresh(q)
	if err != nil {
		return err
	}
	write(q.w, http.StatusOK, appendCollection(nil, &c, q.right))
	return nil
}

func appendCollection(b []byte, c *store.Collection, right people.Right) []byte {
	title := c.Title
	if title == "" {
		title = c.ID // a title is required
	}
	b = appendText(append(b, '{'), "id", c.ID)
	b = appendText(b, "title", title)
	b = appendText(b, "description", c.Description)
	b = appendText(b, "alias", c.Alias)
	b = appendBool(b, "can_read", right.Read)
	b = appendBool(b, "can_write", right.Write)
	return append(b, `"media_types":["`+stixType+`"]}`...)
}

// getStatus is TAXII 2.1 §4.3.
func (s *Server) getStatus(q *request) error {
	id := q.r.PathValue("status")
	if !plain(id) {
		return errNotFound
	}
	body, err := s.acts.Status(q.r.Context(), s.Handle, q.actor, id)
	if err != nil {
		return err
	}
	s.send(q, http.StatusOK, body)
	return nil
}

package taxii

import (
	"net/http"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// postObjects is TAXII 2.1 §5.5. The objects are taken in while the body is
// read, so the answer's status is always complete.
func (s *Server) postObjects(q *request) error {
	if !isEnvelope(q.r.Header) {
		return failure{http.StatusUnsupportedMediaType, "a body is taken in " + mediaType}
	}
	if !isPlain(q.r.Header) {
		return failure{http.StatusUnsupportedMediaType, "a body is taken as it is, not compressed"}
	}
	if q.r.ContentLength > s.MaxContentLength {
		return &http.MaxBytesError{Limit: s.MaxContentLength}
	}
	to, err := s.fresh(q)
	if err != nil {
		return err
	}
	body := http.MaxBytesReader(q.w, q.r.Body, s.MaxContentLength)
	status, err := s.acts.Add(q.r.Context(), s.Handle, q.actor, q.access, to, body)
	if err != nil {
		return err
	}
	answer, err := canon.Marshal(status)
	if err != nil {
		return err
	}
	s.send(q, http.StatusAccepted, answer)
	return nil
}

// deleteObject is TAXII 2.1 §5.7: all versions, or those that match[version]
// names. It takes no other parameters, lest it removes more than was meant.
func (s *Server) deleteObject(q *request) error {
	id, err := q.object()
	if err != nil {
		return err
	}
	f, err := parseQuery(q.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if f.paged || f.selected {
		return fault.New(fault.Invalid, "DELETE takes match[version] and match[spec_version] only")
	}
	if f.nothing {
		return errNotFound
	}
	if f.versions.Default() {
		f.versions.All = true
	}
	if _, err := s.acts.Remove(q.r.Context(), s.Handle, q.actor, q.access, *q.collection, id, f.versions); err != nil {
		return err
	}
	h := q.w.Header()
	h[typeHeader] = taxiiTypes
	h["Cache-Control"] = noStore
	q.w.WriteHeader(http.StatusOK)
	return nil
}

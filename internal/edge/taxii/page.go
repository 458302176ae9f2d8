package taxii

import (
	"math"
	"net/http"
	"slices"
	"time"

	"twoseas/internal/act/collection"
	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// timestamps of TAXII have six digits (TAXII 2.1 §2).
const timestamp = "2006-01-02T15:04:05.000000Z"

// kind is what a page is a list of.
type kind struct {
	name   string // binds its cursors
	open   string
	bodies bool
	item   func(dst []byte, m *store.Member) []byte
}

var (
	envelope = kind{"objects", `{"objects":[`, true, func(dst []byte, m *store.Member) []byte {
		return append(dst, m.Body...) // as stored
	}}
	manifest = kind{"manifest", `{"objects":[`, false, func(dst []byte, m *store.Member) []byte {
		dst = append(dst, `{"id":`...)
		dst = canon.AppendString(dst, m.ID)
		dst = append(dst, `,"date_added":"`...)
		dst = time.UnixMicro(m.Added).UTC().AppendFormat(dst, timestamp)
		dst = append(dst, `","version":"`...)
		dst = append(dst, collection.Version(m.Version)...)
		return append(dst, `","media_type":"`+stixType+`"}`...)
	}}
	versions = kind{"versions", `{"versions":[`, false, func(dst []byte, m *store.Member) []byte {
		dst = append(dst, '"')
		dst = append(dst, collection.Version(m.Version)...)
		return append(dst, '"')
	}}
)

// getObjects is TAXII 2.1 §5.4.
func (s *Server) getObjects(q *request) error { return s.list(q, envelope) }

// getManifest is TAXII 2.1 §5.3.
func (s *Server) getManifest(q *request) error { return s.list(q, manifest) }

func (s *Server) list(q *request, k kind) error {
	f, err := parseQuery(q.r.URL.RawQuery)
	if err != nil {
		return err
	}
	p, err := s.read(q, k, &f, "")
	if err != nil {
		return err
	}
	defer p.done()
	p.answer(q)
	return nil
}

// getObject is TAXII 2.1 §5.6.
func (s *Server) getObject(q *request) error { return s.ofObject(q, envelope) }

// getVersions is TAXII 2.1 §5.8.
func (s *Server) getVersions(q *request) error { return s.ofObject(q, versions) }

// ofObject answers with what there is of the object in the path. A version
// that is not there, or no longer, is not found (§5.7); one that is and was
// only kept out by its date is an empty page.
func (s *Server) ofObject(q *request, k kind) error {
	id, err := q.object()
	if err != nil {
		return err
	}
	f, err := parseQuery(q.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if f.ids != nil && !slices.Contains(f.ids, id) {
		f.nothing = true
	}
	f.ids = []string{id}
	if k.name == versions.name && f.versions.Default() {
		f.versions.All = true
	}
	p, err := s.read(q, k, &f, id)
	if err != nil {
		return err
	}
	defer p.done()
	if p.count == 0 && (f.after > math.MinInt64 || f.nothing || f.next != "") {
		there := query{ids: f.ids, types: f.types, versions: f.versions, after: math.MinInt64, limit: 1}
		probe, err := s.read(q, versions, &there, id)
		if err != nil {
			return err
		}
		defer probe.done()
		if probe.count > 0 {
			p.answer(q)
			return nil
		}
	}
	if p.count == 0 {
		return errNotFound
	}
	p.answer(q)
	return nil
}

// page is a list on its way out. It is made in memory, since its headers tell
// what its end is, and so is bounded in bytes as well as in objects.
type page struct {
	s           *Server
	body        []byte
	held        int64 // of Server.inUse
	count       int
	first, last int64 // date-added
}

// Bounds of a page in bytes. When many are on their way, because clients are
// slow to take them, pages get shorter and all of them together stay within
// budgetBytes and a little.
const (
	pageBytes   = 8 << 20
	pageFloor   = 128 << 10
	budgetBytes = 96 << 20
)

// read makes the page that f asks for. The caller calls done when it has been
// sent.
func (s *Server) read(q *request, k kind, f *query, object string) (*page, error) {
	p := &page{s: s}
	bound := f.binding(k.name, q.collection.ID, object)
	after := f.after
	if f.next != "" {
		at, err := readCursor(bound, f.next)
		if err != nil {
			return nil, err
		}
		after = max(after, at)
	}
	if f.nothing {
		return p, nil
	}
	limit := s.PageDefault
	if f.limit > 0 {
		limit = min(f.limit, s.PageMax)
	}
	more := false
	err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
		p.open(k)
		more, err = tx.Page(store.PageQuery{
			Collection: q.collection.N, Class: q.access.Class, After: after, Limit: limit, MaxBytes: int(p.held),
			IDs: f.ids, Types: f.types, Versions: f.versions, Bodies: k.bodies,
		}, func(m store.Member) error {
			if p.count++; p.count == 1 {
				p.first = m.Added
			} else {
				p.body = append(p.body, ',')
			}
			p.last = m.Added
			p.body = k.item(p.body, &m)
			return nil
		})
		return err
	})
	if err != nil {
		p.done()
		return nil, err
	}
	p.close(more, bound)
	return p, nil
}

// open takes a buffer and a share of the budget.
func (p *page) open(k kind) {
	buffer, ok := p.s.buffers.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	p.body = append((*buffer)[:0], k.open...)
	p.held = min(pageBytes, max(pageFloor, (budgetBytes-p.s.inUse.Load())/4))
	p.s.inUse.Add(p.held)
}

// close writes the end of the page and gives back what it did not use.
func (p *page) close(more bool, bound []byte) {
	used := int64(cap(p.body))
	p.s.inUse.Add(used - p.held)
	p.held = used
	p.body = append(p.body, `],"more":`...)
	if !more {
		p.body = append(p.body, "false}"...)
		return
	}
	p.body = append(p.body, `true,"next":"`...)
	p.body = append(p.body, cursor(bound, p.last)...)
	p.body = append(p.body, `"}`...)
}

// done gives buffer and budget back.
func (p *page) done() {
	if p.body == nil {
		return
	}
	p.s.inUse.Add(-p.held)
	if cap(p.body) <= 2*pageBytes {
		p.s.buffers.Put(&p.body)
	}
}

// empty is the answer when there is nothing (TAXII 2.1 §5.3.1).
var empty = []byte("{}")

func (p *page) answer(q *request) {
	if p.count == 0 {
		write(q.w, http.StatusOK, empty)
		return
	}
	h := q.w.Header()
	h["X-Taxii-Date-Added-First"] = []string{time.UnixMicro(p.first).UTC().Format(timestamp)}
	h["X-Taxii-Date-Added-Last"] = []string{time.UnixMicro(p.last).UTC().Format(timestamp)}
	p.s.send(q, http.StatusOK, p.body)
}

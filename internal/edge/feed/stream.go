package feed

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/outlet"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

const stixType = "application/stix+json;version=2.1"

// A piece of a stream is made in memory and then sent, so that no reader holds
// the store and none the memory.
const (
	pieceObjects = 1000
	pieceBytes   = 2 << 20
)

// standing is what a collection is to a reader at one moment.
type standing struct {
	state  store.Standing
	labels map[int64]marking.Label // those the reader may see
	sum    ident.Digest            // of what the labels mean
}

func (s *Server) standing(q *request) (st standing, err error) {
	st.labels = map[int64]marking.Label{}
	err = s.Handle.Read(q.r.Context(), func(tx *store.Tx) error {
		if st.state, err = tx.Standing(q.collection.N, q.access.Class); err != nil {
			return err
		}
		rows, err := tx.PermittedLabels(q.access.Class)
		if err != nil {
			return err
		}
		var all []byte
		for _, l := range rows {
			label, err := marking.ParseLabel(l.Resolved)
			if err != nil {
				return err
			}
			st.labels[l.ID] = label
			all = append(binary.BigEndian.AppendUint64(all, uint64(l.ID)), l.Resolved...) //nolint:gosec // only told apart
		}
		st.sum = ident.Sum(all)
		return nil
	})
	return st, err
}

// tag names a state of one feed for one clearance.
func (st standing) tag(q *request, f file, more ...string) string {
	parts := []byte("twoseas feed v1\x00" + f.name + "\x00" + q.collection.ID + "\x00" + q.actor.Clearance.String() + "\x00" + q.collection.Title)
	for _, m := range more {
		parts = append(append(parts, 0), m...)
	}
	for _, n := range []int64{st.state.Members, st.state.Newest, st.state.Sum} {
		parts = binary.BigEndian.AppendUint64(parts, uint64(n)) //nolint:gosec // only told apart
	}
	sum := ident.Sum(parts, st.sum[:])
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

func (st standing) modified() time.Time {
	if st.state.Newest == 0 {
		return time.Time{}
	}
	return time.UnixMicro(st.state.Newest)
}

// walk calls piece with one page of the collection after the other, made by
// add.
func (s *Server) walk(q *request, p store.PageQuery, add func(dst []byte, m store.Member) []byte, piece func([]byte) error) error {
	p.Collection, p.Class, p.Bodies, p.Limit, p.MaxBytes, p.After = q.collection.N, q.access.Class, true, pieceObjects, pieceBytes, math.MinInt64
	var buf []byte
	for more := true; more; {
		buf = buf[:0]
		err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
			more, err = tx.Page(p, func(m store.Member) error {
				buf = add(buf, m)
				p.After = m.Added
				return nil
			})
			return err
		})
		if err != nil {
			return err
		}
		if err := piece(buf); err != nil {
			return err
		}
	}
	return nil
}

// stream sends a feed piece by piece. Once it has begun, what fails can only
// break it off.
func (s *Server) stream(q *request, f file, begin, end []byte, add func(dst []byte, m store.Member) []byte, types []string) error {
	st, err := s.standing(q)
	if err != nil {
		return err
	}
	tag := st.tag(q, f, types...)
	if has(q.r, tag) || st.state.Members == 0 {
		return send(q, document{media: f.media, etag: tag, modified: st.modified(), head: append(begin, end...)})
	}
	headers(q, f.media, tag, st.modified())
	o := open(q, 0)
	_, err = o.Write(begin)
	if err == nil {
		err = s.walk(q, store.PageQuery{Types: types, Labelled: true}, add, func(p []byte) error {
			_, err := o.Write(p)
			return err
		})
	}
	if err == nil {
		_, err = o.Write(end)
	}
	s.closed(q, o, f.name, err)
	return nil
}

// bundle is a STIX 2.1 bundle of the objects as they are stored; what was
// revoked says so.
func (s *Server) bundle(q *request, f file) error {
	id := ident.Sum([]byte("twoseas bundle v1\x00" + s.Handle.Domain().String() + "\x00" + q.collection.ID))
	begin := []byte(`{"type":"bundle","id":"bundle--` + ident.FormatUUID([16]byte(id[:16])) + `","objects":[`)
	some := false
	return s.stream(q, f, begin, []byte("]}\n"), func(dst []byte, m store.Member) []byte {
		if some {
			dst = append(dst, ',')
		}
		some = true
		return append(append(dst, '\n'), m.Body...)
	}, q.options.types)
}

// sheet is a table of the objects, a row for each value that one names.
func (s *Server) sheet(q *request, f file) error {
	st, err := s.standing(q)
	if err != nil {
		return err
	}
	w := outlet.NewSheet()
	return s.stream(q, f, w.Head(nil), nil, func(dst []byte, m store.Member) []byte {
		o, ok := view(m)
		if !ok {
			return dst
		}
		row := rowOf(o, m)
		if l, ok := st.labels[m.Label]; ok {
			row.TLP, row.PAP = said(l)
		}
		values := observe.Values(o)
		if len(values) == 0 {
			values = []ioc.Value{{}}
		}
		for _, v := range values {
			row.Value = v
			dst = w.Row(dst, row)
		}
		return dst
	}, q.options.types)
}

// said returns the TLP and the PAP of a label as people write them, "" for
// what it does not say.
func said(l marking.Label) (tlp, pap string) {
	if l.TLP != marking.NoTLP {
		tlp = l.TLP.String()
	}
	if l.PAP != marking.NoPAP {
		pap = l.PAP.String()
	}
	return tlp, pap
}

func rowOf(o *stix.Object, m store.Member) outlet.Row {
	return outlet.Row{
		ID: o.ID, Type: o.Type, Name: text(o, "name"), Pattern: text(o, "pattern"), Created: text(o, "created"), Modified: text(o, "modified"),
		ValidFrom: text(o, "valid_from"), ValidUntil: text(o, "valid_until"), Revoked: o.Revoked, Confidence: number(o, "confidence"),
		Labels: texts(o, "labels"), Creator: text(o, "created_by_ref"), Added: time.UnixMicro(m.Added),
	}
}

func number(o *stix.Object, name string) string {
	if n, ok := o.Props[name].(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return ""
}

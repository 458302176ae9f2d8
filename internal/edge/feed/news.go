package feed

import (
	"cmp"
	"math"
	"time"

	"twoseas/internal/format/outlet"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Bounds of news.
const (
	newsItems = 200
	newsBytes = 8 << 20
	newsTags  = 10
)

// newsTypes are the types of objects that are news unless others are asked
// for: what a person would read, and not what hangs between two things.
var newsTypes = []string{
	"attack-pattern", "campaign", "course-of-action", "grouping", "incident", "indicator", "intrusion-set", "malware", "malware-analysis", "note", "report",
	"threat-actor", "tool", "vulnerability",
}

// news answers with the newest objects, as Atom or as JSON Feed.
func (s *Server) news(q *request, f file) error {
	st, err := s.standing(q)
	if err != nil {
		return err
	}
	types := q.options.types
	tag := st.tag(q, f, types...)
	if has(q.r, tag) {
		return send(q, document{media: f.media, etag: tag, modified: st.modified()})
	}
	if len(types) == 0 {
		types = newsTypes
	}
	var items []outlet.Item
	strict := marking.NoTLP
	err = s.Handle.Query(q.r.Context(), func(tx *store.Tx) error {
		_, err := tx.Page(store.PageQuery{
			Collection: q.collection.N, Class: q.access.Class, After: math.MinInt64, Limit: newsItems, MaxBytes: newsBytes, Types: types,
			Bodies: true, Labelled: true, Newest: true,
		}, func(m store.Member) error {
			if i, ok := s.item(m, st.labels[m.Label]); ok {
				items = append(items, i)
			}
			tlp := st.labels[m.Label].TLP
			if tlp == marking.NoTLP {
				tlp = q.actor.Clearance.TLP
			}
			strict = max(strict, tlp)
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	h := outlet.Head{
		Title: q.collection.Title, Collection: q.collection.ID, What: f.what, Updated: st.modified(), Count: len(items), Marking: max(strict, marking.Clear).String(),
	}
	if s.URL != "" {
		h.URL = s.URL + Prefix + q.collection.ID + "/" + f.name
	}
	write := outlet.JSON
	if f.media == outlet.AtomType {
		write = outlet.Atom
	}
	raw, err := write(h, items)
	if err != nil {
		return err
	}
	return send(q, document{media: f.media, etag: tag, modified: st.modified(), head: raw})
}

func (s *Server) item(m store.Member, l marking.Label) (outlet.Item, bool) {
	o, ok := view(m)
	if !ok {
		return outlet.Item{}, false
	}
	i := outlet.Item{
		ID: o.ID, Type: o.Type, Title: cmp.Or(text(o, "name"), text(o, "abstract"), text(o, "pattern")), Text: cmp.Or(text(o, "description"), text(o, "content"), text(o, "pattern")),
		Published: moment(o, "created"), Updated: time.UnixMicro(m.Added), Revoked: o.Revoked, Author: text(o, "created_by_ref"),
	}
	i.Tags = listOf(o, "labels")
	i.Tags = i.Tags[:min(len(i.Tags), newsTags)]
	i.TLP, _ = said(l)
	if s.URL != "" {
		i.Link = s.URL + "/objects/" + o.ID
	}
	return i, true
}

package misp

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"twoseas/internal/act/event"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// typesByName is the attribute types by their names.
var typesByName = sync.OnceValue(func() map[string]misp.Type {
	out := map[string]misp.Type{}
	for _, t := range misp.Types() {
		out[t.Name] = t
	}
	return out
})

func typeNamed(name string) (misp.Type, bool) {
	t, ok := typesByName()[name]
	return t, ok
}

// viewPart answers with one attribute or object.
func viewPart(object bool) func(*Server, *request) error {
	name := "Attribute"
	if object {
		name = "Object"
	}
	return func(s *Server, q *request) error {
		p, err := s.Events.Part(q.r.Context(), s.Handle, q.access.Class, q.arg())
		if err == nil && (p.Object && p.Inside == nil) != object {
			err = fault.New(fault.NotFound, "Invalid "+strings.ToLower(name))
		}
		if err != nil {
			return err
		}
		q.answer(http.StatusOK, map[string]any{name: part(p)})
		return nil
	}
}

// maxIndex is how many attributes attributes/index lists when no limit is said,
// as in MISP.
const maxIndex = 60

// attributes lists attributes, bare.
func (s *Server) attributes(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	ask, err := s.parse(m, false)
	if err != nil {
		return err
	}
	if ask.Limit == 0 || ask.Limit > 1000 {
		ask.Limit = maxIndex
	}
	out := []any{}
	err = s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
		e := s.one(m, f)
		delete(e, "Event")
		out = append(out, e)
		return nil
	})
	if err != nil {
		return err
	}
	q.answer(http.StatusOK, out)
	return nil
}

// searchObjects answers with the objects that hold an attribute that is asked
// for.
func (s *Server) searchObjects(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	if _, err := format(m, "json"); err != nil {
		return err
	}
	name := words(m["object_name"])
	delete(m, "object_name")
	ask, err := s.parse(m, false)
	if err != nil {
		return err
	}
	limit, skip := ask.Limit, max(0, ask.Page-1)*ask.Limit
	ask.Limit, ask.Page = 0, 1
	var uuids []string
	err = s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
		if f.Object == "" || len(name) > 0 && !slices.Contains(name, f.ObjectName) || len(uuids) > 0 && uuids[len(uuids)-1] == f.Object {
			return nil
		}
		uuids = append(uuids, f.Object)
		return nil
	})
	if err != nil {
		return err
	}
	uuids = uuids[min(skip, len(uuids)):]
	if limit > 0 {
		uuids = uuids[:min(limit, len(uuids))]
	}
	open, end := shape(m)
	return q.stream("application/json", func(w io.Writer) error {
		return s.objects(q, w, uuids, open+"[", "]"+end)
	})
}

func (s *Server) objects(q *request, w io.Writer, uuids []string, open, end string) error {
	sep := open
	for _, uuid := range uuids {
		p, err := s.Events.Part(q.r.Context(), s.Handle, q.access.Class, uuid)
		if fault.Is(err, fault.NotFound) {
			continue // gone since
		}
		if err != nil {
			return err
		}
		raw, err := canon.Write(map[string]any{"Object": part(p)})
		if err != nil {
			return err
		}
		if _, err := w.Write(append([]byte(sep), raw...)); err != nil {
			return err
		}
		sep = ","
	}
	if sep == open {
		end = open + end
	}
	_, err := io.WriteString(w, end)
	return err
}

// tagsIndex lists the tags of the events that the reader sees.
func (s *Server) tagsIndex(q *request) error {
	list, err := s.Events.List(q.r.Context(), s.Handle, q.access.Class)
	if err != nil {
		return err
	}
	count := map[string]int{}
	var names []string
	for _, x := range list {
		for _, t := range x.Tags {
			if count[t]++; count[t] == 1 {
				names = append(names, t)
			}
		}
	}
	slices.Sort(names)
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = map[string]any{"id": strconv.Itoa(i + 1), "name": n, "colour": "#6b7280", "exportable": true, "hide_tag": false, "count": count[n]}
	}
	q.answer(http.StatusOK, map[string]any{"Tag": out})
	return nil
}

// organisations lists those whose events the reader sees.
func (s *Server) organisations(q *request) error {
	list, err := s.Events.Orgs(q.r.Context(), s.Handle, q.access.Class)
	if err != nil {
		return err
	}
	out := make([]any, len(list))
	for i, o := range list {
		out[i] = map[string]any{"Organisation": map[string]any{"id": strconv.Itoa(i + 1), "name": o.Name, "uuid": o.UUID, "local": i == 0}}
	}
	if want := q.arg(); want != "" {
		for i, o := range list {
			if want == o.UUID || strings.EqualFold(want, o.Name) {
				q.answer(http.StatusOK, out[i])
				return nil
			}
		}
		return failure{http.StatusNotFound, "Invalid organisation"}
	}
	q.answer(http.StatusOK, out)
	return nil
}

// warningLists lists the lists of values that are rarely malicious.
func (s *Server) warningLists(q *request) error {
	var added []store.WarningList
	if err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
		added, err = tx.WarningLists()
		return err
	}); err != nil {
		return err
	}
	out := []any{}
	add := func(name, description, typ string, version, entries int64) {
		out = append(out, map[string]any{"Warninglist": map[string]any{
			"id": strconv.Itoa(len(out) + 1), "name": name, "description": description, "type": typ, "version": strconv.FormatInt(version, 10),
			"enabled": true, "warninglist_entry_count": strconv.FormatInt(entries, 10),
		}})
	}
	for _, l := range warninglist.BuiltIn() {
		add(l.Name, l.Description, l.Type, l.Version, int64(len(l.Entries)))
	}
	for _, l := range added {
		add(l.Name, "", l.Type, l.Version, l.Entries)
	}
	q.answer(http.StatusOK, map[string]any{"Warninglists": out})
	return nil
}

// checkValues answers, of each value, which warning lists name it; an empty list
// when none is named.
func (s *Server) checkValues(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	if m, ok := v.(map[string]any); ok && m["value"] != nil {
		v = m["value"]
	}
	out := map[string]any{}
	if s.Lists != nil {
		set, err := s.Lists.Lists(q.r.Context(), s.Handle)
		if err != nil {
			return err
		}
		for _, text := range words(v) {
			value, err := ioc.Guess(text)
			if err != nil {
				continue
			}
			var hits []any
			for _, h := range set.Hits(value) {
				hits = append(hits, map[string]any{"name": h.List, "matched": h.Entry})
			}
			if hits != nil {
				out[text] = hits
			}
		}
	}
	if len(out) == 0 {
		return s.empty(q)
	}
	q.answer(http.StatusOK, out)
	return nil
}

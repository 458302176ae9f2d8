package misp

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/event"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
)

// getVersion says which calls to expect: no galaxies and no analyst data of
// their own, bodies compressed with gzip.
func (s *Server) getVersion(q *request) error {
	q.answer(http.StatusOK, map[string]any{
		"version": s.Version, "pymisp_recommended_version": "2.5.0", "perm_sync": q.actor.May(people.Write) == nil,
		"perm_sighting": q.actor.May(people.Respond) == nil, "perm_galaxy_editor": false, "perm_analyst_data": false,
		"request_encoding": []string{"gzip"}, "filter_sightings": true,
	})
	return nil
}

func (s *Server) getPyMISPVersion(q *request) error {
	q.answer(http.StatusOK, map[string]any{"version": "2.5.0"})
	return nil
}

// postTest returns what was sent, which is how a MISP finds out whether
// something between it and here changes bodies.
func (s *Server) postTest(q *request) error {
	v, err := q.question()
	if err != nil {
		return err
	}
	media, _, _ := strings.Cut(q.r.Header.Get("Content-Type"), ";")
	q.answer(http.StatusOK, map[string]any{
		"body":    map[string]any{"testString": v["testString"]},
		"headers": map[string]any{"Accept": q.r.Header.Get("Accept"), "Content-type": media},
	})
	return nil
}

// filteringRules lists nothing: rules are for a client to make, of names it
// knows.
func (s *Server) filteringRules(q *request) error {
	q.answer(http.StatusOK, map[string]any{"organisations": []any{}, "tags": []any{}})
	return nil
}

func (s *Server) empty(q *request) error {
	q.answer(http.StatusOK, []any{})
	return nil
}

func (s *Server) emptyObject(q *request) error {
	q.answer(http.StatusOK, map[string]any{})
	return nil
}

// noClusters: galaxies go with the events that name them.
func (s *Server) noClusters(q *request) error {
	q.answer(http.StatusOK, map[string]any{"response": []any{}})
	return nil
}

func (s *Server) noCluster(*request) error {
	return failure{http.StatusForbidden, "Galaxy clusters are taken with the events that name them, not alone"}
}

// list answers the question for events, checked.
func (s *Server) list(q *request) (map[string]any, []event.Entry, error) {
	m, err := q.question()
	if err != nil {
		return nil, nil, err
	}
	ask, err := s.parse(m, true)
	if err != nil {
		return nil, nil, err
	}
	list, err := s.Events.Events(q.r.Context(), s.Handle, q.access.Class, ask)
	return m, list, err
}

// index lists events. With If-None-Match a list that is the same is 304.
func (s *Server) index(q *request) error {
	m, list, err := s.list(q)
	if err != nil {
		return err
	}
	tag := `"` + event.Tag(list) + `"`
	if had := q.r.Header.Get("If-None-Match"); had != "" {
		q.w.Header()["Etag"] = []string{tag}
		if slices.ContainsFunc(strings.Split(had, ","), func(h string) bool { return strings.TrimPrefix(strings.TrimSpace(h), "W/") == tag }) {
			q.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	q.w.Header()["X-Result-Count"] = []string{strconv.Itoa(len(list))}
	write := full
	if on(m["minimal"]) {
		write = minimal
	}
	return q.stream("application/json", func(w io.Writer) error { return array(w, list, write) })
}

// array writes a list of events.
func array(w io.Writer, list []event.Entry, write func(event.Entry) map[string]any) error {
	buf := []byte{'['}
	for i, x := range list {
		if i > 0 {
			buf = append(buf, ',')
		}
		raw, err := canon.Write(write(x))
		if err != nil {
			return err
		}
		if buf = append(buf, raw...); len(buf) > 32<<10 {
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err := w.Write(append(buf, ']'))
	return err
}

func minimal(x event.Entry) map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(x.Number, 10), "uuid": x.UUID, "timestamp": strconv.FormatInt(x.Timestamp, 10), "sighting_timestamp": "0",
		"published": x.Published, "orgc_uuid": x.Org.UUID,
	}
}

func full(x event.Entry) map[string]any {
	org := map[string]any{"id": "0", "name": x.Org.Name, "uuid": x.Org.UUID}
	tags := make([]any, len(x.Tags))
	for i, t := range x.Tags {
		tags[i] = map[string]any{"Tag": map[string]any{"name": t}, "local": false}
	}
	m := minimal(x)
	for name, v := range map[string]any{
		"info": x.Info, "date": x.Date, "org_id": "0", "orgc_id": "0", "Org": org, "Orgc": org, "EventTag": tags,
		"distribution": misp.Distribution(x.Tags), "sharing_group_id": "0", "threat_level_id": "4", "analysis": "2", "locked": false,
		"attribute_count": strconv.Itoa(x.Members), "publish_timestamp": m["timestamp"], "proposal_email_lock": false, "disable_correlation": false,
		"extends_uuid": "",
	} {
		m[name] = v
	}
	return m
}

// wanted answers which of the events that somebody offers are newer than what
// is here.
func (s *Server) wanted(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	offers, ok := v.([]any)
	if !ok {
		return fault.New(fault.Invalid, `want a list of {"Event": {"uuid": …, "timestamp": …}}`)
	}
	list, err := s.Events.List(q.r.Context(), s.Handle, q.access.Class)
	if err != nil {
		return err
	}
	have := make(map[string]event.Entry, len(list))
	for _, x := range list {
		have[x.UUID] = x
	}
	out := []string{}
	for _, o := range offers {
		m, _ := o.(map[string]any)
		e, _ := m["Event"].(map[string]any)
		uuid := strings.ToLower(word(e["uuid"]))
		at, err := strconv.ParseInt(word(e["timestamp"]), 10, 64)
		x, known := have[uuid]
		if uuid == "" || err != nil || known && (!x.Foreign || x.Timestamp >= at) {
			continue
		}
		out = append(out, uuid)
	}
	q.answer(http.StatusOK, out)
	return nil
}

// view sends one event.
func (s *Server) view(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	id := q.arg()
	if q.r.Method == http.MethodHead {
		if _, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, id); err != nil {
			return err
		}
		q.send(http.StatusOK, "application/json", nil)
		return nil
	}
	want := event.Want{
		Metadata: on(m["metadata"]), Deleted: slices.ContainsFunc(words(m["deleted"]), func(s string) bool { return on(s) || s == "only" }),
		NoGalaxies: on(m["excludeGalaxy"]), NoSightings: on(m["noSightings"]),
	}
	return q.stream("application/json", func(w io.Writer) error {
		return s.Events.Write(q.r.Context(), s.Handle, q.access.Class, w, id, want)
	})
}

// add takes an event in; one that is here already is changed.
func (s *Server) add(q *request) error { return s.take(q, "") }

// edit takes an event in that is here already.
func (s *Server) edit(q *request) error {
	x, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg())
	if err != nil {
		return err
	}
	return s.take(q, x.UUID)
}

func (s *Server) take(q *request, uuid string) error {
	in, err := q.body(s.MaxUnpacked)
	if err != nil {
		return err
	}
	t, err := s.Events.Add(q.r.Context(), s.Handle, q.actor, q.access, in, uuid)
	if err != nil {
		return err
	}
	if t.Report.Refused > 0 && t.Report.New+t.Report.Updated+t.Report.Same == 0 {
		return failure{http.StatusForbidden, "Could not add Event: " + t.Report.Refusals[0].Reason}
	}
	want := event.Want{Metadata: q.flag("metadata"), Deleted: true}
	q.w.Header()["X-Refused"] = []string{strconv.Itoa(t.Report.Refused)}
	err = q.stream("application/json", func(w io.Writer) error {
		return s.Events.Write(q.r.Context(), s.Handle, q.access.Class, w, t.UUID, want)
	})
	if fault.Is(err, fault.NotFound) { // taken in, and not for who brought it
		q.answer(http.StatusOK, map[string]any{"Event": map[string]any{"uuid": t.UUID}})
		return nil
	}
	return err
}

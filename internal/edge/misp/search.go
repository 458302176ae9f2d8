package misp

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/event"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/outlet"
)

// format returns the returnFormat of a question.
func format(m map[string]any, known ...string) (string, error) {
	f := word(m["returnFormat"])
	if f == "" {
		return "json", nil
	}
	for _, k := range known {
		if f == k {
			return f, nil
		}
	}
	return "", fault.Errorf(fault.Invalid, "returnFormat %.20q: want one of %s", f, strings.Join(known, ", "))
}

// searchEvents answers {"response": [{"Event": …}, …]}; the bare list with
// wrap:0, and with metadata the events without what is in them.
func (s *Server) searchEvents(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	f, err := format(m, "json", "csv", "text", "hashes", "suricata")
	if err != nil {
		return err
	}
	ask, err := s.parse(m, true)
	if err != nil {
		return err
	}
	if f != "json" {
		if ask, err = s.parse(m, false); err != nil {
			return err
		}
		return s.lines(q, m, f, ask)
	}
	list, err := s.Events.Events(q.r.Context(), s.Handle, q.access.Class, ask)
	if err != nil {
		return err
	}
	if on(m["minimal"]) {
		return q.stream("application/json", func(w io.Writer) error { return array(w, list, minimal) })
	}
	q.w.Header()["X-Result-Count"] = []string{strconv.Itoa(len(list))}
	want := event.Want{Metadata: on(m["metadata"]), Deleted: ask.Deleted != event.Active, NoGalaxies: on(m["excludeGalaxy"])}
	return q.stream("application/json", func(w io.Writer) error {
		open, end := shape(m)
		if _, err := io.WriteString(w, open+"["); err != nil {
			return err
		}
		for i, x := range list {
			if i > 0 {
				if _, err := io.WriteString(w, ","); err != nil {
					return err
				}
			}
			if err := s.Events.Write(q.r.Context(), s.Handle, q.access.Class, w, x.UUID, want); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "]"+end)
		return err
	})
}

// shape returns what stands around an answer: MISP's REST searches put it into
// "response", its other calls do not; wrap:0 leaves it out.
func shape(m map[string]any) (open, end string) {
	if v, ok := m["wrap"]; ok && !on(v) {
		return "", ""
	}
	return `{"response":`, "}"
}

// searchAttributes answers {"response": {"Attribute": […]}}.
func (s *Server) searchAttributes(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	f, err := format(m, "json", "csv", "text", "hashes", "suricata")
	if err != nil {
		return err
	}
	ask, err := s.parse(m, false)
	if err != nil {
		return err
	}
	if f != "json" {
		return s.lines(q, m, f, ask)
	}
	return q.stream("application/json", func(w io.Writer) error {
		open, end := shape(m)
		out := bufio.NewWriterSize(w, 64<<10)
		out.WriteString(open + `{"Attribute":[`)
		first := true
		err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
			raw, err := canon.Write(s.one(m, f))
			if err != nil {
				return err
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			_, err = out.Write(raw)
			return err
		})
		if err != nil {
			return err
		}
		out.WriteString("]}" + end)
		return out.Flush()
	})
}

// one is an attribute as a search answers with it.
func (s *Server) one(m map[string]any, f event.Found) map[string]any {
	e := f.Element
	n := strconv.FormatInt(f.In.Number, 10)
	e["event_id"], e["event_uuid"] = n, f.In.UUID
	if f.Object != "" {
		e["object_uuid"] = f.Object
	}
	if on(m["includeEventTags"]) {
		list, _ := e["Tag"].([]any)
		for _, t := range f.In.Tags {
			list = append(list, map[string]any{"name": t, "inherited": 1})
		}
		e["Tag"] = list
	}
	e["Event"] = map[string]any{
		"id": n, "uuid": f.In.UUID, "info": f.In.Info, "date": f.In.Date, "timestamp": strconv.FormatInt(f.In.Timestamp, 10), "published": f.In.Published,
		"Orgc": map[string]any{"uuid": f.In.Org.UUID, "name": f.In.Org.Name},
	}
	return e
}

// lines answers with a line an attribute. Rules are made only of what may be
// looked for where others notice; pap "none" adds what says nothing of that.
func (s *Server) lines(q *request, m map[string]any, f string, ask event.Query) error {
	yes := true
	media := "text/plain; charset=utf-8"
	switch f {
	case "hashes":
		ask.Types = hashTypes
	case "suricata":
		ask.ToIDs = &yes
	case "csv":
		media = "text/csv; charset=utf-8"
	}
	l := liner{format: f, form: outlet.NewSuricata(), noPAP: word(m["pap"]) == "none", seen: map[string]bool{}}
	return q.stream(media, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		if f == "csv" && !on(m["headerless"]) {
			out.WriteString(csvHeader)
		}
		err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(a event.Found) error {
			_, err := out.Write(l.line(a))
			return err
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// liner writes attributes as lines, each value once.
type liner struct {
	format string
	form   *outlet.Suricata
	noPAP  bool
	seen   map[string]bool
}

func (l *liner) line(a event.Found) []byte {
	value := a.Text("value")
	if l.format == "csv" {
		return append([]byte(csvLine(a)), '\n')
	}
	if l.format == "suricata" {
		if l.seen[a.Text("type")+value] || !usable(a) && (!l.noPAP || !unsaid(a)) {
			return nil
		}
		l.seen[a.Text("type")+value] = true
		return suricata(nil, l.form, a)
	}
	if _, right, ok := strings.Cut(value, "|"); ok && l.format == "hashes" {
		value = right
	}
	if value = oneLine(value); l.seen[value] {
		return nil
	}
	l.seen[value] = true
	return append([]byte(value), '\n')
}

var hashTypes = []string{
	"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "filename|md5", "filename|sha1", "filename|sha224", "filename|sha256", "filename|sha384",
	"filename|sha512", "malware-sample",
}

const csvHeader = "uuid,event_id,category,type,value,comment,to_ids,date,object_relation,attribute_tag,object_uuid,object_name,object_meta_category\n"

func csvLine(a event.Found) string {
	ids := "0"
	if a.Is("to_ids") {
		ids = "1"
	}
	cells := []string{
		a.Text("uuid"), strconv.FormatInt(a.In.Number, 10), a.Text("category"), a.Text("type"), a.Text("value"), a.Text("comment"), ids, a.Text("timestamp"),
		a.Text("object_relation"), strings.Join(a.Tags(), ","), a.Object, a.ObjectName, a.ObjectCategory,
	}
	for i, c := range cells {
		c = strings.NewReplacer(`"`, `""`, "\r", " ", "\n", " ").Replace(c)
		if c != "" && strings.ContainsRune("=+-@\t", rune(c[0])) { // what a spreadsheet would compute
			c = "'" + c
		}
		cells[i] = `"` + c + `"`
	}
	return strings.Join(cells, ",")
}

// oneLine keeps a value from being two.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// usable reports whether an attribute's PAP lets others act on it where the
// other side may notice: PAP:CLEAR and PAP:GREEN do.
func usable(a event.Found) bool {
	ok := false
	for _, tag := range append(a.Tags(), a.In.Tags...) {
		switch strings.ToLower(tag) {
		case "pap:clear", "pap:white", "pap:green":
			ok = true
		case "pap:amber", "pap:red":
			return false
		}
	}
	return ok
}

// unsaid reports whether an attribute and its event say nothing of PAP.
func unsaid(a event.Found) bool {
	return !slices.ContainsFunc(append(a.Tags(), a.In.Tags...), func(tag string) bool { return strings.HasPrefix(strings.ToLower(tag), "pap:") })
}

// suricata appends the rules that look for an attribute.
func suricata(dst []byte, form *outlet.Suricata, a event.Found) []byte {
	v, ok := misp.ValueOf(a.Text("type"), a.Text("value"))
	if !ok {
		return dst
	}
	b := outlet.Block{Value: v, ID: a.Source}
	for _, tag := range a.Tags() {
		upper := strings.ToUpper(tag)
		switch {
		case strings.HasPrefix(upper, "TLP:"):
			b.TLP = upper
		case strings.HasPrefix(upper, "PAP:"):
			b.PAP = upper
		}
	}
	return form.Entry(dst, b)
}

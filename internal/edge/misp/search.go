package misp

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/act/event"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
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
		out.WriteString(open + `{"Attribute":[`) //nolint:errcheck // the error stays in out
		first := true
		err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
			raw, err := canon.Write(s.one(m, f))
			if err != nil {
				return err
			}
			if !first {
				out.WriteByte(',') //nolint:errcheck // "
			}
			first = false
			_, err = out.Write(raw)
			return err
		})
		if err != nil {
			return err
		}
		out.WriteString("]}" + end) //nolint:errcheck // "
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

// attribute answers with one attribute.
func (s *Server) attribute(q *request) error {
	var found *event.Found
	err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, event.Query{UUIDs: []string{q.arg()}, Deleted: event.Both, Said: true, Limit: 1, Page: 1}, func(f event.Found) error {
		found = &f
		return nil
	})
	if err != nil {
		return err
	}
	if found == nil || found.Text("uuid") != q.arg() {
		return failure{http.StatusNotFound, "Invalid attribute"}
	}
	q.answer(http.StatusOK, map[string]any{"Attribute": s.one(nil, *found)})
	return nil
}

// lines answers with one line an attribute.
func (s *Server) lines(q *request, m map[string]any, f string, ask event.Query) error {
	yes := true
	switch f {
	case "hashes":
		ask.Types = hashTypes
	case "suricata":
		ask.ToIDs = &yes
	}
	seen := map[string]bool{}
	media := "text/plain; charset=utf-8"
	if f == "csv" {
		media = "text/csv; charset=utf-8"
	}
	return q.stream(media, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		if f == "csv" && !on(m["headerless"]) {
			out.WriteString(csvHeader) //nolint:errcheck // the error stays in out
		}
		err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f2 event.Found) error {
			for _, line := range lineOf(f, f2) {
				if f != "csv" {
					if seen[line] {
						continue
					}
					seen[line] = true
				}
				if _, err := out.WriteString(line + "\n"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// lineOf returns the lines of one attribute.
func lineOf(f string, a event.Found) []string {
	switch f {
	case "csv":
		return []string{csvLine(a)}
	case "hashes":
		_, right, ok := strings.Cut(a.Text("value"), "|")
		if !ok {
			right = a.Text("value")
		}
		return []string{oneLine(right)}
	case "suricata":
		return suricata(a)
	}
	return []string{oneLine(a.Text("value"))}
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

// suricata returns the rules that look for an attribute, none when its PAP
// lets nobody act on it visibly, or when there is nothing to look for on a
// network.
func suricata(a event.Found) []string {
	for _, tag := range append(a.Tags(), a.In.Tags...) {
		switch strings.ToLower(tag) {
		case "pap:red", "pap:amber":
			return nil
		}
	}
	left, right, _ := strings.Cut(a.Text("value"), "|")
	sid := 0
	for _, c := range []byte(a.Text("uuid") + a.Text("type")) {
		sid = (sid*31 + int(c)) % 900_000
	}
	rule := func(head, body string) []string {
		return []string{fmt.Sprintf(`alert %s (msg:"MISP e%d %s"; %sclasstype:trojan-activity; sid:%d; rev:1; priority:4; reference:url,%s;)`,
			head, a.In.Number, a.Text("type"), body, 1_000_000+sid, a.In.UUID)}
	}
	quoted, ok := content(left)
	if !ok {
		return nil
	}
	switch a.Text("type") {
	case "ip-dst", "ip-dst|port", "ip-src", "ip-src|port":
		port := "any"
		if strings.HasSuffix(a.Text("type"), "|port") {
			port = right
		}
		if !plainWord(left) || !plainWord(port) {
			return nil
		}
		if strings.HasPrefix(a.Text("type"), "ip-src") {
			return rule("ip "+left+" "+port+" -> $HOME_NET any", "")
		}
		return rule("ip $HOME_NET any -> "+left+" "+port, "")
	case "domain", "hostname", "domain|ip":
		return rule("dns any any -> any any", `dns.query; content:"`+quoted+`"; nocase; endswith; `)
	case "url":
		_, rest, ok := strings.Cut(left, "://")
		host, path, slash := strings.Cut(rest, "/")
		h, okHost := content(host)
		p, okPath := content("/" + path)
		if !ok || !okHost || !okPath {
			return nil
		}
		body := `http.host; content:"` + h + `"; `
		if slash && path != "" {
			body += `http.uri; content:"` + p + `"; `
		}
		return rule("http $HOME_NET any -> $EXTERNAL_NET any", body)
	}
	return nil
}

// content writes a text for a rule's content, in which some letters are
// written as numbers; false for one that is empty or very long.
func content(s string) (string, bool) {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || strings.IndexByte(`";\|:`, c) >= 0 {
			fmt.Fprintf(&b, "|%02X|", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String(), s != "" && len(s) < 1000
}

// plainWord reports whether s can stand in the head of a rule.
func plainWord(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF.:/any") == ""
}

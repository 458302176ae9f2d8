package object

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/library"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/stix/pattern"
)

// fact is one property as a person reads it: exactly one of the rest is set.
type fact struct {
	Label  string
	Known  bool // the label is in the reader's language
	Text   string
	Code   string
	Time   time.Time
	Items  []string
	Refs   []link
	Nested [][]fact
}

// link is another object by its name.
type link struct{ ID, Text, Href string }

// hidden are the properties a page shows elsewhere, or that say nothing to a
// person.
var hidden = []string{
	"id", "type", "spec_version", "name", "created", "modified", "revoked", "object_marking_refs", "granular_markings", "extensions",
	"description", "pattern", "x_mitre_version", "x_mitre_attack_spec_version",
}

// first are the properties in the order a person looks for them; the rest
// follows by name.
var first = []string{
	"aliases", "indicator_types", "malware_types", "is_family", "report_types", "threat_actor_types", "tool_types", "infrastructure_types",
	"identity_class", "sectors", "roles", "opinion", "explanation", "content", "abstract", "authors", "relationship_type", "source_ref", "target_ref", "sighting_of_ref",
	"where_sighted_refs", "observed_data_refs", "count", "number_observed", "first_observed", "last_observed", "first_seen", "last_seen", "valid_from", "valid_until",
	"published", "confidence", "kill_chain_phases", "object_refs", "value", "hashes", "labels", "created_by_ref", "external_references",
}

// maxDepth bounds the nesting that is laid out; what lies deeper is shown as
// JSON.
const (
	maxDepth = 4
	maxItems = 100
)

func factsOf(q *page.Request, o library.Object) []fact {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(o.Props)), func(n string) bool { return slices.Contains(hidden, n) })
	order := func(n string) int {
		if i := slices.Index(first, n); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortFunc(names, func(a, b string) int {
		if x, y := order(a), order(b); x != y {
			return x - y
		}
		return strings.Compare(a, b)
	})
	var out []fact
	for _, n := range names {
		out = append(out, factOf(q, o, n, o.Props[n], 0))
	}
	return out
}

func factOf(q *page.Request, o library.Object, name string, v any, depth int) fact {
	f := fact{}
	f.Label, f.Known = label(q, name)
	if strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs") {
		for _, id := range stringsOf(v) {
			f.Refs = append(f.Refs, linkTo(q, o, id))
		}
		if len(f.Refs) > 0 {
			return f
		}
	}
	if name == "kill_chain_phases" {
		f.Items = o.Phases
		return f
	}
	switch v := v.(type) {
	case string:
		f.setText(name, v)
	case bool:
		f.Text = q.T("object.no")
		if v {
			f.Text = q.T("object.yes")
		}
	case map[string]any:
		f.nest(q, o, []any{v}, depth)
	case []any:
		if items := stringsOf(v); len(items) == len(v) && len(items) > 0 {
			f.Items = items[:min(len(items), maxItems)]
		} else {
			f.nest(q, o, v, depth)
		}
	default:
		f.Text = library.Shown(v)
	}
	return f
}

// codes are properties whose values are read letter by letter.
var codes = []string{"value", "path", "command_line", "key", "data", "pattern", "payload_bin", "serial_number", "message_id", "cpe"}

func (f *fact) setText(name, s string) {
	if t, err := stix.ParseTimestamp(s); err == nil {
		f.Time = t
		return
	}
	if slices.Contains(codes, name) {
		f.Code = s
		return
	}
	f.Text = s
}

// nest lays out objects inside an object.
func (f *fact) nest(q *page.Request, o library.Object, list []any, depth int) {
	for _, x := range list[:min(len(list), maxItems)] {
		m, ok := x.(map[string]any)
		if !ok || depth >= maxDepth {
			f.Nested = append(f.Nested, []fact{{Code: library.Shown(x)}})
			continue
		}
		var inner []fact
		for _, n := range slices.Sorted(maps.Keys(m)) {
			inner = append(inner, factOf(q, o, n, m[n], depth+1))
		}
		f.Nested = append(f.Nested, inner)
	}
}

// label is what a property is called: in the reader's language where the
// catalogue knows it, else as the object writes it.
func label(q *page.Request, name string) (string, bool) {
	if key := "stix.prop." + name; q.Has(key) {
		return q.T(key), true
	}
	return strings.TrimPrefix(strings.ReplaceAll(name, "_", " "), "x "), false
}

func stringsOf(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	l, ok := v.([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, x := range l {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// linkTo leads to another object, when the reader can see it.
func linkTo(q *page.Request, o library.Object, id string) link {
	n, ok := o.Names[id]
	if !ok {
		return link{ID: id}
	}
	return link{ID: id, Text: Called(q, id, n.Type, n.Name), Href: Path(id)}
}

func (v view) text(name string) string {
	s, _ := v.Props[name].(string)
	return s
}

// paragraphs are those of a text.
func paragraphs(s string) []string {
	var out []string
	for p := range strings.SplitSeq(s, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// comparison is one row of a pattern explained.
type comparison struct{ what, path, op, values string }

// explained takes a STIX pattern apart; nil when it is no pattern that is
// understood.
func explained(q *page.Request, v view) []comparison {
	if v.text("pattern_type") != "stix" {
		return nil
	}
	p, err := pattern.Parse(v.text("pattern"))
	if err != nil {
		return nil
	}
	var out []comparison
	for _, c := range p.Observables() {
		op := q.T("object.op." + opKeys[c.Op])
		if c.Negated {
			op = q.T("object.op.not", op)
		}
		values := c.Values[:min(len(c.Values), 20)]
		more := ""
		if len(c.Values) > 20 {
			more = " … " + strconv.Itoa(len(c.Values))
		}
		out = append(out, comparison{TypeName(q, c.ObjectType), c.Path, op, strings.Join(values, ", ") + more})
	}
	return out
}

var opKeys = map[string]string{
	"=": "equal", "!=": "unequal", "<": "less", "<=": "at-most", ">": "greater", ">=": "at-least", "IN": "in", "LIKE": "like",
	"MATCHES": "matches", "ISSUBSET": "subset", "ISSUPERSET": "superset", "EXISTS": "exists",
}

// namings are values and the lists that name them, as the page shows them.
func namings(list []importing.Naming) (out []page.NamedValue) {
	for _, n := range list {
		out = append(out, page.NamedValue{Value: n.Value, List: n.List, Entry: n.Entry})
	}
	return out
}

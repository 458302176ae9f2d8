package misp

import (
	"strconv"
	"strings"

	"twoseas/internal/format/ioc"
	stixpattern "twoseas/internal/format/stix/pattern"
)

// found is one value that an object names, as MISP has it.
type found struct {
	relation, typ, value string
	ids                  bool
}

// derive works out what an object that was not read from MISP is there.
func (p *part) derive(observables map[string]map[string]any) {
	p.derived = true
	typ, uuid, _ := strings.Cut(p.id, "--")
	p.element = element{"uuid": p.uuid(uuid), "timestamp": seconds(timeOf(p.props["modified"])), "deleted": p.props["revoked"] == true}
	if p.withdrawn() {
		p.single(found{typ: "other", value: "withdrawn"}, "Withdrawn by its originator")
		return
	}
	switch typ {
	case "indicator":
		p.indicator()
	case "observed-data":
		p.observed(observables)
	case "vulnerability":
		p.single(found{typ: "vulnerability", value: textOf(p.props["name"])}, textOf(p.props["description"]))
	case "relationship", "sighting", "note", "opinion", "marking-definition", "extension-definition", "language-content":
		p.shape = shapeSilent
	case "report", "grouping", "identity": // another event; whose it is
		p.shape = shapeSilent
	default:
		switch {
		case clusterNames[typ] != "":
			p.shape = shapeCluster
		case p.observable():
		default:
			p.other(typ)
		}
	}
}

// withdrawn reports whether nothing is left of an object but that it was
// revoked: of what was called back, readers see no more.
func (p *part) withdrawn() bool {
	for name := range p.props {
		switch name {
		case "type", "spec_version", "id", "created", "modified", "revoked", "created_by_ref", "object_marking_refs":
		default:
			return false
		}
	}
	return p.props["revoked"] == true
}

// other is an object that MISP knows neither as a value nor as a galaxy: it is
// told by its name.
func (p *part) other(typ string) {
	name := textOf(p.props["name"])
	if name == "" {
		name = textOf(p.props["value"])
	}
	if name == "" {
		name = p.id
	}
	p.single(found{typ: "text", value: name}, strings.TrimSpace("STIX "+typ+". "+textOf(p.props["description"])))
}

// single makes the part one attribute.
func (p *part) single(f found, comment string) {
	if f.value == "" {
		return
	}
	p.shape = shapeAttribute
	in, _ := category(f.typ)
	p.element["type"], p.element["category"], p.element["value"], p.element["to_ids"] = f.typ, in, f.value, f.ids
	p.element["comment"], p.element["object_relation"] = comment, nil
	for _, name := range []string{"first_seen", "last_seen"} {
		from := map[string]string{"first_seen": "first_observed", "last_seen": "last_observed"}[name]
		if t := timeOf(p.props[from]); !t.IsZero() {
			p.element[name] = t.Format("2006-01-02T15:04:05.000000-07:00")
		}
	}
}

// several makes the part an object of several attributes.
func (p *part) several(name string, all []found, comment string) {
	p.shape = shapeObject
	meta := "misc"
	switch name {
	case "file":
		meta = "file"
	case "email", "network-connection":
		meta = "network"
	}
	uuid := p.element.text("uuid")
	parts := make([]any, 0, len(all))
	for i, f := range all {
		in, _ := category(f.typ)
		parts = append(parts, map[string]any{
			"uuid": named("part", uuid, strconv.Itoa(i), f.typ, f.value), "type": f.typ, "category": in, "value": f.value, "to_ids": f.ids,
			"object_relation": f.relation, "timestamp": p.element["timestamp"], "comment": "", "distribution": "5", "deleted": p.element["deleted"],
		})
	}
	p.element["name"], p.element["meta-category"], p.element["description"], p.element["comment"] = name, meta, "", comment
	p.element["Attribute"] = parts
}

// indicator reads what a pattern looks for.
func (p *part) indicator() {
	text, language := textOf(p.props["pattern"]), textOf(p.props["pattern_type"])
	comment := strings.TrimSpace(textOf(p.props["name"]) + "\n" + textOf(p.props["description"]))
	if language != "stix" {
		typ := language
		if rules[typ] == "" {
			typ = "other"
		}
		p.single(found{typ: typ, value: text, ids: typ != "other"}, comment)
		return
	}
	all, every := lookedFor(text)
	switch {
	case len(all) == 1 && every:
		p.single(all[0], comment)
	default:
		if joined, ok := composite(all); ok && every {
			p.single(joined, comment)
			return
		}
		whole := found{relation: "stix2-pattern", typ: "stix2-pattern", value: text, ids: true}
		p.several(objectName(all), append([]found{whole}, all...), comment)
	}
}

// lookedFor returns the values that a STIX pattern looks for; every says that
// they say all that the pattern does. Where one alone does not mean a match,
// only digests are marked for detection.
func lookedFor(text string) (all []found, every bool) {
	tree, err := stixpattern.Parse(text)
	if err != nil {
		return nil, false
	}
	words := connectives(text)
	alone := !words["AND"] && !words["FOLLOWEDBY"]
	every = !words["OR"] && !words["FOLLOWEDBY"] && !words["WITHIN"] && !words["REPEATS"] && !words["START"]
	seen := map[found]bool{}
	for _, c := range tree.Observables() {
		if c.Negated || c.Op != "=" && c.Op != "IN" && c.Op != "ISSUBSET" {
			every = false
			continue
		}
		for _, v := range c.Values {
			f, ok := valueOf(c.ObjectType, c.Path, v)
			if !ok {
				every = false
				continue
			}
			f.ids = alone || digests[f.typ]
			if !seen[f] {
				seen[f] = true
				all = append(all, f)
			}
		}
		every = every && len(c.Values) == 1
	}
	return all, every
}

// digests are the types whose values mean the same wherever they stand.
var digests = map[string]bool{
	"md5": true, "sha1": true, "sha224": true, "sha256": true, "sha384": true, "sha512": true, "ssdeep": true, "tlsh": true,
}

// connectives returns the words that stand between the comparisons of a
// pattern.
func connectives(text string) map[string]bool {
	out := map[string]bool{}
	var word strings.Builder
	quoted := false
	for i := 0; i <= len(text); i++ {
		c := byte(' ')
		if i < len(text) {
			c = text[i]
		}
		switch {
		case quoted && c == '\\':
			i++
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c >= 'A' && c <= 'Z':
			word.WriteByte(c)
		default:
			if word.Len() > 0 {
				out[word.String()] = true
				word.Reset()
			}
		}
	}
	return out
}

// valueOf returns what a property of an object is in MISP.
func valueOf(object, path, value string) (found, bool) {
	for typ, at := range plain {
		if at[0] == object && at[1] == path && typ != "twitter-id" && typ != "jabber-id" && typ != "github-username" {
			return found{relation: typ, typ: typ, value: value}, true
		}
	}
	switch object + ":" + path {
	case "network-traffic:dst_port", "network-traffic:src_port":
		return found{relation: strings.ReplaceAll(path, "_", "-"), typ: "port", value: value}, true
	case "windows-registry-key:values[*].data":
		return found{relation: "data", typ: "text", value: value}, true
	}
	v, ok := ioc.FromSTIX(object, path, value)
	if !ok {
		return found{}, false
	}
	typ := kindTypes[v.Kind]
	switch {
	case typ == "ip-dst" && strings.HasPrefix(path, "src_ref"):
		typ = "ip-src"
	case typ == "email" && strings.HasPrefix(path, "from_ref"):
		typ = "email-src"
	case typ == "email" && (strings.HasPrefix(path, "to_refs") || strings.HasPrefix(path, "cc_refs")):
		typ = "email-dst"
	case typ == "domain" && strings.Count(v.Text, ".") > 1:
		typ = "hostname"
	case typ == "AS":
		value = v.Text
	}
	relation := typ
	if typ == "text" {
		relation = v.Kind.String()
	}
	return found{relation: relation, typ: typ, value: value}, true
}

// composite joins two values that MISP has one type for.
func composite(all []found) (found, bool) {
	if len(all) != 2 {
		return found{}, false
	}
	a, b := all[0], all[1]
	if b.typ == "filename" || b.typ == "domain" || b.typ == "hostname" || a.typ == "port" {
		a, b = b, a
	}
	typ := a.typ + "|" + b.typ
	switch {
	case (a.typ == "domain" || a.typ == "hostname") && strings.HasPrefix(b.typ, "ip-"):
		typ = "domain|ip"
	case a.typ == "regkey" && b.relation == "data":
		typ = "regkey|value"
	}
	if _, ok := category(typ); !ok {
		return found{}, false
	}
	return found{typ: typ, value: a.value + "|" + b.value, ids: true}, true
}

// objectName names the object that holds several values.
func objectName(all []found) string {
	name := ""
	for _, f := range all {
		n := "stix2-pattern"
		switch {
		case digests[f.typ], f.typ == "filename", strings.HasSuffix(f.typ, "hash"), f.typ == "impfuzzy":
			n = "file"
		case strings.HasPrefix(f.typ, "email"):
			n = "email"
		}
		if name != "" && name != n {
			return "stix2-pattern"
		}
		name = n
	}
	if name == "" {
		return "stix2-pattern"
	}
	return name
}

// observed reads what observed-data saw.
func (p *part) observed(observables map[string]map[string]any) {
	var all []found
	for _, id := range textsOf(p.props["object_refs"]) {
		all = append(all, valuesOf(observables[id])...)
	}
	if inside, ok := p.props["objects"].(map[string]any); ok {
		for i := range len(inside) {
			o, _ := inside[strconv.Itoa(i)].(map[string]any)
			all = append(all, valuesOf(o)...)
		}
	}
	p.values(all)
}

// observable reads an observable that an event names by itself.
func (p *part) observable() bool {
	all := valuesOf(p.props)
	if len(all) > 0 {
		p.values(all)
	}
	return len(all) > 0
}

func (p *part) values(all []found) {
	switch len(all) {
	case 0:
	case 1:
		p.single(all[0], "")
	default:
		name := objectName(all)
		if name == "stix2-pattern" {
			name = "observed-data"
		}
		p.several(name, all, "")
	}
}

// valuesOf returns the values of an observable, in the order of its
// properties.
func valuesOf(o map[string]any) (all []found) {
	typ := textOf(o["type"])
	for _, name := range []string{"value", "name", "path", "key", "number", "subject", "message_id", "body", "command_line", "account_login", "user_id", "serial_number", "url"} {
		text := element(o).text(name)
		if text == "" {
			continue
		}
		if f, ok := valueOf(typ, name, text); ok {
			all = append(all, f)
		}
	}
	hashes, _ := o["hashes"].(map[string]any)
	for _, name := range []string{"MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SSDEEP", "TLSH"} {
		if h := textOf(hashes[name]); h != "" {
			if f, ok := valueOf(typ, "hashes.'"+name+"'", h); ok {
				all = append(all, f)
			}
		}
	}
	return all
}

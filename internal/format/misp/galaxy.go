package misp

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/handling"
)

// clusterTypes maps the endings of galaxy types to types of STIX; the first
// that fits counts.
var clusterTypes = []struct{ ending, typ string }{
	{"attack-pattern", "attack-pattern"},
	{"course-of-action", "course-of-action"},
	{"intrusion-set", "intrusion-set"},
	{"threat-actor", "threat-actor"},
	{"microsoft-activity-group", "threat-actor"},
	{"ransomware", "malware"},
	{"malware", "malware"},
	{"malpedia", "malware"},
	{"rat", "malware"},
	{"backdoor", "malware"},
	{"banker", "malware"},
	{"botnet", "malware"},
	{"stealer", "malware"},
	{"cryptominers", "malware"},
	{"exploit-kit", "malware"},
	{"tool", "tool"},
	{"sector", "identity"},
	{"campaign", "campaign"},
}

func clusterType(galaxy string) string {
	for _, c := range clusterTypes {
		if galaxy == c.ending || strings.HasSuffix(galaxy, "-"+c.ending) {
			return c.typ
		}
	}
	return ""
}

// galaxy hands over the clusters an event belongs to.
func (w *writer) galaxy(e element) error {
	if kept := unplaced(e); kept != nil {
		w.unplaced = append(w.unplaced, kept)
	}
	for _, c := range e.list("GalaxyCluster") {
		id, err := w.cluster(e, c)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		if err := w.name(id); err != nil {
			return err
		}
	}
	return nil
}

// galaxyOf says which clusters one element belongs to.
func (w *writer) galaxyOf(id string, e element) error {
	for _, c := range e.list("GalaxyCluster") {
		to, err := w.cluster(e, c)
		if err != nil {
			return err
		}
		if to != "" {
			if err := w.relate(id, to, "related-to", element{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// cluster hands a galaxy cluster over, once, and returns its id; "" when STIX
// has no type for it, and the tag that names it has to do. Its id is made of
// the cluster's UUID and is not that UUID, which for ATT&CK is the id of
// MITRE's own object: nobody but MITRE makes versions of that (invariant 1).
// What the cluster says is in the id too: two instances that describe one
// differently make two objects, and each event keeps what it came with.
func (w *writer) cluster(galaxy, e element) (string, error) {
	typ, value := placed(galaxy, e), clean(e.text("value"))
	if typ == "" || e.is("deleted") {
		return "", nil
	}
	kept := trimmed(e)
	id := typ + "--" + named("cluster", e.uuid("cluster", e.text("type"), value), described(kept), described(trimmed(galaxy)))
	if w.clusters[id] {
		return id, nil
	}
	w.clusters[id] = true
	o := map[string]any{
		"type": typ, "spec_version": "2.1", "id": id, "created": since, "modified": clusterVersion(e, galaxy), "name": value,
	}
	if d := clean(e.text("description")); d != "" {
		o["description"] = d
	}
	switch typ {
	case "malware":
		o["is_family"] = true
	case "identity":
		o["identity_class"] = "class"
	}
	meta := e.list("meta")
	if len(meta) > 0 {
		external(o, meta[0])
	}
	w.mark(o, nil)
	o["extensions"] = map[string]any{Extension: map[string]any{
		"extension_type": "property-extension", "cluster": kept, "galaxy": trimmed(galaxy),
	}}
	o["modified"] = variant(textOf(o["modified"]), "", o)
	return id, w.emit(o)
}

// described returns a digest of what a cluster says but its version, which makes
// versions of one object.
func described(kept map[string]any) string {
	says := maps.Clone(kept)
	delete(says, "version")
	raw, err := canon.Marshal(says)
	if err != nil {
		return err.Error() // the object cannot be written either, and is told
	}
	return ident.Sum(raw).String()
}

// openness is how many readers each TLP has, the most open the highest.
var openness = map[string]int64{"tlp:clear": 5, "tlp:green": 4, "tlp:amber": 3, "tlp:amber+strict": 2, "tlp:red": 1}

// variant returns a moment within the second that from begins, for an object that
// several events bring with markings of their own: each is a version, and the
// more open one the later, so that every reader has the newest he may see.
func variant(from, says string, o map[string]any) string {
	refs := textsOf(o["object_marking_refs"])
	slices.Sort(refs)
	open := int64(0)
	for _, ref := range refs {
		if tag, ok := handling.Tag(ref); ok && openness[tag] > 0 {
			open = openness[tag]
		}
	}
	sum := ident.Sum([]byte(strings.Join(append(refs, says), "\x00")))
	ms := open*100 + int64(sum[0])%100
	return moment(timeOf(from).Add(time.Duration(ms) * time.Millisecond))
}

// unplaced returns the clusters of a galaxy that have no type in STIX, with
// the galaxy around them; nil when there are none.
func unplaced(g element) map[string]any {
	var kept []any
	for _, c := range g.list("GalaxyCluster") {
		if placed(g, c) == "" && !c.is("deleted") {
			kept = append(kept, trimmed(c))
		}
	}
	if kept == nil {
		return nil
	}
	out := trimmed(g)
	out["GalaxyCluster"] = kept
	return out
}

// placed returns the type of STIX that a cluster of a galaxy becomes.
func placed(galaxy, e element) string {
	if clean(e.text("value")) == "" {
		return ""
	}
	if typ := clusterType(e.text("type")); typ != "" {
		return typ
	}
	return clusterType(galaxy.text("type"))
}

// clusterVersion makes the version numbers of a cluster and its galaxy a moment,
// since they have no other: a higher number is later.
func clusterVersion(e, galaxy element) string {
	sum := int64(0)
	for _, v := range []string{e.text("version"), galaxy.text("version")} {
		if n, err := strconv.ParseUint(v, 10, 31); err == nil {
			sum += int64(n)
		}
	}
	return moment(e.from(sum))
}

// external takes the catalogue numbers and other names out of a cluster's meta.
func external(o map[string]any, meta element) {
	texts := func(name string) (out []any) {
		switch v := meta[name].(type) {
		case string:
			out = append(out, clean(v))
		case []any:
			for _, x := range v {
				if s, ok := x.(string); ok && clean(s) != "" {
					out = append(out, clean(s))
				}
			}
		}
		return out
	}
	var refs []any
	for _, id := range texts("external_id") {
		source := "misp-galaxy"
		if s := id.(string); strings.HasPrefix(s, "T1") || strings.HasPrefix(s, "G0") || strings.HasPrefix(s, "S0") {
			source = "mitre-attack"
		}
		refs = append(refs, map[string]any{"source_name": source, "external_id": id})
	}
	if len(refs) > 0 {
		o["external_references"] = refs
	}
	switch o["type"] {
	case "threat-actor", "malware", "tool", "intrusion-set", "campaign", "attack-pattern":
		if names := texts("synonyms"); len(names) > 0 {
			o["aliases"] = names
		}
	}
}

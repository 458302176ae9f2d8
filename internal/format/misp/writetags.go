package misp

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"twoseas/internal/format/handling"
)

// marks returns the tags that say how an object may be handled.
func (o Object) marks(props map[string]any) []string {
	if o.Marks != nil {
		return o.Marks
	}
	out := []string{}
	for _, ref := range textsOf(props["object_marking_refs"]) {
		if tag, ok := handling.Tag(ref); ok {
			out = append(out, tag)
		}
	}
	sort.Strings(out)
	return out
}

// reach is the distribution that handling tags admit to: everybody for
// TLP:CLEAR, this community for TLP:GREEN, else this organisation only.
func reach(marks []string) int {
	out, said := 3, false
	for _, m := range marks {
		switch strings.ToLower(m) {
		case "tlp:clear", "tlp:white":
			said = true
		case "tlp:green":
			out, said = min(out, 1), true
		case "tlp:amber", "tlp:amber+strict", "tlp:red":
			return 0
		}
	}
	if !said {
		return 0
	}
	return out
}

// Distribution is the one that the tags of an event admit to.
func Distribution(tags []string) string { return strconv.Itoa(reach(tags)) }

// tighter returns the tighter of the distribution that was said and the one
// that marks admit to. A sharing group is nobody's here, so it counts as this
// organisation only.
func tighter(said string, marks []string) string {
	most := reach(marks)
	if n, err := strconv.Atoi(said); err == nil && n != 5 {
		if n == 4 || n < 0 || n > 5 {
			n = 0
		}
		most = min(most, n)
	}
	return strconv.Itoa(most)
}

// tagList returns the tags of an element: those kept, more labels, and how it
// may be handled. What was kept of levels gives way to marks, which may have
// become stricter since; have are marks that the event says already, and whose
// repetition is kept as it was.
func tagList(kept any, labels, marks, have []string) []any {
	out := []any{}
	said := map[string]bool{} // definitions
	for _, name := range append(textsOf(kept), labels...) {
		m, handled := handling.Of(name)
		if _, level := handling.Tag(m.ID); handled && level {
			if !fits(m.ID, marks) && !fits(m.ID, have) || said[m.ID] {
				continue
			}
			said[m.ID] = true
		}
		out = withTag(out, name)
	}
	for _, tag := range marks {
		if m, ok := handling.Of(tag); ok && !said[m.ID] {
			out = withTag(out, tag)
		}
	}
	return out
}

// fits reports whether one of marks is the definition id.
func fits(id string, marks []string) bool {
	return slices.ContainsFunc(marks, func(tag string) bool {
		m, ok := handling.Of(tag)
		return ok && m.ID == id
	})
}

// withTag adds a tag unless it is there.
func withTag(tags []any, name string) []any {
	if name == "" || slices.ContainsFunc(tags, func(t any) bool { return t.(map[string]any)["name"] == name }) {
		return tags
	}
	return append(tags, map[string]any{"name": name})
}

// spread gives an object's tags, which it has no place for itself, to its
// attributes, unless one of them says the same.
func spread(parts []element, tags []any) {
	for _, t := range tags {
		name := t.(map[string]any)["name"].(string)
		if slices.ContainsFunc(parts, func(a element) bool { return tagged(a, name) }) {
			continue
		}
		for _, a := range parts {
			own, _ := a["Tag"].([]any)
			a["Tag"] = withTag(own, name)
		}
	}
}

func tagged(a element, name string) bool {
	return slices.ContainsFunc(a.list("Tag"), func(t element) bool { return t.text("name") == name })
}

// galaxies are the clusters met in an event.
type galaxies struct {
	at    map[string]element // clusters, by the id of their object
	named map[string]string  // ids by the tag that names them
	event []string           // ids of those of the event itself, in order
}

func newGalaxies() *galaxies { return &galaxies{at: map[string]element{}, named: map[string]string{}} }

// clusterGalaxy returns the cluster and the galaxy that an object stands for.
func clusterGalaxy(id string, props map[string]any) (cluster, galaxy element, ok bool) {
	if kept := keptOf(props, "cluster"); kept != nil {
		galaxy = keptOf(props, "galaxy")
		if galaxy == nil {
			galaxy = element{"type": kept.text("type"), "name": kept.text("type")}
		}
		return kept, galaxy, true
	}
	typ, uuid, _ := strings.Cut(id, "--")
	name, isCluster := clusterNames[typ]
	if !isCluster {
		return nil, nil, false
	}
	full := "stix-2.1-" + typ
	cluster = element{
		"uuid": uuid, "type": full, "value": textOf(props["name"]), "description": textOf(props["description"]),
		"tag_name": `misp-galaxy:` + full + `="` + textOf(props["name"]) + `"`, "version": seconds(timeOf(props["modified"])),
	}
	if aliases := textsOf(props["aliases"]); len(aliases) > 0 {
		cluster["meta"] = map[string]any{"synonyms": aliases}
	}
	return cluster, element{"type": full, "name": "STIX 2.1 " + name, "namespace": "stix-2.1", "uuid": named("galaxy", full), "description": name + " in STIX 2.1"}, true
}

// clusterNames are the types of STIX that are galaxies in MISP.
var clusterNames = map[string]string{
	"attack-pattern": "Attack Pattern", "malware": "Malware", "tool": "Tool", "threat-actor": "Threat Actor", "intrusion-set": "Intrusion Set",
	"campaign": "Campaign", "course-of-action": "Course of Action",
}

// know remembers what a cluster is.
func (g *galaxies) know(id string, props map[string]any) {
	cluster, galaxy, ok := clusterGalaxy(id, props)
	if !ok || g.at[id] != nil {
		return
	}
	e := element{}
	for name, v := range cluster {
		e[name] = v
	}
	e["galaxy"] = map[string]any(galaxy)
	g.at[id] = e
	if tag := e.text("tag_name"); tag != "" {
		g.named[tag] = id
	}
}

// add is know for a cluster of the event itself.
func (g *galaxies) add(id string, props map[string]any) {
	g.know(id, props)
	g.event = append(g.event, id)
}

// list returns the galaxies of the event with their clusters; kept is the
// event, which keeps those without a type in STIX.
func (g *galaxies) list(kept element) []any {
	out := g.group(g.event)
	more, _ := kept["Galaxy"].([]any)
	return append(out, more...)
}

// group puts clusters under their galaxies.
func (g *galaxies) group(ids []string) []any {
	var order []string
	in := map[string]map[string]any{}
	for _, id := range ids {
		c := g.at[id]
		if c == nil {
			continue
		}
		galaxy, _ := c["galaxy"].(map[string]any)
		key := element(galaxy).text("uuid") + element(galaxy).text("type")
		if in[key] == nil {
			in[key] = map[string]any{"GalaxyCluster": []any{}}
			for name, v := range galaxy {
				in[key][name] = v
			}
			order = append(order, key)
		}
		cluster := map[string]any{}
		for name, v := range c {
			if name != "galaxy" {
				cluster[name] = v
			}
		}
		in[key]["GalaxyCluster"] = append(in[key]["GalaxyCluster"].([]any), cluster)
	}
	out := make([]any, 0, len(order))
	for _, key := range order {
		out = append(out, in[key])
	}
	return out
}

// onto gives an element the clusters it belongs to: those related to it, and
// those its tags name.
func (g *galaxies) onto(e element, related []string) {
	ids := slices.Clone(related)
	tags, _ := e["Tag"].([]any)
	for _, t := range tags {
		if id, ok := g.named[t.(map[string]any)["name"].(string)]; ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	more, _ := e["Galaxy"].([]any)
	if list := append(g.group(ids), more...); len(list) > 0 {
		e["Galaxy"] = list
	}
}

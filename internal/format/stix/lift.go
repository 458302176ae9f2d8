package stix

import "twoseas/internal/format/stix/pattern"

// needsLift reports whether an object is of STIX 2.0. There objects carry no
// spec_version and the bundle does; in 2.1 only observables may go without
// one (STIX 2.1 §3.2). A custom type without one is of 2.0 if it has
// versions, as 2.1 could not tell its version otherwise.
func needsLift(m map[string]any, opt Options) bool {
	if v, ok := m["spec_version"]; ok {
		return v == "2.0"
	}
	typ := str(m, "type")
	switch kinds[typ] {
	case SCO:
		return false
	case Custom:
		return typ != "bundle" && (opt.SpecVersion == "2.0" || m["created"] != nil)
	}
	return true
}

// lift makes an object of STIX 2.0 one of 2.1, in place, following what 2.1
// renamed and added. Each change is a warning; no value is dropped.
func lift(c *checker, m map[string]any) {
	m["spec_version"] = "2.1"
	c.warnAt("spec_version", "3.2", "is added: the object is of STIX 2.0")
	typ := str(m, "type")
	if to, ok := labelsBecame[typ]; ok && m[to] == nil && m["labels"] != nil {
		m[to] = m["labels"]
		delete(m, "labels")
		c.warnAt(to, shapes[typ].section, "was named labels in STIX 2.0")
	}
	switch typ {
	case "malware":
		c.fill(m, "is_family", false, "4.11")
	case "indicator":
		c.fill(m, "pattern_type", "stix", "4.7")
		liftPattern(c, m)
	case "marking-definition":
		for _, t := range tlp1 {
			if m["id"] == t.id {
				c.fill(m, "name", t.name, "7.2.1.4")
			}
		}
	case "observed-data":
		liftContainer(c, m)
	}
}

// labelsBecame names the properties that took over what labels said in 2.0.
var labelsBecame = map[string]string{
	"identity":     "roles",
	"indicator":    "indicator_types",
	"malware":      "malware_types",
	"report":       "report_types",
	"threat-actor": "threat_actor_types",
	"tool":         "tool_types",
}

// fill adds a property that 2.1 requires and 2.0 did not have.
func (c *checker) fill(m map[string]any, name string, v any, section string) {
	if _, ok := m[name]; !ok {
		m[name] = v
		c.warnAt(name, section, "is added: STIX 2.0 had no such property")
	}
}

// liftPattern says of a pattern that only the grammar of 2.0 takes that it is
// of 2.0.
func liftPattern(c *checker, m map[string]any) {
	src, ok := m["pattern"].(string)
	if !ok || m["pattern_type"] != "stix" {
		return
	}
	if _, err := pattern.Parse(src); err != nil {
		c.fill(m, "pattern_version", "2.0", "4.7")
	}
}

// renamed has the properties of observables that 2.1 renamed, old to new.
var renamed = map[string]map[string]string{
	"directory":            {"created": "ctime", "modified": "mtime", "accessed": "atime"},
	"file":                 {"created": "ctime", "modified": "mtime", "accessed": "atime"},
	"process":              {"created": "created_time", "binary_ref": "image_ref"},
	"user-account":         {"password_last_changed": "credential_last_changed"}, //nolint:gosec // names of properties
	"windows-registry-key": {"modified": "modified_time"},
}

// liftContainer renames the properties of the observables in an observed-data.
func liftContainer(c *checker, m map[string]any) {
	all, _ := m["objects"].(map[string]any)
	c.enter("objects")
	for key, v := range all {
		inner, _ := v.(map[string]any)
		c.enter(key)
		for from, to := range renamed[str(inner, "type")] {
			if v, ok := inner[from]; ok && inner[to] == nil {
				inner[to] = v
				delete(inner, from)
				c.warnAt(to, "6", "was named "+from+" in STIX 2.0")
			}
		}
		c.leave()
	}
	c.leave()
}

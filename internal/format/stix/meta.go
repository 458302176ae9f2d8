package stix

import "slices"

// metaObjects are the types of STIX 2.1 §7.
var metaObjects = map[string]*shape{
	"language-content": objectType(Meta, "7.1",
		need("object_ref", ref(described)),
		may("object_modified", moment),
		need("contents", translations)),

	"marking-definition": markingDefinition(),

	"extension-definition": objectType(Meta, "7.3",
		need("created_by_ref", ref(to("identity"))),
		need("name", text),
		may("description", text),
		need("schema", text),
		need("version", text),
		need("extension_types", list(only(extensionTypes))),
		may("extension_properties", list(text))).where(propertiesOnTop),
}

// translations is a dictionary of dictionaries: language tag, property, text.
func translations(c *checker, v any) { dictionary(dictionary(nil))(c, v) }

// propertiesOnTop allows extension_properties only to an extension that adds
// them at the top level.
func propertiesOnTop(c *checker, m map[string]any) {
	if m["extension_properties"] == nil {
		return
	}
	types, _ := m["extension_types"].([]any)
	for _, t := range types {
		if t == "toplevel-property-extension" {
			return
		}
	}
	c.failAt("extension_properties", c.section, "needs extension_types to list toplevel-property-extension")
}

// markingDefinition makes the shape of a marking: it has no versions, so
// neither modified nor revoked.
func markingDefinition() *shape {
	s := &shape{section: "7.2.1", kind: Meta, members: map[string]member{}}
	for _, p := range commonRows("type", "spec_version", "id", "created") {
		switch p.name {
		case "modified", "revoked", "labels", "confidence", "lang":
		case "created":
			s.add("3.2", []property{need("created", moment)})
		default:
			s.add("3.2", []property{p})
		}
	}
	return s.add("7.2.1", []property{
		may("name", text),
		may("definition_type", text),
		may("definition", anyObject),
	}).where(markingKind, fixedTLP, notByItself)
}

// notByItself keeps a marking from being marked with itself.
func notByItself(c *checker, m map[string]any) {
	if id := str(m, "id"); id != "" && slices.Contains(markingRefs(m), id) {
		c.fail("3.2", "is marked with itself")
	}
}

func anyObject(c *checker, v any) {
	if _, ok := v.(map[string]any); !ok {
		c.fail(c.section, "is not an object")
	}
}

// markingKind asks for a definition or an extension, and for the text of a
// statement.
func markingKind(c *checker, m map[string]any) {
	if m["extensions"] == nil {
		for _, name := range []string{"definition_type", "definition"} {
			if m[name] == nil {
				c.failAt(name, c.section, "is required unless there are extensions")
			}
		}
	}
	if m["definition_type"] == "statement" {
		def, _ := m["definition"].(map[string]any)
		if _, ok := def["statement"].(string); !ok {
			c.failAt("definition.statement", "7.2.1.3", "is required and is a string")
		}
	}
}

// tlpMarking is one of the markings whose objects are fixed.
type tlpMarking struct{ id, name, level string }

// tlp1 are the four instances of STIX 2.1 §7.2.1.4; no others may exist.
var tlp1 = []tlpMarking{
	{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:WHITE", "white"},
	{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN", "green"},
	{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER", "amber"},
	{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED", "red"},
}

// tlp2 are the five instances of the extension for TLP 2.0 (OASIS CTI TC,
// https://github.com/oasis-open/cti-stix-common-objects); no others may exist.
var tlp2 = []tlpMarking{
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR", "clear"},
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN", "green"},
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER", "amber"},
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "TLP:AMBER+STRICT", "amber+strict"},
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "TLP:RED", "red"},
}

const (
	tlp1Created  = "2017-01-20T00:00:00.000Z"
	tlp2Property = "tlp_2_0"
	// TLP2Extension identifies the extension definition for TLP 2.0.
	TLP2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
)

// fixedTLP holds a marking that has the identifier or the content of a TLP
// marking to the one object that there is for it: nobody can redefine
// TLP:RED, or mint another TLP:CLEAR.
func fixedTLP(c *checker, m map[string]any) {
	id := str(m, "id")
	def, _ := m["definition"].(map[string]any)
	if m["definition_type"] == "tlp" || isOneOf(tlp1, id) {
		want := byLevel(tlp1, str(def, "tlp"))
		fixed(c, m, want)
		if want.id == id && str(m, "created") != tlp1Created && !sameInstant(str(m, "created"), tlp1Created) {
			c.failAt("created", "7.2.1.4", "is not "+tlp1Created+", as it is in every TLP marking")
		}
	}
	extensions, _ := m["extensions"].(map[string]any)
	ext, has := extensions[TLP2Extension].(map[string]any)
	if has || isOneOf(tlp2, id) {
		fixed(c, m, byLevel(tlp2, str(ext, tlp2Property)))
	}
}

// fixed compares a marking with the one that has its level.
func fixed(c *checker, m map[string]any, want tlpMarking) {
	if want.id == "" {
		c.fail("7.2.1.4", "does not name a TLP level that exists")
		return
	}
	if str(m, "id") != want.id {
		c.failAt("id", "7.2.1.4", "is not "+want.id+", the one identifier of "+want.name)
	}
	switch name, ok := m["name"]; {
	case !ok:
		c.warnAt("name", "7.2.1.4", "should be "+want.name)
	case name != want.name:
		c.failAt("name", "7.2.1.4", "is not "+want.name)
	}
}

func isOneOf(all []tlpMarking, id string) bool {
	for _, t := range all {
		if t.id == id {
			return true
		}
	}
	return false
}

func byLevel(all []tlpMarking, level string) tlpMarking {
	for _, t := range all {
		if t.level == level {
			return t
		}
	}
	return tlpMarking{}
}

func sameInstant(a, b string) bool {
	ta, okA := timestamp(a)
	tb, okB := timestamp(b)
	return okA && okB && ta.Equal(tb)
}

package stix

import "strings"

// extensions is the dictionary of an object's extensions (STIX 2.1 §7.3).
// known are the extensions that the standard predefines for the type.
func extensions(known map[string]*shape) value {
	return func(c *checker, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			c.fail(c.section, "is not a dictionary")
			return
		}
		if len(m) == 0 {
			c.fail("2.3", "is an empty dictionary")
		}
		for key, x := range m {
			c.enter(key)
			extension(c, known[key], key, x)
			c.leave()
		}
	}
}

func extension(c *checker, predefined *shape, key string, v any) {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		c.fail("7.3", "is not an extension: want an object with properties")
		return
	}
	switch {
	case predefined != nil:
		predefined.check(c, m)
	case strings.HasPrefix(key, "extension-definition--"):
		if !isID(key) {
			c.fail("2.9", "is not an identifier (type--UUID)")
		}
		kind, ok := m["extension_type"].(string)
		if !ok {
			c.failAt("extension_type", "7.3", "is required")
		} else if !extensionTypes.words[kind] {
			c.failAt("extension_type", extensionTypes.section, quote(kind)+" is not in "+extensionTypes.name)
		}
	case strings.HasSuffix(key, "-ext") || c.container != nil:
		c.warn("11.3", "is a custom extension without a definition; it is kept")
	default:
		c.fail("7.3", "is neither the identifier of an extension definition nor the name of an extension")
	}
}

// extendsTopLevel reports whether an extension of m adds properties beside
// the standard's own.
func extendsTopLevel(m map[string]any) bool {
	all, _ := m["extensions"].(map[string]any)
	for _, v := range all {
		x, _ := v.(map[string]any)
		if x["extension_type"] == "toplevel-property-extension" {
			return true
		}
	}
	return false
}

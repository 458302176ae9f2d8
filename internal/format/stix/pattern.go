package stix

import "twoseas/internal/format/stix/pattern"

// patternParses checks the pattern of an indicator in the STIX patterning
// language (STIX 2.1 §9). A pattern that says it is of another version of
// that language is only warned of.
func patternParses(c *checker, m map[string]any) {
	src, ok := m["pattern"].(string)
	if !ok || m["pattern_type"] != "stix" {
		return
	}
	_, err := pattern.Parse(src)
	if err == nil {
		return
	}
	if v := str(m, "pattern_version"); v != "" && v != "2.1" {
		c.warnAt("pattern", "9", "is not a pattern of STIX 2.1: "+err.Error())
		return
	}
	c.failAt("pattern", "9", "is not a STIX pattern: "+err.Error())
}

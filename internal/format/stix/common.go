package stix

import (
	"strconv"
	"strings"
)

// The structures that many types share.
var (
	killChainPhase = structure("2.11",
		need("kill_chain_name", text),
		need("phase_name", text))

	externalReference = structure("2.5",
		need("source_name", text),
		may("description", text),
		may("url", shouldBe("a URI of RFC 3986", isURI)),
		may("hashes", listedHashes),
		may("external_id", text)).
		where(atLeastOne("description", "url", "external_id"), knownCatalogue)

	granularMarking = structure("7.2.3",
		may("lang", text),
		may("marking_ref", ref(to("marking-definition"))),
		need("selectors", list(selector))).
		where(exactlyOne("lang", "marking_ref"))

	killChainPhases    = list(of(killChainPhase))
	externalReferences = list(of(externalReference))
)

// knownCatalogue checks the two catalogues that the standard itself names.
func knownCatalogue(c *checker, m map[string]any) {
	id := str(m, "external_id")
	switch source := str(m, "source_name"); {
	case source == "cve" && !isCVE(id):
		c.failAt("external_id", c.section, "is not of the form CVE-YYYY-NNNN, as the source cve asks")
	case source == "capec" && !isCAPEC(id):
		c.failAt("external_id", c.section, "is not of the form CAPEC-N, as the source capec asks")
	case source != "cve" && isCVE(id):
		c.warnAt("source_name", c.section, "should be cve beside a CVE identifier")
	case source != "capec" && isCAPEC(id):
		c.warnAt("source_name", c.section, "should be capec beside a CAPEC identifier")
	}
}

func isCVE(s string) bool {
	year, n, ok := strings.Cut(strings.TrimPrefix(s, "CVE-"), "-")
	return ok && strings.HasPrefix(s, "CVE-") && len(year) == 4 && digits(year) >= 0 && len(n) >= 4 && digits(n) >= 0
}

func isCAPEC(s string) bool {
	n, ok := strings.CutPrefix(s, "CAPEC-")
	return ok && n != "" && digits(n) >= 0
}

// commonRows are the properties that every SDO, SRO and meta object may have
// (STIX 2.1 §3.2).
func commonRows(required ...string) []property {
	rows := []property{
		may("type", text),
		may("spec_version", only(specVersions)),
		may("id", identifier),
		may("created_by_ref", ref(to("identity"))),
		may("created", versionMoment),
		may("modified", versionMoment),
		may("revoked", boolean),
		may("labels", list(text)),
		may("confidence", between(0, 100)),
		may("lang", text),
		may("external_references", externalReferences),
		may("object_marking_refs", list(ref(to("marking-definition")))),
		may("granular_markings", list(of(granularMarking))),
		may("extensions", extensions(nil)),
	}
	for i := range rows {
		for _, r := range required {
			rows[i].required = rows[i].required || rows[i].name == r
		}
	}
	return rows
}

// versioned is the rule of §3.6 for what has versions. In a container created
// and modified are what STIX 2.0 called the times of a file.
func versioned(c *checker, m map[string]any) {
	if c.container != nil {
		return
	}
	section := c.section
	c.section = "3.6"
	notBefore("modified", "created")(c, m)
	c.section = section
}

// objectType makes the shape of a type that has the common properties.
func objectType(kind Kind, section string, rows ...property) *shape {
	s := &shape{section: section, kind: kind, members: make(map[string]member, len(rows)+16)}
	required := []string{"type", "spec_version", "id", "created", "modified"}
	s.add("3.2", commonRows(required...))
	return s.add(section, rows).where(versioned)
}

// customShape is for types that the standard does not define: what they have
// in common with those it does is checked, the rest is theirs (§11.2).
var customShape = (&shape{section: "11.2", foreign: true, members: map[string]member{}}).
	add("3.2", commonRows("type", "id")).
	where(versioned)

// selector is the path to a part of the object that a granular marking is
// about; the part must be there (STIX 2.1 §7.2.3.1).
func selector(c *checker, v any) {
	s, ok := v.(string)
	if !ok {
		c.fail(c.section, "is not a string")
		return
	}
	if !selects(c.obj, s) {
		c.fail("7.2.3.1", quote(s)+" selects nothing in the object")
	}
}

// selects follows a path such as external_references.[0].url.
func selects(v any, path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[part]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, ok := indexOf(part)
			if !ok || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return true
}

// indexOf reads "[12]".
func indexOf(part string) (int, bool) {
	inner, ok := strings.CutPrefix(part, "[")
	if inner, ok2 := strings.CutSuffix(inner, "]"); ok && ok2 {
		n, err := strconv.ParseUint(inner, 10, 31)
		return int(n), err == nil
	}
	return 0, false
}

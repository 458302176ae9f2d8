package stix

// kinds has every type that the standard defines, and nothing else.
var kinds = map[string]Kind{
	"attack-pattern": SDO, "campaign": SDO, "course-of-action": SDO, "grouping": SDO, "identity": SDO,
	"incident": SDO, "indicator": SDO, "infrastructure": SDO, "intrusion-set": SDO, "location": SDO,
	"malware": SDO, "malware-analysis": SDO, "note": SDO, "observed-data": SDO, "opinion": SDO,
	"report": SDO, "threat-actor": SDO, "tool": SDO, "vulnerability": SDO,

	"relationship": SRO, "sighting": SRO,

	"artifact": SCO, "autonomous-system": SCO, "directory": SCO, "domain-name": SCO, "email-addr": SCO,
	"email-message": SCO, "file": SCO, "ipv4-addr": SCO, "ipv6-addr": SCO, "mac-addr": SCO, "mutex": SCO,
	"network-traffic": SCO, "process": SCO, "software": SCO, "url": SCO, "user-account": SCO,
	"windows-registry-key": SCO, "x509-certificate": SCO,

	"language-content": Meta, "marking-definition": Meta, "extension-definition": Meta,
}

// shapes has the shape of every type in kinds.
var shapes = func() map[string]*shape {
	all := make(map[string]*shape, len(kinds))
	for _, group := range []map[string]*shape{domainObjects, relationships, observables, metaObjects} {
		for name, s := range group {
			all[name] = s
		}
	}
	return all
}()

// seenInOrder is the rule for two properties that several types have.
var seenInOrder = notBefore("last_seen", "first_seen")

// domainObjects are the SDOs (STIX 2.1 §4).
var domainObjects = map[string]*shape{
	"attack-pattern": objectType(SDO, "4.1",
		need("name", text),
		may("description", text),
		may("aliases", list(text)),
		may("kill_chain_phases", killChainPhases)),

	"campaign": objectType(SDO, "4.2",
		need("name", text),
		may("description", text),
		may("aliases", list(text)),
		may("first_seen", moment),
		may("last_seen", moment),
		may("objective", text)).where(seenInOrder),

	"course-of-action": objectType(SDO, "4.3",
		need("name", text),
		may("description", text)),

	"grouping": objectType(SDO, "4.4",
		may("name", text),
		may("description", text),
		need("context", open(groupingContexts)),
		need("object_refs", list(ref(anything)))),

	"identity": objectType(SDO, "4.5",
		need("name", text),
		may("description", text),
		may("roles", list(text)),
		may("identity_class", open(identityClasses)),
		may("sectors", list(open(sectors))),
		may("contact_information", text)),

	"incident": objectType(SDO, "4.6",
		need("name", text),
		may("description", text)),

	"indicator": objectType(SDO, "4.7",
		may("name", text),
		may("description", text),
		may("indicator_types", list(open(indicatorTypes))),
		need("pattern", text),
		need("pattern_type", open(patternTypes)),
		may("pattern_version", text),
		need("valid_from", moment),
		may("valid_until", moment),
		may("kill_chain_phases", killChainPhases)).
		where(after("valid_until", "valid_from"), patternParses),

	"infrastructure": objectType(SDO, "4.8",
		need("name", text),
		may("description", text),
		may("infrastructure_types", list(open(infrastructureTypes))),
		may("aliases", list(text)),
		may("kill_chain_phases", killChainPhases),
		may("first_seen", moment),
		may("last_seen", moment)).where(seenInOrder),

	"intrusion-set": objectType(SDO, "4.9",
		need("name", text),
		may("description", text),
		may("aliases", list(text)),
		may("first_seen", moment),
		may("last_seen", moment),
		may("goals", list(text)),
		may("resource_level", open(resourceLevels)),
		may("primary_motivation", open(motivations)),
		may("secondary_motivations", list(open(motivations)))).where(seenInOrder),

	"location": objectType(SDO, "4.10",
		may("name", text),
		may("description", text),
		may("latitude", degrees(90)),
		may("longitude", degrees(180)),
		may("precision", number),
		may("region", open(regions)),
		may("country", shouldBe("an ISO 3166-1 alpha-2 code", isCountry)),
		may("administrative_area", text),
		may("city", text),
		may("street_address", text),
		may("postal_code", text)).
		where(somewhere, with("latitude", "longitude"), with("longitude", "latitude"),
			with("precision", "latitude", "longitude")),

	"malware": objectType(SDO, "4.11",
		may("name", text),
		may("description", text),
		may("malware_types", list(open(malwareTypes))),
		need("is_family", boolean),
		may("aliases", list(text)),
		may("kill_chain_phases", killChainPhases),
		may("first_seen", moment),
		may("last_seen", moment),
		may("operating_system_refs", list(ref(to("software")))),
		may("architecture_execution_envs", list(open(architectures))),
		may("implementation_languages", list(open(implementationLanguages))),
		may("capabilities", list(open(capabilities))),
		may("sample_refs", list(ref(to("artifact", "file"))))).
		where(seenInOrder, familyHasName),

	"malware-analysis": objectType(SDO, "4.12",
		need("product", text),
		may("version", text),
		may("host_vm_ref", ref(to("software"))),
		may("operating_system_ref", ref(to("software"))),
		may("installed_software_refs", list(ref(to("software")))),
		may("configuration_version", text),
		may("modules", list(text)),
		may("analysis_engine_version", text),
		may("analysis_definition_version", text),
		may("submitted", moment),
		may("analysis_started", moment),
		may("analysis_ended", moment),
		may("result_name", text),
		may("result", open(malwareResults)),
		may("analysis_sco_refs", list(ref(observable))),
		may("sample_ref", ref(to("file", "network-traffic", "artifact")))).
		where(atLeastOne("result", "analysis_sco_refs"), notBefore("analysis_ended", "analysis_started")),

	"note": objectType(SDO, "4.13",
		may("abstract", text),
		need("content", text),
		may("authors", list(text)),
		need("object_refs", list(ref(anything)))),

	"observed-data": objectType(SDO, "4.14",
		need("first_observed", moment),
		need("last_observed", moment),
		need("number_observed", between(1, 999999999)),
		may("objects", container),
		may("object_refs", list(ref(observed)))).
		where(notBefore("last_observed", "first_observed"), exactlyOne("objects", "object_refs")),

	"opinion": objectType(SDO, "4.15",
		may("explanation", text),
		may("authors", list(text)),
		need("opinion", only(opinions)),
		need("object_refs", list(ref(anything)))),

	"report": objectType(SDO, "4.16",
		need("name", text),
		may("description", text),
		may("report_types", list(open(reportTypes))),
		need("published", moment),
		need("object_refs", list(ref(anything)))),

	"threat-actor": objectType(SDO, "4.17",
		need("name", text),
		may("description", text),
		may("threat_actor_types", list(open(actorTypes))),
		may("aliases", list(text)),
		may("first_seen", moment),
		may("last_seen", moment),
		may("roles", list(open(actorRoles))),
		may("goals", list(text)),
		may("sophistication", open(sophistications)),
		may("resource_level", open(resourceLevels)),
		may("primary_motivation", open(motivations)),
		may("secondary_motivations", list(open(motivations))),
		may("personal_motivations", list(open(motivations)))).where(seenInOrder),

	"tool": objectType(SDO, "4.18",
		need("name", text),
		may("description", text),
		may("tool_types", list(open(toolTypes))),
		may("aliases", list(text)),
		may("kill_chain_phases", killChainPhases),
		may("tool_version", text)),

	"vulnerability": objectType(SDO, "4.19",
		need("name", text),
		may("description", text)),
}

// somewhere asks that a location says where.
func somewhere(c *checker, m map[string]any) {
	if !hasAny(m, []string{"region", "country"}) && (m["latitude"] == nil || m["longitude"] == nil) {
		c.fail(c.section, "needs at least one of region, country, latitude with longitude")
	}
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' && s[1]|0x20 >= 'a' && s[1]|0x20 <= 'z'
}

func familyHasName(c *checker, m map[string]any) {
	if m["is_family"] == true && m["name"] == nil {
		c.failAt("name", c.section, "is required of a malware family")
	}
}

// container is the deprecated dictionary of observables inside an
// observed-data; they refer to each other by key (STIX 2.1 §2.13).
func container(c *checker, v any) {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		c.fail(c.section, "is not a dictionary of observables")
		return
	}
	c.container = m
	for key, x := range m {
		c.enter(key)
		inner, _ := x.(map[string]any)
		if typ := str(inner, "type"); typ == "" {
			c.fail("2.13", "is not an observable with a type")
		} else if s, ok := observables[typ]; ok {
			s.check(c, inner)
		}
		c.leave()
	}
	c.container = nil
}

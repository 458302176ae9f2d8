package stix

import "strings"

// relationships are the SROs (STIX 2.1 §5).
var relationships = map[string]*shape{
	"relationship": objectType(SRO, "5.1",
		need("relationship_type", relationshipName),
		may("description", text),
		need("source_ref", ref(related)),
		need("target_ref", ref(related)),
		may("start_time", moment),
		may("stop_time", moment)).
		where(after("stop_time", "start_time"), suggested),

	"sighting": objectType(SRO, "5.2",
		may("description", text),
		may("first_seen", moment),
		may("last_seen", moment),
		may("count", between(0, 999999999)),
		need("sighting_of_ref", ref(domain)),
		may("observed_data_refs", list(ref(to("observed-data")))),
		may("where_sighted_refs", list(ref(to("identity", "location")))),
		may("summary", boolean)).where(seenInOrder),
}

// relationshipName is a relationship_type: a to z, 0 to 9 and hyphens.
var relationshipName = textLike("a relationship type: want a to z, 0 to 9 and -", "5.1", func(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
})

// suggested warns of a relationship between standard types that the standard
// does not list (STIX 2.1 §3.7, §5.1.1). What involves a custom type is
// its owner's to define.
func suggested(c *checker, m map[string]any) {
	name := str(m, "relationship_type")
	source, _, ok1 := strings.Cut(str(m, "source_ref"), "--")
	target, _, ok2 := strings.Cut(str(m, "target_ref"), "--")
	if !ok1 || !ok2 || kinds[source] == Custom || kinds[target] == Custom {
		return
	}
	switch name {
	case "related-to":
		return
	case "derived-from", "duplicate-of":
		if source == target {
			return
		}
	}
	if targets := pairs[pair{source, name}]; targets[target] || targets["*"] && kinds[target] == SCO {
		return
	}
	c.warnAt("relationship_type", "5.1.1", quote(name)+" from "+source+" to "+target+" is not listed by the standard")
}

type pair struct{ source, name string }

// pairs has the targets that the standard lists for a source and a
// relationship_type; * is any observable (STIX 2.1 §5.1.1).
var pairs = func() map[pair]map[string]bool {
	all := map[pair]map[string]bool{}
	for line := range strings.Lines(summary) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		p := pair{f[0], f[1]}
		if all[p] == nil {
			all[p] = map[string]bool{}
		}
		for _, t := range f[2:] {
			all[p][t] = true
		}
	}
	return all
}()

const summary = `
attack-pattern delivers malware
attack-pattern targets identity location vulnerability
attack-pattern uses malware tool
campaign attributed-to intrusion-set threat-actor
campaign compromises infrastructure
campaign originates-from location
campaign targets identity location vulnerability
campaign uses attack-pattern infrastructure malware tool
course-of-action investigates indicator
course-of-action mitigates attack-pattern indicator malware tool vulnerability
course-of-action remediates malware vulnerability
identity located-at location
indicator indicates attack-pattern campaign infrastructure intrusion-set malware threat-actor tool
indicator based-on observed-data
infrastructure communicates-with infrastructure ipv4-addr ipv6-addr domain-name url
infrastructure consists-of infrastructure observed-data *
infrastructure controls infrastructure malware
infrastructure delivers malware
infrastructure has vulnerability
infrastructure hosts tool malware
infrastructure located-at location
infrastructure uses infrastructure
intrusion-set attributed-to threat-actor
intrusion-set compromises infrastructure
intrusion-set hosts infrastructure
intrusion-set owns infrastructure
intrusion-set originates-from location
intrusion-set targets identity location vulnerability
intrusion-set uses attack-pattern infrastructure malware tool
malware authored-by threat-actor intrusion-set
malware beacons-to infrastructure
malware exfiltrates-to infrastructure
malware communicates-with ipv4-addr ipv6-addr domain-name url
malware controls malware
malware downloads malware tool file
malware drops malware tool file
malware exploits vulnerability
malware originates-from location
malware targets identity infrastructure location vulnerability
malware uses attack-pattern infrastructure malware tool
malware variant-of malware
malware-analysis characterizes malware
malware-analysis analysis-of malware
malware-analysis static-analysis-of malware
malware-analysis dynamic-analysis-of malware
threat-actor attributed-to identity
threat-actor compromises infrastructure
threat-actor hosts infrastructure
threat-actor owns infrastructure
threat-actor impersonates identity
threat-actor located-at location
threat-actor targets identity location vulnerability
threat-actor uses attack-pattern infrastructure malware tool
tool delivers malware
tool drops malware
tool has vulnerability
tool targets identity infrastructure location vulnerability
tool uses infrastructure
domain-name resolves-to domain-name ipv4-addr ipv6-addr
ipv4-addr belongs-to autonomous-system
ipv4-addr resolves-to mac-addr
ipv6-addr belongs-to autonomous-system
ipv6-addr resolves-to mac-addr
`

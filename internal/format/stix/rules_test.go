package stix_test

import (
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
)

type props map[string]any

// changed returns the valid object of a type with some properties set, or
// dropped where the value is nothing{}.
func changed(tb testing.TB, typ string, set props) []byte {
	tb.Helper()
	m, err := canon.Decode(everyType(tb)[typ])
	if err != nil {
		tb.Fatal(err)
	}
	for name, v := range set {
		if m[name] = v; v == any(nothing{}) {
			delete(m, name)
		}
	}
	raw, err := canon.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

var (
	gone   = any(nothing{})
	marked = "marking-definition--00000001-0000-4000-8000-000000000001"
	white  = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
	red2   = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
)

func tlp2(level string) props {
	return props{stix.TLP2Extension: props{"extension_type": "property-extension", "tlp_2_0": level}}
}

func TestRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, typ string
		set       props
		want      string // after the identifier, exactly
	}{
		{"a period that ends as it begins", "indicator", props{"valid_until": "2022-04-01T00:00:00.000Z"}, "valid_until is not after valid_from (STIX 2.1 §4.7)"},
		{"a pattern with a mistake", "indicator", props{"pattern": "[file:size >"}, "pattern is not a STIX pattern"},
		{"seen last before first", "campaign", props{"last_seen": "2022-03-31T23:59:59.999Z"}, "last_seen is before first_seen (STIX 2.1 §4.2)"},
		{"modified before created", "tool", props{"modified": "2022-03-19T08:59:59.999Z"}, "modified is before created (STIX 2.1 §3.6)"},
		{"a relationship that stops as it starts", "relationship", props{"stop_time": "2022-04-01T00:00:00Z"}, "stop_time is not after start_time (STIX 2.1 §5.1)"},
		{"a relationship type in capitals", "relationship", props{"relationship_type": "Uses"}, "relationship_type is not a relationship type: want a to z, 0 to 9 and - (STIX 2.1 §5.1)"},
		{"a relationship of a relationship", "relationship", props{"source_ref": "sighting--00000001-0000-4000-8000-000000000001"}, `source_ref leads to "sighting"; want a domain object or observable (STIX 2.1 §5.1)`},
		{"a sighting of an observable", "sighting", props{"sighting_of_ref": "url--00000001-0000-4000-8000-000000000001"}, `sighting_of_ref leads to "url"; want a domain object (STIX 2.1 §5.2)`},
		{"a count of a thousand million", "sighting", props{"count": 1e9}, "count is not from 0 to 999999999 (STIX 2.1 §5.2)"},
		{"nothing observed", "observed-data", props{"number_observed": 0}, "number_observed is not from 1 to 999999999 (STIX 2.1 §4.14)"},
		{"observed both ways", "observed-data", props{"objects": props{"0": props{"type": "mutex", "name": "x"}}}, "needs either objects or object_refs (STIX 2.1 §4.14)"},
		{"observed neither way", "observed-data", props{"object_refs": gone}, "needs either objects or object_refs (STIX 2.1 §4.14)"},
		{"a key to nothing in a container", "observed-data", props{"object_refs": gone, "objects": props{"0": props{"type": "ipv4-addr", "value": "192.0.2.1", "belongs_to_refs": []any{"7"}}}}, "objects.0.belongs_to_refs[0] leads to \"7\"; want autonomous-system (STIX 2.1 §6.8)"},
		{"a latitude alone", "location", props{"longitude": gone, "precision": gone}, "latitude needs longitude beside it (STIX 2.1 §4.10)"},
		{"a longitude alone", "location", props{"latitude": gone, "precision": gone}, "longitude needs latitude beside it (STIX 2.1 §4.10)"},
		{"the precision of no place", "location", props{"latitude": gone, "longitude": gone}, "precision needs latitude beside it (STIX 2.1 §4.10); precision needs longitude beside it (STIX 2.1 §4.10)"},
		{"a location nowhere", "location", props{"latitude": gone, "longitude": gone, "precision": gone, "region": gone, "country": gone}, "needs at least one of region, country, latitude with longitude (STIX 2.1 §4.10)"},
		{"beyond the pole", "location", props{"latitude": 90.1}, "latitude is not from -90 to 90 (STIX 2.1 §4.10)"},
		{"a family without name", "malware", props{"name": gone}, "name is required of a malware family (STIX 2.1 §4.11)"},
		{"an analysis without outcome", "malware-analysis", props{"result": gone, "analysis_sco_refs": gone}, "needs at least one of result, analysis_sco_refs (STIX 2.1 §4.12)"},
		{"an opinion of one's own", "opinion", props{"opinion": "maybe"}, `opinion "maybe" is not in opinion-enum (STIX 2.1 §10.18)`},
		{"confidence beyond certainty", "tool", props{"confidence": 101}, "confidence is not from 0 to 100 (STIX 2.1 §3.2)"},
		{"a creator that is no identity", "tool", props{"created_by_ref": "tool--00000001-0000-4000-8000-000000000001"}, `created_by_ref leads to "tool"; want identity (STIX 2.1 §3.2)`},
		{"a marking that is none", "tool", props{"object_marking_refs": []any{"tool--00000001-0000-4000-8000-000000000001"}}, `object_marking_refs[0] leads to "tool"; want marking-definition (STIX 2.1 §3.2)`},
		{"a selector of nothing", "tool", props{"granular_markings": []any{props{"marking_ref": marked, "selectors": []any{"aliases.[1]"}}}}, `granular_markings[0].selectors[0] "aliases.[1]" selects nothing in the object (STIX 2.1 §7.2.3.1)`},
		{"a granular marking of nothing", "tool", props{"granular_markings": []any{props{"selectors": []any{"name"}}}}, "granular_markings[0] needs either lang or marking_ref (STIX 2.1 §7.2.3)"},
		{"a reference to nowhere", "tool", props{"external_references": []any{props{"source_name": "x"}}}, "external_references[0] needs at least one of description, url, external_id (STIX 2.1 §2.5)"},
		{"a CVE that is none", "tool", props{"external_references": []any{props{"source_name": "cve", "external_id": "2022-1"}}}, "external_references[0].external_id is not of the form CVE-YYYY-NNNN, as the source cve asks (STIX 2.1 §2.5)"},
		{"a CAPEC that is none", "tool", props{"external_references": []any{props{"source_name": "capec", "external_id": "163"}}}, "external_references[0].external_id is not of the form CAPEC-N, as the source capec asks (STIX 2.1 §2.5)"},
		{"an unknown digest in a reference", "tool", props{"external_references": []any{props{"source_name": "x", "url": "x:y", "hashes": props{"CRC32": "00"}}}}, "external_references[0].hashes.CRC32 is not in hash-algorithm-ov (STIX 2.1 §2.5)"},
		{"another spec_version", "tool", props{"spec_version": "2.2"}, `spec_version "2.2" is not in the versions 2.0 and 2.1 (STIX 2.1 §3.2)`},
		{"a number as spec_version", "tool", props{"spec_version": 2.1}, "spec_version is not a string (STIX 2.1 §3.2)"},

		{"an artifact both here and elsewhere", "artifact", props{"url": "https://example.org/x"}, "needs either payload_bin or url (STIX 2.1 §6.1)"},
		{"an artifact elsewhere without digest", "artifact", props{"payload_bin": gone, "url": "https://example.org/x", "hashes": gone}, "url needs hashes beside it (STIX 2.1 §6.1)"},
		{"a key without algorithm", "artifact", props{"encryption_algorithm": gone}, "decryption_key needs encryption_algorithm beside it (STIX 2.1 §6.1)"},
		{"an observable modified before it was created", "url", props{"created": "2022-03-19T09:00:00.001Z", "modified": "2022-03-19T09:00:00.000Z"}, "modified is before created (STIX 2.1 §3.6)"},
		{"a process of which nothing is known", "process", props{"extensions": gone, "is_hidden": gone, "pid": gone, "created_time": gone, "cwd": gone, "command_line": gone, "environment_variables": gone, "opened_connection_refs": gone, "creator_user_ref": gone, "image_ref": gone, "parent_ref": gone, "child_refs": gone}, "needs at least one of extensions, is_hidden, pid, created_time, cwd, command_line, environment_variables, opened_connection_refs, creator_user_ref, image_ref, parent_ref, child_refs (STIX 2.1 §6.13)"},
		{"a file without name and digest", "file", props{"name": gone, "name_enc": gone, "hashes": gone}, "needs at least one of hashes, name (STIX 2.1 §6.7)"},
		{"the encoding of no name", "file", props{"name": gone}, "name_enc needs name beside it (STIX 2.1 §6.7)"},
		{"a negative size", "file", props{"size": -1}, "size is not 0 or more (STIX 2.1 §6.7)"},
		{"a digest too short", "file", props{"hashes": props{"MD5": "abcd"}}, "hashes.MD5 is not 32 hexadecimal digits (STIX 2.1 §10.7)"},
		{"one body too many", "email-message", props{"body": "x"}, "body is not allowed when is_multipart is true (STIX 2.1 §6.6)"},
		{"many bodies of one", "email-message", props{"is_multipart": false}, "body_multipart is not allowed when is_multipart is false (STIX 2.1 §6.6)"},
		{"a part with nothing in it", "email-message", props{"body_multipart": []any{props{"content_type": "text/plain"}}}, "body_multipart[0] needs either body or body_raw_ref (STIX 2.1 §6.6.2)"},
		{"traffic from and to nowhere", "network-traffic", props{"src_ref": gone, "dst_ref": gone}, "needs at least one of src_ref, dst_ref (STIX 2.1 §6.12)"},
		{"traffic that goes on and has ended", "network-traffic", props{"is_active": true}, "end is not allowed when is_active is true (STIX 2.1 §6.12)"},
		{"a port beyond the last", "network-traffic", props{"dst_port": 65536}, "dst_port is not from 0 to 65535 (STIX 2.1 §6.12)"},
		{"an address that is none", "ipv4-addr", props{"value": "198.51.100.256"}, "value is not an IPv4 address or CIDR block (STIX 2.1 §6.8)"},
		{"an address of the other family", "ipv6-addr", props{"value": "198.51.100.3"}, "value is not an IPv6 address or CIDR block (STIX 2.1 §6.9)"},
		{"a MAC address in capitals", "mac-addr", props{"value": "D2:FB:49:24:37:18"}, "value is not a MAC address: six lower-case hexadecimal pairs, colons between (STIX 2.1 §6.10)"},
		{"a key that is no name", "process", props{"environment_variables": props{"A B": "x"}}, `environment_variables."A B" is not a key: want 1 to 250 of a to z, A to Z, 0 to 9, - and _ (STIX 2.1 §2.3)`},
		{"base64 of five characters", "artifact", props{"payload_bin": "QUJDRA"}, "payload_bin is not base64 (STIX 2.1 §2.1)"},
		{"base64 of other characters", "artifact", props{"payload_bin": "QU*D"}, "payload_bin is not base64 (STIX 2.1 §2.1)"},
		{"a TLSH digest of another length", "file", props{"hashes": props{"TLSH": "T1" + strings.Repeat("0", 69)}}, "hashes.TLSH is not a TLSH digest: 70 hexadecimal digits, T1 before them or not (STIX 2.1 §10.7)"},
		{"a short name of another hive", "windows-registry-key", props{"key": `HKU`}, "key is not a full key: HKEY_LOCAL_MACHINE, not HKLM (STIX 2.1 §6.17)"},
		{"the short name of a hive", "windows-registry-key", props{"key": `hklm\software`}, "key is not a full key: HKEY_LOCAL_MACHINE, not HKLM (STIX 2.1 §6.17)"},
		{"a value of no registry", "windows-registry-key", props{"values": []any{props{"data_type": "REG_X"}}}, `values[0].data_type "REG_X" is not in windows-registry-datatype-enum (STIX 2.1 §10.29)`},
		{"an empty extension", "file", props{"extensions": props{"pdf-ext": props{}}}, "extensions.pdf-ext is not an extension: want an object with properties (STIX 2.1 §7.3)"},
		{"an extension of another type's", "file", props{"extensions": props{"tcp-flags": props{"x": 1}}}, "extensions.tcp-flags is neither the identifier of an extension definition nor the name of an extension (STIX 2.1 §7.3)"},
		{"an extension that does not say what it is", "tool", props{"extensions": props{stix.TLP2Extension: props{"x": 1}}}, "extensions." + stix.TLP2Extension + ".extension_type is required (STIX 2.1 §7.3)"},
		{"a socket option that is none", "network-traffic", props{"extensions": props{"socket-ext": props{"address_family": "AF_INET", "options": props{"KEEP": 1}}}}, "extensions.socket-ext.options.KEEP is not the name of a socket option (STIX 2.1 §6.12.4)"},
		{"half a second in a PE header", "file", props{"extensions": props{"windows-pebinary-ext": props{"pe_type": "exe", "time_date_stamp": "2022-01-01T00:00:00.5Z"}}}, "extensions.windows-pebinary-ext.time_date_stamp is not to the second (STIX 2.1 §6.7.6)"},

		{"a statement of nothing", "marking-definition", props{"definition": props{}}, "definition.statement is required and is a string (STIX 2.1 §7.2.1.3)"},
		{"a marking of nothing", "marking-definition", props{"definition": gone, "definition_type": gone}, "definition is required unless there are extensions (STIX 2.1 §7.2.1); definition_type is required unless there are extensions (STIX 2.1 §7.2.1)"},
		{"another TLP:RED", "marking-definition", props{"definition_type": "tlp", "definition": props{"tlp": "red"}, "name": "TLP:RED", "created": "2017-01-20T00:00:00.000Z"}, "id is not marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed, the one identifier of TLP:RED (STIX 2.1 §7.2.1.4)"},
		{"TLP:RED under the identifier of TLP:WHITE", "marking-definition", props{"id": white, "definition_type": "tlp", "definition": props{"tlp": "red"}, "name": "TLP:WHITE", "created": "2017-01-20T00:00:00.000Z"}, "id is not marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed, the one identifier of TLP:RED (STIX 2.1 §7.2.1.4); name is not TLP:RED (STIX 2.1 §7.2.1.4)"},
		{"a statement under the identifier of TLP:WHITE", "marking-definition", props{"id": white}, "does not name a TLP level that exists (STIX 2.1 §7.2.1.4)"},
		{"a misspelt TLP", "marking-definition", props{"definition_type": "tlp", "definition": props{"tlp": "amberr"}}, "does not name a TLP level that exists (STIX 2.1 §7.2.1.4)"},
		{"TLP 2.0 CLEAR under the identifier of RED", "marking-definition", props{"id": red2, "definition": gone, "definition_type": gone, "extensions": tlp2("clear"), "name": "TLP:CLEAR"}, "id is not marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487, the one identifier of TLP:CLEAR (STIX 2.1 §7.2.1.4)"},
		{"a redated TLP:WHITE", "marking-definition", props{"id": white, "name": "TLP:WHITE", "definition_type": "tlp", "definition": props{"tlp": "white"}}, "created is not 2017-01-20T00:00:00.000Z, as it is in every TLP marking (STIX 2.1 §7.2.1.4)"},
		{"a marking marked with itself", "marking-definition", props{"id": marked, "object_marking_refs": []any{marked}}, "is marked with itself (STIX 2.1 §3.2)"},
		{"properties on top of nothing", "extension-definition", props{"extension_types": []any{"new-sdo"}}, "extension_properties needs extension_types to list toplevel-property-extension (STIX 2.1 §7.3)"},

		{"an identifier of another type", "tool", props{"id": "malware--00000001-0000-4000-8000-000000000001"}, "id is not of type tool (STIX 2.1 §2.9)"},
		{"an identifier of UUID version 0", "tool", props{"id": "tool--00000001-0000-0000-8000-000000000001"}, "id is not an identifier (type--UUID) (STIX 2.1 §2.9)"},
		{"an identifier of another variant", "tool", props{"id": "tool--00000001-0000-4000-7000-000000000001"}, "id is not an identifier (type--UUID) (STIX 2.1 §2.9)"},
		{"a reference to what is no type", "note", props{"object_refs": []any{"X_y--00000001-0000-4000-8000-000000000001"}}, "object_refs[0] is not an identifier (type--UUID) (STIX 2.1 §2.9)"},
		{"an extension under no identifier", "tool", props{"extensions": props{"extension-definition--1": props{"extension_type": "new-sdo"}}}, "extensions.extension-definition--1 is not an identifier (type--UUID) (STIX 2.1 §2.9)"},
		{"an extension of no kind", "tool", props{"extensions": props{stix.TLP2Extension: props{"extension_type": "x"}}}, "extensions." + stix.TLP2Extension + `.extension_type "x" is not in extension-type-enum (STIX 2.1 §10.5)`},
		{"a statement under the identifier of TLP 2.0 RED", "marking-definition", props{"id": red2}, "does not name a TLP level that exists (STIX 2.1 §7.2.1.4)"},
		{"a bundle", "tool", props{"type": "bundle"}, "is a bundle; want one of its objects (STIX 2.1 §8)"},
		{"no type", "tool", props{"type": gone}, "type is required and is a string (STIX 2.1 §3.2)"},
		{"a type that cannot be", "tool", props{"type": "X_tool"}, "type is not a type name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := stix.Parse(changed(t, tc.typ, tc.set), stix.Options{})
			if err == nil {
				t.Fatal("Parse took it")
			}
			_, got, _ := strings.Cut(err.Error(), ": ")
			if got != tc.want && !strings.HasPrefix(got, tc.want+":") && !strings.Contains(got, "; "+tc.want+":") {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestTakesWithAWarning(t *testing.T) {
	for _, tc := range []struct {
		name, typ string
		set       props
		want      string // the only warning; empty for none
	}{
		{"a custom property", "tool", props{"x_rank": nil}, ""},
		{"an unknown property", "tool", props{"rank": 5}, "rank is not a property the standard defines here; it is kept (STIX 2.1 §4.18)"},
		{"a reserved property", "incident", props{"severity": 5}, "severity is a reserved name (STIX 2.1 §3.8)"},
		{"a property of an extension at the top level", "tool", props{"rank": 5, "extensions": props{stix.TLP2Extension: props{"extension_type": "toplevel-property-extension"}}}, ""},
		{"an unknown property below an extended top level", "tool", props{"kill_chain_phases": []any{props{"kill_chain_name": "a", "phase_name": "b", "rank": 5}}, "extensions": props{stix.TLP2Extension: props{"extension_type": "toplevel-property-extension"}}}, "kill_chain_phases[0].rank is not a property the standard defines here; it is kept (STIX 2.1 §2.11)"},
		{"a word outside an open vocabulary", "tool", props{"tool_types": []any{"remote-access", "spoon"}}, `tool_types[1] "spoon" is not in tool-type-ov (STIX 2.1 §10.26)`},
		{"a version to the second", "tool", props{"created": "2022-03-19T09:00:00Z"}, "created is not precise to the millisecond (STIX 2.1 §3.2)"},
		{"the same instant twice", "campaign", props{"last_seen": "2022-04-01T00:00:00.000Z"}, ""},
		{"an unlisted relationship", "relationship", props{"relationship_type": "eats"}, `relationship_type "eats" from indicator to malware is not listed by the standard (STIX 2.1 §5.1.1)`},
		{"any relationship of a custom type", "relationship", props{"relationship_type": "eats", "target_ref": "x-apple--00000001-0000-4000-8000-000000000001"}, ""},
		{"any relationship from a custom type", "relationship", props{"relationship_type": "eats", "source_ref": "x-apple--00000001-0000-4000-8000-000000000001"}, ""},
		{"an infrastructure that consists of malware", "relationship", props{"relationship_type": "consists-of", "source_ref": "infrastructure--00000001-0000-4000-8000-000000000001"}, `relationship_type "consists-of" from infrastructure to malware is not listed by the standard (STIX 2.1 §5.1.1)`},
		{"a relationship with any observable", "relationship", props{"relationship_type": "consists-of", "source_ref": "infrastructure--00000001-0000-4000-8000-000000000001", "target_ref": "mutex--00000001-0000-4000-8000-000000000001"}, ""},
		{"a duplicate of another type", "relationship", props{"relationship_type": "duplicate-of"}, `relationship_type "duplicate-of" from indicator to malware is not listed by the standard (STIX 2.1 §5.1.1)`},
		{"an observable under a random identifier", "url", props{"id": "url--00000001-0000-4000-8000-000000000001"}, ""},
		{"an observable under another's identifier", "url", props{"id": "url--00000001-0000-5000-8000-000000000001"}, "id is not the identifier its properties give, url--47c3cf9a-5027-5bf0-997a-017c7edc7c55 (STIX 2.1 §2.9)"},
		{"an identifier in capitals", "tool", props{"id": "tool--0000000A-0000-4000-8000-000000000001"}, "id has upper-case digits; it is compared as written (STIX 2.1 §2.9)"},
		{"an identifier of version 7", "tool", props{"id": "tool--0190a0d2-0000-7000-8000-000000000001"}, "id has a UUID of a version later than RFC 4122 (STIX 2.1 §2.9)"},
		{"a defanged address", "ipv4-addr", props{"id": "ipv4-addr--00000001-0000-4000-8000-000000000001", "value": "198.51[.]100.3", "defanged": true}, ""},
		{"a block of addresses", "ipv6-addr", props{"id": "ipv6-addr--00000001-0000-4000-8000-000000000001", "value": "2001:db8::/32"}, ""},
		{"a URL with a space", "url", props{"id": "url--00000001-0000-4000-8000-000000000001", "value": "http://example.org/a b"}, "value is not a URI of RFC 3986 (STIX 2.1 §6.15)"},
		{"a URL with half an escape", "url", props{"id": "url--00000001-0000-4000-8000-000000000001", "value": "http://example.org/%4"}, "value is not a URI of RFC 3986 (STIX 2.1 §6.15)"},
		{"a defanged URL", "url", props{"id": "url--00000001-0000-4000-8000-000000000001", "value": "hxxp://example[.]org/ x", "defanged": true}, ""},
		{"a CAPEC of another source", "tool", props{"external_references": []any{props{"source_name": "x", "external_id": "CAPEC-1"}}}, "external_references[0].source_name should be capec beside a CAPEC identifier (STIX 2.1 §2.5)"},
		{"an unknown digest", "file", props{"id": "file--00000001-0000-4000-8000-000000000001", "hashes": props{"CRC32": "00"}}, "hashes.CRC32 is not in hash-algorithm-ov (STIX 2.1 §10.7)"},
		{"a pattern of another language", "indicator", props{"pattern_type": "yara", "pattern": "rule x {"}, ""},
		{"granular language", "tool", props{"granular_markings": []any{props{"lang": "ja", "selectors": []any{"name", "aliases.[0]"}}}}, ""},
		{"TLP:WHITE without its name", "marking-definition", props{"id": white, "name": gone, "definition_type": "tlp", "definition": props{"tlp": "white"}, "created": "2017-01-20T00:00:00Z"}, "name should be TLP:WHITE (STIX 2.1 §7.2.1.4)"},
		{"TLP 2.0", "marking-definition", props{"id": red2, "name": "TLP:RED", "definition": gone, "definition_type": gone, "extensions": tlp2("red")}, ""},
		{"a custom extension", "file", props{"extensions": props{"x-example-ext": props{"a": 1}}, "id": "file--00000001-0000-4000-8000-000000000001"}, "extensions.x-example-ext is a custom extension without a definition; it is kept (STIX 2.1 §11.3)"},
		{"a CVE of another source", "tool", props{"external_references": []any{props{"source_name": "NVD", "external_id": "CVE-2022-12345"}}}, "external_references[0].source_name should be cve beside a CVE identifier (STIX 2.1 §2.5)"},
		{"observables that refer to each other by key", "observed-data", props{"object_refs": gone, "objects": props{
			"0": props{"type": "ipv4-addr", "value": "192.0.2.1", "belongs_to_refs": []any{"1"}}, "1": props{"type": "autonomous-system", "number": 7},
			"2": props{"type": "process", "x_name": "of STIX 2.0, which had other properties"},
		}}, ""},
		{"a file of STIX 2.0 in a container, older than it is", "observed-data", props{"object_refs": gone, "objects": props{
			"0": props{"type": "file", "name": "a", "created": "2022-04-01T00:00:00.000Z", "modified": "2022-03-01T00:00:00.000Z"},
		}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := stix.Parse(changed(t, tc.typ, tc.set), stix.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, w := range o.Warnings {
				got = strings.TrimPrefix(got+"; "+w.String(), "; ")
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestPeriodsAreInOrder puts the end of every period of the standard a
// millisecond before its beginning.
func TestPeriodsAreInOrder(t *testing.T) {
	for typ, period := range map[string][2]string{
		"campaign": {"first_seen", "last_seen"}, "infrastructure": {"first_seen", "last_seen"}, "intrusion-set": {"first_seen", "last_seen"},
		"malware": {"first_seen", "last_seen"}, "threat-actor": {"first_seen", "last_seen"}, "sighting": {"first_seen", "last_seen"},
		"observed-data": {"first_observed", "last_observed"}, "malware-analysis": {"analysis_started", "analysis_ended"},
		"network-traffic": {"start", "end"},
	} {
		set := props{period[0]: "2022-04-01T00:00:00.001Z", period[1]: "2022-04-01T00:00:00.000Z"}
		_, err := stix.Parse(changed(t, typ, set), stix.Options{})
		if err == nil || !strings.Contains(err.Error(), ": "+period[1]+" is before "+period[0]) {
			t.Errorf("%s: got %v", typ, err)
		}
		set[period[1]] = "2022-04-01T00:00:00.0010Z"
		if _, err := stix.Parse(changed(t, typ, set), stix.Options{}); err != nil {
			t.Errorf("%s: the same instant: %v", typ, err)
		}
	}
}

// TestSomethingMustBeSaid leaves observables with nothing but their type, and
// their extensions with nothing that the standard defines.
func TestSomethingMustBeSaid(t *testing.T) {
	for _, typ := range []string{"user-account", "windows-registry-key", "x509-certificate", "process"} {
		raw := `{"type":"` + typ + `","id":"` + typ + `--00000001-0000-4000-8000-000000000001","x_a":1}`
		if _, err := stix.Parse([]byte(raw), stix.Options{}); err == nil || !strings.Contains(err.Error(), "needs at least one of ") {
			t.Errorf("%s: got %v", typ, err)
		}
	}
	for _, tc := range []struct{ typ, ext string }{
		{"file", "ntfs-ext"},
		{"file", "pdf-ext"},
		{"file", "raster-image-ext"},
		{"network-traffic", "tcp-ext"},
		{"process", "windows-process-ext"},
		{"process", "windows-service-ext"},
		{"user-account", "unix-account-ext"},
	} {
		raw := changed(t, tc.typ, props{"extensions": props{tc.ext: props{"x_a": 1}}})
		if _, err := stix.Parse(raw, stix.Options{}); err == nil || !strings.Contains(err.Error(), "extensions."+tc.ext+" needs at least one property") {
			t.Errorf("%s: got %v", tc.ext, err)
		}
	}
	for _, tc := range []struct {
		typ  string
		set  props
		want string
	}{
		{"file", props{"extensions": props{"windows-pebinary-ext": props{"pe_type": "exe", "optional_header": props{"x_a": 1}}}}, "optional_header needs at least one property"},
		{"windows-registry-key", props{"values": []any{props{"x_a": 1}}}, "values[0] needs at least one of name, data, data_type"},
		{"x509-certificate", props{"x509_v3_extensions": props{"x_a": 1}}, "x509_v3_extensions needs at least one property"},
	} {
		if _, err := stix.Parse(changed(t, tc.typ, tc.set), stix.Options{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}

func TestTypeNames(t *testing.T) {
	for typ, ok := range map[string]bool{
		"abc": true, "a-b": true, "a1-2b": true, "a" + strings.Repeat("b", 249): true,
		"ab": false, "a" + strings.Repeat("b", 250): false, "1bc": false, "a--b": false, "ab-": false, "-ab": false, "aBc": false, "a_c": false, "": false,
	} {
		raw := `{"type":"` + typ + `","id":"` + typ + `--00000001-0000-4000-8000-000000000001"}`
		if _, err := stix.Parse([]byte(raw), stix.Options{}); (err == nil) != ok {
			t.Errorf("%q: got %v", typ, err)
		}
	}
}

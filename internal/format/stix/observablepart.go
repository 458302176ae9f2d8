package stix

import "strings"

// The structures inside observables, and the extensions that the standard
// predefines for them.
var (
	mimePart = structure("6.6.2",
		may("body", text),
		may("body_raw_ref", ref(to("artifact", "file"))),
		may("content_type", text),
		may("content_disposition", text)).
		where(exactlyOne("body", "body_raw_ref"))

	registryValue = structure("6.17.2",
		may("name", text),
		may("data", text),
		may("data_type", only(registryTypes))).
		where(atLeastOne("name", "data", "data_type"))

	certificateExtensions = structure("6.18.2",
		may("basic_constraints", text),
		may("name_constraints", text),
		may("policy_constraints", text),
		may("key_usage", text),
		may("extended_key_usage", text),
		may("subject_key_identifier", text),
		may("authority_key_identifier", text),
		may("subject_alternative_name", text),
		may("issuer_alternative_name", text),
		may("subject_directory_attributes", text),
		may("crl_distribution_points", text),
		may("inhibit_any_policy", text),
		may("private_key_usage_period_not_before", moment),
		may("private_key_usage_period_not_after", moment),
		may("certificate_policies", text),
		may("policy_mappings", text)).notEmpty()

	dataStream = structure("6.7.3.2",
		need("name", text),
		may("hashes", anyHashes),
		may("size", count))

	peSection = structure("6.7.6.3",
		need("name", text),
		may("size", count),
		may("entropy", number),
		may("hashes", anyHashes))

	peHeader = structure("6.7.6.2",
		may("magic_hex", hexadecimal),
		may("major_linker_version", integer),
		may("minor_linker_version", integer),
		may("size_of_code", count),
		may("size_of_initialized_data", count),
		may("size_of_uninitialized_data", count),
		may("address_of_entry_point", integer),
		may("base_of_code", integer),
		may("base_of_data", integer),
		may("image_base", integer),
		may("section_alignment", integer),
		may("file_alignment", integer),
		may("major_os_version", integer),
		may("minor_os_version", integer),
		may("major_image_version", integer),
		may("minor_image_version", integer),
		may("major_subsystem_version", integer),
		may("minor_subsystem_version", integer),
		may("win32_version_value_hex", hexadecimal),
		may("size_of_image", count),
		may("size_of_headers", count),
		may("checksum_hex", hexadecimal),
		may("subsystem_hex", hexadecimal),
		may("dll_characteristics_hex", hexadecimal),
		may("size_of_stack_reserve", count),
		may("size_of_stack_commit", count),
		may("size_of_heap_reserve", count),
		may("size_of_heap_commit", count),
		may("loader_flags_hex", hexadecimal),
		may("number_of_rva_and_sizes", integer),
		may("hashes", anyHashes)).notEmpty()
)

// fileExtensions are those of a file (STIX 2.1 §6.7.2 to §6.7.6).
var fileExtensions = map[string]*shape{
	"archive-ext": structure("6.7.2",
		need("contains_refs", onDisk),
		may("comment", text)),

	"ntfs-ext": structure("6.7.3",
		may("sid", text),
		may("alternate_data_streams", list(of(dataStream)))).notEmpty(),

	"pdf-ext": structure("6.7.4",
		may("version", text),
		may("is_optimized", boolean),
		may("document_info_dict", dictionary(text)),
		may("pdfid0", text),
		may("pdfid1", text)).notEmpty(),

	"raster-image-ext": structure("6.7.5",
		may("image_height", integer),
		may("image_width", integer),
		may("bits_per_pixel", integer),
		may("exif_tags", dictionary(either("a string or an integer", text, integer)))).notEmpty(),

	"windows-pebinary-ext": structure("6.7.6",
		need("pe_type", open(peTypes)),
		may("imphash", text),
		may("machine_hex", hexadecimal),
		may("number_of_sections", count),
		may("time_date_stamp", wholeSeconds),
		may("pointer_to_symbol_table_hex", hexadecimal),
		may("number_of_symbols", count),
		may("size_of_optional_header", count),
		may("characteristics_hex", hexadecimal),
		may("file_header_hashes", anyHashes),
		may("optional_header", of(peHeader)),
		may("sections", list(of(peSection)))),
}

// trafficExtensions are those of network traffic (STIX 2.1 §6.12.2 to §6.12.5).
var trafficExtensions = map[string]*shape{
	"http-request-ext": structure("6.12.2",
		need("request_method", text),
		need("request_value", text),
		may("request_version", text),
		may("request_header", dictionary(list(text))),
		may("message_body_length", integer),
		may("message_body_data_ref", payload)),

	"icmp-ext": structure("6.12.3",
		need("icmp_type_hex", hexadecimal),
		need("icmp_code_hex", hexadecimal)),

	"socket-ext": structure("6.12.4",
		need("address_family", only(addressFamilies)),
		may("is_blocking", boolean),
		may("is_listening", boolean),
		may("options", socketOptions),
		may("socket_type", only(socketTypes)),
		may("socket_descriptor", count),
		may("socket_handle", integer)),

	"tcp-ext": structure("6.12.5",
		may("src_flags_hex", hexadecimal),
		may("dst_flags_hex", hexadecimal)).notEmpty(),
}

// processExtensions are those of a process (STIX 2.1 §6.13.2 and §6.13.3).
var processExtensions = map[string]*shape{
	"windows-process-ext": structure("6.13.2",
		may("aslr_enabled", boolean),
		may("dep_enabled", boolean),
		may("priority", text),
		may("owner_sid", text),
		may("window_title", text),
		may("startup_info", dictionary(nil)),
		may("integrity_level", only(integrityLevels))).notEmpty(),

	"windows-service-ext": structure("6.13.3",
		may("service_name", text),
		may("descriptions", list(text)),
		may("display_name", text),
		may("group_name", text),
		may("start_type", only(serviceStarts)),
		may("service_dll_refs", list(ref(to("file")))),
		may("service_type", only(serviceTypes)),
		may("service_status", only(serviceStates))).notEmpty(),
}

// accountExtensions are those of a user account (STIX 2.1 §6.16.2).
var accountExtensions = map[string]*shape{
	"unix-account-ext": structure("6.16.2",
		may("gid", integer),
		may("groups", list(text)),
		may("home_dir", text),
		may("shell", text)).notEmpty(),
}

// multipart checks the body of an e-mail message against is_multipart.
func multipart(c *checker, m map[string]any) {
	is, ok := m["is_multipart"].(bool)
	if !ok {
		return
	}
	if is && m["body"] != nil {
		c.failAt("body", c.section, "is not allowed when is_multipart is true")
	}
	if !is && m["body_multipart"] != nil {
		c.failAt("body_multipart", c.section, "is not allowed when is_multipart is false")
	}
}

func activeHasNoEnd(c *checker, m map[string]any) {
	if m["is_active"] == true && m["end"] != nil {
		c.failAt("end", c.section, "is not allowed when is_active is true")
	}
}

// socketOptions is a dictionary of integers under names such as SO_KEEPALIVE.
func socketOptions(c *checker, v any) {
	dictionary(integer)(c, v)
	m, _ := v.(map[string]any)
	for name := range m {
		family, rest, ok := strings.Cut(name, "_")
		switch family {
		case "SO", "ICMP", "ICMP6", "IP", "IPV6", "MCAST", "TCP", "IRLMP":
			ok = ok && rest != ""
		default:
			ok = false
		}
		if !ok {
			c.failAt(name, c.section, "is not the name of a socket option")
		}
	}
}

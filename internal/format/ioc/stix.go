package ioc

import "strings"

// FromSTIX returns what a property of a STIX object is looked up as: the type
// and the path are those of a pattern's comparison (§9.7) or of a cyber
// observable, the value is a string or a number's digits. It is false for
// what nobody looks up, and for a value that is not what its property says.
// Defanged values are refanged where that can only help.
//
// A reference is followed by name: of network-traffic:dst_ref.value, only
// "value" counts, and what it is depends on the content.
func FromSTIX(objectType, path, value string) (Value, bool) {
	property, referred := lastProperty(path)
	if referred {
		objectType = ""
	}
	if i := strings.LastIndex(property, "hashes."); i == 0 || i > 0 && property[i-1] == '.' {
		return hashNamed(strings.Trim(property[i+len("hashes."):], "'"), value)
	}
	switch property {
	case "value":
		return fromValue(objectType, refang(value, false))
	case "number":
		return of(ASN, value, objectType, "autonomous-system")
	case "name":
		if objectType == "mutex" {
			return Normalise(Mutex, value)
		}
		return of(FileName, value, objectType, "file", "process")
	case "path":
		return of(Directory, value, objectType, "directory")
	case "key":
		return of(RegistryKey, value, objectType, "windows-registry-key")
	case "serial_number":
		return of(Serial, value, objectType, "x509-certificate")
	case "account_login", "user_id":
		return of(Account, value, objectType, "user-account")
	case "command_line":
		return of(CommandLine, value, objectType, "process")
	case "subject":
		if objectType == "email-message" {
			return Normalise(Subject, value)
		}
	case "url":
		return of(URL, refang(value, false), objectType, "artifact")
	}
	return fromHeader(property, value)
}

// of normalises value when objectType is one of types, or unknown because a
// reference led there.
func of(k Kind, value, objectType string, types ...string) (Value, bool) {
	for _, t := range types {
		if objectType == t || objectType == "" {
			return Normalise(k, value)
		}
	}
	return Value{}, false
}

// lastProperty returns what follows the last reference of a path, and
// whether there was one.
func lastProperty(path string) (string, bool) {
	if i := strings.LastIndex(path, "_ref."); i >= 0 && i > strings.LastIndex(path, "_refs[") {
		return path[i+len("_ref."):], true
	}
	if i := strings.LastIndex(path, "_refs["); i >= 0 {
		if _, after, ok := strings.Cut(path[i:], "]."); ok {
			return after, true
		}
	}
	return path, false
}

func fromValue(objectType, value string) (Value, bool) {
	switch objectType {
	case "ipv4-addr", "ipv6-addr":
		return address(strings.TrimSpace(value))
	case "url":
		return Normalise(URL, value)
	case "email-addr":
		return Normalise(Email, value)
	case "mac-addr":
		return Normalise(MAC, value)
	}
	return byContent(strings.TrimSpace(value))
}

// byContent tells the things that stand for a party on a network.
func byContent(s string) (Value, bool) {
	if v, ok := address(s); ok {
		return v, true
	}
	if strings.Contains(s, "://") {
		return Normalise(URL, s)
	}
	if strings.Contains(s, "@") {
		return Normalise(Email, s)
	}
	if len(s) == 17 {
		if v, ok := Normalise(MAC, s); ok {
			return v, true
		}
	}
	return Normalise(Domain, s)
}

func hashNamed(name, value string) (Value, bool) {
	switch {
	case strings.EqualFold(name, "SSDEEP"):
		return Normalise(SSDEEP, value)
	case strings.EqualFold(name, "TLSH"):
		return Normalise(TLSH, value)
	}
	return digest(strings.TrimSpace(value))
}

// fromHeader knows two headers of the extension for HTTP requests (§6.12.3).
func fromHeader(property, value string) (Value, bool) {
	_, header, ok := strings.Cut(property, "request_header.")
	header = strings.Trim(header, "'")
	switch {
	case ok && strings.EqualFold(header, "User-Agent"):
		return Normalise(UserAgent, value)
	case ok && strings.EqualFold(header, "Host"):
		return byContent(refang(value, false))
	}
	return Value{}, false
}

package stix

import (
	"crypto/sha1" //nolint:gosec // UUID version 5 is SHA-1 by definition (RFC 9562 §5.5); no security rests on it
	"encoding/hex"
	"maps"
	"slices"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// scoNamespace is 00abedb4-aa42-466c-9c01-fed23315a9b7 (STIX 2.1 §2.9).
var scoNamespace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// contributing names the properties that give an observable its identifier
// (STIX 2.1 §6, "ID Contributing Properties" of each type). A process has none.
var contributing = map[string][]string{
	"artifact":             {"hashes", "payload_bin"},
	"autonomous-system":    {"number"},
	"directory":            {"path"},
	"domain-name":          {"value"},
	"email-addr":           {"value"},
	"email-message":        {"from_ref", "subject", "body"},
	"file":                 {"hashes", "name", "extensions", "parent_directory_ref"},
	"ipv4-addr":            {"value"},
	"ipv6-addr":            {"value"},
	"mac-addr":             {"value"},
	"mutex":                {"name"},
	"network-traffic":      {"start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"},
	"software":             {"name", "cpe", "swid", "vendor", "version"},
	"url":                  {"value"},
	"user-account":         {"account_type", "user_id", "account_login"},
	"windows-registry-key": {"key", "values"},
	"x509-certificate":     {"hashes", "serial_number"},
}

// SCOID returns the identifier that the standard gives an observable of type
// typ with the properties props: a version 5 UUID over the canonical JSON of
// its contributing properties (STIX 2.1 §2.9). It returns fault.Invalid when
// typ has no such properties or props none of them; such an object takes a
// random identifier.
func SCOID(typ string, props map[string]any) (string, error) {
	names, ok := contributing[typ]
	if !ok {
		return "", fault.Errorf(fault.Invalid, "%s has no contributing properties (STIX 2.1 §2.9)", quote(typ))
	}
	parts := make(map[string]any, len(names))
	for _, name := range names {
		v, ok := props[name]
		if ok && name == "hashes" {
			v, ok = preferredHash(v)
		}
		if ok {
			parts[name] = v
		}
	}
	if len(parts) == 0 {
		return "", fault.Errorf(fault.Invalid, "%s without any contributing property (STIX 2.1 §2.9)", typ)
	}
	name, err := canon.Marshal(parts)
	if err != nil {
		return "", fault.Errorf(fault.Invalid, "contributing properties: %w", err)
	}
	return typ + "--" + uuid5(name), nil
}

// preferredHash leaves one hash: the first of MD5, SHA-1, SHA-256, SHA-512
// that is there, else the first by name.
func preferredHash(v any) (map[string]any, bool) {
	m, _ := v.(map[string]any)
	order := append([]string{"MD5", "SHA-1", "SHA-256", "SHA-512"}, slices.Sorted(maps.Keys(m))...)
	for _, name := range order {
		if h, ok := m[name]; ok {
			return map[string]any{name: h}, true
		}
	}
	return nil, false
}

// uuid5 returns the version 5 UUID of name in scoNamespace (RFC 9562 §5.5).
func uuid5(name []byte) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(scoNamespace[:])
	h.Write(name)
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	x := hex.EncodeToString(u)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

package ioc

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalise returns text as a value of kind k, or false when it cannot be
// one. It does not refang. An address kind takes either family and networks,
// and says which it was: of kind IPv4, "::ffff:10.1.2.3/104" is the IPv4Net
// 10.0.0.0/8, and "1.2.3.4/32" the IPv4 1.2.3.4.
func Normalise(k Kind, text string) (Value, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > MaxLength || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return Value{}, false
	}
	var ok bool
	switch k {
	case IPv4, IPv6, IPv4Net, IPv6Net:
		return address(text)
	case Domain:
		text, ok = domain(text)
	case URL:
		text, _, ok = splitURL(text)
	case Email:
		text, ok = email(text)
	case MD5, SHA1, SHA224, SHA256, SHA384, SHA512:
		if v, is := digest(text); is && v.Kind == k {
			return v, true
		}
		return Value{}, false
	case SSDEEP:
		text, ok = ssdeep(text)
	case TLSH:
		text, ok = tlsh(text)
	case FileName:
		text, ok = fileName(text)
	case Directory:
		text, ok = directory(text), true
	case MAC:
		text, ok = mac(text)
	case ASN:
		text, ok = asn(text)
	case RegistryKey:
		text, ok = registryKey(text)
	case Serial:
		text, ok = serial(text)
	case Account, CommandLine, Subject:
		text, ok = strings.Join(strings.Fields(lower(text)), " "), true
	case Mutex, UserAgent:
		ok = true
	}
	if !ok || text == "" || len(text) > MaxLength {
		return Value{}, false
	}
	return Value{k, text}, true
}

// lower folds case and composition as far as a person would call two texts
// the same.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
		}
	}
	return strings.ToLower(s)
}

// address normalises an address or a network: canonical text, IPv4-mapped
// IPv6 as IPv4, a network without host bits, a network of one address as that
// address. Zones mean nothing elsewhere and are refused.
func address(s string) (Value, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return Value{}, false
		}
		return addressValue(a), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return Value{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	switch p = p.Masked(); {
	case p.IsSingleIP():
		return addressValue(p.Addr()), true
	case p.Addr().Is4():
		return Value{IPv4Net, p.String()}, true
	}
	return Value{IPv6Net, p.String()}, true
}

func addressValue(a netip.Addr) Value {
	if a = a.Unmap(); a.Is4() {
		return Value{IPv4, a.String()}
	}
	return Value{IPv6, a.String()}
}

// email normalises an address: the domain as a domain, and the part before it
// in lower case too, since nobody tells mailboxes apart by case.
func email(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || strings.ContainsAny(s[:at], " \t\"<>(),:;[]\\") {
		return "", false
	}
	host, ok := domain(s[at+1:])
	return lower(s[:at]) + "@" + host, ok
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return s != ""
}

// digest tells a hash by its length in hexadecimal digits.
func digest(s string) (Value, bool) {
	var k Kind
	switch len(s) {
	case 32:
		k = MD5
	case 40:
		k = SHA1
	case 56:
		k = SHA224
	case 64:
		k = SHA256
	case 96:
		k = SHA384
	case 128:
		k = SHA512
	}
	if k == 0 || !isHex(s) {
		return Value{}, false
	}
	return Value{k, strings.ToLower(s)}, true
}

// ssdeep is size:hash:hash; a file name after it is left out.
func ssdeep(s string) (string, bool) {
	s, _, _ = strings.Cut(s, `,"`)
	size, rest, _ := strings.Cut(s, ":")
	one, two, ok := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(size, 10, 32)
	if !ok || err != nil || n < 3 || len(one) < 3 || len(one) > 64 || two == "" || len(two) > 64 {
		return "", false
	}
	for _, r := range one + two {
		if (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '+' && r != '/' {
			return "", false
		}
	}
	return s, true
}

// tlsh is T1 and 70 digits in capitals; the T1 may be missing.
func tlsh(s string) (string, bool) {
	if len(s) != 70 && len(s) != 72 {
		return "", false
	}
	s = strings.TrimPrefix(strings.ToUpper(s), "T1")
	return "T1" + s, len(s) == 70 && isHex(s)
}

// fileName is the last part of a path, in lower case.
func fileName(s string) (string, bool) {
	s = strings.TrimSpace(lower(s[strings.LastIndexAny(s, `/\`)+1:]))
	return s, s != "" && s != "." && s != ".."
}

// directory is a path in lower case without a separator at its end.
func directory(s string) string {
	s = lower(s)
	if t := trimEnd(s); t != "" {
		return t
	}
	return s[:1]
}

// trimEnd takes separators and spaces off the end of a path.
func trimEnd(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsSpace(r) })
}

// mac takes 00:1A:..., 00-1A-..., 001a.2b3c.4d5e and plain digits.
func mac(s string) (string, bool) {
	sep := ""
	switch len(s) {
	case 17:
		sep = s[2:3]
	case 14:
		sep = "."
	case 12:
	default:
		return "", false
	}
	digits := s
	if sep != "" {
		size := (len(s)+1)/strings.Count(s+sep, sep) - 1
		for i, part := range strings.Split(s, sep) {
			if len(part) != size || i > 5 || !strings.Contains(":-.", sep) {
				return "", false
			}
		}
		digits = strings.ReplaceAll(s, sep, "")
	}
	if len(digits) != 12 || !isHex(digits) {
		return "", false
	}
	digits = strings.ToLower(digits)
	var b strings.Builder
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String(), true
}

// asn is AS and the number.
func asn(s string) (string, bool) {
	s = strings.ToUpper(s)
	for _, prefix := range []string{"ASN", "AS"} {
		if t, ok := strings.CutPrefix(s, prefix); ok {
			s = strings.TrimSpace(t)
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return "AS" + strconv.FormatUint(n, 10), err == nil
}

// hives are the roots of the registry with the ways they are written. STIX
// 2.1 §6.17 wants them in full.
var hives = []struct{ short, full string }{
	{"hklm", "HKEY_LOCAL_MACHINE"},
	{"hkcu", "HKEY_CURRENT_USER"},
	{"hkcr", "HKEY_CLASSES_ROOT"},
	{"hku", "HKEY_USERS"},
	{"hkcc", "HKEY_CURRENT_CONFIG"},
	{`registry\machine`, "HKEY_LOCAL_MACHINE"},
	{`registry\user`, "HKEY_USERS"},
}

// registryKey writes the hive in full and in capitals and the rest, which has
// no case, in lower case with single backslashes.
func registryKey(s string) (string, bool) {
	if t := strings.TrimLeft(s, `\`); t == "" || !strings.Contains("HhRr", t[:1]) {
		return "", false
	}
	parts := strings.FieldsFunc(lower(s), func(r rune) bool { return r == '\\' })
	s = strings.Join(parts, `\`)
	for _, h := range hives {
		for _, name := range [...]string{strings.ToLower(h.full), h.short} {
			rest, ok := strings.CutPrefix(s, name)
			rest = strings.TrimPrefix(rest, ":") // PowerShell writes HKLM:
			if ok && (rest == "" || rest[0] == '\\') {
				return h.full + trimEnd(rest), true
			}
		}
	}
	return s, false
}

// serial is the number of a certificate: hexadecimal digits without
// separators and leading zeros.
func serial(s string) (string, bool) {
	s = strings.ToLower(strings.NewReplacer(":", "", " ", "", "-", "").Replace(s))
	s = strings.TrimPrefix(s, "0x")
	if !isHex(s) {
		return "", false
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		s = "0"
	}
	return s, true
}

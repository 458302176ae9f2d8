package ioc

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// domain normalises a name of two labels or more: lower case, without a dot at
// its end and without a wildcard at its beginning, international labels in
// Punycode (RFC 3492). The mapping before it is compatibility composition and
// lower case, which is what UTS 46 comes to for names in use; labels that
// already begin with xn-- are taken as they are.
func domain(s string) (string, bool) {
	s = strings.TrimPrefix(s, "*.")
	s, ok := hostname(s)
	if !ok {
		return "", false
	}
	dot := strings.LastIndexByte(s, '.')
	return s, dot > 0 && topLevel(s[dot+1:])
}

// topLevel reports whether a label has the form of a top-level domain.
func topLevel(label string) bool {
	if strings.HasPrefix(label, "xn--") {
		return len(label) > 4
	}
	for i := range len(label) {
		if label[i] < 'a' || label[i] > 'z' {
			return false
		}
	}
	return len(label) >= 2
}

// hostname normalises a name of any number of labels.
func hostname(s string) (string, bool) {
	s, ok := ascii(s)
	if !ok {
		return "", false
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if s == "" || len(s) > 253 {
		return "", false
	}
	length := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if length == 0 {
				return "", false
			}
			length = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return "", false
		}
		if length++; length > 63 {
			return "", false
		}
	}
	return s, length > 0
}

// ascii maps the labels that are not ASCII.
func ascii(s string) (string, bool) {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < utf8.RuneSelf
	}
	if plain {
		return s, true
	}
	s = norm.NFKC.String(strings.ToLower(norm.NFKC.String(s)))
	s = strings.ReplaceAll(s, "。", ".")
	if len(s) > MaxLength {
		return "", false
	}
	parts := strings.Split(s, ".")
	for i, p := range parts {
		if strings.ContainsFunc(p, func(r rune) bool { return r >= utf8.RuneSelf }) {
			if utf8.RuneCountInString(p) > 63 {
				return "", false
			}
			parts[i] = "xn--" + punycode([]rune(p))
		}
	}
	return strings.Join(parts, "."), true
}

// punycode encodes a label (RFC 3492 §6.3).
func punycode(label []rune) string {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	var out []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			out = utf8.AppendRune(out, r)
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(utf8.RuneSelf), 0, 72
	for done := basic; done < len(label); {
		next := rune(utf8.MaxRune)
		for _, r := range label {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, digits[t+(q-t)%(base-t)])
				q = (q - t) / (base - t)
			}
			out = append(out, digits[q])
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			done++
			delta += delta / done
			k := 0
			for ; delta > (base-tMin)*tMax/2; k += base {
				delta /= base - tMin
			}
			bias = k + (base-tMin+1)*delta/(delta+skew)
			delta = 0
		}
		delta++
		n++
	}
	return string(out)
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "21"}

// splitURL normalises a URL and returns its host: scheme and host in lower
// case, no default port, no fragment, "/" for no path, what is not printable
// ASCII percent-encoded, and the digits of percent-encodings in capitals (RFC
// 3986 §6.2). User information stays. An IPv6 host comes without brackets.
func splitURL(s string) (text, host string, ok bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !ok || !isScheme(scheme) {
		return "", "", false
	}
	end := strings.IndexAny(rest, `/?#\`)
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	at := strings.LastIndexByte(authority, '@')
	user, hostPort := authority[:at+1], authority[at+1:]
	host, port, ok := splitPort(hostPort)
	if !ok {
		return "", "", false
	}
	var shown string
	if a, err := netip.ParseAddr(host); err == nil {
		if host = addressValue(a).Text; a.Zone() != "" || a.Is4() && strings.HasPrefix(hostPort, "[") {
			return "", "", false
		}
		if shown = host; strings.Contains(host, ":") {
			shown = "[" + host + "]"
		}
	} else if shown, ok = hostname(host); !ok || strings.HasPrefix(hostPort, "[") {
		return "", "", false
	} else {
		host = shown
	}
	if port != "" && port != defaultPorts[scheme] {
		shown += ":" + port
	}
	tail, _, _ = strings.Cut(tail, "#")
	if tail = strings.TrimPrefix(tail, `\`); tail == "" || tail[0] != '/' {
		tail = "/" + tail
	}
	if path, query, ok := strings.Cut(tail, "?"); ok && query == "" {
		tail = path
	}
	return scheme + "://" + escape(user) + shown + escape(tail), host, true
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 20
}

// splitPort splits host:port; the port is without leading zeros, and may be
// missing.
func splitPort(s string) (host, port string, ok bool) {
	if strings.HasPrefix(s, "[") {
		host, port, ok = strings.Cut(s[1:], "]")
		if !ok || port != "" && port[0] != ':' {
			return "", "", false
		}
		port = strings.TrimPrefix(port, ":")
	} else {
		host, port, _ = strings.Cut(s, ":")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", "", false
		}
		port = strconv.FormatUint(n, 10)
	}
	return host, port, host != ""
}

// escape percent-encodes what is not printable ASCII, and quotes and angle
// brackets.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	dirty := false
	for i := range len(s) {
		dirty = dirty || s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '<' || s[i] == '>' || s[i] == '%'
	}
	if !dirty {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isHex(s[i+1:i+3]):
			b = append(append(b, '%'), strings.ToUpper(s[i+1:i+3])...)
			i += 2
		case c <= ' ', c >= 0x7f, c == '"', c == '<', c == '>':
			b = append(b, '%', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// hostOf returns the host of a normal URL, when it is an address or a domain.
func hostOf(url string) (Value, bool) {
	_, host, ok := splitURL(url)
	if !ok {
		return Value{}, false
	}
	if v, ok := address(host); ok {
		return v, true
	}
	return Normalise(Domain, host)
}

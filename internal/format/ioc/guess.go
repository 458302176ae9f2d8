package ioc

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"twoseas/internal/base/fault"
)

// Guess returns what a person means who types or pastes s, defanged or not.
// What could be a domain or a file, such as archive.zip, is a domain. A host
// with a path but no scheme is a URL of http; a host with a port is the host.
// The error is of kind fault.Invalid and says what s could have been.
//
// Guess(v.Text) is v again for every value that Guess returns, but for the
// name of a file that came out of a path.
func Guess(s string) (Value, error) {
	if len(s) > MaxLength || !utf8.ValidString(s) {
		return Value{}, fault.Errorf(fault.Invalid, "a value to look up is UTF-8 text of at most %d bytes", MaxLength)
	}
	for was := ""; was != s; {
		was = s
		s = refang(unquote(unescape(s)), false)
	}
	if v, ok := guess(s); ok {
		return v, nil
	}
	return Value{}, fault.New(fault.Invalid, why(s))
}

// guess tells the kind of a refanged text.
func guess(s string) (Value, bool) {
	if v, ok := address(s); ok {
		return v, true
	}
	if v, ok := digest(s); ok {
		return v, true
	}
	for _, k := range [...]Kind{RegistryKey, TLSH, SSDEEP} {
		if v, ok := Normalise(k, s); ok {
			return v, true
		}
	}
	if strings.Contains(s, "://") {
		return Normalise(URL, s)
	}
	if len(s) != 12 { // plain digits could be anything
		if v, ok := Normalise(MAC, s); ok {
			return v, true
		}
	}
	if len(s) > 2 && strings.EqualFold(s[:2], "as") {
		if v, ok := Normalise(ASN, s); ok {
			return v, true
		}
	}
	if strings.HasPrefix(s, "Mozilla/") {
		return Normalise(UserAgent, s)
	}
	if strings.Contains(s, "@") {
		if v, ok := guessEmail(s); ok {
			return v, true
		}
	}
	return guessName(s)
}

// unquote takes off white space and quotes around the whole.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n > 1 && s[0] == s[n-1] && strings.IndexByte("\"'`", s[0]) >= 0 {
		return strings.TrimSpace(s[1 : n-1])
	}
	return s
}

// unescape undoes example\.com, where neither another backslash nor a hive of
// the registry in front says that it is a path.
func unescape(s string) string {
	if _, key := registryKey(s); key {
		return s
	}
	if strings.Contains(s, `\.`) && strings.Count(s, `\`) == strings.Count(s, `\.`) {
		return strings.ReplaceAll(s, `\.`, ".")
	}
	return s
}

func guessEmail(s string) (Value, bool) {
	if _, inner, ok := strings.Cut(s, "<"); ok {
		s, _, _ = strings.Cut(inner, ">")
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	return Normalise(Email, s)
}

// guessName tells domains, hosts with ports or paths, and files.
func guessName(s string) (Value, bool) {
	if strings.ContainsAny(s[:min(len(s), 1)], `/~\`) || strings.Contains(s, `\`) {
		return Normalise(FileName, s)
	}
	if isFileName(s) && !strings.Contains(s, "/") {
		return Normalise(FileName, s)
	}
	if v, ok := Normalise(Domain, s); ok {
		return v, true
	}
	hostPort, path, hasPath := strings.Cut(s, "/")
	host, _, ok := splitPort(hostPort)
	if v, is := loneHost(host); ok && is {
		switch {
		case !hasPath:
			return v, true
		case v.Kind != Domain && strings.Trim(path, "0123456789") == "":
			return Value{}, false // a network with a wrong length
		}
		return Normalise(URL, "http://"+s)
	}
	return Value{}, false
}

// loneHost is a host that can stand alone: an address or a domain.
func loneHost(s string) (Value, bool) {
	if v, ok := address(s); ok {
		return v, v.Kind == IPv4 || v.Kind == IPv6
	}
	return Normalise(Domain, s)
}

// files are endings of file names that are not top-level domains.
var files = func() map[string]struct{} {
	m := map[string]struct{}{}
	for ext := range strings.FieldsSeq(`7z accdb apk asp aspx bak bat bin bmp cab cfg chm class cmd conf cpl crx csv dat db dex dll dmg doc docm
		docx dot dotm elf eml exe gif gz hta htm html ico img inf ini ipa iso jar jpeg jpg js jse json jsp lnk log mp3 mp4 msg msi msp
		ocx odt one pdb pdf php plist png ppam ppt pptm pptx ps1 psd1 psm1 rar reg rtf scr sct sqlite svg swf sys tar tgz tmp tsv txt vbe vbs
		vhd vhdx wav war wsf wsh xla xlam xls xlsb xlsm xlsx xml xll xz yaml yml`) {
		m[ext] = struct{}{}
	}
	return m
}()

func isFileName(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 {
		return false
	}
	_, ok := files[strings.ToLower(s[dot+1:])]
	return ok && !strings.ContainsAny(s, `:*?"<>|`)
}

// why says what a text that is nothing comes nearest to.
func why(s string) string {
	digits := len(s)
	switch {
	case s == "":
		return "nothing to look up"
	case isHex(s) && digits >= 24:
		return "a hash has 32 (MD5), 40 (SHA-1), 56, 64 (SHA-256), 96 or 128 (SHA-512) hexadecimal digits; this has " + strconv.Itoa(digits)
	case strings.Contains(s, "://"):
		return clip(s) + " begins as a URL but has no valid host or port"
	case strings.Contains(s, "@"):
		return clip(s) + " has an @ but is no e-mail address"
	case strings.Trim(s, "0123456789./") == "":
		return clip(s) + " is neither an IPv4 address, four numbers up to 255, nor a network such as 192.0.2.0/24"
	case isHex(strings.ReplaceAll(s, ":", "")) && strings.Contains(s, ":"):
		return clip(s) + " is neither an IPv6 address nor a MAC address"
	}
	return clip(s) + " is none of: address, network, domain, URL, e-mail address, hash, file name with its ending, registry key, MAC address, AS number"
}

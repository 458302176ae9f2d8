// Package warninglist knows values that are rarely malicious: it reads the
// lists of the MISP project's format and says which of them name a value.
//
// Invariants: a hit says what to look at and decides nothing; an entry that
// cannot be read is told and left out; looking a value up takes time that
// grows with the number of lists and not, but for substrings and regular
// expressions, with their length.
package warninglist

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
)

// List is one list, as its file has it.
type List struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Version     int64  `json:"version"`
	Type        string `json:"type"` // string, substring, hostname, cidr or regex
	// Category is what a hit means: known names who it is, such as a security
	// company's scanner; Sample, that it only stands for a value; anything else,
	// that it is rarely malicious.
	Category string   `json:"category,omitempty"`
	Matching []string `json:"matching_attributes,omitempty"`
	Entries  []string `json:"list"`
}

// Sample is the category of values that documents, training and exercises use
// in place of real ones. They are harmless, and whoever shares them means to.
const Sample = "sample"

// Bounds of a list.
const (
	MaxBytes   = 32 << 20
	MaxEntries = 1_000_000
	maxSlow    = 20_000 // of substrings or regular expressions, which are tried one by one
	maxName    = 200
)

// Types returns the types a list may be of.
func Types() []string { return []string{"string", "substring", "hostname", "cidr", "regex"} }

// Parse reads a list. The error is fault.Invalid or fault.TooLarge and says
// what is wrong with the file.
func Parse(raw []byte) (List, error) {
	if len(raw) > MaxBytes {
		return List{}, fault.Errorf(fault.TooLarge, "a warning list has at most %d MiB", MaxBytes>>20)
	}
	var l List
	if err := canon.Unmarshal(raw, &l); err != nil {
		where, what := canon.Where(err)
		return List{}, fault.Errorf(fault.Invalid, "not a warning list: %s %s", where, what)
	}
	l.Name, l.Type = strings.TrimSpace(l.Name), strings.ToLower(strings.TrimSpace(l.Type))
	switch {
	case l.Name == "" || len(l.Name) > maxName || strings.ContainsFunc(l.Name, func(r rune) bool { return r < ' ' }):
		return List{}, fault.Errorf(fault.Invalid, "a warning list has a name of at most %d bytes on one line", maxName)
	case !slices.Contains(Types(), l.Type):
		return List{}, fault.Errorf(fault.Invalid, "type %.40q: want one of %s", l.Type, strings.Join(Types(), ", "))
	case len(l.Entries) == 0:
		return List{}, fault.New(fault.Invalid, "the list is empty")
	case len(l.Entries) > MaxEntries:
		return List{}, fault.Errorf(fault.TooLarge, "%d entries, at most %d", len(l.Entries), MaxEntries)
	case (l.Type == "substring" || l.Type == "regex") && len(l.Entries) > maxSlow:
		return List{}, fault.Errorf(fault.TooLarge, "%d entries of type %s, at most %d", len(l.Entries), l.Type, maxSlow)
	}
	return l, nil
}

// kinds maps MISP's attribute types, or parts of them, to kinds of values.
var kinds = map[string][]ioc.Kind{
	"ip-src": {ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net}, "ip-dst": {ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net},
	"ip": {ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net}, "domain": {ioc.Domain}, "hostname": {ioc.Domain},
	"url": {ioc.URL}, "uri": {ioc.URL}, "link": {ioc.URL}, "md5": {ioc.MD5}, "sha1": {ioc.SHA1}, "sha224": {ioc.SHA224},
	"sha256": {ioc.SHA256}, "sha384": {ioc.SHA384}, "sha512": {ioc.SHA512}, "sha512/224": {ioc.SHA224}, "sha512/256": {ioc.SHA256},
	"ssdeep": {ioc.SSDEEP}, "tlsh": {ioc.TLSH}, "filename": {ioc.FileName}, "email": {ioc.Email}, "email-src": {ioc.Email}, "email-dst": {ioc.Email},
	"email-reply-to": {ioc.Email}, "eppn": {ioc.Email}, "AS": {ioc.ASN}, "user-agent": {ioc.UserAgent}, "mutex": {ioc.Mutex},
	"regkey": {ioc.RegistryKey}, "mac-address": {ioc.MAC}, "email-subject": {ioc.Subject}, "malware-sample": {ioc.MD5, ioc.FileName},
}

// about returns the kinds of values the list is about; all when it does not
// say so in words that are known.
func (l List) about() (set [64]bool) {
	some := false
	for _, m := range l.Matching {
		for part := range strings.SplitSeq(m, "|") {
			for _, k := range kinds[part] {
				set[k], some = true, true
			}
		}
	}
	if !some {
		for i := range set {
			set[i] = true
		}
	}
	return set
}

// Hit is one entry of a list that names a value.
type Hit struct {
	List  string `json:"list"`
	Entry string `json:"entry"`
	// Known says that the list tells who it is and not that it is harmless.
	Known bool `json:"known,omitzero"`
	// Sample says that the value only stands for one.
	Sample bool `json:"sample,omitzero"`
}

// Doubts reports whether a list says of one of the values that it is rarely
// malicious, so that a person looks before it is shared.
func (s *Set) Doubts(values []ioc.Value) bool {
	return slices.ContainsFunc(values, func(v ioc.Value) bool {
		return slices.ContainsFunc(s.Hits(v), func(h Hit) bool { return !h.Known && !h.Sample })
	})
}

// Set looks values up in many lists at once. It is safe for concurrent use.
type Set struct {
	lists    []string
	known    []bool
	samples  []bool
	kinds    [][64]bool
	exact    map[string][]int32
	hosts    map[string][]int32
	networks map[netip.Prefix][]int32
	bits     [2][]int // lengths of prefixes that occur, by family
	slow     []slow
}

// slow is an entry that is tried against each value.
type slow struct {
	list  int32
	entry string
	re    *regexp.Regexp // nil for a substring
}

// Compile makes a Set of lists and returns what could not be read of them, by
// list and entry.
func Compile(lists []List) (*Set, []string) {
	s := &Set{exact: map[string][]int32{}, hosts: map[string][]int32{}, networks: map[netip.Prefix][]int32{}}
	var problems []string
	for _, l := range lists {
		s.lists, s.kinds, s.known = append(s.lists, l.Name), append(s.kinds, l.about()), append(s.known, l.Category == "known")
		s.samples = append(s.samples, l.Category == Sample)
		n := int32(len(s.lists) - 1) //nolint:gosec // there are not two thousand million lists
		bad := 0
		for _, entry := range l.Entries {
			if !s.add(n, l.Type, entry) {
				bad++
				if bad <= 3 {
					problems = append(problems, l.Name+": "+l.Type+" "+clip(entry)+" cannot be read")
				}
			}
		}
	}
	for p := range s.networks {
		family := 0
		if p.Addr().Is6() {
			family = 1
		}
		if !slices.Contains(s.bits[family], p.Bits()) {
			s.bits[family] = append(s.bits[family], p.Bits())
		}
	}
	return s, problems
}

func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// add takes one entry and reports whether it could be read.
func (s *Set) add(list int32, typ, entry string) bool {
	text := strings.ToLower(strings.TrimSpace(entry))
	if text == "" {
		return false
	}
	switch typ {
	case "cidr":
		v, ok := ioc.Normalise(ioc.IPv4, text)
		if !ok {
			return false
		}
		p, ok := v.Prefix()
		s.networks[p] = append(s.networks[p], list)
		return ok
	case "hostname":
		v, ok := ioc.Normalise(ioc.Domain, strings.TrimLeft(text, "."))
		if !ok {
			v.Text = strings.Trim(text, ".") // a top-level domain is no domain to look up
		}
		s.hosts[v.Text] = append(s.hosts[v.Text], list)
		return v.Text != ""
	case "substring":
		s.slow = append(s.slow, slow{list: list, entry: text})
		return true
	case "regex":
		re, ok := compile(strings.TrimSpace(entry))
		if ok {
			s.slow = append(s.slow, slow{list: list, entry: entry, re: re})
		}
		return ok
	}
	if v, err := ioc.Guess(text); err == nil {
		text = v.Text
	}
	s.exact[text] = append(s.exact[text], list)
	return true
}

// compile reads a regular expression as PHP writes it: /…/i.
func compile(entry string) (*regexp.Regexp, bool) {
	if len(entry) > 1 && entry[0] == '/' {
		if end := strings.LastIndexByte(entry, '/'); end > 0 {
			flags := strings.Trim(entry[end+1:], "D") // D: $ is the end, as it is in Go
			entry = strings.ReplaceAll(entry[1:end], `\/`, "/")
			if strings.Trim(flags, "imsU") != "" {
				return nil, false
			}
			if flags != "" {
				entry = "(?" + flags + ")" + entry
			}
		}
	}
	if len(entry) > 4<<10 {
		return nil, false
	}
	re, err := regexp.Compile(entry)
	return re, err == nil
}

// maxHits bounds what Hits returns.
const maxHits = 20

// Hits returns what names v, at most one entry of each list.
func (s *Set) Hits(v ioc.Value) (out []Hit) {
	text := strings.ToLower(v.Text)
	s.take(&out, v.Kind, s.exact[text], text)
	s.hostHits(&out, v)
	if p, ok := v.Prefix(); ok {
		family := 0
		if p.Addr().Is6() {
			family = 1
		}
		for _, bits := range s.bits[family] {
			if bits > p.Bits() {
				continue
			}
			if wide, err := p.Addr().Prefix(bits); err == nil {
				s.take(&out, v.Kind, s.networks[wide], wide.String())
			}
		}
	}
	for _, e := range s.slow {
		if e.re == nil && strings.Contains(text, e.entry) || e.re != nil && e.re.MatchString(v.Text) {
			s.take(&out, v.Kind, []int32{e.list}, e.entry)
		}
	}
	return out
}

// hostHits looks up a name and everything above it, also that of a URL or of
// an address of e-mail.
func (s *Set) hostHits(out *[]Hit, v ioc.Value) {
	if len(s.hosts) == 0 {
		return
	}
	name := ""
	switch v.Kind {
	case ioc.Domain:
		name = v.Text
	case ioc.URL, ioc.Email:
		if up := v.Parents(); len(up) > 0 && up[0].Kind == ioc.Domain {
			name = up[0].Text
		}
	}
	for name != "" {
		s.take(out, v.Kind, s.hosts[name], name)
		_, name, _ = strings.Cut(name, ".")
	}
}

func (s *Set) take(out *[]Hit, k ioc.Kind, lists []int32, entry string) {
	for _, n := range lists {
		if !s.kinds[n][k] || len(*out) >= maxHits {
			continue
		}
		name := s.lists[n]
		if !slices.ContainsFunc(*out, func(h Hit) bool { return h.List == name }) {
			*out = append(*out, Hit{name, entry, s.known[n], s.samples[n]})
		}
	}
}

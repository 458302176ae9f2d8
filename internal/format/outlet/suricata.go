package outlet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/format/ioc"
)

// FirstSID is the first number of a rule. The rules have sids from it to 4294967295, beyond what
// https://sidallocation.org gives to anybody: the upper two bits set, the
// other thirty the first of SHA-256 of "twoseas sid v1", the protocol of the
// rule, the kind and the value, each with a zero byte behind it. When that
// number is taken in the same document, the next free one is.
const FirstSID = 0xC0000000

// Suricata writes rules that alert, for Suricata 5 and later. A document needs
// one of its own.
type Suricata struct{ used map[uint32]bool }

// NewSuricata returns the form of one document.
func NewSuricata() *Suricata { return &Suricata{used: map[uint32]bool{}} }

// Type implements Form.
func (*Suricata) Type() string { return "text/plain; charset=utf-8" }

// Begin implements Form.
func (*Suricata) Begin(h Head) []byte { return comments("#", h) }

// End implements Form.
func (*Suricata) End() []byte { return nil }

// Entry implements Form. Addresses and networks, domains (queries for them
// and names in TLS) and URLs of plain HTTP can be said.
func (s *Suricata) Entry(dst []byte, b Block) []byte {
	switch b.Kind {
	case ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net:
		p, ok := b.Prefix()
		if !ok {
			return dst
		}
		place := p.String()
		if p.IsSingleIP() {
			place = p.Addr().String()
		}
		return s.rule(dst, b, "ip", "$HOME_NET any <> ["+place+"] any", "")
	case ioc.Domain:
		if !hostname(b.Text) {
			return dst
		}
		dst = s.rule(dst, b, "dns", "$HOME_NET any -> any any", `dns.query; dotprefix; content:"`+content("."+b.Text)+`"; nocase; endswith; `)
		return s.rule(dst, b, "tls", "$HOME_NET any -> any any", `tls.sni; dotprefix; content:"`+content("."+b.Text)+`"; nocase; endswith; `)
	case ioc.URL:
		return s.url(dst, b)
	}
	return dst
}

// maxContent bounds what a rule compares with, which Suricata wants below 255
// bytes.
const maxContent = 250

// url writes a rule for what is seen of a request in plain HTTP. What TLS
// hides cannot be said, and the host alone would say too much.
func (s *Suricata) url(dst []byte, b Block) []byte {
	u, err := url.Parse(b.Text)
	if err != nil || u.Scheme != "http" || !hostname(u.Hostname()) || u.User != nil {
		return dst
	}
	_, rest, _ := strings.Cut(b.Text, "://")
	rest, _, _ = strings.Cut(rest, "#")
	path := "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		path = rest[i:]
	}
	if len(path) > maxContent || path[0] != '/' {
		return dst
	}
	return s.rule(dst, b, "http", "$HOME_NET any -> any any",
		`http.host; content:"`+content(u.Hostname())+`"; bsize:`+strconv.Itoa(len(u.Hostname()))+`; http.uri.raw; content:"`+content(path)+`"; bsize:`+strconv.Itoa(len(path))+`; `)
}

func (s *Suricata) rule(dst []byte, b Block, protocol, way, options string) []byte {
	dst = append(dst, "alert "+protocol+" "+way+` (msg:"`...)
	dst = append(dst, message("Twoseas "+protocol+" "+b.Kind.String()+" "+b.Text)...)
	dst = append(dst, `"; `+options+"sid:"...)
	dst = strconv.AppendUint(dst, uint64(s.sid(protocol, b.Value)), 10)
	dst = append(dst, "; rev:1; metadata:indicator "...)
	dst = append(dst, word(b.ID)...)
	for _, m := range []string{b.TLP, b.PAP} {
		if name, level, ok := strings.Cut(m, ":"); ok {
			dst = append(dst, ", "+word(strings.ToLower(name))+" "+word(strings.ToLower(level))...)
		}
	}
	return append(dst, ";)\n"...)
}

func (s *Suricata) sid(protocol string, v ioc.Value) uint32 {
	sum := sha256.Sum256([]byte("twoseas sid v1\x00" + protocol + "\x00" + v.Kind.String() + "\x00" + v.Text + "\x00"))
	n := binary.BigEndian.Uint32(sum[:]) | FirstSID
	for s.used[n] {
		n = n + 1 | FirstSID
	}
	s.used[n] = true
	return n
}

// content writes bytes for a content option: all but the plainest in hex, so
// that none ends the string or the option.
func content(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("|" + hex.EncodeToString([]byte{c}) + "|")
		}
	}
	return strings.ReplaceAll(b.String(), "||", " ")
}

func plain[T byte | rune](c T) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-/=&?~+", rune(c))
}

// message writes text for people; what could end it is written as _.
func message(s string) string {
	return clip(strings.Map(func(r rune) rune {
		if r < 0x80 && (plain(r) || r == ' ' || r == '@' || r == '%') {
			return r
		}
		return '_'
	}, s), 200)
}

// word writes one word of metadata.
func word(s string) string {
	return clip(strings.Map(func(r rune) rune {
		if r < 0x80 && r != '/' && r != '=' && r != '&' && r != '?' && plain(r) {
			return r
		}
		return '_'
	}, s), 200)
}

// hostname reports whether s is a name of labels that every system takes.
func hostname(s string) bool {
	if len(s) > 253 || s == "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}

package ioc

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Extract yields the indicators in free text, defanged or not, each once, in
// their order. It prefers finding too much: version numbers look like
// addresses. A domain counts when its last label is a country's or a common
// one, whatever it is when it was defanged. A path or user agent with spaces
// is not found whole.
func Extract(text string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		seen := map[Value]struct{}{}
		emit := func(v Value) bool {
			if _, again := seen[v]; again {
				return true
			}
			seen[v] = struct{}{}
			return yield(v)
		}
		text := refang(strings.ToValidUTF8(text, " "), true)
		for word := range strings.FieldsFuncSeq(text, isBreak) {
			if len(word) <= MaxLength && !extractWord(word, emit) {
				return
			}
		}
	}
}

// isBreak reports whether no indicator goes on after r.
func isBreak(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' || r == '`'
	}
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("“”‘’«»「」『』（）、。，；：！？【】〔〕《》…।", r)
}

// extractWord yields what is in a word. It reports whether to go on.
func extractWord(word string, emit func(Value) bool) bool {
	if !strings.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf && r != '\ue000' }) {
		return extractPart(word, emit)
	}
	// Where a script has no spaces, an indicator is a run of ASCII in it; when
	// there is none, the word may be an international domain.
	found, on := false, true
	for run := range strings.FieldsFuncSeq(word, func(r rune) bool { return r >= utf8.RuneSelf && r != '\ue000' }) {
		on = on && extractPart(run, func(v Value) bool {
			found = true
			return emit(v)
		})
	}
	if found || !on {
		return on
	}
	if v, ok := plausible(word[:endOfName(word)]); ok && (v.Kind == Domain || v.Kind == Email || v.Kind == URL) {
		return emit(v)
	}
	return true
}

// endOfName returns where a name ends that goes on in another script after an
// ASCII top-level domain.
func endOfName(word string) int {
	from := strings.LastIndexByte(word, '.') + 1
	end := from
	for end < len(word) && isAlnum(word[end]) {
		end++
	}
	if end-from < 2 {
		return len(word)
	}
	return end
}

// extractPart yields what a part of a word is, or what its own parts are.
func extractPart(s string, emit func(Value) bool) bool {
	s = trim(s)
	if len(s) < 4 {
		return true
	}
	if i := strings.Index(s, "://"); i > 0 {
		return extractURL(s, i, emit)
	}
	if strings.ContainsAny(s, `.:@\-`) || len(s) >= 32 || strings.EqualFold(s[:2], "as") {
		if v, ok := plausible(s); ok {
			return emit(v)
		}
	}
	for _, separators := range [...]string{",;|", "=()[]{}'*", ":", "/"} {
		if !strings.ContainsAny(s, separators) {
			continue
		}
		for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			if part != s && !extractPart(part, emit) {
				return false
			}
		}
		return true
	}
	return true
}

// extractURL yields the URL whose scheme ends at i, and what stands before it
// and after it in a list.
func extractURL(s string, i int, emit func(Value) bool) bool {
	from := i
	for from > 0 && isAlnum(s[from-1]) {
		from--
	}
	if from > 0 && !extractPart(s[:from], emit) {
		return false
	}
	s, rest := cutList(s[from:], i-from)
	v, ok := Normalise(URL, strings.ReplaceAll(trim(s), refanged, ""))
	if ok && !hasHost(v) {
		ok = false
	}
	if ok && !emit(v) {
		return false
	}
	return rest == "" || extractPart(rest, emit)
}

// cutList splits a list of URLs after the first, whose scheme ends at i.
func cutList(s string, i int) (first, rest string) {
	for i += 3; ; i += 3 {
		next := strings.Index(s[i:], "://")
		if next < 0 {
			return s, ""
		}
		i += next
		from := i
		for from > 0 && isAlnum(s[from-1]) {
			from--
		}
		if strings.IndexByte(",;|", s[from-1]) >= 0 {
			return s[:from-1], s[from:]
		}
	}
}

func hasHost(v Value) bool {
	_, ok := hostOf(v.Text)
	return ok
}

// plausible is guess for a part of a text, where less is believed.
func plausible(s string) (Value, bool) {
	plain := strings.ReplaceAll(s, refanged, "")
	v, ok := guess(unescape(plain))
	if !ok || v.Kind == UserAgent {
		return Value{}, false
	}
	name := ""
	switch v.Kind {
	case IPv6: // std::string, a::b
		return v, strings.ContainsAny(plain, "0123456789") && len(plain) > 5
	case IPv6Net:
		return v, len(plain) > 8
	case FileName:
		return v, isFileName(v.Text)
	case Domain:
		name = v.Text
	case Email:
		name = v.Text
	case URL:
		if host, is := hostOf(v.Text); !is || host.Kind == Domain {
			name = host.Text
		}
	default:
		return v, true
	}
	return v, name == "" && v.Kind == URL || len(plain) != len(s) || commonTop(name[strings.LastIndexByte(name, '.')+1:])
}

// trim takes off punctuation, and closing brackets that nothing opens. An
// asterisk ends what an asterisk begins; a dot that was defanged is no full
// stop.
func trim(s string) string {
	starred := strings.HasPrefix(s, "*")
	s = strings.TrimLeft(s, "([{'*_-.,;:!?|=")
	for s != "" {
		last := s[len(s)-1]
		switch last {
		case '.':
			if strings.HasSuffix(s, refanged+".") {
				return s
			}
		case '*':
			if !starred {
				return s
			}
		case ',', ';', ':', '!', '?', '\'', '|', '\\':
		case ')', ']', '}':
			open := map[byte]string{')': "(", ']': "[", '}': "{"}[last]
			if strings.Count(s, open) >= strings.Count(s, string(last)) {
				return s
			}
		default:
			return s
		}
		s = s[:len(s)-1]
	}
	return s
}

// tops are common top-level domains that are not a country's.
var tops = func() map[string]struct{} {
	m := map[string]struct{}{}
	for t := range strings.FieldsSeq(`academy accountant agency aero app arpa art asia audio autos bar beauty best bid biz blog boats bond buzz
		cam cards care casa cash cat center cfd chat city click cloud club codes coffee com company cool coop credit cyou data date deals
		delivery design dev digital direct domains download earth education email energy events exchange expert express family fashion finance
		fit fun fund fyi gallery games global gold gov group guru hair help homes host house icu immo inc info ink int international jobs
		kim land law life limited link live loan local lol ltd luxe mail makeup market marketing media men mil mobi moe mom money monster name
		net network news ninja nrw one onion online onl ooo org page partners party photo pics place plus porn press pro promo pub quest
		racing realtor recipes red rent report rest review rip rocks run sale sbs school science security services sexy shop shopping show
		singles site skin social software solutions space store stream studio style support surf systems tattoo tax team tech technology
		tel tips today tokyo top tours town trade trading travel university vip vodka website win wiki work works world wtf xin xxx xyz yachts yoga zip zone`) {
		m[t] = struct{}{}
	}
	return m
}()

func commonTop(label string) bool {
	_, ok := tops[label]
	return ok || len(label) == 2 || strings.HasPrefix(label, "xn--")
}

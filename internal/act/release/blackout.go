package release

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// blacked stands where something was taken out of a text.
const blacked = "█████"

// minSecret is how many characters something has at least that is looked for
// elsewhere in the object it was taken out of: shorter ones are in every text.
const minSecret = 4

// errNamed says that an object goes on naming what is to be taken out of it,
// where it cannot be blacked out: it stays.
var errNamed = errors.New("it names elsewhere what is to be taken out")

// structural are the properties a text of which is not for people: blacked out
// it would say something wrong. What names a secret there stays.
var structural = []string{"hashes", "pattern", "spec_version", "type", "value"}

// secrets are words that nothing of what leaves may contain, in any case.
type secrets struct{ re *regexp.Regexp }

// secretsOf makes secrets of texts; an id counts also without its type.
func secretsOf(texts []string) secrets {
	var words []string
	for _, t := range texts {
		t = strings.TrimSpace(t)
		if _, uuid, ok := strings.Cut(t, "--"); ok && len(uuid) == 36 {
			words = append(words, uuid)
		}
		words = append(words, t)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < minSecret })
	if len(words) == 0 {
		return secrets{}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // the longest first, so that no part of it is left
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	return secrets{regexp.MustCompile("(?i)" + strings.Join(words, "|"))}
}

func (s secrets) in(text string) bool { return s.re != nil && s.re.MatchString(text) }

// blackOut takes the secrets out of every text below v and drops members that
// have one in their name. It is errNamed where neither can be done.
func (s secrets) blackOut(v map[string]any) error {
	if s.re == nil {
		return nil
	}
	for name, x := range v {
		if s.in(name) {
			delete(v, name)
			continue
		}
		fixed := slices.Contains(structural, name) || isRef(name)
		y, err := s.value(x, fixed)
		if err != nil {
			return err
		}
		v[name] = y
	}
	return nil
}

func (s secrets) value(x any, fixed bool) (any, error) {
	switch x := x.(type) {
	case string:
		if !s.in(x) {
			return x, nil
		}
		if fixed {
			return nil, errNamed
		}
		return s.re.ReplaceAllString(x, blacked), nil
	case []any:
		for i := range x {
			y, err := s.value(x[i], fixed)
			if err != nil {
				return nil, err
			}
			x[i] = y
		}
	case map[string]any:
		return x, s.blackOut(x)
	}
	return x, nil
}

func isRef(name string) bool {
	return strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs")
}

// takeOut removes the properties names wherever they stand below v and returns
// every text that was in them.
func takeOut(v any, names []string) (texts []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			if slices.Contains(names, name) {
				texts = append(texts, textsOf(x)...)
				delete(v, name)
				continue
			}
			texts = append(texts, takeOut(x, names)...)
			if m, ok := x.(map[string]any); ok && len(m) == 0 {
				delete(v, name) // STIX has no empty objects
			}
		}
	case []any:
		for _, x := range v {
			texts = append(texts, takeOut(x, names)...)
		}
	}
	return texts
}

// textsOf returns every text below v, names of members left out.
func textsOf(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			out = append(out, textsOf(x)...)
		}
	case map[string]any:
		for _, x := range v {
			out = append(out, textsOf(x)...)
		}
	}
	return out
}

// reselect drops the selectors of granular markings that select nothing any
// more. The label says what they said.
func reselect(props map[string]any) {
	list, ok := props["granular_markings"].([]any)
	if !ok {
		return
	}
	list = slices.DeleteFunc(list, func(m any) bool {
		g, ok := m.(map[string]any)
		if !ok {
			return false
		}
		sel, _ := g["selectors"].([]any)
		sel = slices.DeleteFunc(sel, func(s any) bool { path, ok := s.(string); return ok && !selects(props, path) })
		g["selectors"] = sel
		return len(sel) == 0
	})
	if props["granular_markings"] = list; len(list) == 0 {
		delete(props, "granular_markings")
	}
}

// selects reports whether a selector, such as external_references.[0].url,
// stands for something of an object.
func selects(v any, path string) bool {
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[step]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(strings.Trim(step, "[]"))
			if err != nil || i < 0 || i >= len(x) {
				return false
			}
			v = x[i]
		default:
			return false
		}
	}
	return true
}

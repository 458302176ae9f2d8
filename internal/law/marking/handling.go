package marking

import (
	"maps"
	"slices"
	"strings"
)

// handling reads our own extension (HandlingExtension), which carries what
// STIX has no standard form for. A member it does not know, or one of the
// wrong shape, is Unknown.
func handling(body map[string]any) Terms {
	var out Terms
	for _, name := range slices.Sorted(maps.Keys(body)) {
		out = Combine(out, handlingMember(name, body[name]))
	}
	return out
}

func handlingMember(name string, v any) Terms {
	s, isText := v.(string)
	switch {
	case name == "extension_type" && isText:
		return Terms{}
	case name == "tlp" && isText:
		return tlpTerms(s)
	case name == "pap" && isText:
		return papTerms(s)
	case name == "expires" && isText:
		return expiryTerms(s)
	case name == "not_before" && isText:
		return startTerms(s)
	case name == "classification" && isText:
		return codeTerms(s)
	case name == "caveats":
		return texts(name, v, caveatCode)
	case name == "releasable_to":
		return texts(name, v, nil)
	case name == "exercise":
		if b, ok := v.(bool); ok {
			return Terms{Exercise: b}
		}
	}
	return unknownTerms("handling member", name)
}

// texts reads a list of texts: one term for each, or a releasable-to list
// when read is nil.
func texts(name string, v any, read func(string) Terms) Terms {
	list, ok := v.([]any)
	if !ok {
		return unknownTerms("handling member", name)
	}
	var out Terms
	if read == nil {
		out.ReleasableTo = []string{}
	}
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return unknownTerms("handling member", name)
		}
		if read == nil {
			out.ReleasableTo = append(out.ReleasableTo, recipients(s)...)
			continue
		}
		out = Combine(out, read(s))
	}
	return Combine(out, Terms{})
}

func codeTerms(s string) Terms {
	code := strings.ToUpper(strings.TrimSpace(s))
	if _, ok := levels[code]; !ok {
		return unknownTerms("classification", s)
	}
	return Terms{Classification: code}
}

func caveatCode(s string) Terms {
	t, ok := caveatTerms(s)
	if !ok {
		return unknownTerms("caveat", s)
	}
	return t
}

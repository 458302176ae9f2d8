package marking

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The extensions a marking-definition may carry (STIX 2.1 §7.3).
const (
	// TLPExtension is the form TLP 2.0 takes in STIX 2.1.
	TLPExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
	// PAPExtension is from oasis-open/cti-stix-common-objects.
	PAPExtension = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
	// IEPExtension is FIRST's Information Exchange Policy 2.0, from the same.
	IEPExtension = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"
	// HandlingExtension is ours: tlp, pap, classification, caveats,
	// releasable_to, not_before, expires, exercise.
	HandlingExtension = "extension-definition--6f0a7c3e-5d0b-4b8e-9a53-2d1f0c8e7b64"
	// platformExtension is what OpenCTI adds to every object it exports; it
	// says nothing about handling.
	platformExtension = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
)

// Definition reads one marking-definition object. Statements are kept with
// the object and mean nothing here, unless they are a handling marking in
// disguise ("PAP:RED", "NOFORN"), as several platforms write them. Whatever
// else is not understood ends in Unknown. An object that calls itself by a
// well-known id has at least that id's terms.
func Definition(props map[string]any) Terms {
	id, _ := props["id"].(string)
	out := wellKnown[id]
	parts := []Terms{extensions(props["extensions"]), definition(props)}
	for _, name := range []string{"name", "x_opencti_definition"} {
		if s, ok := props[name].(string); ok {
			parts = append(parts, handlingText(s))
		}
	}
	for _, t := range parts {
		out = Combine(out, t)
	}
	if says(props) {
		return out
	}
	return Combine(out, unknownTerms("marking-definition that defines nothing", id))
}

// says reports whether the object has a definition at all (STIX 2.1 §7.2.1.1
// wants definition or extensions); a well-known id is enough.
func says(props map[string]any) bool {
	id, _ := props["id"].(string)
	_, known := wellKnown[id]
	ext, _ := props["extensions"].(map[string]any)
	return known || props["definition"] != nil || len(ext) > 0
}

// definition reads definition_type and definition (STIX 2.1 §7.2.1.1, and
// the deprecated forms of §7.2.1.3 and §7.2.1.4).
func definition(props map[string]any) Terms {
	typ, _ := props["definition_type"].(string)
	values := definitionValues(props["definition"])
	if ext, _ := props["extensions"].(map[string]any); len(values) == 0 && len(ext) > 0 {
		return handlingText(typ) // the extension defines; "TLP:CLEAR" may stand beside it
	}
	switch strings.ToLower(typ) {
	case "":
		if len(values) == 0 {
			return Terms{}
		}
		return unknownTerms("definition without a type", values[0])
	case "statement":
		return each(values, handlingText)
	case "tlp":
		return each(values, tlpTerms)
	case "pap":
		return each(values, papTerms)
	}
	return unknownTerms("definition type", typ)
}

// definitionValues returns the texts of a definition, which is an object or,
// as some write it, a string. A value that is no text is shown as unreadable.
func definitionValues(def any) []string {
	switch d := def.(type) {
	case nil:
		return nil
	case string:
		return []string{d}
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(d)) {
			s, ok := d[k].(string)
			if !ok {
				s = "TLP:?" // reads as a misspelt level, so as unknown
			}
			out = append(out, s)
		}
		return out
	}
	return []string{"TLP:?"}
}

func each(values []string, read func(string) Terms) Terms {
	if len(values) == 0 {
		return unknownTerms("definition without content", "")
	}
	var out Terms
	for _, v := range values {
		out = Combine(out, read(v))
	}
	return out
}

func tlpTerms(s string) Terms {
	level, err := ParseTLP(s)
	if err != nil {
		return unknownTerms("TLP", s)
	}
	return Terms{TLP: level}
}

func papTerms(s string) Terms {
	level, err := ParsePAP(s)
	if err != nil {
		return unknownTerms("PAP", s)
	}
	return Terms{PAP: level}
}

// extensions reads the extensions of a marking-definition.
func extensions(v any) Terms {
	ext, ok := v.(map[string]any)
	if !ok && v != nil {
		return unknownTerms("extensions", "not an object")
	}
	var out Terms
	for _, id := range slices.Sorted(maps.Keys(ext)) {
		body, ok := ext[id].(map[string]any)
		if !ok {
			out = Combine(out, unknownTerms("extension", id))
			continue
		}
		out = Combine(out, extension(id, body))
	}
	return out
}

func extension(id string, body map[string]any) Terms {
	switch id {
	case TLPExtension:
		return member(body, "tlp_2_0", tlpTerms)
	case PAPExtension:
		return member(body, "pap", papTerms)
	case IEPExtension:
		t := member(body, "tlp", tlpTerms)
		if _, limited := body["end_date"]; limited {
			t = Combine(t, member(body, "end_date", expiryTerms))
		}
		return t
	case HandlingExtension:
		return handling(body)
	case platformExtension:
		return Terms{}
	}
	return unknownTerms("extension", id)
}

// member reads a text that must be there.
func member(body map[string]any, name string, read func(string) Terms) Terms {
	s, ok := body[name].(string)
	if !ok {
		return unknownTerms("extension without", name)
	}
	return read(s)
}

func expiryTerms(s string) Terms {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.IsZero() {
		return unknownTerms("expiry", s)
	}
	return Terms{Expires: wholeSecond(t)}
}

// startTerms reads the end of an embargo.
func startTerms(s string) Terms {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.IsZero() {
		return unknownTerms("embargo", s)
	}
	return Terms{NotBefore: nextSecond(t)}
}

// tokenRE finds a protocol's name and what follows it; the value runs as far
// as it could belong to a level, so that a misspelt one is not cut short into
// a laxer one.
var tokenRE = regexp.MustCompile(`(?i)\b(tlp|pap)(?:\s*v?[12](?:\.0)?\b)?[\s:=_-]*"?([\pL\pN_:+?-]*)(\s*\+?\s*strict\b)?`)

// misnamedRE finds a level under a name that is neither protocol's: TPL:RED.
var misnamedRE = regexp.MustCompile(`(?i)[\pL\pN_.-]+\s*[:=]\s*"?(?:clear|white|green|amber|red)\b`)

// handlingText finds handling markings in free text: every "TLP:..." and
// "PAP:..." wherever it stands, and caveats or levels when they are the whole
// text or the parts of a banner (SECRET//NOFORN). Text that speaks of TLP or
// PAP without a level one can read is not understood.
func handlingText(s string) Terms {
	s = narrow(s)
	out, isEmbargo := embargoTerms(s)
	if !isEmbargo {
		out = banner(s)
	}
	for _, m := range tokenRE.FindAllStringSubmatch(s, -1) {
		out = Combine(out, token(m[1], m[2], m[3]))
	}
	if m := misnamedRE.FindString(tokenRE.ReplaceAllString(s, " ")); m != "" {
		out = Combine(out, unknownTerms("handling marking", m))
	}
	return out
}

func token(protocol, value, strict string) Terms {
	value = strings.ToLower(strings.TrimRight(value, ":-_?"))
	if value == "ex:chr" {
		return Terms{Caveats: []string{"CHR"}}
	}
	if rest, ok := strings.CutSuffix(value, "strict"); ok {
		value, strict = strings.TrimRight(rest, "+-_:"), "strict"
	}
	if strict != "" {
		value = strings.TrimRight(value, "+") + "+strict"
	}
	if strings.EqualFold(protocol, "pap") {
		return papTerms(value)
	}
	return tlpTerms(value)
}

// banner reads text whose parts, cut at "//", are levels or caveats. Text
// that does not begin with one of them is not a banner and says nothing.
func banner(s string) Terms {
	var out Terms
	isBanner := false
	for i, part := range strings.Split(s, "//") {
		part = strings.TrimSpace(part)
		t, ok := levelNamed(part)
		if !ok {
			t, ok = caveatTerms(part)
		}
		if i == 0 {
			isBanner = ok
		}
		if !ok && isBanner && !tokenRE.MatchString(part) {
			t = unknownTerms("caveat", part)
		}
		out = Combine(out, t)
	}
	return out
}

// narrow turns full-width letters, as Japanese input methods write them, into
// their ASCII forms.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, s)
}

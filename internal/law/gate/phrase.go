package gate

import (
	"maps"
	"strings"

	"twoseas/internal/law/marking"
)

// Phrase is why something is barred, apart from any language: a key of the
// catalogue and what goes into its text. The zero Phrase says nothing.
type Phrase struct {
	Key  string
	Args []string
}

// Say writes the text of a key in one language, with {0}, {1} … filled in.
type Say func(key string, args ...string) string

// because returns the phrase of a reason.
func because(key string, args ...string) Phrase { return Phrase{"gate.why." + key, args} }

func when(barred bool, key string, args ...string) Phrase {
	if barred {
		return because(key, args...)
	}
	return Phrase{}
}

// In writes p in the language of say, "" when it says nothing.
func (p Phrase) In(say Say) string {
	switch {
	case p.Key == "":
		return ""
	case p.Key == governed && len(p.Args) > 1:
		return say(governed+"-also", p.Args[0], join(say, p.Args[1:]))
	}
	return say(p.Key, p.Args...)
}

// governed is the key of what another instrument speaks of; its arguments are
// the titles of all that do.
const governed = "gate.why.governed"

// Phrases returns the English text of every key that a Say is asked for. The
// catalogues of other languages have the same keys.
func Phrases() map[string]string { return maps.Clone(phrases) }

var phrases = withMarkings(map[string]string{
	"gate.deny":            "Denied by {0}: {1}.",
	"gate.deny-bare":       "Denied: {0}.",
	"gate.deny-also":       "Also: {0}.",
	"gate.deny-none":       "Denied: no rule of {0} version {1} covers it.",
	"gate.hold":            "Held by {0}: needs {1}.",
	"gate.release":         "Released by {0}.",
	"gate.taken-out":       "Before it goes, {0} is taken out.",
	"gate.still-there":     "It still says {0}, which the sender had to take out.",
	"gate.accepted":        "Accepted: {0} recorded, {1} needed by {2}.",
	"gate.emergency":       "Accepted as an emergency release: {0} recorded, {1} needed by {2}; the sender reviews it afterwards.",
	"gate.refused":         "Refused: {0} recorded, {1} needed by {2}.",
	"gate.refused-bare":    "Refused by {0}.",
	"gate.rule":            "rule {0}, clause {1}",
	"gate.caveat":          "caveat {0}",
	"gate.consent":         "its originators' consent",
	"gate.listed":          "a warning list of values that are rarely malicious",
	"gate.named":           "what seems to name an industry member",
	"gate.look":            "the sponsor of the member who contributed it",
	"gate.says":            "what an officer took out of another object by hand, which it says",
	"gate.own-words":       "{0}",
	"gate.approval":        "1 approval",
	"gate.approvals":       "{0} approvals",
	"gate.and":             "{0} and {1}",
	"gate.list":            "{0}; {1}",
	"gate.then":            "{0} {1}",
	"gate.why.kept":        "the agreement keeps it back",
	"gate.why.effect":      "the rule's effect is not understood",
	"gate.why.matching":    "the rule's effect means nothing for matching",
	"gate.why.halted":      "{0}",
	"gate.why.none":        "there is no agreement in force between the two sides",
	"gate.why.sides":       "the crossing is not between the two sides of the agreement",
	"gate.why.theirs":      "it is theirs",
	"gate.why.no-origin":   "nobody is known to own it",
	"gate.why.own":         "it is written down for one's own side only",
	"gate.why.no-kind":     "its kind is not known",
	"gate.why.unknown":     "a handling marking on it is not understood ({0})",
	"gate.why.no-tlp":      "it has no TLP marking",
	"gate.why.tlp":         "it is {0}, above the agreement's ceiling",
	"gate.why.class":       "its classification {0} is above the agreement's ceiling",
	"gate.why.read-member": "an industry member contributed it, and who that is was not taken out",
	"gate.why.pap":         "its PAP level is not known",
	"gate.why.member":      "its kind of contributor is not known",
	"gate.why.domain":      "it is not known whether this is live or an exercise",
	"gate.why.exercise":    "exercise material never goes by the live channel",
	"gate.why.live":        "live material never goes by an exercise channel",
	"gate.why.not-listed":  "it may not be released to {0}",
	"gate.why.embargo":     "it is under embargo",
	"gate.why.recalled":    "its originator has called it back",
	"gate.why.erroneous":   "its originator has withdrawn it as wrong",
	"gate.why.withheld":    "it is withheld",
	"gate.why.area":        "it was put in for another area of cooperation",
	"gate.why.onward":      "no consent of its originators is on record",
	"gate.why.without":     "what its originators want taken out is not understood",
	"gate.why.members":     "no list of who belongs to {0} there is known",
	"gate.why.nobody":      "nobody belongs to {0} there",
	"gate.why.unsure":      "the list of who belongs to {0} there was not confirmed since {1}",
	"gate.why.expired":     "it expired",
	"gate.why.caveat":      "its caveat {0} is not known",
	governed:               "it is governed by {0}; use that channel",
	governed + "-also":     "it is governed by {0}; use that channel (also spoken of by {1})",

	// For readers at home.
	"gate.why.read-domain":   "it belongs to another domain",
	"gate.why.read-unknown":  "a handling marking on it is not understood",
	"gate.why.read-tlp":      "it is {0}",
	"gate.why.read-class":    "it is classified {0}",
	"gate.why.read-listed":   "it may not be released to this side",
	"gate.why.read-audience": "it is for the audience of {0}",
	"gate.why.read-control":  "it is between the two nodes",
	"gate.why.read-desk":     "it is for those who deal with requests for assistance",
	"gate.why.read-joint":    "it is for those who coordinate vulnerabilities with the other side",
	"gate.why.read-withheld": "it was called back",
	"gate.why.read-copy":     "it may be shown but not copied",
	"gate.why.read-nation":   "it is for its own nation's eyes only",
	"gate.why.read-room":     "somebody of {0} is in the room and may not have it",
})

// withMarkings adds what the vocabulary of markings says itself.
func withMarkings(texts map[string]string) map[string]string {
	for _, code := range marking.CaveatCodes() {
		if c, _ := marking.CaveatOf(code); c.Bars != "" {
			texts[caveatKey(code)] = code + ": " + c.Bars
		}
	}
	for _, name := range marking.RedactionNames() {
		r, _ := marking.RedactionOf(name)
		texts[redactionKey(name)] = r.Text
	}
	return texts
}

func caveatKey(code string) string {
	return "gate.why.caveat-" + strings.ReplaceAll(strings.ToLower(code), " ", "-")
}

func redactionKey(name string) string { return "gate.redact." + name }

// English is the Say of the node's own records and of the command line.
func English(key string, args ...string) string {
	text := phrases[key]
	if len(args) == 0 {
		return text
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString(args[after[0]-'0'])
		text = after[2:]
	}
}

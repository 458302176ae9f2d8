package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Member is what intake has to know of the industry member an account is of.
type Member struct {
	// ID is the member's own, which nobody outside this node is told.
	ID      string
	Sectors []string
	// Look says that its sponsor wants to see what it contributes before it goes.
	Look bool
	// Names are what any member is known as: names and domains.
	Names []string
}

// Members says of which member an account is; nil when of none.
type Members func(tx *store.Tx, account string) (*Member, error)

// SetMembers has everything that an industry member brings carry that it is a
// member's, whatever the member says of it. It is called once, before anything
// comes in.
func (in *Intake) SetMembers(m Members) { in.members = m }

// belongs puts into src and items what follows from who brings them.
func (in *Intake) belongs(tx *store.Tx, src *Source, items []Item) error {
	if in.members == nil || src.By == "" {
		return nil
	}
	m, err := in.members(tx, src.By)
	if err != nil || m == nil {
		return err
	}
	src.Contributor, src.look, src.member = marking.Member, m.Look, m.ID
	sectors := slices.Concat(src.Sectors, m.Sectors)
	slices.Sort(sectors)
	if src.Sectors = slices.Compact(sectors); len(src.Sectors) == 0 {
		src.Sectors = nil
	}
	names := NewNames(m.Names)
	for i := range items {
		items[i].Named = items[i].Err == nil && names.In(items[i].Object.Type, items[i].Object.Raw)
	}
	return nil
}

// owned reports whether the source may change what carries label: an industry
// member changes what it alone contributed, and nothing else of this side.
func (b *batch) owned(label int64) (bool, error) {
	if b.src.member == "" {
		return true, nil
	}
	l, err := b.labels.meaning(label)
	return len(l.Members) == 1 && l.Members[0] == b.src.member, err
}

// Names finds what members are known as in objects. The zero Names finds
// identities only.
type Names struct{ words []string }

// minName is the shortest name looked for, in characters: shorter ones are in
// every text.
const minName = 3

// NewNames returns Names of what members are known as.
func NewNames(known []string) Names {
	var n Names
	for _, k := range known {
		k = Plain(strings.TrimSpace(k))
		if utf8.RuneCountInString(k) < minName && isASCII(k) || k == "" {
			continue
		}
		quoted := canon.AppendString(nil, k)
		n.words = append(n.words, string(quoted[1:len(quoted)-1]))
	}
	slices.Sort(n.words)
	n.words = slices.Compact(n.words)
	return n
}

// In reports whether an object, whose canonical bytes are body, seems to name a
// member: one of the names stands in it as a word of its own, defanged or not,
// or it is an identity, which is nothing but a name.
func (n Names) In(typ string, body []byte) bool {
	if typ == "identity" {
		return true
	}
	text := Plain(string(body))
	return slices.ContainsFunc(n.words, func(w string) bool { return stands(text, w) })
}

// defanged undoes what people do to domains so that nobody follows them.
var defanged = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[@]", "@", "[at]", "@")

// Plain returns a text as it is compared: in small letters, with white space as
// one space, in the usual width, and refanged.
func Plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xff01 && r <= 0xff5e: // full-width forms
			return unicode.ToLower(r - 0xfee0)
		case unicode.Is(unicode.Cf, r): // what cannot be seen splits no word
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return unicode.ToLower(r)
	}, strings.NewReplacer(`\n`, " ", `\t`, " ", `\r`, " ").Replace(s))
	return defanged.Replace(strings.Join(strings.Fields(s), " "))
}

// stands reports whether w is in text with no letter or digit beside it. Where
// words are not written apart, being in it is enough.
func stands(text, w string) bool {
	apart := isASCII(w)
	for from := 0; ; {
		i := strings.Index(text[from:], w)
		if i < 0 {
			return false
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(w):])
		if !apart || !joins(before) && !joins(after) {
			return true
		}
		from = at + 1
	}
}

func joins(r rune) bool {
	return r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

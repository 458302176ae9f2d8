package lang

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Acts say in English what they decided and what is wrong: in errors, in
// records, in receipts. A catalogue has such a text under a key of one of
// these areas, and Said finds it by its English words. So the text is written
// once, in the act, and a test of the catalogues finds those that no act says
// any more.
var spoken = []string{"said.", "gate."}

// Spoken reports whether the text of a key is found by its English words.
func Spoken(key string) bool {
	return slices.ContainsFunc(spoken, func(area string) bool { return strings.HasPrefix(key, area) })
}

// plainly is how many bytes of a template stand fast at least, so that it is
// recognised by itself; shorter ones are looked for inside others only.
const plainly = 8

// template is one English text with places for arguments.
type template struct {
	key, area string
	pieces    []string // what stands fast, around the arguments
	places    []int    // the numbers of the arguments
	fast      int      // bytes that stand fast
}

// phrasebook is the templates, those with most that stands fast first.
type phrasebook []template

func newPhrasebook(english map[string]string) phrasebook {
	var out phrasebook
	for _, key := range slices.Sorted(maps.Keys(english)) {
		for _, area := range spoken {
			if t := newTemplate(key, area, english[key]); strings.HasPrefix(key, area) && strings.TrimSpace(strings.Join(t.pieces, "")) != "" {
				out = append(out, t)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b template) int { return cmp.Compare(b.fast, a.fast) })
	return out
}

func newTemplate(key, area, text string) template {
	t := template{key: key, area: area}
	for {
		before, after, _ := strings.Cut(text, "{")
		number, rest, found := strings.Cut(after, "}")
		place, err := strconv.Atoi(number)
		if !found || err != nil {
			t.pieces = append(t.pieces, text)
			t.fast += len(text)
			return t
		}
		t.pieces = append(t.pieces, before)
		t.places = append(t.places, place)
		t.fast += len(before)
		text = rest
	}
}

// match returns the arguments, by place, with which the template says text.
func (t template) match(text string) (map[int]string, bool) {
	last := len(t.pieces) - 1
	rest, ok := strings.CutPrefix(text, t.pieces[0])
	if !ok || last == 0 {
		return nil, ok && rest == ""
	}
	rest, ok = strings.CutSuffix(rest, t.pieces[last])
	if !ok {
		return nil, false
	}
	args := map[int]string{}
	for i, place := range t.places[:last-1] {
		var arg string
		if arg, rest, ok = strings.Cut(rest, t.pieces[i+1]); !ok {
			return nil, false
		}
		args[place] = arg
	}
	args[t.places[last-1]] = rest
	inner := t.pieces[last-1] // a second one says that the text is several
	return args, last < 2 || len(inner) < plainly || !strings.Contains(rest, inner)
}

// Said returns what an act said in English in the reader's language, and
// whether there are words for all of it; where there are none, it returns the
// text as it is. English readers read what was said.
func (p *Printer) Said(text string) (string, bool) {
	if p.Tag == English {
		return text, true
	}
	if out, ok := p.parts(text); ok {
		return out, true
	}
	out, _, ok := p.say(text, "", plainly)
	return out, ok
}

// say looks for text among the templates of an area, any when it is "", of
// which least bytes stand fast.
func (p *Printer) say(text, area string, least int) (string, string, bool) {
	for _, t := range p.book {
		if t.fast < least || area != "" && t.area != area || strings.HasPrefix(t.key, silent) {
			continue
		}
		found, ok := t.match(text)
		if !ok {
			continue
		}
		args := make([]any, len(found))
		for place, arg := range found {
			if place < len(args) {
				args[place] = p.inside(arg, t.area)
			}
		}
		return p.T(t.key, args...), t.area, true
	}
	return text, "", false
}

// silent is a part of the gate's phrases that says nothing by itself: readers'
// reasons, which look like others.
const silent = "gate.why.read-"

// inside translates an argument as far as there are words for it.
func (p *Printer) inside(arg, area string) string {
	if area == "gate." {
		out, _, _ := p.say(arg, area, 1)
		return out
	}
	out, _, _ := p.say(arg, "", plainly)
	return out
}

// joints is what parts are put together with, and the key that does it.
var joints = []struct{ text, key string }{{". ", "gate.then"}, {"; ", "gate.list"}}

// parts translates a text of several sentences, or several findings, when there
// are words for each.
func (p *Printer) parts(text string) (string, bool) {
	for _, j := range joints {
		if parts := strings.SplitN(text, j.text, most+1); len(parts) > 1 && len(parts) <= most {
			if out, ok := p.joined(parts, j.text, j.key); ok {
				return out, true
			}
		}
	}
	return text, false
}

// most bounds the parts of one text.
const most = 20

func (p *Printer) joined(parts []string, joint, key string) (string, bool) {
	out, area := "", ""
	for i, part := range parts {
		least := plainly
		if i > 0 && area == "gate." {
			least = 1
		}
		if i < len(parts)-1 {
			part += strings.TrimRight(joint, "; ")
		}
		said, in, ok := p.say(part, area, least)
		if !ok {
			return "", false
		}
		if area = in; i == 0 {
			out = said
		} else {
			out = p.T(key, out, said)
		}
	}
	return out, true
}

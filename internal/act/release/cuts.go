package release

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// What an officer took out of an object is kept at home, so that nothing else
// of this side's says it beside the object: a note on it, or a newer version of
// it. Whatever does waits for an officer, who sees which words those are.

// Telling is what of the texts taken out by hand an object says.
type Telling struct {
	Words []string
	since int64 // when the last of them was taken out: an approval from before did not know
}

// spoken finds the ids that an object speaks of, in references and in texts,
// its own among them.
var spoken = regexp.MustCompile(`[a-z][a-z0-9-]*--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// Says returns, by number, what each of this side's own rows says that was taken
// out of something it speaks of. Where nothing was ever taken out by hand it
// costs one question.
func Says(tx *store.Tx, rows []store.Object) (map[int64]Telling, error) {
	if some, err := tx.AnyCut(); err != nil || !some {
		return nil, err
	}
	of := make([][]string, len(rows))
	var ids []string
	for i, o := range rows {
		of[i] = spoken.FindAllString(string(o.Body), -1)
		ids = append(ids, of[i]...)
	}
	slices.Sort(ids)
	cuts, err := cutsOf(tx, slices.Compact(ids))
	if err != nil || len(cuts) == 0 {
		return nil, err
	}
	out := map[int64]Telling{}
	for i, o := range rows {
		var said Telling
		text := ""
		for _, id := range of[i] {
			if len(cuts[id]) > 0 && text == "" {
				text = texted(o.Body)
			}
			said.add(text, cuts[id])
		}
		if len(said.Words) > 0 {
			out[o.Seq] = said
		}
	}
	return out, nil
}

func cutsOf(tx *store.Tx, ids []string) (map[string][]store.Cut, error) {
	list, err := tx.Cuts(ids)
	out := map[string][]store.Cut{}
	for _, c := range list {
		out[c.ID] = append(out[c.ID], c)
	}
	return out, err
}

// texted returns an object's bytes as words are looked for in them, as they
// are and refanged.
func texted(body []byte) string {
	s := string(body)
	return intake.Plain(s) + "\x00" + intake.Plain(ioc.Refang(s))
}

func (s *Telling) add(text string, cuts []store.Cut) {
	for _, c := range cuts {
		if slices.Contains(s.Words, c.Word) || !strings.Contains(text, sought(c.Word)) {
			continue
		}
		s.Words = append(s.Words, c.Word)
		s.since = max(s.since, c.At)
	}
}

// sought is a word as it stands in texted bytes.
func sought(word string) string {
	quoted := canon.AppendString(nil, intake.Plain(word))
	return string(quoted[1 : len(quoted)-1])
}

// worthKeeping are those of what was taken out that nothing beside the object is
// to say: texts long enough to mean something, the values that stand in them, and
// ids without their types. A time says nothing.
func worthKeeping(gone []string) []string {
	var out []string
	for _, s := range gone {
		if _, err := stix.ParseTimestamp(s); err == nil {
			continue
		}
		out = append(out, strings.TrimSpace(s))
		if _, uuid, ok := strings.Cut(s, "--"); ok && len(uuid) == 36 {
			out = append(out, uuid)
		}
		for v := range ioc.Extract(s) {
			out = append(out, v.Text)
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return utf8.RuneCountInString(s) < minSecret })
	slices.Sort(out)
	return slices.Compact(out)
}

// Keep takes an entry off the release list that says what was taken out, and
// puts it in front of the officers, who have not seen it so yet; false when one
// of them has, since then, and lets it go.
func (r *Releases) Keep(tx *store.Tx, g *Gate, ch store.Channel, e store.Release, m marking.Label, said Telling) (bool, error) {
	digest := Digest(m.Canonical(), e.Body)
	words, err := tx.Approvals(ch.ID, e.Seq)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(words, func(a store.Approval) bool {
		return a.Digest == digest && a.Verdict != VerdictRefuse && a.At >= said.since
	}) {
		return false, nil
	}
	if err := tx.ForgetApprovals(ch.ID, e.Seq); err != nil {
		return false, err
	}
	return true, tx.AddHolds([]store.Hold{{Channel: ch.ID, Object: e.Seq, Digest: digest, Needed: g.decideSaying(m).Approvals}})
}

// decideSaying is Decide for an object that says what was taken out of another.
func (g *Gate) decideSaying(l marking.Label) gate.Decision {
	c := g.context
	c.Says = true
	return gate.Decide(l, g.Terms.Table, c)
}

// said returns what one object says that was taken out of another.
func (g *Gate) said(tx *store.Tx, o store.Object, l marking.Label) ([]string, error) {
	if l.Origin != g.Terms.Self {
		return nil, nil
	}
	all, err := Says(tx, []store.Object{o})
	return all[o.Seq].Words, err
}

package library

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/lang/tokenise"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/stix"
	"twoseas/internal/store"
)

// Kinds of term an object is found by.
const (
	byWord    = "word"
	byType    = "type"
	byPhase   = "phase" // chain/phase
	bySector  = "sector"
	byCreator = "creator"
	byRef     = "ref" // an object it refers to
	byFlag    = "flag"
)

const flagRevoked = "revoked"

// Bounds of what one object is found by. Index and query must agree on none of
// them: what lies beyond is not found by words, and everything else still is.
const (
	maxNameWords = 96
	maxBodyWords = 96
	maxRefs      = 512
	maxPhases    = 64
)

// posted returns what an object is found by.
func posted(o store.Object) (store.Posted, error) {
	props, err := canon.View(o.Body)
	if err != nil {
		return store.Posted{}, err
	}
	p := store.Posted{Seq: o.Seq, Label: o.Label, Times: [3]int64{o.Received, madeAt(props, o.Version), o.Version}}
	set := map[int64]bool{}
	add := func(kind, value string) { set[store.Term(kind, value)] = true }
	add(byType, o.Type)
	if o.Revoked {
		add(byFlag, flagRevoked)
	}
	for _, ph := range phases(props) {
		add(byPhase, ph)
	}
	for _, s := range texts(props["sectors"]) {
		add(bySector, strings.ToLower(s))
	}
	if by := text(props["created_by_ref"]); by != "" {
		add(byCreator, by)
	}
	for _, ref := range References(props) {
		add(byRef, ref)
	}
	for _, uuid := range misp.Inside(props) {
		add(byRef, "attribute--"+uuid)
	}
	for _, w := range words(props) {
		add(byWord, w)
	}
	p.Terms = make([]int64, 0, len(set))
	for t := range set {
		p.Terms = append(p.Terms, t)
	}
	return p, nil
}

func madeAt(props map[string]any, otherwise int64) int64 {
	t, err := stix.ParseTimestamp(text(props["created"]))
	if err != nil {
		return otherwise
	}
	return t.UnixMicro()
}

// names are the properties all of whose words find an object; of prose only
// the first words do.
var (
	names = []string{"name", "aliases", "x_mitre_aliases", "labels", "value", "path", "abstract", "contact_information", "authors", "goals", "primary_motivation"}
	prose = []string{"description", "content", "explanation", "statement"}
)

func words(props map[string]any) []string {
	var short, long []string
	for _, n := range names {
		short = append(short, texts(props[n])...)
	}
	for _, r := range list(props["external_references"]) {
		if ref, ok := r.(map[string]any); ok {
			short = append(short, text(ref["external_id"]))
		}
	}
	for _, n := range prose {
		long = append(long, texts(props[n])...)
	}
	out := tokenise.Index(strings.Join(short, "\n"), maxNameWords)
	return append(out, tokenise.Index(strings.Join(long, "\n"), maxBodyWords)...)
}

// phases returns the kill-chain phases of an object, written chain/phase.
func phases(props map[string]any) (out []string) {
	for _, v := range list(props["kill_chain_phases"]) {
		if m, ok := v.(map[string]any); ok && len(out) < maxPhases {
			out = append(out, text(m["kill_chain_name"])+"/"+text(m["phase_name"]))
		}
	}
	return out
}

// References returns the ids an object refers to, each once and sorted, but
// neither its creator nor its markings.
func References(props map[string]any) []string {
	var out []string
	eachRef(props, func(name, id string) {
		if name != "created_by_ref" && name != "object_marking_refs" && name != "marking_ref" && len(out) < maxRefs {
			out = append(out, id)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// eachRef calls fn for each reference in v with the property it stands in.
func eachRef(v any, fn func(name, id string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			switch {
			case strings.HasSuffix(name, "_ref"):
				if id := text(x); id != "" {
					fn(name, id)
				}
			case strings.HasSuffix(name, "_refs"):
				for _, id := range texts(x) {
					fn(name, id)
				}
			default:
				eachRef(x, fn)
			}
		}
	case []any:
		for _, x := range v {
			eachRef(x, fn)
		}
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// texts returns a text, or the texts of a list.
func texts(v any) []string {
	if s := text(v); s != "" {
		return []string{s}
	}
	var out []string
	for _, x := range list(v) {
		if s := text(x); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// instant turns stored microseconds into a time.
func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// RefTerm is the term of what refers to the object id, TypeTerm that of the
// objects of a type, for questions to the index from elsewhere.
func RefTerm(id string) int64 { return store.Term(byRef, id) }

// TypeTerm is described with RefTerm.
func TypeTerm(typ string) int64 { return store.Term(byType, typ) }

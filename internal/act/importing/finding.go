package importing

import (
	"cmp"
	"slices"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Finding is what was found in an upload: what an import would do now. It is
// as its person may see it: what is stored and hidden from that person is not
// spoken of.
type Finding struct {
	Read    int `json:"read"`
	New     int `json:"new"`
	Same    int `json:"same"`
	Updated int `json:"updated"`
	Refused int `json:"refused"`

	Types     []TypeCount      `json:"types,omitempty"`
	First     []Row            `json:"first,omitempty"` // the first objects
	Refusals  []intake.Refusal `json:"refusals,omitempty"`
	Remarks   []intake.Refusal `json:"remarks,omitempty"`
	Remarked  int              `json:"remarked,omitempty"` // how many objects have one
	Problems  []intake.Refusal `json:"problems,omitempty"` // what could not be understood of the input
	Faults    int              `json:"faults,omitempty"`   // how many there were
	LeftOut   int              `json:"left_out,omitempty"`
	Markings  []MarkCount      `json:"markings,omitempty"`
	Gates     []GateFinding    `json:"gates,omitempty"`
	Losses    []Loss           `json:"losses,omitempty"`
	Hits      []HitCount       `json:"hits,omitempty"`
	Listed    int              `json:"listed,omitempty"` // objects that a warning list names
	Broken    string           `json:"broken,omitempty"` // where the input stopped making sense
	Unmarked  int              `json:"unmarked,omitempty"`
	ListFault []string         `json:"list_fault,omitempty"` // entries of warning lists that cannot be read
	// Sponsor is the organisation whose officer looks first at what the industry
	// member brings whose upload it is; "" for none.
	Sponsor string `json:"sponsor,omitempty"`
}

// TypeCount is how many objects of a type there are, and which kind agreements
// know them as.
type TypeCount struct {
	Type  string `json:"type"`
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// Row is one of the first objects.
type Row struct {
	Place   int    `json:"place"`
	ID      string `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	Value   string `json:"value,omitempty"`
	TLP     string `json:"tlp"`
	Outcome string `json:"outcome"`
}

// MarkCount is how many objects would carry a marking.
type MarkCount struct {
	TLP     string   `json:"tlp"`
	PAP     string   `json:"pap"`
	Unknown []string `json:"unknown,omitempty"` // words about handling that nobody understands
	Count   int      `json:"count"`
}

// GateFinding is what the gate of an agreement would do with the objects.
type GateFinding struct {
	Agreement ident.Agreement `json:"agreement"`
	Lines     []release.Line  `json:"lines,omitempty"`
	Why       string          `json:"why,omitempty"` // there is no gate: no version is in force
	// Outlook is there when an industry member brings it.
	Outlook *release.Outlook `json:"outlook,omitempty"`
}

// Loss is what a partner has and would be asked to give back, since its new
// marking keeps it from there.
type Loss struct {
	Agreement ident.Agreement `json:"agreement"`
	Partner   ident.Side      `json:"partner"`
	Objects   int             `json:"objects"`
	IDs       []string        `json:"ids"` // the first of them
}

// HitCount is what one warning list names.
type HitCount struct {
	List     string   `json:"list"`
	Count    int      `json:"count"`
	Examples []string `json:"examples,omitempty"`
}

// Bounds of a finding.
const (
	maxFirst    = 25
	maxShown    = 200
	maxExamples = 5
	maxLost     = 20 // ids of a Loss
	maxSeen     = 500_000
)

// survey gathers a Finding.
type survey struct {
	f      Finding
	lists  *warninglist.Set
	types  map[string]int
	labels map[string]*release.Counted // by their canonical bytes
	member bool                        // an industry member brings it
	hits   map[string]*HitCount
	seen   map[ident.Digest]struct{} // id and bytes of what was new already
	lost   map[string]bool           // agreement and id of what is in a Loss
	conv   *Conversion
}

func newSurvey(conv *Conversion, lists *warninglist.Set) *survey {
	return &survey{
		lists: lists, types: map[string]int{}, labels: map[string]*release.Counted{}, hits: map[string]*HitCount{},
		seen: map[ident.Digest]struct{}{}, lost: map[string]bool{}, conv: conv,
	}
}

// take counts one object.
func (s *survey) take(it *intake.Item, f intake.Foreseen) {
	s.f.Read++
	place := s.conv.Place(it.Position)
	if f.Outcome == intake.Refused {
		s.f.Refused++
		if len(s.f.Refusals) < maxShown {
			s.f.Refusals = append(s.f.Refusals, intake.Refusal{Position: place, ID: clipped(f.ID), Reason: f.Reason})
		}
		return
	}
	key := ident.Sum([]byte(f.ID), []byte{0}, it.Digest[:])
	if _, again := s.seen[key]; again && f.Outcome != intake.Same {
		f.Outcome = intake.Same
	} else if len(s.seen) < maxSeen {
		s.seen[key] = struct{}{}
	}
	switch f.Outcome {
	case intake.Added:
		s.f.New++
	case intake.Updated:
		s.f.Updated++
	case intake.Same:
		s.f.Same++
	case intake.Refused: // counted above
	}
	s.types[it.Object.Type]++
	s.label(it, f)
	s.remark(it, f, place)
	listed := s.listed(it)
	if len(s.f.First) < maxFirst && it.Object.Type != "marking-definition" {
		s.f.First = append(s.f.First, row(it, f, place))
	}
	if listed {
		s.f.Listed++
	}
}

func (s *survey) label(it *intake.Item, f intake.Foreseen) {
	key := string(f.Label.Canonical())
	c := s.labels[key]
	if c == nil {
		c = &release.Counted{Label: f.Label}
		s.labels[key] = c
	}
	c.Objects++
	c.Bytes += int64(len(it.Object.Raw))
}

// changes are those of foreseen objects that somebody may lose by.
func changes(seen []intake.Foreseen) (out []release.Change) {
	for _, f := range seen {
		if f.Changes {
			out = append(out, release.Change{ID: f.ID, Label: f.Label})
		}
	}
	return out
}

// loses adds what would be called back.
func (s *survey) loses(list []release.Loss) {
	for _, l := range list {
		i := slices.IndexFunc(s.f.Losses, func(x Loss) bool { return x.Agreement == l.Agreement })
		if i < 0 {
			i = len(s.f.Losses)
			s.f.Losses = append(s.f.Losses, Loss{Agreement: l.Agreement, Partner: l.Partner, IDs: []string{}})
		}
		at := &s.f.Losses[i]
		for _, id := range l.IDs {
			key := string(l.Agreement) + " " + id
			if s.lost[key] {
				continue
			}
			s.lost[key] = true
			if at.Objects++; len(at.IDs) < maxLost {
				at.IDs = append(at.IDs, id)
			}
		}
	}
}

func (s *survey) remark(it *intake.Item, f intake.Foreseen, place int) {
	text := f.Remark
	if text == "" && len(it.Object.Warnings) > 0 {
		text = it.Object.Warnings[0].String()
	}
	if text == "" {
		return
	}
	s.f.Remarked++
	if len(s.f.Remarks) < maxShown {
		s.f.Remarks = append(s.f.Remarks, intake.Refusal{Position: place, ID: f.ID, Reason: text})
	}
}

// listed counts what warning lists say of an object.
func (s *survey) listed(it *intake.Item) bool {
	if s.lists == nil {
		return false
	}
	found := false
	for _, v := range it.Values {
		for _, hit := range s.lists.Hits(v) {
			found = true
			h := s.hits[hit.List]
			if h == nil {
				h = &HitCount{List: hit.List}
				s.hits[hit.List] = h
			}
			h.Count++
			if text := clipped(v.Text); len(h.Examples) < maxExamples && !slices.Contains(h.Examples, text) {
				h.Examples = append(h.Examples, text)
			}
		}
	}
	return found
}

// row shows an object in one line.
func row(it *intake.Item, f intake.Foreseen, place int) Row {
	r := Row{Place: place, ID: f.ID, Type: it.Object.Type, TLP: f.Label.TLP.Name(), Outcome: string(f.Outcome)}
	if len(f.Label.Unknown) > 0 {
		r.TLP = "unknown"
	}
	if len(it.Values) > 0 {
		r.Value = clipped(it.Values[0].Text)
	}
	props, err := canon.View(it.Object.Raw)
	if err != nil {
		return r
	}
	for _, name := range []string{"name", "value", "pattern", "relationship_type", "abstract", "x_misp_value", "opinion", "content", "path", "key", "subject"} {
		if s, ok := props[name].(string); ok && s != "" {
			r.Title = clipped(s)
			break
		}
	}
	return r
}

func clipped(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// finish works out what concerns all objects together.
func (s *survey) finish(tx *store.Tx, releases *release.Releases, account string) error {
	if err := s.sponsor(tx, account); err != nil {
		return err
	}
	for typ, n := range s.types {
		s.f.Types = append(s.f.Types, TypeCount{typ, marking.KindOf(typ), n})
	}
	slices.SortFunc(s.f.Types, func(a, b TypeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type))
	})
	for _, h := range s.hits {
		s.f.Hits = append(s.f.Hits, *h)
	}
	slices.SortFunc(s.f.Hits, func(a, b HitCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.List, b.List)) })
	var all []release.Counted
	for _, c := range s.labels {
		all = append(all, *c)
	}
	s.markings(all)
	found := s.conv.Found()
	s.f.Problems, s.f.Faults, s.f.LeftOut = found.Problems[:min(len(found.Problems), maxShown)], found.Faults, found.LeftOut
	return s.gates(tx, releases, all)
}

// sponsor finds out whether an industry member brings it, and under whom.
func (s *survey) sponsor(tx *store.Tx, account string) error {
	o, is, err := people.Membership(tx, account)
	if err != nil || !is {
		return err
	}
	s.member = true
	if o.Sponsor == "" || !o.Look {
		return nil
	}
	sponsor, err := tx.Organisation(o.Sponsor)
	s.f.Sponsor = sponsor.Name
	return err
}

// markings counts objects by what is said of their handling.
func (s *survey) markings(all []release.Counted) {
	counts := map[string]*MarkCount{}
	for _, c := range all {
		m := MarkCount{TLP: c.Label.TLP.Name(), PAP: c.Label.PAP.Name(), Unknown: c.Label.Unknown}
		key := strings.Join(append([]string{m.TLP + " " + m.PAP}, m.Unknown...), "\x00")
		if counts[key] == nil {
			counts[key] = &m
		}
		counts[key].Count += int(c.Objects)
		if c.Label.TLP == marking.NoTLP || len(m.Unknown) > 0 {
			s.f.Unmarked += int(c.Objects)
		}
	}
	for _, m := range counts {
		s.f.Markings = append(s.f.Markings, *m)
	}
	slices.SortFunc(s.f.Markings, func(a, b MarkCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.TLP, b.TLP), cmp.Compare(a.PAP, b.PAP), slices.Compare(a.Unknown, b.Unknown))
	})
	s.f.Markings = s.f.Markings[:min(len(s.f.Markings), maxShown)]
}

// gates asks the gate of each agreement.
func (s *survey) gates(tx *store.Tx, releases *release.Releases, all []release.Counted) error {
	ids, err := tx.Agreements()
	if err != nil {
		return err
	}
	for _, id := range ids {
		g := GateFinding{Agreement: id}
		g.Lines, err = releases.Would(tx, id, all)
		if err == nil && s.member {
			var o release.Outlook
			o, err = releases.Outlook(tx, id, all)
			g.Outlook = &o
		}
		switch {
		case fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied):
			g.Why = fault.Message(err)
		case err != nil:
			return err
		}
		s.f.Gates = append(s.f.Gates, g)
	}
	return nil
}

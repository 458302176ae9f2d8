package library

import (
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/search"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang/tokenise"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Bounds of a search.
const (
	// CountTo is up to which number what was found is counted.
	CountTo = 1000
	// MaxPage is the largest page.
	MaxPage = 500

	maxQueryWords = 32
	maxValueHits  = 5000
)

// Filter says what is looked for; the zero Filter is everything. Of a list one
// must fit, and all that is set must.
type Filter struct {
	Text    string // words in names, labels, identifiers and the beginning of descriptions; or a value or an id
	Value   string // an observable value, defanged or not
	Types   []string
	TLPs    []marking.TLP
	PAPs    []marking.PAP
	Origins []ident.Side
	Sectors []string
	Phases  []string // chain/phase
	Creator string   // id of the identity that created it
	Refers  string   // id of an object it refers to
	Revoked bool     // only what was revoked
	Clock   string   // which time From and Until bound: store.Received, Created or Modified; "" is Received
	From    time.Time
	Until   time.Time
	Order   string // as Clock
	Also    bool   // Row.Also is told
	Oldest  bool   // first
}

// Row is one object of a list.
type Row struct {
	Seq                         int64
	ID, Type, Name              string
	Label                       marking.Label
	Created, Modified, Received time.Time
	Creator                     string // id of an identity
	Phases, Labels, Sectors     []string
	Pattern                     string // of an indicator
	Revoked                     bool
	Confidence                  int // 0 when it says none
	Also                        int // others that say the same, at most AlsoTo; see Filter.Also
}

// Page is a page of what was found.
type Page struct {
	Rows  []Row
	Next  store.Place
	Count int   // at most CountTo
	More  bool  // there are more than Count
	Late  int64 // at least so many newer versions, of those the class may see, cannot be found yet
	// Beyond says that more objects name the value than are looked at.
	Beyond bool
}

// Search returns one page of what f looks for, for readers of a class.
func (l *Library) Search(ctx context.Context, h *store.Handle, by people.Actor, class int64, f Filter, after store.Place, limit int) (p Page, err error) {
	if err := by.May(people.Read); err != nil {
		return Page{}, err
	}
	limit = max(1, min(limit, MaxPage))
	q := store.Sought{Class: class, After: after, Limit: limit, CountTo: CountTo}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if p.Late, err = tx.Unindexed(class); err != nil {
			return err
		}
		sought, ok, err := l.sought(tx, f, &p, q)
		if err != nil || !ok {
			return err
		}
		m, err := tx.Match(sought)
		if err != nil {
			return err
		}
		p.Next, p.Count, p.More = m.Next, m.Count, m.More
		shown, err := tx.Shown(class, m.Seqs)
		if err != nil {
			return err
		}
		if p.Rows, err = l.rowsOf(shown); err != nil || !f.Also {
			return err
		}
		return l.tellAlso(tx, class, p.Rows, shown)
	})
	return p, err
}

// sought turns f into what the store looks for; ok is false when nothing can
// fit.
func (l *Library) sought(tx *store.Tx, f Filter, p *Page, q store.Sought) (store.Sought, bool, error) {
	q.Order, q.Oldest = f.Order, f.Oldest
	if q.Order == "" {
		q.Order = store.Received
	}
	if !f.From.IsZero() || !f.Until.IsZero() {
		s := store.Span{Name: f.Clock}
		if s.Name == "" {
			s.Name = store.Received
		}
		if !f.From.IsZero() {
			s.From = f.From.UnixMicro()
		}
		if !f.Until.IsZero() {
			s.To = f.Until.UnixMicro()
		}
		q.Spans = append(q.Spans, s)
	}
	anyOf := func(kind string, values []string) {
		if len(values) == 0 {
			return
		}
		var g store.Group
		for _, v := range values {
			g.Terms = append(g.Terms, store.Term(kind, v))
		}
		q.Groups = append(q.Groups, g)
	}
	anyOf(byType, f.Types)
	anyOf(byPhase, f.Phases)
	anyOf(byCreator, some(f.Creator))
	anyOf(byRef, some(f.Refers))
	if f.Revoked {
		anyOf(byFlag, []string{flagRevoked})
	}
	if err := l.byLabel(tx, f, &q); err != nil {
		return q, false, err
	}
	if f.Value != "" {
		g, beyond, err := l.naming(tx, q.Class, f.Value)
		if err != nil {
			return q, false, err
		}
		p.Beyond = beyond
		q.Groups = append(q.Groups, g)
	}
	return l.byText(tx, f.Text, p, q)
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// byLabel narrows q to the labels that fit f.
func (l *Library) byLabel(tx *store.Tx, f Filter, q *store.Sought) error {
	if len(f.TLPs)+len(f.PAPs)+len(f.Origins)+len(f.Sectors) == 0 {
		return nil
	}
	stored, err := tx.Labels()
	if err != nil {
		return err
	}
	sector := store.Group{}
	for _, s := range f.Sectors {
		sector.Terms = append(sector.Terms, store.Term(bySector, strings.ToLower(s)))
	}
	fits := []int64{}
	for _, s := range stored {
		m, err := l.label(s.Resolved)
		if err != nil {
			return err
		}
		if len(f.TLPs) > 0 && !slices.Contains(f.TLPs, m.TLP) || len(f.PAPs) > 0 && !slices.Contains(f.PAPs, m.PAP) ||
			len(f.Origins) > 0 && !slices.Contains(f.Origins, m.Origin) {
			continue
		}
		fits = append(fits, s.ID)
		if slices.ContainsFunc(m.Sectors, func(c string) bool { return slices.Contains(f.Sectors, c) }) {
			sector.Labels = append(sector.Labels, s.ID)
		}
	}
	if len(f.TLPs)+len(f.PAPs)+len(f.Origins) > 0 {
		q.Labels = fits
	}
	if len(f.Sectors) > 0 {
		q.Groups = append(q.Groups, sector)
	}
	return nil
}

// byText adds what a person typed: an id, or words, or a value.
func (l *Library) byText(tx *store.Tx, typed string, p *Page, q store.Sought) (store.Sought, bool, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return q, true, nil
	}
	if stix.ValidID(typed) {
		known, err := tx.Known([]string{typed})
		g := store.Group{}
		for _, v := range known[typed] {
			g.Objects = append(g.Objects, v.Seq)
		}
		q.Groups = append(q.Groups, g)
		return q, true, err
	}
	var named store.Group
	if v, err := ioc.Guess(typed); err == nil && !strings.ContainsAny(typed, " \t") {
		var beyond bool
		if named, beyond, err = l.naming(tx, q.Class, v.Text); err != nil {
			return q, false, err
		}
		p.Beyond = p.Beyond || beyond
		if err := l.around(tx, q.Class, typed, &named); err != nil {
			return q, false, err
		}
	}
	words := tokenise.Query(typed, maxQueryWords)
	if len(words) == 0 {
		q.Groups = append(q.Groups, named)
		return q, len(named.Objects) > 0, nil
	}
	if len(named.Objects) > 0 { // a value somebody names: the words of it find no more than noise
		q.Groups = append(q.Groups, named)
		return q, true, nil
	}
	for _, w := range words {
		q.Groups = append(q.Groups, store.Group{Terms: []int64{store.Term(byWord, w)}})
	}
	return q, true, nil
}

// naming returns the versions that name a value; it holds for nothing when the
// value is not understood.
func (l *Library) naming(tx *store.Tx, class int64, value string) (g store.Group, beyond bool, err error) {
	v, err := ioc.Guess(value)
	if err != nil {
		return g, false, nil //nolint:nilerr // what is no value is named by nothing
	}
	err = tx.Find([]store.Key{{Kind: v.Kind.String(), Value: v.Text}}, class, func(f store.Found) error {
		if len(g.Objects) == maxValueHits {
			beyond = true
			return store.Stop
		}
		g.Objects = append(g.Objects, f.Object)
		return nil
	})
	return g, beyond, err
}

// around adds the versions that name what contains the value, or lies in it:
// networks, parent domains, hosts.
func (l *Library) around(tx *store.Tx, class int64, value string, g *store.Group) error {
	answers, err := l.c.Search.In(tx, class, []string{value})
	if err != nil {
		return err
	}
	for _, hit := range answers[0].Hits {
		if hit.Relation != search.Exact {
			g.Objects = append(g.Objects, hit.Object)
		}
	}
	return nil
}

// rows returns what a list shows of versions.
func (l *Library) rows(tx *store.Tx, class int64, seqs []int64) ([]Row, error) {
	shown, err := tx.Shown(class, seqs)
	if err != nil {
		return nil, err
	}
	return l.rowsOf(shown)
}

func (l *Library) rowsOf(shown []store.Shown) (out []Row, err error) {
	out = make([]Row, len(shown))
	for i, s := range shown {
		if out[i], err = l.row(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// CheckOrder returns fault.Invalid unless name is one of the times.
func CheckOrder(name string) error {
	if !slices.Contains([]string{"", store.Received, store.Created, store.Modified}, name) {
		return fault.Errorf(fault.Invalid, "time %.40q: want received, created or modified", name)
	}
	return nil
}

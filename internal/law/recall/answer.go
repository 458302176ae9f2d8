package recall

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Outcome is what the receiver did about one id.
type Outcome string

// The outcomes.
const (
	Quarantined Outcome = "quarantined" // it was here, and nobody reads it any more
	Erased      Outcome = "erased"      // it was here, and its content is gone
	NeverHad    Outcome = "never-had"   // it is not here; when it comes, it is quarantined
	Replaced    Outcome = "replaced"    // only newer versions are here
	Own         Outcome = "own"         // the receiver has it from elsewhere, and goes on
	Restored    Outcome = "restored"    // the recall was lifted, and it is read again
)

// Outcomes returns every outcome.
func Outcomes() []Outcome {
	return []Outcome{Quarantined, Erased, NeverHad, Replaced, Own, Restored}
}

// State is how far an edge is.
type State string

// The states.
const (
	Done    State = "done"
	Pending State = "pending"
	Cannot  State = "cannot"
)

// Edge is what became of it at one edge of the receiver.
type Edge struct {
	Name  string `json:"edge"`
	State State  `json:"state"`
	Count int    `json:"count"` // of objects, readers or receivers; what Note says
	// Note says in a code what was counted or could not be done.
	Note string `json:"note,omitempty"`
}

// Notes of edges.
const (
	NoteRevoked = "revoked-version-served" // readers of the collection get a version that says revoked
	NoteRemoved = "removed"                // it is not served any more; its type has no revoked
	NoteReads   = "people-who-read-it"
	NoteExports = "people-who-exported-it"
	NoteThird   = "recalled-there-too"
	NoteFetch   = "gone-from-the-next-fetch"          // what asks anew gets it no more
	NoteFetched = "programs-that-fetched-it"          // what they keep is theirs
	NoteTold    = "receivers-told"                    // that it was called back
	NoteTelling = "receivers-to-be-told"              // and not reached yet
	NoteUntold  = "receivers-that-may-have-it-untold" // paused, or not subscribed to recalls
)

// Names of the edges that a node of this kind has. That of a third side is
// EdgeThird, a hyphen and the side.
const (
	EdgeSearch   = "search"
	EdgeTAXII    = "taxii"
	EdgeMISP     = "misp"
	EdgeFeeds    = "feeds"
	EdgeWebhooks = "webhooks"
	EdgeReaders  = "people"
	EdgeExports  = "exports"
	EdgeThird    = "third-side"
)

// Edges returns the names, and Notes the codes, that have words of their own.
func Edges() []string {
	return []string{EdgeSearch, EdgeTAXII, EdgeMISP, EdgeFeeds, EdgeWebhooks, EdgeReaders, EdgeExports, EdgeThird}
}

// Notes returns the codes that say what was counted at an edge.
func Notes() []string {
	return []string{NoteRevoked, NoteRemoved, NoteReads, NoteExports, NoteThird, NoteFetch, NoteFetched, NoteTold, NoteTelling, NoteUntold}
}

// Answer is what the receiver did about one recall.
type Answer struct {
	ID     string // of the message
	Recall string // id of the recall's message
	Items  map[Outcome][]string
	Edges  []Edge
	// Lifted says that it answers the lifting of the recall.
	Lifted            bool
	Created, Modified time.Time
}

type answerWire struct {
	Created     string               `json:"created"`
	Edges       []Edge               `json:"edges,omitempty"`
	ID          string               `json:"id"`
	Items       map[Outcome][]string `json:"items"`
	Lifted      bool                 `json:"lifted,omitempty"`
	Modified    string               `json:"modified"`
	Recall      string               `json:"recall"`
	SpecVersion string               `json:"spec_version"`
	Type        string               `json:"type"`
}

// Encode returns the answer as an object, or fault.Invalid.
func (a Answer) Encode() ([]byte, error) {
	a = a.sorted()
	if err := a.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(answerWire{
		Created: stamp(a.Created), Edges: a.Edges, ID: a.ID, Items: a.Items, Lifted: a.Lifted, Modified: stamp(a.Modified), Recall: a.Recall, SpecVersion: "2.1", Type: AnswerType,
	})
}

// ParseAnswer reads an answer strictly, or returns fault.Invalid.
func ParseAnswer(raw []byte) (Answer, error) {
	var w answerWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Answer{}, fault.Errorf(fault.Invalid, "answer to a recall: %w", err)
	}
	a := Answer{ID: w.ID, Recall: w.Recall, Items: w.Items, Edges: w.Edges, Lifted: w.Lifted}
	var err error
	if a.Created, err = instant("created", w.Created); err != nil {
		return Answer{}, err
	}
	if a.Modified, err = instant("modified", w.Modified); err != nil {
		return Answer{}, err
	}
	if w.Type != AnswerType {
		return Answer{}, fault.Errorf(fault.Invalid, "answer to a recall: type %.40q", w.Type)
	}
	return a, a.check()
}

// maxEdges bounds the edges of an answer, and maxWord their words.
const (
	maxEdges = 64
	maxWord  = 60
)

func (a Answer) check() error {
	if !ident.IsObjectOf(a.ID, AnswerType) || !ident.IsObject(a.Recall) {
		return fault.New(fault.Invalid, "answer to a recall: its id, or what it answers, is none")
	}
	n := 0
	for o, ids := range a.Items {
		if !slices.Contains(Outcomes(), o) {
			return fault.Errorf(fault.Invalid, "answer to a recall: outcome %.40q is not known", string(o))
		}
		n += len(ids)
	}
	if n == 0 || n > MaxIDs || len(a.Edges) > maxEdges {
		return fault.Errorf(fault.Invalid, "answer to a recall: it speaks of %d ids and %d edges", n, len(a.Edges))
	}
	for _, e := range a.Edges {
		if e.State != Done && e.State != Pending && e.State != Cannot || !word(e.Name) || e.Note != "" && !word(e.Note) || e.Count < 0 {
			return fault.Errorf(fault.Invalid, "answer to a recall: edge %.40q is not understood", e.Name)
		}
	}
	return nil
}

func word(s string) bool {
	return s != "" && len(s) <= maxWord && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Answers reports whether a answers each id of r, and nothing else, once.
func (a Answer) Answers(r Recall) bool {
	var all []string
	for _, ids := range a.Items {
		all = append(all, ids...)
	}
	slices.Sort(all)
	want := slices.Sorted(slices.Values(r.IDs))
	return a.Recall == r.ID && slices.Equal(all, want)
}

// At returns what is said of one edge by state; of several lines of a state the
// sum.
func (a Answer) At(edge string) map[State]Edge {
	out := map[State]Edge{}
	for _, e := range a.Edges {
		if e.Name == edge {
			e.Count += out[e.State].Count
			out[e.State] = e
		}
	}
	return out
}

// Open reports whether something is still to be done at an edge.
func (a Answer) Open() bool {
	return slices.ContainsFunc(a.Edges, func(e Edge) bool { return e.State == Pending })
}

func (a Answer) sorted() Answer {
	items := make(map[Outcome][]string, len(a.Items))
	for o, ids := range a.Items {
		if len(ids) > 0 {
			items[o] = slices.Sorted(slices.Values(ids))
		}
	}
	a.Items = items
	a.Edges = slices.Clone(a.Edges)
	slices.SortFunc(a.Edges, func(x, y Edge) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Note, y.Note)) })
	return a
}

// Sum adds up what answers say of edges, in order of name: an edge is pending
// while one of them is, and could not where one could not.
func Sum(answers []Answer) (out []Edge) {
	at := map[[2]string]int{}
	for _, a := range answers {
		for _, e := range a.Edges {
			k := [2]string{e.Name, e.Note}
			i, ok := at[k]
			if !ok {
				i = len(out)
				at[k] = i
				out = append(out, Edge{Name: e.Name, Note: e.Note, State: Done})
			}
			out[i].Count += e.Count
			if out[i].State == Done || e.State == Pending {
				out[i].State = e.State
			}
		}
	}
	slices.SortFunc(out, func(x, y Edge) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Note, y.Note)) })
	return out
}

// The rungs that an open recall climbs. Nobody is blamed: a rung says who looks
// at it next.
const (
	Waits   = 0 // within the interval
	Contact = 1 // the points of contact
	Nodal   = 2 // the nodal ministries
	Agenda  = 3 // the next dialogue
)

// Rung says how far an open recall has climbed: one rung each interval. Where
// there is no interval it does not climb.
func Rung(asked, now time.Time, interval time.Duration) int {
	if interval <= 0 || !now.After(asked) {
		return Waits
	}
	return int(min(Agenda, now.Sub(asked)/interval))
}

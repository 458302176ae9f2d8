package recall

import (
	"slices"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// reach works out where the versions have gone.
func (s *selection) reach() error {
	seqs := make([]int64, len(s.plan.versions))
	id := make(map[int64]string, len(seqs))
	for i, v := range s.plan.versions {
		seqs[i], id[v.Seq] = v.Seq, v.ID
	}
	left, err := s.tx.LeftWith(seqs)
	if err != nil {
		return err
	}
	channels, err := s.tx.Channels()
	if err != nil {
		return err
	}
	gone := map[int64]bool{}
	for _, ch := range channels {
		reach := Reach{Agreement: ch.Agreement, Partner: ch.Partner, channel: ch}
		for _, l := range left {
			if l.Channel != ch.ID {
				continue
			}
			gone[l.Object] = true
			reach.IDs = append(reach.IDs, id[l.Object])
			if !slices.Contains(reach.Shipments, l.Number) {
				reach.Shipments = append(reach.Shipments, l.Number)
			}
		}
		if len(reach.IDs) == 0 || len(s.ask.Agreements) > 0 && !slices.Contains(s.ask.Agreements, ch.Agreement) {
			continue
		}
		reach.IDs = slices.Compact(slices.Sorted(slices.Values(reach.IDs)))
		if reach.Decision, err = s.r.mayRecall(s.tx, ch.Agreement); err != nil {
			return err
		}
		s.plan.Reach = append(s.plan.Reach, reach)
	}
	s.plan.Objects, s.plan.Versions, s.plan.Waiting = len(s.ids()), len(seqs), len(seqs)-len(gone)
	return nil
}

// mayRecall asks the gate about the recall itself.
func (r *Recalls) mayRecall(tx *store.Tx, a ident.Agreement) (gate.Decision, error) {
	g, err := r.releases.Gate(tx, a)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return gate.Decision{Sentence: fault.Message(err)}, nil
	}
	if err != nil {
		return gate.Decision{}, err
	}
	return g.Decide(ownMessage(r.self, a)), nil
}

func ownMessage(self ident.Side, a ident.Agreement) marking.Label {
	src := control(a)
	return marking.MakeLabel(marking.Terms{}, marking.Facts{Kind: marking.Control, Origin: self, DefaultTLP: src.DefaultTLP, Limits: src.Limits})
}

// home says what becomes of the objects here.
func (s *selection) home() error {
	s.plan.Home = HomeWithheld
	switch {
	case s.ask.narrowed:
		s.plan.Home = HomeKept
	case s.ask.Keep || len(s.ask.Agreements) > 0:
		s.plan.Home = HomeNarrowed
	}
	return nil
}

// codeNarrowed is the reason of a recall from those whom a narrower marking
// leaves out.
const codeNarrowed = "narrowed"

// served names the collections here that the versions are in.
func (s *selection) served() error {
	if s.plan.Home != HomeWithheld {
		return nil
	}
	seqs := make([]int64, len(s.plan.versions))
	for i, v := range s.plan.versions {
		seqs[i] = v.Seq
	}
	members, err := s.tx.MembersOf(seqs)
	if err != nil {
		return err
	}
	all, err := s.tx.Collections()
	for _, c := range all {
		if slices.ContainsFunc(members, func(m store.MemberOf) bool { return m.Collection == c.N }) {
			s.plan.Collections = append(s.plan.Collections, c.Title)
		}
	}
	return err
}

// sum is of everything that was shown.
func (p *Plan) sum() ident.Digest {
	parts := [][]byte{[]byte("twoseas/recall/plan/v1"), []byte(p.Kind), []byte(p.Code), []byte(p.Home)}
	for _, v := range p.versions {
		parts = append(parts, []byte(decimal(v.Seq)))
	}
	for _, reach := range p.Reach {
		parts = append(parts, []byte(reach.Agreement))
		for _, id := range reach.IDs {
			parts = append(parts, []byte(id))
		}
	}
	for i := range parts {
		parts[i] = append(parts[i], '\n')
	}
	return ident.Sum(parts...)
}

func typeOf(id string) string {
	typ, _, _ := strings.Cut(id, "--")
	return typ
}

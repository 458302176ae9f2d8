package verify_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

// Invariant 4 of DESIGN §2: evidence, not trust.

func TestAnyByteChangedInASmallExportIsFound(t *testing.T) {
	s := newStory(t)
	s.cross("in", 1)
	s.witness("in")
	good := s.export("in")
	wantSound(t, s.check(good))
	for i := range good {
		file := bytes.Clone(good)
		file[i] ^= 1 << (i % 8)
		if r := s.check(file); r.OK {
			t.Errorf("byte %d, %q, changed to %q and nobody noticed", i, good[i], file[i])
		}
	}
}

func TestAnyChangeOfAnExportIsFound(t *testing.T) {
	s := usual(t)
	files := map[ident.Side][]byte{"in": s.export("in"), "jp": s.export("jp")}
	keys := s.keys()
	rapid.Check(t, func(rt *rapid.T) {
		side := rapid.SampledFrom([]ident.Side{"in", "jp"}).Draw(rt, "file")
		good := files[side]
		i := rapid.IntRange(0, len(good)-1).Draw(rt, "at")
		file := bytes.Clone(good)
		switch rapid.SampledFrom([]string{"change", "insert", "delete", "cut"}).Draw(rt, "what") {
		case "change":
			file[i] ^= byte(rapid.IntRange(1, 255).Draw(rt, "flip"))
		case "insert":
			file = append(file[:i:i], append([]byte{rapid.Byte().Draw(rt, "byte")}, good[i:]...)...)
		case "delete":
			file = append(file[:i:i], good[i+1:]...)
		case "cut":
			file = file[:i]
		}
		if bytes.Equal(file, good) {
			rt.Skip("the same")
		}
		if r := check(t, keys, file); r.OK {
			rt.Fatalf("nobody noticed:\n%s", text(t, r))
		}
	})
}

// TestAnyHonestHistoryVerifies lets the two sides do anything in any order.
func TestAnyHonestHistoryVerifies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStory(t)
		keyed := 0
		var road []func() // what is on its way, in order
		for range rapid.IntRange(0, 25).Draw(rt, "acts") {
			side := rapid.SampledFrom([]ident.Side{"in", "jp"}).Draw(rt, "side")
			switch rapid.SampledFrom([]string{"send", "deliver", "deliver", "witness", "rotate", "agree"}).Draw(rt, "act") {
			case "send":
				msg := s.send(side, 1+len(road)%3)
				road = append(road, func() {
					receipt := s.receive(msg)
					road = append(road, func() { s.logged(receipt, side) })
				})
			case "deliver":
				if len(road) > 0 {
					next := road[0]
					road = road[1:]
					next()
				}
			case "witness":
				s.witness(side)
			case "rotate":
				keyed++
				s.now = s.now.Add(1e9)
				s.rotate(side, string(rune('a'+keyed)))
				s.now = s.now.Add(1e9)
			case "agree":
				s.agree()
			}
		}
		s.dedupe()
		if r := s.check(s.export("in"), s.export("jp")); !r.OK {
			rt.Fatalf("not sound:\n%s", text(t, r))
		}
		for len(road) > 0 {
			next := road[0]
			road = road[1:]
			next()
		}
		s.witness("in")
		s.witness("jp")
		s.dedupe()
		if r := s.check(s.export("in"), s.export("jp")); !r.OK {
			rt.Fatalf("not sound at the end:\n%s", text(t, r))
		}
	})
}

// dedupe drops checkpoints of a size that a later one has too: an export
// holds one for each size.
func (s *story) dedupe() {
	for _, n := range s.nodes {
		var kept [][]byte
		for i, cp := range n.checkpoints {
			if i+1 == len(n.checkpoints) || size(s, cp) != size(s, n.checkpoints[i+1]) {
				kept = append(kept, cp)
			}
		}
		if len(kept) > 0 && size(s, kept[0]) == 0 && n.tree.Size() > 0 {
			kept = kept[1:]
		}
		n.checkpoints = kept
	}
}

func size(s *story, msg []byte) int64 {
	s.t.Helper()
	text, err := note.Text(msg)
	s.must(err)
	c, err := merkle.ParseCheckpoint(text)
	s.must(err)
	return c.Size
}

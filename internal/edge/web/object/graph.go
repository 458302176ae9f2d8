package object

import (
	"math"
	"strconv"
	"strings"

	"twoseas/internal/act/library"
	"twoseas/internal/edge/web/page"
)

// graph is an object among those it is related to, drawn by the server: each
// is a link, so that one walks it without scripts.
type graph struct {
	nodes []node
	edges []edge
	more  int // neighbours that are not drawn
	box   string
}

type node struct {
	x, y       int
	typ, text  string
	href, full string
	centre     bool
}

type edge struct {
	x1, y1, x2, y2 int
	tx, ty         int
	text           string
	out            bool // from the centre to the other
}

// Size of the drawing and of what is in it, in its own units.
const (
	width, height   = 900, 480
	nodeW, nodeH    = 168, 44
	maxNeighbours   = 14
	maxLabel        = 22
	ringX, ringY    = width/2 - nodeW/2 - 8, height/2 - nodeH/2 - 8
	centreX, centre = width / 2, height / 2
)

// neighbour is another object and how it is related.
type neighbour struct {
	id, typ, name, relation string
	out                     bool
}

// neighbours lists what an object is related to, each once: by relationships,
// by what it refers to, and by what refers to it.
func neighbours(q *page.Request, o library.Object) (out []neighbour) {
	seen := map[string]bool{o.ID: true}
	add := func(n neighbour) {
		if n.id != "" && !seen[n.id] {
			seen[n.id] = true
			out = append(out, n)
		}
	}
	for _, b := range o.Beside {
		if b.Type != "relationship" {
			continue
		}
		if n, ok := o.Names[b.Other]; ok {
			relation, _ := b.Props["relationship_type"].(string)
			add(neighbour{b.Other, n.Type, n.Name, relation, b.Outgoing})
		}
	}
	for _, r := range o.References {
		if n, ok := o.Names[r.ID]; ok && !strings.HasSuffix(r.Property, "marking_refs") && r.Property != "marking_ref" {
			text, _ := label(q, r.Property)
			add(neighbour{r.ID, n.Type, n.Name, text, true})
		}
	}
	for _, b := range o.Beside {
		if b.Type != "relationship" && !isAnswer(b.Type) {
			add(neighbour{b.ID, b.Type, b.Name, TypeName(q, b.Type), false})
		}
	}
	return out
}

// draw puts the object in the middle and its neighbours around it.
func draw(q *page.Request, o library.Object) graph {
	all := neighbours(q, o)
	if len(all) == 0 {
		return graph{}
	}
	shown := all[:min(len(all), maxNeighbours)]
	g := graph{more: len(all) - len(shown), box: "0 0 " + itoa(width) + " " + itoa(height)}
	start := -math.Pi / 2
	if len(shown) <= 2 { // side by side
		start, g.box = 0, "0 "+itoa(centre-nodeH)+" "+itoa(width)+" "+itoa(2*nodeH)
	}
	if len(shown) == 1 {
		g.box = itoa(centreX-nodeW) + " " + itoa(centre-nodeH) + " " + itoa(width-centreX+nodeW) + " " + itoa(2*nodeH)
	}
	for i, n := range shown {
		angle := start + 2*math.Pi*float64(i)/float64(len(shown))
		x, y := centreX+int(ringX*math.Cos(angle)), centre+int(ringY*math.Sin(angle))
		called := Called(q, n.id, n.typ, n.name)
		g.nodes = append(g.nodes, node{x: x, y: y, typ: TypeName(q, n.typ), text: shorten(called), full: called, href: Path(n.id)})
		// The word stands nearer to the neighbour, where lines are apart.
		g.edges = append(g.edges, edge{
			x1: centreX, y1: centre, x2: x, y2: y, tx: centreX + (x-centreX)*58/100, ty: centre + (y-centre)*58/100, text: shorten(n.relation), out: n.out,
		})
	}
	own := Called(q, o.ID, o.Type, o.Name)
	g.nodes = append(g.nodes, node{x: centreX, y: centre, typ: TypeName(q, o.Type), text: shorten(own), full: own, centre: true})
	return g
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxLabel {
		return string(r[:maxLabel-1]) + "…"
	}
	return s
}

// arrowed is the word on a line, with the way it goes.
func (e edge) arrowed() string {
	if e.out {
		return e.text + " →"
	}
	return "← " + e.text
}

func itoa(n int) string { return strconv.Itoa(n) }

func isAnswer(typ string) bool { return typ == "sighting" || typ == "opinion" || typ == "note" }

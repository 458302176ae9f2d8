package agreement

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// Bounds of a document's text.
const (
	MaxSize  = 256 << 10
	maxDepth = 12
	maxNodes = 20_000
)

// YAML is only a way to write JSON here: it is turned into JSON text first,
// and one strict decoder reads that. lines remembers where each value stood.
type yamlText struct {
	json  []byte
	lines map[string]int // by JSON pointer
	nodes int
}

// toJSON returns the JSON of one YAML document. Anchors, aliases, tags, merge
// keys, a key given twice, several documents in a file and values that are
// neither text, whole number nor true or false are refused.
func toJSON(src []byte) (*yamlText, error) {
	if len(src) > MaxSize {
		return nil, fault.Errorf(fault.TooLarge, "agreement: %d bytes, want at most %d", len(src), MaxSize)
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var root, next yaml.Node
	if err := dec.Decode(&root); err != nil {
		return nil, syntax(err)
	}
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, fault.Errorf(fault.Invalid, "agreement: line %d: a second document in the file", next.Line)
	}
	y := &yamlText{lines: map[string]int{}}
	if root.Kind != yaml.DocumentNode || len(root.Content) != 1 {
		return nil, fault.New(fault.Invalid, "agreement: line 1: no document")
	}
	if err := y.value(root.Content[0], "", 0); err != nil {
		return nil, err
	}
	return y, nil
}

func syntax(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "agreement: line 1: the file is empty")
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if !strings.Contains(text, "line ") {
		text = "line 1: " + text
	}
	return fault.New(fault.Invalid, "agreement: "+text)
}

func refuse(n *yaml.Node, at, text string) error {
	return fault.New(fault.Invalid, "agreement: "+place(n.Line, at)+text)
}

// place says where: "line 12: rules[2].when: ".
func place(line int, pointer string) string {
	out := ""
	if line > 0 {
		out = fmt.Sprintf("line %d: ", line)
	}
	if p := path(pointer); p != "" {
		out += p + ": "
	}
	return out
}

// path turns a JSON pointer into what people write: rules[2].when.tlp.
func path(pointer string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return b.String()
}

func (y *yamlText) value(n *yaml.Node, at string, depth int) error {
	y.nodes++
	y.lines[at] = n.Line
	switch {
	case depth > maxDepth:
		return refuse(n, at, "nested too deep")
	case y.nodes > maxNodes:
		return refuse(n, at, "too many values in the document")
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return refuse(n, at, "anchors and aliases are not allowed")
	case n.Style&yaml.TaggedStyle != 0:
		return refuse(n, at, "tags are not allowed")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return y.mapping(n, at, depth)
	case yaml.SequenceNode:
		return y.sequence(n, at, depth)
	case yaml.ScalarNode:
		return y.scalar(n, at)
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return refuse(n, at, "not understood")
}

func (y *yamlText) mapping(n *yaml.Node, at string, depth int) error {
	seen := map[string]bool{}
	y.json = append(y.json, '{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" || key.Anchor != "" {
			return refuse(key, at, "a field's name must be a plain text")
		}
		if seen[key.Value] {
			return refuse(key, at, strconv.Quote(key.Value)+" appears twice")
		}
		seen[key.Value] = true
		if i > 0 {
			y.json = append(y.json, ',')
		}
		y.json = append(canon.AppendString(y.json, key.Value), ':')
		child := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key.Value)
		if err := y.value(val, child, depth+1); err != nil {
			return err
		}
		y.lines[child] = key.Line
	}
	y.json = append(y.json, '}')
	return nil
}

func (y *yamlText) sequence(n *yaml.Node, at string, depth int) error {
	y.json = append(y.json, '[')
	for i, e := range n.Content {
		if i > 0 {
			y.json = append(y.json, ',')
		}
		if err := y.value(e, at+"/"+strconv.Itoa(i), depth+1); err != nil {
			return err
		}
	}
	y.json = append(y.json, ']')
	return nil
}

var wholeRE = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})$`)

func (y *yamlText) scalar(n *yaml.Node, at string) error {
	switch tag := n.ShortTag(); {
	case tag == "!!str", tag == "!!timestamp":
		y.json = canon.AppendString(y.json, n.Value)
	case tag == "!!int" && wholeRE.MatchString(n.Value),
		tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		y.json = append(y.json, n.Value...)
	case tag == "!!null":
		return refuse(n, at, "no value")
	default:
		return refuse(n, at, strconv.Quote(n.Value)+": put a text in quotes; numbers must be whole")
	}
	return nil
}

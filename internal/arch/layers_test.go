package arch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// layers is the house from the ground up: a package imports only what stands
// on its own floor or below.
var layers = map[string]int{"base": 0, "law": 1, "format": 1, "store": 2, "act": 3, "edge": 4, "node": 5, "demo": 6, "cli": 7}

// along lists which room of act may import which; what follows from the list
// is allowed too. Every act may ask who does it, and with which key.
var along = map[string][]string{
	"accord":       {"ledger"},
	"audit":        {"ledger"},
	"pairing":      {"ledger"},
	"release":      {"accord", "intake", "ledger"}, // redaction makes objects, which come in like any other
	"collection":   {"intake"},
	"exchange":     {"release", "intake", "ledger"},
	"session":      {},
	"importing":    {"release", "intake"},
	"feed":         {"intake"},
	"hook":         {},
	"notice":       {},
	"recall":       {"exchange"},
	"onward":       {"exchange"},
	"members":      {"accord", "exchange"},
	"request":      {"accord", "exchange"},
	"coordination": {"accord", "exchange", "notice"},
	"incident":     {"accord", "release", "intake", "library"},
	"contact":      {"accord", "exchange"},
	"erasure":      {"recall"},
	"library":      {"exchange", "release", "search"},
	"event":        {"intake", "library", "collection"},
	"answer":       {"intake", "ledger", "library"},
	"office":       {"release"},
	"exercise":     {"release"},
	"offline":      {"exchange", "pairing"},
	"matching":     {"release"},
}

// evidence is what the auditor's tool is made of.
var evidence = []string{
	"twoseas/cmd/twoseas-verify",
	"twoseas/internal/base/fault", "twoseas/internal/base/ident",
	"twoseas/internal/law/note", "twoseas/internal/law/merkle", "twoseas/internal/law/shipment", "twoseas/internal/law/verify",
}

// outside is the machine: what pure packages never touch.
var outside = []string{"net/http", "net", "database/sql", "os", "os/exec", "os/signal", "log", "log/slog", "context", "math/rand", "math/rand/v2"}

// reaches lists what a package must not get at by any chain of imports.
var reaches = []struct {
	from, never []string
	why         string
}{
	{[]string{"twoseas/internal/base", "twoseas/internal/law", "twoseas/internal/format"}, outside, "base, law and format are pure"},
	{[]string{"twoseas/internal/act", "twoseas/internal/store"}, []string{"net/http"}, "the network is internal/edge"},
	{[]string{"twoseas/cmd/twoseas-verify"}, []string{"net", "net/http", "database/sql", "os/exec", "unsafe", "plugin"}, "the auditor's tool reads files and nothing else"},
	{[]string{"twoseas/internal/act/exercise"}, []string{
		"twoseas/internal/edge/siem", "twoseas/internal/edge/hook", "twoseas/internal/edge/feed", "twoseas/internal/edge/mail",
	}, "exercise never becomes live (invariant 7)"},
}

// forTests reports whether a package exists for tests: its name says so.
func forTests(path string) bool {
	_, after, ok := strings.Cut(path, "internal/")
	return ok && slices.ContainsFunc(strings.Split(after, "/"), func(room string) bool {
		return len(room) > len("test") && strings.HasSuffix(room, "test")
	})
}

// room splits twoseas/internal/law/gate/x into law and gate.
func room(path string) (string, string) {
	folder, rest, _ := strings.Cut(strings.TrimPrefix(path, "twoseas/internal/"), "/")
	name, _, _ := strings.Cut(rest, "/")
	return folder, name
}

// wrong says why one of our packages may not import another, or "".
func wrong(from, to string) string {
	switch {
	case slices.Contains(evidence, from):
		if !slices.Contains(evidence, to) {
			return "the auditor's tool is made of " + strings.Join(evidence[1:], ", ") + " only"
		}
	case forTests(to) && !forTests(from):
		return to + " exists for tests and is not linked into the product"
	case forTests(from):
	case from == "twoseas/cmd/twoseas":
		if to != "twoseas/internal/cli" {
			return "the program is fifteen lines that call internal/cli"
		}
	default:
		return wrongFloor(from, to)
	}
	return ""
}

func wrongFloor(from, to string) string {
	folder, name := room(from)
	target, targetName := room(to)
	floor, known := layers[folder]
	targetFloor, targetKnown := layers[target]
	switch {
	case !known || !targetKnown:
		return fmt.Sprintf("the table of layers does not know %s or %s", folder, target)
	case targetFloor > floor:
		return fmt.Sprintf("%s stands below %s", folder, target)
	case folder == "law" && target == "format" && targetName != "stix":
		return "of the formats, law knows only stix"
	case folder == "format" && target == "law":
		return "a format is what the world speaks and knows no memorandum"
	case folder == "act" && target == "act" && !mayAct(name, targetName):
		return "acts know each other only along the table in layers_test.go"
	case folder == "edge" && target == "edge" && name != targetName && targetName != "auth" && targetName != "reply":
		return "doors do not lead into doors"
	}
	return ""
}

func mayAct(from, to string) bool {
	if from == to || to == "people" || to == "keys" || slices.Contains(along[from], to) {
		return true
	}
	return slices.ContainsFunc(along[from], func(via string) bool { return mayAct(via, to) })
}

// layerFaults checks every import of one of our packages by another, and every
// chain that must not exist.
func layerFaults(g graph) []string {
	var faults []string
	for _, from := range g.ours() {
		for _, to := range g[from].imports {
			if g[to].ours() && wrong(from, to) != "" {
				faults = append(faults, fmt.Sprintf("%s -> %s: %s", from, to, wrong(from, to)))
			}
		}
		for _, r := range reaches {
			if !within(from, r.from...) || forTests(from) {
				continue
			}
			if c := g.chain(from, func(p string) bool { return slices.Contains(r.never, p) }); c != nil {
				faults = append(faults, fmt.Sprintf("%s: %s", strings.Join(c, " -> "), r.why))
			}
		}
	}
	return faults
}

func TestImportsFallDownward(t *testing.T) {
	for _, fault := range layerFaults(tree(t)) {
		t.Error(fault)
	}
}

func TestLayersAreHeld(t *testing.T) {
	for _, tc := range []struct {
		name     string
		from, to string
		allowed  bool
	}{
		{"law stands on base", "law/gate", "base/ident", true},
		{"law knows stix", "law/marking", "format/stix", true},
		{"law knows no other format", "law/marking", "format/misp", false},
		{"a format knows no law", "format/stix", "law/marking", false},
		{"base knows nothing above it", "base/canon", "format/stix", false},
		{"the store knows no act", "store", "act/release", false},
		{"the store knows the law", "store", "law/marking", true},
		{"an act knows no edge", "act/release", "edge/web", false},
		{"an act knows another along the table", "act/release", "act/ledger", true},
		{"an act knows what the table's acts know", "act/recall", "act/ledger", true},
		{"an act knows no other", "act/ledger", "act/release", false},
		{"every act asks people", "act/office", "act/people", true},
		{"every act may sign", "act/ledger", "act/keys", true},
		{"people ask no act", "act/people", "act/release", false},
		{"an edge may read the store", "edge/taxii", "store", true},
		{"an edge knows auth", "edge/taxii", "edge/auth", true},
		{"an edge knows what all answer alike", "edge/taxii", "edge/reply", true},
		{"an edge knows no other edge", "edge/taxii", "edge/peer", false},
		{"an edge knows its own rooms", "edge/web", "edge/web/assets", true},
		{"an edge knows no node", "edge/web", "node", false},
		{"a node knows no command line", "node", "cli", false},
		{"a node wires edges", "node", "edge/web", true},
		{"nobody links what exists for tests", "node", "store/storetest", false},
		{"what exists for tests may start nodes", "nodetest", "node", true},
		{"evidence knows evidence", "law/shipment", "law/merkle", true},
		{"evidence knows nothing else", "law/shipment", "base/canon", false},
		{"an unknown room is refused", "base/ident", "attic", false},
		{"a room nobody planned is refused", "attic", "base/canon", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := wrong("twoseas/internal/"+tc.from, "twoseas/internal/"+tc.to)
			if (got == "") != tc.allowed {
				t.Errorf("%s -> %s: got %q, want allowed %v", tc.from, tc.to, got, tc.allowed)
			}
		})
	}
}

func TestAChainIsPrintedWhole(t *testing.T) {
	g := graph{
		"twoseas/internal/law/gate":  {module: module, imports: []string{"fmt", "example.org/lib"}},
		"twoseas/internal/act/x":     {module: module, imports: []string{"twoseas/internal/law/gate"}},
		"example.org/lib":            {module: "example.org/lib", imports: []string{"example.org/lib/deep"}},
		"example.org/lib/deep":       {module: "example.org/lib", imports: []string{"net/http"}},
		"fmt":                        {imports: []string{"os"}},
		"net/http":                   {imports: []string{"net"}},
		"os":                         {},
		"twoseas/internal/base/xy":   {module: module, imports: []string{"fmt"}},
		"twoseas/internal/base/test": {module: module, imports: []string{"os"}},
	}
	want := []string{
		"twoseas/internal/act/x -> twoseas/internal/law/gate -> example.org/lib -> example.org/lib/deep -> net/http: the network is internal/edge",
		"twoseas/internal/base/test -> os: base, law and format are pure",
		"twoseas/internal/law/gate -> example.org/lib -> example.org/lib/deep -> net/http: base, law and format are pure",
	}
	if got := layerFaults(g); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

package rightstest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mounted is every place where a handler gets an address, and the walk that
// goes over what is served there. Whoever serves something new adds it here and
// to a walk.
var mounted = map[string]string{
	"edge/api/api.go":       "edge/api: TestNoOperationServesWhatTheTableDoesNotAllow; the description and its page are the same for everybody",
	"edge/ical/ical.go":     "edge/ical: a calendar is opened by the secret in its address",
	"edge/ops/ops.go":       "edge/ops: TestHealthReadinessAndMetrics; health is the same for everybody",
	"edge/peer/server.go":   "the partner's listener, behind pinned keys: node: TestOnlyAConfirmedPartnerIsServed",
	"edge/taxii/taxii.go":   "edge/taxii: TestEveryRouteSaysWhatItNeeds, and here TestNoFeedAndNoCollectionServesWhatIsNotTheReaders",
	"edge/web/web.go":       "edge/web: TestNoPageServesWhatTheTableDoesNotAllow; the files of the desk are the same for everybody",
	"edge/web/page/desk.go": "edge/web: TestNoPageServesWhatTheTableDoesNotAllow",
	"node/serve.go":         "the edges above, and misp: TestNoCallServesWhatTheTableDoesNotAllow",
}

func TestNothingIsServedThatNoWalkGoesOver(t *testing.T) {
	found := map[string]int{}
	for _, root := range []string{"edge", "node", "cli"} {
		if err := filepath.WalkDir(filepath.Join("..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			n, err := mounts(path)
			if n > 0 {
				found[strings.TrimPrefix(filepath.ToSlash(path), "../")] = n
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for file := range found {
		if mounted[file] == "" {
			t.Errorf("%s gives a handler an address and no walk is named for it", file)
		}
	}
	for file := range mounted {
		if found[file] == 0 {
			t.Errorf("%s gives no handler an address any more", file)
		}
	}
	serve, err := os.ReadFile("../node/serve.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(serve)) {
		pattern, isMount := strings.CutPrefix(strings.TrimSpace(line), "mux.Handle(")
		if pattern, _, _ = strings.Cut(pattern, ","); isMount && !slices.Contains(edges, pattern) {
			t.Errorf("the site serves %s, which no walk goes over", pattern)
		}
	}
}

// edges are what the site is put together of. A calendar is opened by the secret
// in its address and is of one account (edge/ical).
var edges = []string{`api.Prefix+"/"`, "taxii.Discovery", "taxii.Root", "feed.Prefix", "feed.MISPPrefix", "misp.Prefix", "ical.Prefix", `"/"`}

// mounts counts the calls in a file that give a handler an address.
func mounts(path string) (n int, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return 0, err
	}
	ast.Inspect(file, func(x ast.Node) bool {
		call, ok := x.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "HandleFunc" || f.Sel.Name == "Handle" && len(call.Args) == 2) {
			n++
		}
		return true
	})
	return n, nil
}

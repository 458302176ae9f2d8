package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the path of the product's own module.
const module = "twoseas"

// pkg is one package of the import graph.
type pkg struct {
	module      string // "" is the standard library
	imports     []string
	testImports []string // of our own packages only
}

func (p pkg) std() bool  { return p.module == "" }
func (p pkg) ours() bool { return p.module == module }

// graph is everything the product links, by import path.
type graph map[string]pkg

// ours returns our own packages in order.
func (g graph) ours() []string {
	var paths []string
	for path, p := range g {
		if p.ours() {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// chain returns the shortest way from one package to the nearest that matches,
// both ends included, or nil. It does not look behind the standard library:
// what fmt imports is not our doing.
func (g graph) chain(from string, matches func(string) bool) []string {
	came := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && matches(at) {
			return path(came, at)
		}
		if g[at].std() {
			continue
		}
		for _, next := range g[at].imports {
			if _, seen := came[next]; !seen {
				came[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func path(came map[string]string, to string) []string {
	var steps []string
	for at := to; at != ""; at = came[at] {
		steps = append(steps, at)
	}
	slices.Reverse(steps)
	return steps
}

// root returns the folder that holds go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above this test")
		}
		dir = up
	}
}

// load asks the go command for the graph, once.
var load = sync.OnceValues(func() (graph, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Module,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(stderr.String()))
	}
	return decode(bytes.NewReader(out))
})

func decode(r io.Reader) (graph, error) {
	g := graph{}
	for dec := json.NewDecoder(r); ; {
		var l struct {
			ImportPath                         string
			Standard                           bool
			Module                             struct{ Path string }
			Imports, TestImports, XTestImports []string
		}
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		if err != nil {
			return nil, err
		}
		p := pkg{module: l.Module.Path, imports: l.Imports}
		if p.ours() {
			p.testImports = slices.Concat(l.TestImports, l.XTestImports)
		}
		g[l.ImportPath] = p
	}
}

func tree(t *testing.T) graph {
	t.Helper()
	g, err := load()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return g
}

// within reports whether path is folder or below it.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool {
		return path == f || strings.HasPrefix(path, f+"/")
	})
}

package misp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"twoseas/internal/format/misp"
)

// written returns the events among objects, each written from all of them.
func written(t testing.TB, objects [][]byte) (out []map[string]any) {
	t.Helper()
	all := make([]misp.Object, len(objects))
	for i, raw := range objects {
		all[i].Raw = raw
	}
	world, err := misp.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		var head struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(o.Raw, &head); err != nil {
			t.Fatal(err)
		}
		var props map[string]any
		if err := json.Unmarshal(o.Raw, &props); err != nil {
			t.Fatal(err)
		}
		if head.Type != "report" && head.Type != "grouping" || misp.PartOf(props) != "" {
			continue
		}
		out = append(out, one(t, misp.Event{Whole: &o, Deleted: true}, world))
	}
	return out
}

func one(t testing.TB, e misp.Event, world misp.World) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := misp.Write(&b, e, world); err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return doc["Event"].(map[string]any)
}

func raws(r result) (out [][]byte) {
	for _, o := range r.objects {
		out = append(out, o.Raw)
	}
	return out
}

// differences compares what went in with what came back, and says where they
// differ: "Attribute.id gone", "Tag.colour gone", "distribution 3 is 0".
func differences(path string, in, out any, add func(path, what string)) {
	if empty(in) && empty(out) {
		return
	}
	switch in := in.(type) {
	case map[string]any:
		o, _ := out.(map[string]any)
		for name, v := range in {
			w, ok := o[name]
			switch {
			case !ok && !empty(v):
				add(join(path, name), "gone")
			case ok:
				differences(join(path, name), v, w, add)
			}
		}
		for name, w := range o {
			if _, ok := in[name]; !ok && !empty(w) {
				add(join(path, name), "new")
			}
		}
	case []any:
		list, _ := out.([]any)
		at := map[string]any{}
		var order []string
		for _, v := range list {
			at[key(v)] = v
			order = append(order, key(v))
		}
		var kept []string
		for _, v := range in {
			w, ok := at[key(v)]
			if !ok {
				add(path, "gone")
				continue
			}
			kept = append(kept, key(v))
			delete(at, key(v))
			differences(path, v, w, add)
		}
		for range at {
			add(path, "new")
		}
		if len(kept) == len(order) && !slices.Equal(kept, order) {
			add(path, "in another order")
		}
	default:
		if fmt.Sprint(in) != fmt.Sprint(out) {
			add(path, fmt.Sprintf("%v is %v", in, out))
		}
	}
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// key finds the same element in two lists.
func key(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	for _, name := range []string{"uuid", "name", "type"} {
		if s, ok := m[name].(string); ok && s != "" {
			return s
		}
	}
	return fmt.Sprint(m)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// justified reads the table of differences in docs/formats/misp.md.
func justified(t *testing.T) (rows [][2]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "misp.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "<!-- differences -->")
	part, _, _ = strings.Cut(part, "<!-- end -->")
	for line := range strings.Lines(part) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		for _, path := range strings.Split(cells[1], ",") {
			rows = append(rows, [2]string{strings.Trim(strings.TrimSpace(path), "`"), strings.TrimSpace(cells[2])})
		}
	}
	if len(rows) < 5 {
		t.Fatalf("only %d rows in the table of differences", len(rows))
	}
	return rows
}

// fits reports whether a row is about a difference: its path is the whole path
// or the end of it, and its words are those of the difference, or its verb.
func fits(row [2]string, path, what string) bool {
	inside := strings.HasSuffix(row[0], ".") && strings.Contains("."+path+".", "."+row[0])
	if path != row[0] && !strings.HasSuffix(path, "."+row[0]) && !inside {
		return false
	}
	return what == row[1] || row[1] == "changed" && strings.Contains(what, " is ")
}

// TestARoundTripGivesTheSameEvent on every file of the shared data: from MISP
// to STIX to MISP, whatever differs is in the table of docs/formats/misp.md,
// and every row of the table is needed.
func TestARoundTripGivesTheSameEvent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "misp"), "*.json"))
	if err != nil || len(files) != 27 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	rows := justified(t)
	used := make([]int, len(rows))
	unexpected := map[string]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = trailing.ReplaceAll(text, []byte("]")) // one file has a comma too many, which no JSON reader takes
		before := events(t, text)
		r := good(t, string(text))
		after := written(t, raws(r))
		if len(before) != len(after) {
			t.Errorf("%s: %d events are %d", filepath.Base(name), len(before), len(after))
			continue
		}
		for i := range before {
			differences("", before[i], after[i], func(path, what string) {
				for n, row := range rows {
					if fits(row, path, what) {
						used[n]++
						return
					}
				}
				if unexpected[path+" "+what]++; unexpected[path+" "+what] == 1 {
					t.Logf("%s: %s %s", filepath.Base(name), path, what)
				}
			})
		}
	}
	var list []string
	for d, n := range unexpected {
		list = append(list, fmt.Sprintf("%d times %s", n, d))
	}
	sort.Strings(list)
	if len(list) > 0 {
		t.Errorf("%d differences that nobody justified:\n%s", len(list), strings.Join(list[:min(len(list), 60)], "\n"))
	}
	for n, row := range rows {
		if used[n] == 0 {
			t.Errorf("the table of differences has a row that is not needed: %s %s", row[0], row[1])
		}
	}
}

var trailing = regexp.MustCompile(`,\s*]`)

// events returns the events of a document.
func events(t *testing.T, text []byte) (out []map[string]any) {
	t.Helper()
	var doc struct {
		Event    map[string]any
		Response []struct{ Event map[string]any } `json:"response"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Event != nil {
		out = append(out, doc.Event)
	}
	for _, e := range doc.Response {
		out = append(out, e.Event)
	}
	if len(out) == 0 {
		t.Fatalf("no event in %.40s", text)
	}
	return out
}

package shelf_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store/storetest"
)

const inJP = nodetest.InJp

var (
	asha  = people.Actor{Name: "asha", Roles: []people.Role{people.DutyOfficer}}
	ravi  = people.Actor{Name: "ravi", Roles: []people.Role{people.ReleasingOfficer}}
	kenji = people.Actor{Name: "kenji", Roles: []people.Role{people.Analyst}}
	admin = people.Actor{Name: "root", Roles: []people.Role{people.Administrator}}
)

// pair returns two nodes in force that do nothing by themselves and know to
// what they encrypt files for each other.
func pair(t *testing.T, change func(*node.Config)) (in, jp *nodetest.Node, clk *clock.Fake) {
	t.Helper()
	clk = clock.NewFake(storetest.Start)
	in, jp = nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, change)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	for _, way := range [][2]*nodetest.Node{{in, jp}, {jp, in}} {
		msg, err := way[0].Pairing.AnnounceRecipient(t.Context(), asha, false)
		if err == nil {
			err = way[1].Pairing.Hear(t.Context(), way[0].Side, msg)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return in, jp, clk
}

func load(t *testing.T, n *nodetest.Node, count int) {
	t.Helper()
	var objects [][]byte
	for range count {
		objects = append(objects, stixtest.Indicator())
	}
	rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: marking.Clear}, bytes.NewReader(stixtest.Bundle(objects...)), nil)
	if err != nil || rep.New != count {
		t.Fatalf("%+v %v", rep, err)
	}
}

const patience = 20 * time.Second

// write writes a file and returns its parts.
func write(t *testing.T, n *nodetest.Node, split int64) (shelf.Written, [][]byte) {
	t.Helper()
	if err := n.Shelf.Write(n.Live, ravi, inJP, false, split); err != nil {
		t.Fatal(err)
	}
	n.Shelf.AwaitWriting(t.Context(), inJP, patience)
	list, w, err := n.Shelf.Files(n.Live, ravi, inJP)
	if err != nil || w == nil || w.Running || w.Problem != "" || len(list) == 0 {
		t.Fatalf("%+v %+v %v", list, w, err)
	}
	var parts [][]byte
	for i := range list[0].Parts {
		f, p, err := n.Shelf.Fetch(t.Context(), n.Live, asha, inJP, list[0].Number, i+1)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(f)
		if err != nil || int64(len(raw)) != p.Size || f.Close() != nil {
			t.Fatal(p, err)
		}
		parts = append(parts, raw)
	}
	return list[0], parts
}

// bring puts parts on a shelf and returns the name of the file there.
func bring(t *testing.T, n *nodetest.Node, parts ...[]byte) string {
	t.Helper()
	file := ""
	for _, raw := range parts {
		name, err := n.Shelf.Put(t.Context(), n.Live, asha, bytes.NewReader(raw))
		if err != nil || file != "" && name != file {
			t.Fatal(name, err)
		}
		file = name
	}
	return file
}

func look(t *testing.T, n *nodetest.Node, by people.Actor, file string) shelf.Brought {
	t.Helper()
	if err := n.Shelf.Look(t.Context(), n.Live, by, file); err != nil {
		t.Fatal(err)
	}
	n.Shelf.AwaitFile(t.Context(), file, patience)
	b, err := n.Shelf.One(t.Context(), n.Live, by, file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func confirm(t *testing.T, n *nodetest.Node, by people.Actor, file string) *shelf.Work {
	t.Helper()
	if err := n.Shelf.Confirm(n.Live, by, file); err != nil {
		t.Fatal(err)
	}
	n.Shelf.AwaitFile(t.Context(), file, patience)
	b, err := n.Shelf.One(t.Context(), n.Live, by, file)
	if err != nil || b.Work == nil || b.Work.Running {
		t.Fatalf("%+v %v", b, err)
	}
	return b.Work
}

func want(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v (%v), want %v that says %q", err, fault.KindOf(err), kind, text)
	}
}

func TestAFileGoesOverTheShelvesInParts(t *testing.T) {
	in, jp, clk := pair(t, nil)
	load(t, in, 4000)
	w, parts := write(t, in, shelf.MinSplit)
	if len(parts) < 2 || !strings.Contains(w.Parts[0].Name, "of") {
		t.Fatalf("%d parts: %+v", len(parts), w)
	}
	file := bring(t, jp, parts[1])
	b, err := jp.Shelf.One(t.Context(), jp.Live, ravi, file)
	if err != nil || b.Whole() || b.Missing[0] != 1 {
		t.Fatalf("%+v %v", b, err)
	}
	want(t, jp.Shelf.Look(t.Context(), jp.Live, ravi, file), fault.NotFound, "missing: 1")
	bring(t, jp, parts...) // one of them again, which changes nothing
	if b = look(t, jp, asha, file); b.Preview == nil || b.Preview.Items != 4000 || b.Preview.Obstacle != "" {
		t.Fatalf("%+v %+v", b, b.Work)
	}
	// Who has not looked is shown nothing, and may not confirm.
	if b, err := jp.Shelf.One(t.Context(), jp.Live, ravi, file); err != nil || b.Preview != nil {
		t.Errorf("%+v %v", b, err)
	}
	if w := confirm(t, jp, ravi, file); !strings.Contains(w.Problem, "preview it first") {
		t.Errorf("%+v", w)
	}
	if w := confirm(t, jp, asha, file); w.Problem != "" || w.Taken == nil || w.Taken.Applied {
		t.Fatalf("%+v", w)
	}
	if w := confirm(t, jp, asha, file); w.Taken == nil || w.Taken.Applied { // one officer, however often
		t.Fatalf("%+v", w)
	}
	if b = look(t, jp, ravi, file); b.Preview == nil || len(b.Preview.Confirmed) != 1 {
		t.Fatalf("%+v", b)
	}
	got := confirm(t, jp, ravi, file)
	if got.Problem != "" || got.Taken == nil || !got.Taken.Applied || got.Taken.Delivered.Applied != 4000 || len(got.Taken.Code) != 24 {
		t.Fatalf("%+v", got)
	}
	if list, err := jp.Shelf.Brought(t.Context(), jp.Live, asha); err != nil || len(list) != 0 {
		t.Errorf("it still lies there: %+v %v", list, err)
	}
	// A replay says what it is and cannot be confirmed.
	bring(t, jp, parts...)
	if b = look(t, jp, asha, file); b.Preview == nil || !strings.Contains(b.Preview.Obstacle, "imported already") {
		t.Errorf("%+v", b)
	}
	if w := confirm(t, jp, asha, file); !strings.Contains(w.Problem, "imported already") {
		t.Errorf("%+v", w)
	}
	if err := jp.Shelf.Remove(t.Context(), jp.Live, asha, file); err != nil {
		t.Error(err)
	}
	// Once the partner's code was heard, nobody needs the file any more.
	if _, _, err := in.Offline.Heard(t.Context(), in.Live, asha, inJP, got.Taken.Code); err != nil {
		t.Fatal(err)
	}
	clk.Advance(time.Minute)
	if err := in.Shelf.Sweep(t.Context(), in.Live); err != nil {
		t.Fatal(err)
	}
	if list, _, err := in.Shelf.Files(in.Live, ravi, inJP); err != nil || len(list) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

func TestWhatIsBroughtIsWhatItSaysOrNothing(t *testing.T) {
	in, jp, _ := pair(t, func(c *node.Config) { c.MaxBundles = 64 << 10 })
	load(t, in, 10)
	_, parts := write(t, in, 0)
	whole := parts[0]
	put := func(r io.Reader) error {
		_, err := jp.Shelf.Put(t.Context(), jp.Live, asha, r)
		return err
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-1] ^= 1
	want(t, put(bytes.NewReader(flipped)), fault.Invalid, "damaged")
	want(t, put(bytes.NewReader(whole[:len(whole)-1])), fault.Invalid, "damaged")
	want(t, put(bytes.NewReader(append(bytes.Clone(whole), 0))), fault.Invalid, "damaged")
	want(t, put(strings.NewReader("GIF89a")), fault.Invalid, "not a file of a bundle")
	want(t, put(io.MultiReader(bytes.NewReader(whole[:600]), iotest.ErrReader(fault.New(fault.Invalid, "the upload broke off")))), fault.Invalid, "broke off")
	head := bytes.SplitAfterN(whole, []byte("\n"), 2)[0]
	huge := bytes.Replace(head, []byte(" "+strings.Fields(string(head))[5]+" "), []byte(" 99999999 "), 1)
	want(t, put(bytes.NewReader(huge)), fault.TooLarge, "at most 65536")
	// Nothing of all that is left.
	left := 0
	err := filepath.WalkDir(filepath.Join(jp.Dir, "bundles"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left++
		}
		return err
	})
	if err != nil || left != 0 {
		t.Errorf("%d files are left: %v", left, err)
	}
	file := bring(t, jp, whole)
	// What is altered on the disk meanwhile is found when it is read.
	name := filepath.Join(jp.Dir, "bundles", ident.Live.String(), "in", file, "1of1")
	if err := os.WriteFile(name, flipped, 0o600); err != nil {
		t.Fatal(err)
	}
	if b := look(t, jp, asha, file); b.Preview != nil || b.Work == nil || b.Work.Problem == "" {
		t.Errorf("%+v", b)
	}
	// Names that lead elsewhere lead nowhere.
	for _, name := range []string{"", "..", "../../seal.key", strings.Repeat("0", 64), strings.ToUpper(file)} {
		if _, err := jp.Shelf.One(t.Context(), jp.Live, asha, name); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	// A file for another node is not opened.
	if w := look(t, in, asha, bring(t, in, whole)); w.Work == nil || !strings.Contains(w.Work.Problem, "not encrypted to this node") {
		t.Errorf("%+v", w)
	}
}

func TestOnlyOfficersHandleFiles(t *testing.T) {
	in, jp, _ := pair(t, nil)
	load(t, in, 1)
	w, parts := write(t, in, 0)
	file := bring(t, jp, parts...)
	for _, by := range []people.Actor{kenji, admin, {}} {
		_, err := jp.Shelf.Put(t.Context(), jp.Live, by, bytes.NewReader(parts[0]))
		want(t, err, fault.Denied, "may not")
		_, err = jp.Shelf.One(t.Context(), jp.Live, by, file)
		want(t, err, fault.Denied, "may not")
		_, err = jp.Shelf.Brought(t.Context(), jp.Live, by)
		want(t, err, fault.Denied, "may not")
		want(t, jp.Shelf.Look(t.Context(), jp.Live, by, file), fault.Denied, "may not")
		want(t, jp.Shelf.Confirm(jp.Live, by, file), fault.Denied, "may not")
		want(t, jp.Shelf.Remove(t.Context(), jp.Live, by, file), fault.Denied, "may not")
		want(t, in.Shelf.Write(in.Live, by, inJP, false, 0), fault.Denied, "may not")
		want(t, in.Shelf.Drop(t.Context(), in.Live, by, inJP, w.Number), fault.Denied, "may not")
		_, _, err = in.Shelf.Fetch(t.Context(), in.Live, by, inJP, w.Number, 1)
		want(t, err, fault.Denied, "may not")
	}
	if _, _, err := in.Shelf.Files(in.Live, kenji, inJP); err != nil { // who sees the queue sees that there is a file
		t.Error(err)
	}
	want(t, in.Shelf.Write(in.Live, ravi, inJP, false, 10), fault.Invalid, "at least")
	_, _, err := in.Shelf.Fetch(t.Context(), in.Live, ravi, inJP, w.Number, 2)
	want(t, err, fault.NotFound, "not on this node")
	if err := in.Shelf.Drop(t.Context(), in.Live, ravi, inJP, w.Number); err != nil {
		t.Error(err)
	}
	want(t, in.Shelf.Drop(t.Context(), in.Live, ravi, inJP, w.Number), fault.NotFound, "not on this node")
}

package fetch_test

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/table"
	"twoseas/internal/store"
)

// page is a file on a web server.
type page struct {
	body, etag, modified string
	typ                  string
	plain                bool // answers 200 whatever it is asked
	asked, sent          int
	accept               string
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked++
	p.accept = r.Header.Get("Accept")
	if p.etag != "" {
		w.Header().Set("ETag", p.etag)
	}
	if p.modified != "" {
		w.Header().Set("Last-Modified", p.modified)
	}
	w.Header().Set("Content-Type", cmp.Or(p.typ, "text/plain"))
	if !p.plain && (p.etag != "" && r.Header.Get("If-None-Match") == p.etag || p.etag == "" && p.modified != "" && r.Header.Get("If-Modified-Since") == p.modified) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	p.sent++
	fmt.Fprint(w, p.body)
}

func TestAFileIsFetchedAgainOnlyWhenItChanged(t *testing.T) {
	for name, p := range map[string]*page{
		"etag": {etag: `"1"`}, "modified": {modified: "Sun, 22 Nov 2026 00:00:00 GMT"}, "both": {etag: `W/"1"`, modified: "Sun, 22 Nov 2026 00:00:00 GMT"},
		"neither": {plain: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			one, id := indicator(1)
			p.body = `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[` + one + `]}`
			s := serve(t, p.ServeHTTP)
			d.add("a", s, func(set *feed.Settings) { set.Kind, set.URL = feed.STIX, s.URL+"/list.json?key=x" })
			if out := d.must("a"); out.Taken.New != 1 {
				t.Errorf("%+v", out)
			}
			for range 3 {
				if out := d.must("a"); out.Taken.Read != 0 || out.Pages != 0 {
					t.Errorf("%+v", out)
				}
			}
			if want := map[bool]int{true: 4, false: 1}[p.plain]; p.sent != want || p.asked != 4 {
				t.Errorf("sent %d times of %d asked", p.sent, p.asked)
			}
			two, other := indicator(2)
			p.body, p.etag = strings.Replace(p.body, one, one+","+two, 1), strings.Replace(p.etag, "1", "2", 1)
			p.modified = strings.Replace(p.modified, "00:00:00", "00:00:01", 1)
			if out := d.must("a"); out.Taken.New != 1 || out.Taken.Same != 1 {
				t.Errorf("%+v", out)
			}
			d.holds([]string{id, other})
			if strings.Contains(fmt.Sprint(p.accept), "taxii") {
				t.Errorf("a file is asked for as %s", p.accept)
			}
		})
	}
}

// A file that breaks off is nothing, and is fetched again.
func TestAFileThatBreaksOffIsNothing(t *testing.T) {
	d := newDesk(t)
	one, id := indicator(1)
	two, _ := indicator(2)
	whole := "[" + one + "," + two + "]"
	broken := true
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		if broken {
			fmt.Fprint(w, whole[:len(one)+3])
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, whole)
	})
	d.add("a", s, func(set *feed.Settings) { set.Kind, set.URL = feed.STIX, s.URL+"/x" })
	if _, err := d.run("a"); !fault.Is(err, fault.Unavailable) || d.objects() != 0 {
		t.Errorf("%v, %d objects", err, d.objects())
	}
	broken = false
	if out := d.must("a"); out.Taken.New != 2 {
		t.Errorf("%+v", out)
	}
	_ = id // which one it was does not matter
}

func TestListsAreReadOnceAndAgain(t *testing.T) {
	d := newDesk(t)
	p := &page{plain: true, body: "# evil, TLP:GREEN\n198.51.100.7\nhxxp://evil[.]example/x\n203.0.113.5\n"}
	s := serve(t, p.ServeHTTP)
	d.add("a", s, func(set *feed.Settings) { set.Kind, set.URL = feed.Text, s.URL+"/list.txt" })
	if out := d.must("a"); out.Taken.New != 3 {
		t.Errorf("%+v", out)
	}
	d.clk.Advance(24 * time.Hour)
	p.body += "2001:db8::7\n"
	if out := d.must("a"); out.Taken.New != 1 || out.Taken.Same != 3 || out.Taken.Updated != 0 {
		t.Errorf("the same values are other objects a day later: %+v", out)
	}
	if n := d.objects(); n != 4 {
		t.Errorf("%d versions of 4 values", n)
	}
	// Another source that lists one of them puts the same object into its
	// collection.
	c := store.Collection{Title: "Other", Alias: "other"}
	if _, err := d.Collections.Create(t.Context(), d.Live, d.Operator(), c); err != nil {
		t.Fatal(err)
	}
	q := &page{plain: true, body: "x TLP:GREEN 198.51.100.7"}
	other := serve(t, q.ServeHTTP)
	d.add("b", other, func(set *feed.Settings) { set.Kind, set.URL, set.Collection = feed.Text, other.URL, "other" })
	if out := d.must("b"); out.Taken.Same != 1 || out.Taken.New+out.Taken.Updated != 0 {
		t.Errorf("%+v", out)
	}
	if n := members(t, d, "other"); n != 1 {
		t.Errorf("%d members", n)
	}
}

// members returns how many members a collection has.
func members(t *testing.T, d *desk, name string) (n int) {
	t.Helper()
	access, err := d.People.Access(t.Context(), d.Live, d.Operator())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Live.Query(t.Context(), func(tx *store.Tx) error {
		c, err := tx.Collection(name)
		if err != nil {
			return err
		}
		_, err = tx.Page(store.PageQuery{Collection: c.N, Class: access.Class, Limit: 100_000, Versions: store.Versions{All: true}}, func(store.Member) error {
			n++
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTablesAreRecognisedOrReadAsTold(t *testing.T) {
	d := newDesk(t)
	p := &page{plain: true, body: "date,URL,description\n2025/08/01 10:21:00,https://one.example/a,bank\n2025/08/01 10:22:00,https://two.example/b,shop\nnonsense,,\n"}
	s := serve(t, p.ServeHTTP)
	d.add("a", s, func(set *feed.Settings) { set.Kind, set.URL = feed.CSV, s.URL })
	if out := d.must("a"); out.Taken.New != 2 {
		t.Errorf("%+v", out)
	}
	d.add("b", s, func(set *feed.Settings) {
		set.Kind, set.URL, set.Layout = feed.CSV, s.URL, &table.Layout{Comma: ",", Header: true, Columns: []string{"1", "2", "3"}, Roles: []string{"", "url", ""}}
	})
	if out := d.must("b"); out.Taken.New != 2 { // other words about the same values
		t.Errorf("%+v", out)
	}
	q := &page{plain: true, body: "no table at all"}
	none := serve(t, q.ServeHTTP)
	d.add("c", none, func(set *feed.Settings) { set.Kind, set.URL = feed.CSV, none.URL })
	if _, err := d.run("c"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "columns") {
		t.Errorf("got %v", err)
	}
}

// A page that asks somebody to log in is no list.
func TestAWebPageIsNoList(t *testing.T) {
	d := newDesk(t)
	p := &page{plain: true, typ: "text/html; charset=utf-8", body: `<html><a href="https://login.example/">log in</a></html>`}
	s := serve(t, p.ServeHTTP)
	for _, kind := range []feed.Kind{feed.Text, feed.CSV, feed.STIX, feed.MISP} {
		d.add(string(kind), s, func(set *feed.Settings) { set.Kind, set.URL = kind, s.URL })
		if _, err := d.run(string(kind)); !fault.Is(err, fault.Invalid) || d.objects() != 0 {
			t.Errorf("%s: %v, %d objects", kind, err, d.objects())
		}
	}
}

// Whose objects they are is a third side's, unless somebody says otherwise.
func TestWhoseObjectsTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*feed.Settings)
		want   string
	}{
		"default":  {func(*feed.Settings) {}, `"origin":"other"`},
		"a side":   {func(s *feed.Settings) { s.Origin = "uk" }, `"origin":"uk"`},
		"ours":     {func(s *feed.Settings) { s.Origin = "in" }, `"origin":"in"`},
		"a member": {func(s *feed.Settings) { s.Contributor = "member" }, `"origin":"in"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			p := &page{plain: true, body: "198.51.100.7"}
			s := serve(t, p.ServeHTTP)
			d.add("a", s, func(set *feed.Settings) {
				set.Kind, set.URL = feed.Text, s.URL
				c.change(set)
			})
			d.must("a")
			if err := d.Live.Query(t.Context(), func(tx *store.Tx) error {
				all, err := tx.Labels()
				if err == nil && (len(all) != 1 || !strings.Contains(string(all[0].Resolved), c.want)) {
					t.Errorf("%s", all[0].Resolved)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestHostileListsAreBounded(t *testing.T) {
	d := newDesk(t)
	d.Outside.MaxBytes, d.Outside.Silence, d.Outside.Spool = 8<<20, 5*time.Second, t.TempDir()
	for name, body := range map[string]string{
		"one-line":  strings.Repeat("x", 7<<20),
		"quote":     "a,b\n\"" + strings.Repeat("x,\n", 2<<20),
		"commas":    strings.Repeat(",", 7<<20),
		"no-utf-8":  strings.Repeat("\xff\xfe\n", 1<<20),
		"nothing":   "",
		"many-dots": strings.Repeat(".", 7<<20),
	} {
		for _, kind := range []feed.Kind{feed.CSV, feed.Text, feed.STIX, feed.MISP} {
			t.Run(name+"-"+string(kind), func(t *testing.T) {
				d.t = t
				p := &page{plain: true, body: body}
				s := serve(t, p.ServeHTTP)
				d.add(name+"-"+string(kind), s, func(set *feed.Settings) {
					set.Kind, set.URL = kind, s.URL
					if kind == feed.CSV {
						set.Layout = &table.Layout{Comma: ",", Roles: []string{"value"}}
					}
				})
				begun := time.Now()
				if _, err := d.run(name + "-" + string(kind)); fault.KindOf(err) == fault.Internal && err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
	d.t = t
	for name, f := range map[string]func(w http.ResponseWriter, r *http.Request){
		"bomb":  func(w http.ResponseWriter, _ *http.Request) { bomb(w, "", "198.51.100.7\n") },
		"zeros": func(w http.ResponseWriter, _ *http.Request) { bomb(w, "", "\x00") },
	} {
		s := serve(t, f)
		d.add(name, s, func(set *feed.Settings) { set.Kind, set.URL = feed.Text, s.URL })
		if _, err := d.run(name); !fault.Is(err, fault.TooLarge) || d.objects() != 0 {
			t.Errorf("%s: %v, %d objects", name, err, d.objects())
		}
	}
	if left, err := filepath.Glob(filepath.Join(d.Outside.Spool, "*")); err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
}

func TestAFolderIsReadFileByFile(t *testing.T) {
	d := newDesk(t)
	dir := filepath.Join(d.Dir, "feeds", "drop")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at := d.clk.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), "drop", feed.Settings{Kind: feed.STIX, URL: "folder:" + dir, Every: 60, TLP: "clear"}, ""); err != nil {
		t.Fatal(err)
	}
	var want []string
	object := func(n int) string {
		raw, id := indicator(n)
		want = append(want, id)
		return raw
	}
	put("a.json", object(1), time.Hour)
	put("b.json", object(2), time.Hour)
	put(".hidden", "x", time.Hour)
	if out := d.must("drop"); out.Taken.New != 2 || out.Pages != 2 {
		t.Errorf("%+v", out)
	}
	if out := d.must("drop"); out.Pages != 0 {
		t.Errorf("%+v", out)
	}
	// One that is being written waits; one that is broken keeps no other back.
	put("c.json", object(3), 0)
	put("b0.json", `{"type":`, time.Hour)
	put("d.json", object(4), time.Hour)
	out, err := d.run("drop")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "b0.json") || out.Taken.New != 1 {
		t.Errorf("%v, %+v", err, out)
	}
	d.clk.Advance(time.Minute)
	put("b0.json", object(5), time.Minute)
	if out := d.must("drop"); out.Taken.New != 2 {
		t.Errorf("%+v", out)
	}
	// What is gone is forgotten, what comes back is looked at.
	if err := os.Remove(filepath.Join(dir, "a.json")); err != nil {
		t.Fatal(err)
	}
	d.must("drop")
	if c := d.cursor("drop"); strings.Contains(c, "a.json") || !strings.Contains(c, "b.json") {
		t.Errorf("cursor %s", c)
	}
	d.holds(want)
}

// No link and no name leads out of the folders that the configuration names.
func TestAFolderIsOneThatWasNamed(t *testing.T) {
	d := newDesk(t)
	top := filepath.Join(d.Dir, "feeds")
	away := t.TempDir()
	raw, _ := indicator(1)
	for _, dir := range []string{top, filepath.Join(d.Dir, "feeds-not")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(away, "x.json"), []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"out": away, "file.json": filepath.Join(away, "x.json"), "up": d.Dir} {
		if err := os.Symlink(to, filepath.Join(top, link)); err != nil {
			t.Fatal(err)
		}
	}
	for i, dir := range []string{away, filepath.Join(top, "out"), filepath.Join(top, "up"), filepath.Join(d.Dir, "feeds-not"), d.Dir, "/", "/etc"} {
		name := fmt.Sprint("f", i)
		if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), name, feed.Settings{Kind: feed.STIX, URL: "folder:" + dir, Every: 60}, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := d.run(name); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), "top", feed.Settings{Kind: feed.STIX, URL: "folder:" + top, Every: 60}, ""); err != nil {
		t.Fatal(err)
	}
	if d.must("top"); d.objects() != 0 {
		t.Error("a link was followed out of the folder")
	}
	for _, dir := range []string{top + "/../..", "relative", ""} {
		if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), "bad", feed.Settings{Kind: feed.STIX, URL: "folder:" + dir, Every: 60}, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", dir, err)
		}
	}
}

// Every list of the shared data, as it is.
func TestTheListsOfTheSharedData(t *testing.T) {
	shared := filepath.Join("..", "..", "..", "..", "shared", "data")
	if _, err := os.Stat(shared); err != nil {
		t.Skip("no shared data: ", err)
	}
	d := newDesk(t)
	for folder, kind := range map[string]feed.Kind{"csv": feed.CSV, "ioc": feed.Text, "misp": feed.MISP} {
		names, err := filepath.Glob(filepath.Join(shared, folder, "*"))
		if err != nil || len(names) == 0 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := &page{plain: true, body: string(raw)}
			s := serve(t, p.ServeHTTP)
			at := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), "_", "-"))
			d.add(at, s, func(set *feed.Settings) { set.Kind, set.URL = kind, s.URL })
			out, err := d.run(at)
			if kind == feed.MISP && fault.Is(err, fault.Invalid) && out.Taken.New > 0 {
				t.Logf("%s breaks off after %d: %v", at, out.Taken.New, err) // one of them does
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			// Events describe the same cluster of a galaxy in different words under
			// one uuid and version; the first words stand and the rest is refused.
			refused := out.Taken.Refused
			for _, r := range out.Taken.Refusals {
				if kind == feed.MISP && strings.Contains(r.Reason, "another content is stored under this id and version") {
					refused--
				}
			}
			if out.Taken.New == 0 || refused > max(3, out.Taken.New/100) {
				t.Errorf("%s: %+v", at, out)
			}
			p.body += "\n"
			if again := d.must(at); again.Taken.New+again.Taken.Updated > 0 {
				t.Errorf("%s a second time: %+v", at, again.Taken)
			}
			t.Logf("%s: %d new, %d refused", at, out.Taken.New, out.Taken.Refused)
		}
	}
}

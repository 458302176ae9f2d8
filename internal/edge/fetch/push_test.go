package fetch_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"twoseas/internal/act/feed"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// inbox is a server that takes objects.
type inbox struct {
	mu      sync.Mutex
	bodies  []string
	ids     map[string]int
	most    int                                 // bytes of an envelope that it takes; 0 for all
	says    int                                 // max_content_length
	status  func(n int) (code int, body string) // of the nth POST; nil for all taken
	look    func(n int) (code int, body string) // of the nth status asked for
	posts   int
	asked   int
	headers http.Header
}

func complete(n int) string {
	return fmt.Sprintf(`{"id":"s1","status":"complete","total_count":%d,"success_count":%d,"failure_count":0,"pending_count":0}`, n, n)
}

const pending = `{"id":"s1","status":"pending","total_count":1,"success_count":0,"failure_count":0,"pending_count":1}`

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	say := func(code int, body string) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
	switch {
	case r.Method == http.MethodPost:
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			say(http.StatusBadRequest, "{}")
			return
		}
		b.posts++
		b.headers = r.Header
		if b.most > 0 && len(raw) > b.most {
			say(http.StatusRequestEntityTooLarge, "{}")
			return
		}
		b.bodies = append(b.bodies, string(raw))
		n := b.count(raw)
		code, body := http.StatusAccepted, complete(n)
		if b.status != nil {
			code, body = b.status(b.posts)
		}
		if code == 0 {
			panic(http.ErrAbortHandler)
		}
		say(code, body)
	case strings.Contains(r.URL.Path, "/status/"):
		b.asked++
		say(b.look(b.asked))
	default:
		say(http.StatusOK, fmt.Sprintf(`{"title":"x","versions":[],"max_content_length":%d}`, b.says))
	}
}

// count notes the objects of an envelope.
func (b *inbox) count(raw []byte) (n int) {
	if b.ids == nil {
		b.ids = map[string]int{}
	}
	s := canon.NewEnvelope(strings.NewReader(string(raw)))
	for {
		one, err := s.Next()
		if err != nil {
			return n
		}
		var o struct {
			ID string `json:"id"`
		}
		if canon.Unmarshal(one, &o) == nil {
			b.ids[o.ID]++
		}
		n++
	}
}

// out is a desk with a collection that an account may read.
type out struct {
	*desk
	id string // of the collection
}

func newOut(t *testing.T, b http.Handler) (*out, *httptest.Server) {
	t.Helper()
	d := newDesk(t)
	c, err := d.Collections.Create(t.Context(), d.Live, d.Operator(), store.Collection{Title: "Out", Alias: "out"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.People.AddAccount(t.Context(), d.Operator(), people.Account{
		Name: "friend", Roles: []people.Role{people.Member}, Password: "correct horse battery", Clearance: "green",
	}); err != nil {
		t.Fatal(err)
	}
	o := &out{d, c.ID}
	o.grant(true)
	s := serve(t, b.ServeHTTP)
	d.add("push", s, func(set *feed.Settings) {
		set.Kind, set.Collection, set.Account, set.TLP = feed.Push, "out", "friend", ""
	})
	return o, s
}

func (o *out) grant(read bool) {
	o.t.Helper()
	if err := o.People.Grant(o.t.Context(), o.Live, o.Operator(), store.Right{Account: "friend", Collection: o.id, Read: read, Write: !read}); err != nil {
		o.t.Fatal(err)
	}
}

// put takes indicators from..to into the collection.
func (o *out) put(tlp marking.TLP, from, to int) {
	o.t.Helper()
	var raws [][]byte
	for i := from; i < to; i++ {
		raw, _ := indicator(i)
		raws = append(raws, []byte(raw))
	}
	if _, err := o.Intake.Objects(o.t.Context(), o.Live, intake.Source{DefaultTLP: tlp, Collection: "out"}, raws); err != nil {
		o.t.Fatal(err)
	}
}

func TestOnlyWhatTheAccountMayReadLeaves(t *testing.T) {
	b := &inbox{}
	o, _ := newOut(t, b)
	o.put(marking.Clear, 0, 10)
	o.put(marking.Green, 10, 20)
	o.put(marking.Amber, 20, 30)
	o.put(marking.Red, 30, 40)
	o.put(marking.NoTLP, 40, 50)
	canary := stixtest.Indicator(stixtest.Name("CANARY"), stixtest.TLP("red"))
	if _, err := o.Intake.Objects(t.Context(), o.Live, intake.Source{Collection: "out"}, [][]byte{canary}); err != nil {
		t.Fatal(err)
	}
	if res := o.must("push"); res.Sent != 20 || res.Refused != 0 {
		t.Errorf("%+v", res)
	}
	all := strings.Join(b.bodies, "")
	if len(b.ids) != 20 || strings.Contains(all, "CANARY") {
		t.Errorf("%d objects left", len(b.ids))
	}
	for i := range 20 {
		if _, id := indicator(i); b.ids[id] != 1 {
			t.Errorf("%d was sent %d times", i, b.ids[id])
		}
	}
	if got := b.headers.Get("Content-Type") + " " + b.headers.Get("Accept"); got != mediaType+" "+mediaType {
		t.Errorf("headers %q", got)
	}
	posts := b.posts
	if res := o.must("push"); res.Moved() || b.posts != posts {
		t.Errorf("again: %+v", res)
	}
	o.put(marking.Clear, 50, 51)
	if res := o.must("push"); res.Sent != 1 {
		t.Errorf("%+v", res)
	}
	// What the account may not do any more is not done for it.
	o.put(marking.Clear, 51, 60)
	o.grant(false)
	if _, err := o.run("push"); !fault.Is(err, fault.Denied) || len(b.ids) != 21 {
		t.Errorf("%v, %d left", err, len(b.ids))
	}
	o.grant(true)
	if err := o.People.Disable(t.Context(), o.Operator(), "friend"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.run("push"); !fault.Is(err, fault.Denied) || len(b.ids) != 21 {
		t.Errorf("%v, %d left", err, len(b.ids))
	}
}

// However the server fails, everything gets there, and what it took without
// saying so is sent again.
func TestSendingGoesOnWhereItWas(t *testing.T) {
	b := &inbox{}
	o, _ := newOut(t, b)
	o.Feeds.Limit = 7
	o.put(marking.Clear, 0, 40)
	b.status = func(n int) (int, string) {
		switch n % 4 {
		case 1:
			return http.StatusAccepted, complete(7)
		case 2:
			return 0, "" // the answer is lost
		case 3:
			return http.StatusServiceUnavailable, "{}"
		}
		return http.StatusAccepted, complete(7)
	}
	runs := 0
	for ; ; runs++ {
		if _, err := o.run("push"); err == nil {
			break
		} else if !fault.Is(err, fault.Unavailable) || runs > 50 {
			t.Fatal(err)
		}
	}
	if len(b.ids) != 40 || runs < 2 {
		t.Errorf("%d objects after %d runs", len(b.ids), runs)
	}
}

func TestWhatBecameOfItIsAskedFor(t *testing.T) {
	b := &inbox{status: func(int) (int, string) { return http.StatusAccepted, pending }}
	o, _ := newOut(t, b)
	o.Feeds.Wait = 1
	o.put(marking.Clear, 0, 1)
	b.look = func(n int) (int, string) {
		if n < 3 {
			return http.StatusOK, pending
		}
		return http.StatusOK, `{"id":"s1","status":"complete","success_count":0,"failure_count":1,"failures":[{"id":"indicator--x","message":"no thanks"}]}`
	}
	if res := o.must("push"); res.Sent != 0 || res.Refused != 1 || len(res.Remarks) != 1 || !strings.Contains(res.Remarks[0], "no thanks") {
		t.Errorf("%+v", res)
	}
	// One that does not say is asked again next time, and nothing is sent twice.
	o.put(marking.Clear, 1, 2)
	b.look = func(int) (int, string) { return http.StatusOK, pending }
	if _, err := o.run("push"); !fault.Is(err, fault.Busy) {
		t.Errorf("got %v", err)
	}
	posts := b.posts
	b.look = func(int) (int, string) { return http.StatusOK, complete(1) }
	if res := o.must("push"); res.Sent != 1 || b.posts != posts {
		t.Errorf("%+v, %d posts", res, b.posts)
	}
	o.put(marking.Clear, 2, 3)
	b.look = func(int) (int, string) { return http.StatusNotFound, "{}" }
	if res := o.must("push"); len(res.Remarks) != 1 || !strings.Contains(res.Remarks[0], "not know any more") {
		t.Errorf("%+v", res)
	}
	b.status = func(int) (int, string) { return http.StatusAccepted, `{"title":"hello"}` }
	o.put(marking.Clear, 3, 4)
	if _, err := o.run("push"); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestEnvelopesAreAsLargeAsTheServerTakes(t *testing.T) {
	for name, b := range map[string]*inbox{"it says so": {says: 3000}, "it refuses": {most: 3000}} {
		t.Run(name, func(t *testing.T) {
			o, _ := newOut(t, b)
			o.put(marking.Clear, 0, 40)
			big := stixtest.Indicator(stixtest.Name(strings.Repeat("x", 5000)), stixtest.TLP("clear"))
			if _, err := o.Intake.Objects(t.Context(), o.Live, intake.Source{Collection: "out"}, [][]byte{big}); err != nil {
				t.Fatal(err)
			}
			o.put(marking.Clear, 40, 80)
			if res := o.must("push"); res.Sent != 80 || res.Refused != 1 || len(res.Remarks) != 1 {
				t.Errorf("%+v", res)
			}
			for _, body := range b.bodies {
				if len(body) > 3000 {
					t.Errorf("an envelope of %d bytes", len(body))
				}
			}
		})
	}
}

func TestWhoMayDoWhatWithFeeds(t *testing.T) {
	d := newDesk(t)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	d.add("a", s, nil)
	set := d.feed("a").Settings
	ctx := t.Context()
	acts := map[string]func(by people.Actor) error{
		"add":    func(by people.Actor) error { return d.Feeds.Add(ctx, d.Live, by, "b", set, "") },
		"change": func(by people.Actor) error { return d.Feeds.Change(ctx, d.Live, by, "a", set, nil) },
		"pause":  func(by people.Actor) error { return d.Feeds.Pause(ctx, d.Live, by, "a") },
		"resume": func(by people.Actor) error { return d.Feeds.Resume(ctx, d.Live, by, "a") },
		"hasten": func(by people.Actor) error { return d.Feeds.Hasten(ctx, d.Live, by, "a") },
		"run":    func(by people.Actor) error { _, err := d.Feeds.Run(ctx, d.Live, by, "a"); return err },
		"list":   func(by people.Actor) error { _, err := d.Feeds.List(ctx, d.Live, by); return err },
		"remove": func(by people.Actor) error { return d.Feeds.Remove(ctx, d.Live, by, "none") },
	}
	may := map[people.Role]string{
		people.Administrator: "add change pause resume hasten run list remove", people.Analyst: "pause resume hasten run list",
	}
	for _, role := range people.Roles() {
		by := people.Actor{Name: "x", Roles: []people.Role{role}}
		for name, act := range acts {
			denied := fault.Is(act(by), fault.Denied)
			if want := !strings.Contains(" "+may[role]+" ", " "+name+" "); denied != want {
				t.Errorf("%s, %s: denied %v, want %v", role, name, denied, want)
			}
		}
		if err := d.Feeds.Resume(ctx, d.Live, d.Operator(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	for name, act := range acts {
		if err := act(people.Actor{}); !fault.Is(err, fault.Denied) {
			t.Errorf("nobody, %s: %v", name, err)
		}
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	d := newDesk(t)
	good := feed.Settings{Kind: feed.TAXII, URL: "https://taxii.example/r/collections/c/", Every: 60}
	for what, change := range map[string]func(*feed.Settings){
		"no kind":           func(s *feed.Settings) { s.Kind = "" },
		"a strange kind":    func(s *feed.Settings) { s.Kind = "rss" },
		"no address":        func(s *feed.Settings) { s.URL = "" },
		"a file address":    func(s *feed.Settings) { s.URL = "file:///etc/passwd" },
		"a password in it":  func(s *feed.Settings) { s.URL = "https://u:p@taxii.example/" },
		"two lines":         func(s *feed.Settings) { s.URL += "\nX: y" },
		"too often":         func(s *feed.Settings) { s.Every = 59 },
		"too rarely":        func(s *feed.Settings) { s.Every = 1 << 40 },
		"never":             func(s *feed.Settings) { s.Every = -1 },
		"no such TLP":       func(s *feed.Settings) { s.TLP = "purple" },
		"no such ceiling":   func(s *feed.Settings) { s.Ceiling = "purple" },
		"no such side":      func(s *feed.Settings) { s.Origin = "No Side" },
		"no contributor":    func(s *feed.Settings) { s.Contributor = "friend" },
		"an account":        func(s *feed.Settings) { s.Account = "x" },
		"push of nothing":   func(s *feed.Settings) { s.Kind = feed.Push },
		"push with a TLP":   func(s *feed.Settings) { s.Kind, s.Account, s.Collection, s.TLP = feed.Push, "x", "y", "clear" },
		"TAXII in a folder": func(s *feed.Settings) { s.URL = "folder:/x" },
		"no UTF-8":          func(s *feed.Settings) { s.User = "\xff" },
	} {
		s := good
		change(&s)
		if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), "x", s, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"", "A", "a b", "-a", "a/b", strings.Repeat("a", 65)} {
		if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), name, good, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	missing := good
	missing.Collection = "none"
	if err := d.Feeds.Add(t.Context(), d.Live, d.Operator(), "x", missing, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("a collection that is not there: %v", err)
	}
}

package people_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var (
	start    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	operator = people.System("operator")
	home     = people.Home{Side: "in", Codes: []string{"ind"}}
)

const (
	password = "correct horse battery"
	other    = "staple, staple, staple"
	here     = "192.0.2.1"
	there    = "198.51.100.7"
)

// node is a store and the people on it.
type node struct {
	*people.People
	t    testing.TB
	ctx  context.Context // of logins
	file string
	clk  *clock.Fake
	live *store.Handle
	stop context.CancelFunc // ends the news
	shut func() error       // closes the store
}

// newNode opens a node on file, which another may have open too.
func newNode(t testing.TB, file string, clk *clock.Fake) *node {
	t.Helper()
	s, err := store.Open(t.Context(), file, clk)
	if err != nil {
		t.Fatal(err)
	}
	shut := sync.OnceValue(s.Close)
	t.Cleanup(func() { must(t, shut(), "close the store") })
	live, err := s.Domain(t.Context(), ident.Live)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	p, err := people.New(ctx, live, home, clk, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &node{p, t, t.Context(), file, clk, live, stop, shut}
}

func open(t testing.TB) *node {
	t.Helper()
	return newNode(t, filepath.Join(t.TempDir(), "twoseas.db"), clock.NewFake(start))
}

// twin opens the same store a second time, as another process would, and waits
// until it hears what the first one does.
func (n *node) twin() *node {
	m := newNode(n.t, n.file, n.clk)
	time.Sleep(300 * time.Millisecond) // the store looks for news every 250 ms, from then on
	return m
}

// close closes the store; whoever needs it after that is not kept waiting.
func (n *node) close() {
	n.t.Helper()
	must(n.t, n.shut(), "close the store")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n.ctx = ctx
}

// add adds an account with the usual password.
func (n *node) add(name string, roles ...people.Role) {
	n.t.Helper()
	if err := n.AddAccount(n.t.Context(), operator, people.Account{Name: name, Roles: roles, Password: password}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) login(name, password, remote string) error {
	_, err := n.Login(n.ctx, name, password, remote)
	return err
}

func (n *node) token(account string) string {
	n.t.Helper()
	token, err := n.IssueToken(n.t.Context(), operator, account, "test", 0)
	if err != nil {
		n.t.Fatal(err)
	}
	return token
}

func (n *node) loginToken(token string) error {
	_, err := n.LoginToken(n.ctx, token)
	return err
}

// want fails the test unless err is of kind k.
func want(t testing.TB, err error, k fault.Kind, doing string) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("%s: got error %v, want one of kind %s", doing, err, k)
	}
}

func must(t testing.TB, err error, doing string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

func TestEachRoleMayDoWhatItsRowSays(t *testing.T) {
	table := `
                      read write import contribute export respond review approve recall onward exchange agree assist incidents liaise reach appoint convene audit manage administer
administrator         -  -  -  -  -  -  -  -  -  -  x  -  -  -  -  x  -  -  -  x  x
analyst               x  x  x  -  x  x  x  -  x  -  -  -  x  x  -  x  -  -  -  -  -
releasing-officer     x  -  -  -  x  x  x  x  x  x  -  -  -  -  -  x  -  -  -  -  -
duty-officer          x  -  -  -  -  x  x  -  x  x  x  -  x  x  -  x  x  -  -  -  -
desk-officer          x  -  -  -  -  -  -  -  -  -  -  x  -  -  -  x  x  x  -  -  -
liaison               x  -  -  -  -  x  -  -  -  -  -  -  -  -  x  x  -  -  -  -  -
member                x  x  -  x  -  x  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -
auditor               x  -  -  -  x  -  -  -  -  -  -  -  -  -  -  x  -  -  x  -  -
organisation-administrator -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  -  x  -`
	rows := strings.Split(strings.TrimSpace(table), "\n")[1:]
	if len(rows) != len(people.Roles()) {
		t.Fatalf("the table has %d rows for %d roles", len(rows), len(people.Roles()))
	}
	for i, row := range rows {
		cells := strings.Fields(row)
		role := people.Roles()[i]
		if string(role) != cells[0] || len(cells) != len(people.Acts())+1 {
			t.Fatalf("row %d is %v, want %s and %d acts", i, cells, role, len(people.Acts()))
		}
		for j, act := range people.Acts() {
			err := people.Actor{Name: "a", Roles: []people.Role{role}}.May(act)
			if (err == nil) != (cells[j+1] == "x") {
				t.Errorf("%s and %q: got %v, the table says %s", role, act, err, cells[j+1])
			}
			if err != nil && !fault.Is(err, fault.Denied) {
				t.Errorf("%s and %q: refused with %v, want a denial", role, act, err)
			}
		}
	}
}

func TestNobodyMayDoNothingAndTheNodeMayNotApprove(t *testing.T) {
	for _, act := range append(people.Acts(), "", "rule the world") {
		want(t, people.Actor{}.May(act), fault.Denied, "the zero actor and "+string(act))
		want(t, people.Actor{Name: "x", Roles: []people.Role{"root"}}.May(act), fault.Denied, "an unknown role and "+string(act))
	}
	for _, act := range people.Acts() {
		err := operator.May(act)
		if (err == nil) != (act != people.Approve) {
			t.Errorf("the node and %q: %v", act, err)
		}
	}
	both := people.Actor{Name: "x", Roles: []people.Role{people.Member, people.Auditor}}
	if both.May(people.Write) != nil || both.May(people.Audit) != nil || both.May(people.Approve) == nil {
		t.Error("two roles may not do what each may, or more")
	}
}

func TestAClearanceReadsAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := people.Clearance{TLP: rapid.SampledFrom(marking.TLPs()).Draw(t, "tlp"), Unmarked: rapid.Bool().Draw(t, "unmarked")}
		for _, s := range []string{c.String(), strings.ToLower(c.String()), strings.TrimPrefix(c.String(), "TLP:")} {
			if got, err := people.ParseClearance(s); err != nil || got != c {
				t.Fatalf("%q reads as %v, %v; want %v", s, got, err, c)
			}
		}
	})
	if got := (people.Clearance{TLP: marking.Red, Unmarked: true}).String(); got != "TLP:RED+UNMARKED" {
		t.Errorf("got %s", got)
	}
	for _, s := range []string{"", "+unmarked", "none", "none+unmarked", "red+", "red+strict", "red +unmarked+unmarked", "unmarked", people.Clearance{}.String()} {
		if c, err := people.ParseClearance(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q reads as %v, %v; want a refusal", s, c, err)
		}
	}
}

func TestReadableFollowsLevelUnmarkedAndDomain(t *testing.T) {
	label := func(tlp marking.TLP, unknown ...string) []byte {
		return marking.Label{Kind: "threat", Origin: "jp", Terms: marking.Terms{TLP: tlp, Unknown: unknown}}.Canonical()
	}
	cases := []struct {
		name, clearance string
		label           []byte
		want            bool
	}{
		{"at the level", "TLP:AMBER", label(marking.Amber), true},
		{"one above", "TLP:AMBER", label(marking.AmberStrict), false},
		{"no TLP", "TLP:RED", label(marking.NoTLP), false},
		{"no TLP for those who see the unmarked", "TLP:RED+UNMARKED", label(marking.NoTLP), true},
		{"unknown marking", "TLP:RED", label(marking.Clear, "x"), false},
		{"a label that does not parse", "TLP:RED+UNMARKED", []byte(`{"tlp":"mauve"}`), false},
		{"a clearance that does not parse", "everything", label(marking.Clear), false},
	}
	drill, err := ident.Exercise("x")
	must(t, err, "name an exercise")
	for _, c := range cases {
		if got := home.Readable(c.clearance, c.label, ident.Live, start); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
		if home.Readable(c.clearance, c.label, drill, start) {
			t.Errorf("%s: live data is readable in an exercise", c.name)
		}
	}
}

func TestTheCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		c := people.NewCache(limit)
		var model [][2]int // most recently used first
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			k := rapid.IntRange(0, 8).Draw(t, "key")
			i := slices.IndexFunc(model, func(e [2]int) bool { return e[0] == k })
			switch rapid.SampledFrom([]string{"get", "put", "drop"}).Draw(t, "step") {
			case "get":
				v, ok := c.Get(k)
				if ok != (i >= 0) || (ok && v != model[i][1]) {
					t.Fatalf("get %d: %d, %v; the model is %v", k, v, ok, model)
				}
				if ok {
					e := model[i]
					model = slices.Insert(slices.Delete(model, i, i+1), 0, e)
				}
			case "put":
				if i >= 0 {
					model = slices.Delete(model, i, i+1)
				}
				v := rapid.Int().Draw(t, "value")
				model = slices.Insert(model, 0, [2]int{k, v})
				model = model[:min(len(model), limit)]
				c.Put(k, v)
			case "drop":
				c.Drop(k)
				if i >= 0 {
					model = slices.Delete(model, i, i+1)
				}
			}
			if c.Len() != 2*len(model) {
				t.Fatalf("the cache holds %d, the model %v", c.Len(), model)
			}
		}
	})
}

func TestWhatIsListedHasNoPassword(t *testing.T) {
	n := open(t)
	must(t, n.AddOrganisation(t.Context(), operator, people.Organisation{ID: "JPCERT", Name: "JPCERT/CC", Kind: people.CERT}), "add an organisation")
	must(t, n.AddAccount(t.Context(), operator, people.Account{
		Name: "Analyst.1@CERT", Org: "jpcert", FullName: " 山田 ", Email: "Y@example.jp", Roles: []people.Role{people.Member, people.Analyst, people.Member}, Password: password,
	}), "add an account")
	got, err := n.List(t.Context(), operator)
	must(t, err, "list")
	expect := []people.Account{{
		Name: "analyst.1@cert", Org: "jpcert", FullName: "山田", Email: "y@example.jp", HasPassword: true, Effective: "TLP:GREEN", Roles: []people.Role{people.Analyst, people.Member},
		Clearance: "TLP:GREEN", Created: start,
	}}
	if d := cmp.Diff(expect, got); d != "" {
		t.Errorf("accounts (-want +got):\n%s", d)
	}
}

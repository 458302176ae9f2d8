package releases

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
)

// perPage is how many items a person looks through at once; all of them can be
// approved with one signature.
const perPage = 25

// listing is a page of items.
type listing struct {
	*page.Request
	Ask   release.Page
	Items []release.Preview
	More  bool
	Done  int     // approved just now
	Left  []int64 // not approved just now
	None  bool    // nothing was marked
}

func (p *pages) items(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if q.Agreement == "" {
		return page.See(w, r, "/releases")
	}
	v := listing{Request: q}
	var err error
	if v.Ask, err = askOf(r, q.Agreement); err != nil {
		return err
	}
	if v.Items, v.More, err = p.Releases.List(r.Context(), q.Handle, q.Actor, v.Ask); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read the release queue", "agreement", string(q.Agreement), "group", v.Ask.Key); err != nil {
		return err
	}
	v.Done, v.Left, v.None = count(r, "done"), numbers(r.URL.Query().Get("left")), r.URL.Query().Has("none")
	head := page.Head{Title: q.T("release.items.title"), Lead: q.T("release.items.lead." + v.Ask.State), Area: area, Mark: highest(v.Items)}
	return p.Render(w, r, head, itemsPage(v))
}

func askOf(r *http.Request, a ident.Agreement) (release.Page, error) {
	v := r.URL.Query()
	ask := release.Page{Agreement: a, State: stateOf(r), Key: v.Get("key"), Limit: perPage}
	how, err := release.ParseGrouping(v.Get("by"))
	if err != nil {
		return ask, err
	}
	ask.How = how
	if s := v.Get("after"); s != "" {
		if ask.After, err = strconv.ParseInt(s, 10, 64); err != nil || ask.After < 0 {
			return ask, fault.Errorf(fault.Invalid, "after %.20q: want the number of an item", s)
		}
	}
	return ask, nil
}

// at is the address of the page that begins after an item, without what was
// done just now.
func (v listing) at(after int64) string {
	q := url.Values{"agreement": {string(v.Ask.Agreement)}, "state": {v.Ask.State}, "by": {string(v.Ask.How)}, "key": {v.Ask.Key}}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	return "/releases/items?" + q.Encode()
}

func (v listing) first() string {
	if v.Ask.After == 0 {
		return ""
	}
	return v.at(0)
}

func (v listing) next() string {
	if !v.More || len(v.Items) == 0 {
		return ""
	}
	return v.at(v.Items[len(v.Items)-1].Object.Seq)
}

// approvable are the items that the reader may approve now.
func (v listing) approvable() int {
	n := 0
	for _, i := range v.Items {
		if v.may(i) {
			n++
		}
	}
	return n
}

func (v listing) may(i release.Preview) bool {
	return decides(v.Request) && i.Approvable(v.Actor) == nil && !i.SignedBy(v.Actor.Name)
}

// signWord says what signing the page does: some items may need another
// officer still.
func (v listing) signWord() string {
	n, last := 0, true
	for _, i := range v.Items {
		if v.may(i) {
			n++
			last = last && i.Given()+1 >= i.Decision.Approvals
		}
	}
	if last {
		return v.N("release.sign.button", int64(n))
	}
	return v.N("release.sign.first", int64(n))
}

// mark is one item and the digest of what was shown of it.
func mark(i release.Preview) string {
	return strconv.FormatInt(i.Object.Seq, 10) + "." + i.Digest.String()
}

func parseMark(s string) (release.Signature, error) {
	number, digest, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return release.Signature{}, fault.New(fault.Invalid, "the form names an item without a number")
	}
	d, err := ident.ParseDigest(digest)
	return release.Signature{Object: n, Digest: d}, err
}

func (p *pages) approveAll(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	back := page.Back(r, "/releases")
	a, err := ident.ParseAgreement(f.Get("agreement"))
	if err != nil {
		return err
	}
	var list []release.Signature
	for _, s := range f["item"] {
		sig, err := parseMark(s)
		if err != nil {
			return err
		}
		list = append(list, sig)
	}
	if len(list) == 0 {
		return page.See(w, r, with(back, url.Values{"none": {"1"}}))
	}
	said, err := p.Releases.ApproveAll(r.Context(), q.Handle, q.Actor, a, list)
	if err != nil {
		return err
	}
	done, left := 0, []string{}
	for _, s := range said {
		if s.Err == nil {
			done++
		} else {
			left = append(left, strconv.FormatInt(s.Object, 10))
		}
	}
	return page.See(w, r, with(back, url.Values{"done": {strconv.Itoa(done)}, "left": {strings.Join(left, ".")}}))
}

// with adds parameters to an address of this node.
func with(path string, more url.Values) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/releases"
	}
	q := u.Query()
	for k, v := range more {
		q[k] = v
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func count(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 0 {
		return 0 // an address that somebody made up
	}
	return n
}

func numbers(s string) []int64 {
	var out []int64
	for part := range strings.SplitSeq(s, ".") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil && n > 0 && len(out) < release.MaxSignatures {
			out = append(out, n)
		}
	}
	return out
}

// highest is the mark of a page with items.
func highest(items []release.Preview) string {
	levels := make([]marking.TLP, len(items))
	for i, item := range items {
		levels[i] = item.Label.TLP
	}
	return page.Highest(levels...)
}

package fetch

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// The media type of TAXII 2.1 (§1.6.8), and the path of discovery (§4.1).
const (
	mediaType = "application/taxii+json;version=2.1"
	discovery = "/taxii2/"
)

// timestamp is how TAXII writes times (§2), to the microsecond and beyond when
// the server did.
func timestamp(t time.Time) string {
	layout := "2006-01-02T15:04:05.000000Z"
	if t.Nanosecond()%1000 != 0 {
		layout = "2006-01-02T15:04:05.000000000Z"
	}
	return t.UTC().Format(layout)
}

// place is a collection by name on a server.
type place struct{ url, name string }

// rootOfTAXII is what an API root says of itself.
type rootOfTAXII struct{ maxContent int64 }

// maxFound bounds the collections and roots that are remembered.
const maxFound = 1000

// Page asks for objects (TAXII 2.1 §5.4).
func (c *Client) Page(ctx context.Context, r feed.Remote, a feed.Ask) (feed.Page, error) {
	at, err := c.collection(ctx, r)
	if err != nil {
		return feed.Page{}, err
	}
	q := url.Values{}
	if !a.After.IsZero() {
		q.Set("added_after", timestamp(a.After))
	}
	if a.Next != "" {
		q.Set("next", a.Next)
	}
	if len(a.Types) > 0 {
		q.Set("match[type]", strings.Join(a.Types, ","))
	}
	if a.Limit > 0 {
		q.Set("limit", strconv.Itoa(a.Limit))
	}
	got, err := c.taxii(ctx, r, request{method: http.MethodGet, url: at + "objects/?" + q.Encode()})
	if err != nil {
		c.forget(err)
		return feed.Page{}, err
	}
	p := feed.Page{Body: got.body}
	if last := got.header.Get("X-TAXII-Date-Added-Last"); last != "" {
		if p.Last, err = time.Parse(time.RFC3339Nano, last); err != nil {
			return feed.Page{}, errors.Join(fault.Errorf(fault.Invalid, "the server's X-TAXII-Date-Added-Last is %.60q, no time", last), got.body.Close())
		}
	}
	return p, nil
}

// Post adds objects (TAXII 2.1 §5.5).
func (c *Client) Post(ctx context.Context, r feed.Remote, envelope []byte) (feed.Receipt, error) {
	at, err := c.collection(ctx, r)
	if err != nil {
		return feed.Receipt{}, err
	}
	root, err := c.root(ctx, r, at)
	if err != nil {
		return feed.Receipt{}, err
	}
	if root.maxContent > 0 && int64(len(envelope)) > root.maxContent {
		return feed.Receipt{}, fault.Errorf(fault.TooLarge, "%d bytes, and the server takes %d", len(envelope), root.maxContent)
	}
	got, err := c.taxii(ctx, r, request{method: http.MethodPost, url: at + "objects/", body: envelope, header: http.Header{"Content-Type": {mediaType}}, most: maxResource})
	if err != nil {
		c.forget(err)
		return feed.Receipt{}, err
	}
	return c.receipt(got)
}

// Status asks what became of what was posted (TAXII 2.1 §4.3).
func (c *Client) Status(ctx context.Context, r feed.Remote, id string) (feed.Receipt, error) {
	at, err := c.collection(ctx, r)
	if err != nil {
		return feed.Receipt{}, err
	}
	got, err := c.taxii(ctx, r, request{method: http.MethodGet, url: rootURL(at) + "status/" + url.PathEscape(id) + "/", most: maxResource})
	if err != nil {
		return feed.Receipt{}, err
	}
	return c.receipt(got)
}

// maxReasons bounds the reasons kept of a status.
const maxReasons = 20

func (c *Client) receipt(a answer) (feed.Receipt, error) {
	raw, err := small(a)
	if err != nil {
		return feed.Receipt{}, err
	}
	var s struct {
		ID       string `json:"id"`
		Status   string `json:"status"`
		Success  int    `json:"success_count"`
		Failed   int    `json:"failure_count"`
		Failures []struct {
			ID      string `json:"id"`
			Message string `json:"message"`
		} `json:"failures"`
	}
	if err := canon.Unmarshal(raw, &s); err != nil {
		return feed.Receipt{}, fault.Errorf(fault.Invalid, "the server's status resource: %w", err)
	}
	if s.Status != "complete" && s.Status != "pending" || s.ID == "" || s.Success < 0 || s.Failed < 0 {
		return feed.Receipt{}, fault.New(fault.Invalid, "the server answers with no status resource (TAXII 2.1 §4.3)")
	}
	r := feed.Receipt{ID: s.ID, Pending: s.Status == "pending", Accepted: s.Success, Refused: s.Failed}
	for _, f := range s.Failures[:min(len(s.Failures), maxReasons)] {
		r.Reasons = append(r.Reasons, strings.TrimSuffix(f.ID+": "+f.Message, ": "))
	}
	return r, nil
}

// taxii sends a request and refuses an answer that is not TAXII 2.1.
func (c *Client) taxii(ctx context.Context, r feed.Remote, q request) (answer, error) {
	if q.header == nil {
		q.header = http.Header{}
	}
	q.header.Set("Accept", mediaType)
	got, err := c.do(ctx, r, q)
	if err != nil {
		return got, err
	}
	typ, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	version, versioned := params["version"]
	if err != nil || typ != "application/taxii+json" || versioned && version != "2.1" {
		return answer{}, errors.Join(fault.Errorf(fault.Invalid, "the server answers in %.80q, not in %s: is this the address of a TAXII 2.1 collection?",
			got.header.Get("Content-Type"), mediaType), got.body.Close())
	}
	return got, nil
}

// resource asks for a short resource and reads it into v.
func (c *Client) resource(ctx context.Context, r feed.Remote, at string, v any) error {
	got, err := c.taxii(ctx, r, request{method: http.MethodGet, url: at, most: maxResource})
	if err != nil {
		return err
	}
	raw, err := small(got)
	if err != nil {
		return err
	}
	if err := canon.Unmarshal(raw, v); err != nil {
		return fault.Errorf(fault.Invalid, "the answer of %.200s: %w", at, err)
	}
	return nil
}

// collection returns the address of the collection of r, with a slash at its
// end. One that is given by name is looked for on its server.
func (c *Client) collection(ctx context.Context, r feed.Remote) (string, error) {
	base, _, _ := strings.Cut(r.URL, "?")
	base = strings.TrimSuffix(strings.TrimSuffix(base, "/"), "/objects") + "/"
	if r.Collection == "" {
		if !strings.Contains(base, "/collections/") || strings.HasSuffix(base, "/collections/") {
			return "", fault.New(fault.Invalid, "the address is not that of a collection: give one, or the name of the collection as well")
		}
		return base, nil
	}
	key := place{base, r.Collection}
	c.mu.Lock()
	at, ok := c.found[key]
	c.mu.Unlock()
	if ok {
		return at, nil
	}
	at, err := c.look(ctx, r, base)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.found) >= maxFound {
		clear(c.found)
	}
	c.found[key] = at
	return at, nil
}

// forget drops what is remembered of a server that does not know its
// collection any more.
func (c *Client) forget(err error) {
	if !fault.Is(err, fault.NotFound) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.found)
	clear(c.roots)
}

// Collection is one that a server offers.
type Collection struct {
	URL         string `json:"-"`
	ID          string `json:"id"`
	Alias       string `json:"alias"`
	Title       string `json:"title"`
	Description string `json:"description"`
	CanRead     bool   `json:"can_read"`
	CanWrite    bool   `json:"can_write"`
}

// look finds the collection named by r on its server.
func (c *Client) look(ctx context.Context, r feed.Remote, base string) (string, error) {
	all, err := c.Collections(ctx, feed.Remote{URL: base, User: r.User, Secret: r.Secret, CA: r.CA, Private: r.Private})
	if err != nil {
		return "", err
	}
	var at []string
	for _, by := range []func(Collection) string{
		func(k Collection) string { return k.ID }, func(k Collection) string { return k.Alias }, func(k Collection) string { return k.Title },
	} {
		for _, k := range all {
			if by(k) == r.Collection && !slices.Contains(at, k.URL) {
				at = append(at, k.URL)
			}
		}
		if len(at) > 0 {
			break
		}
	}
	switch len(at) {
	case 1:
		return at[0], nil
	case 0:
		return "", fault.Errorf(fault.NotFound, "the server has no collection %.100q for us", r.Collection)
	}
	return "", fault.Errorf(fault.Conflict, "the server has %d collections %.100q: give its address", len(at), r.Collection)
}

// maxRoots bounds the API roots of a server that are looked at.
const maxRoots = 50

// Collections returns what a server offers: at its discovery resource, or when
// URL is that of an API root, there.
func (c *Client) Collections(ctx context.Context, r feed.Remote) ([]Collection, error) {
	base := strings.TrimSuffix(r.URL, "/") + "/"
	u, err := url.Parse(base)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "address %.200q: %w", r.URL, err)
	}
	if u.Path == "/" || u.Path == discovery {
		u.Path = discovery
		return c.discover(ctx, r, u)
	}
	return c.offered(ctx, r, base)
}

// Offers is Collections as the acts on feeds ask it.
func (c *Client) Offers(ctx context.Context, r feed.Remote) ([]feed.Offer, error) {
	all, err := c.Collections(ctx, r)
	var out []feed.Offer
	for _, k := range all {
		out = append(out, feed.Offer{URL: k.URL, Title: k.Title, Read: k.CanRead, Write: k.CanWrite})
	}
	return out, err
}

func (c *Client) discover(ctx context.Context, r feed.Remote, at *url.URL) ([]Collection, error) {
	var d struct {
		Roots []string `json:"api_roots"`
	}
	if err := c.resource(ctx, r, at.String(), &d); err != nil {
		return nil, err
	}
	var out []Collection
	var errs []error
	for _, root := range d.Roots[:min(len(d.Roots), maxRoots)] {
		u, err := at.Parse(strings.TrimSuffix(root, "/") + "/")
		if err == nil && (u.Scheme != at.Scheme || u.Host != at.Host) {
			err = fault.Errorf(fault.Denied, "the API root %.200s is on another server than its discovery; give its address", root)
		}
		if err == nil {
			var some []Collection
			some, err = c.offered(ctx, r, u.String())
			out = append(out, some...)
		}
		if err != nil { // a root may be closed to us (§4.2)
			errs = append(errs, err)
		}
	}
	if len(out) == 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

// offered returns the collections of an API root (TAXII 2.1 §5.1).
func (c *Client) offered(ctx context.Context, r feed.Remote, root string) ([]Collection, error) {
	var l struct {
		Collections []Collection `json:"collections"`
	}
	if err := c.resource(ctx, r, root+"collections/", &l); err != nil {
		return nil, err
	}
	for i := range l.Collections {
		l.Collections[i].URL = root + "collections/" + url.PathEscape(l.Collections[i].ID) + "/"
	}
	return l.Collections, nil
}

// rootURL returns the API root of a collection's address.
func rootURL(collection string) string {
	return collection[:strings.LastIndex(collection, "/collections/")+1]
}

// root returns what the API root of a collection says of itself (§4.2); one
// that says nothing bounds nothing.
func (c *Client) root(ctx context.Context, r feed.Remote, collection string) (rootOfTAXII, error) {
	at := rootURL(collection)
	c.mu.Lock()
	have, ok := c.roots[at]
	c.mu.Unlock()
	if ok {
		return have, nil
	}
	var said struct {
		Max int64 `json:"max_content_length"`
	}
	if err := c.resource(ctx, r, at, &said); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
		return rootOfTAXII{}, err
	}
	have = rootOfTAXII{said.Max}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.roots) >= maxFound {
		clear(c.roots)
	}
	c.roots[at] = have
	return have, nil
}

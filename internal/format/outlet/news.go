package outlet

import (
	"bytes"
	"encoding/xml"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// Item is one object as news.
type Item struct {
	ID, Type, Title, Text string
	Link                  string // to its page; "" when that is not known
	Author                string
	Published, Updated    time.Time
	TLP                   string // TLP:GREEN, "" for none
	Tags                  []string
	Revoked               bool
}

// Media types of news.
const (
	AtomType = "application/atom+xml; charset=utf-8"
	JSONType = "application/feed+json; charset=utf-8"
)

// Bounds of texts, in characters.
const (
	maxTitle = 200
	maxText  = 4000
)

func (i Item) title() string {
	t := oneLine(i.Title)
	if t == "" {
		t = valid(i.ID)
	}
	if i.Revoked {
		t += " (revoked)"
	}
	return clip(t, maxTitle)
}

// urn names a thing by a UUID made of what names it.
func urn(parts ...string) string {
	sum := ident.Sum([]byte("twoseas news v1\x00" + strings.Join(parts, "\x00")))
	return "urn:uuid:" + ident.FormatUUID([16]byte(sum[:16]))
}

type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Comment  string      `xml:",comment"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle"`
	Updated  string      `xml:"updated"`
	Rights   string      `xml:"rights"`
	Link     *atomLink   `xml:"link"`
	Author   atomPerson  `xml:"author"`
	Entries  []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomTerm struct {
	Term string `xml:"term,attr"`
}

type atomEntry struct {
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Updated   string      `xml:"updated"`
	Published string      `xml:"published"`
	Author    *atomPerson `xml:"author"`
	Link      *atomLink   `xml:"link"`
	Terms     []atomTerm  `xml:"category"`
	Rights    string      `xml:"rights,omitempty"`
	Content   atomText    `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// Atom writes news as RFC 4287 wants them.
func Atom(h Head, items []Item) ([]byte, error) {
	f := atomFeed{
		Comment: " " + strings.ReplaceAll(h.line(), "-", "\u2010") + " ", // no hyphens: two end it
		ID:      urn("feed", h.Collection), Title: oneLine(h.Title), Subtitle: oneLine(h.What), Updated: stamp(h.Updated),
		Rights: h.Marking, Link: linkTo("self", h.URL), Author: atomPerson{oneLine(h.Title)},
	}
	for _, i := range items {
		e := atomEntry{
			ID: urn("object", i.ID), Title: clean(i.title()), Updated: stamp(i.Updated), Published: stamp(i.Published), Link: linkTo("alternate", i.Link),
			Rights: i.TLP, Content: atomText{"text", clean(clip(i.Text, maxText))}, Terms: []atomTerm{{i.Type}},
		}
		if i.Author != "" {
			e.Author = &atomPerson{clean(oneLine(i.Author))}
		}
		for _, t := range i.Tags {
			e.Terms = append(e.Terms, atomTerm{clean(oneLine(t))})
		}
		f.Entries = append(f.Entries, e)
	}
	f.Title, f.Subtitle, f.Comment, f.Author.Name = clean(f.Title), clean(f.Subtitle), clean(f.Comment), clean(f.Author.Name)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(f); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// line returns all that h says as one line.
func (h Head) line() string {
	lines := h.lines()
	for i, l := range lines {
		lines[i] = oneLine(l)
	}
	return strings.Join(lines, "; ")
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// clean removes what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 {
			return r
		}
		return '\ufffd'
	}, s)
}

func linkTo(rel, href string) *atomLink {
	if href == "" {
		return nil
	}
	return &atomLink{rel, href}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}

type jsonFeed struct {
	Version     string     `json:"version"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	FeedURL     string     `json:"feed_url,omitzero"`
	About       jsonAbout  `json:"_twoseas"`
	Items       []jsonItem `json:"items"`
}

type jsonAbout struct {
	About   string `json:"about"`
	Marking string `json:"marking"`
	Count   int    `json:"count"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url,omitzero"`
	Title     string       `json:"title"`
	Text      string       `json:"content_text"`
	Published string       `json:"date_published"`
	Modified  string       `json:"date_modified"`
	Authors   []jsonPerson `json:"authors,omitzero"`
	Tags      []string     `json:"tags"`
	TLP       string       `json:"_tlp,omitzero"`
}

type jsonPerson struct {
	Name string `json:"name"`
}

// JSON writes news as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/),
// with two members of our own that the format lets in.
func JSON(h Head, items []Item) ([]byte, error) {
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: oneLine(h.Title), Description: oneLine(h.What), FeedURL: valid(h.URL),
		About: jsonAbout{About: h.line(), Marking: valid(h.Marking), Count: h.Count}, Items: []jsonItem{},
	}
	for _, i := range items {
		e := jsonItem{
			ID: valid(i.ID), URL: valid(i.Link), Title: i.title(), Text: clip(valid(i.Text), maxText), Published: stamp(i.Published), Modified: stamp(i.Updated),
			Tags: []string{oneLine(i.Type)}, TLP: valid(i.TLP),
		}
		if e.Text == "" {
			e.Text = e.Title
		}
		if i.Author != "" {
			e.Authors = []jsonPerson{{oneLine(i.Author)}}
		}
		for _, t := range i.Tags {
			e.Tags = append(e.Tags, oneLine(t))
		}
		f.Items = append(f.Items, e)
	}
	return canon.Write(f)
}

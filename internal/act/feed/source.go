package feed

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/table"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Kind is how a source is spoken with.
type Kind string

// The kinds.
const (
	TAXII Kind = "taxii" // objects of a TAXII 2.1 collection
	Push  Kind = "push"  // a collection of ours, sent to one of theirs
	STIX  Kind = "stix"  // a bundle, envelope or object in a file
	CSV   Kind = "csv"   // a table of values in a file
	Text  Kind = "text"  // a text with values in it
	MISP  Kind = "misp"  // events of MISP in a file
)

// Kinds returns every kind.
func Kinds() []Kind { return []Kind{TAXII, Push, STIX, CSV, Text, MISP} }

// Bounds of how often a source is asked.
const (
	MinEvery = time.Minute
	MaxEvery = 30 * 24 * time.Hour
)

// Settings is what people say of a source.
type Settings struct {
	Kind Kind `json:"kind"`
	// URL is the address of the collection, the server or the file; or folder:
	// and the path of a folder on this machine.
	URL string `json:"url"`
	// Remote names the collection there, where URL does not.
	Remote string `json:"remote,omitempty"`
	// User is who we are there; the password is kept apart. Without a user,
	// what is kept apart is a bearer token.
	User string `json:"user,omitempty"`
	// CA is a PEM file's text that the server's certificate must come from.
	CA string `json:"ca,omitempty"`
	// Private admits addresses of private networks and of this machine, and
	// credentials over plain HTTP.
	Private bool `json:"private,omitempty"`
	// Every is the seconds between two looks.
	Every int64 `json:"every"`
	// Types are the types of objects that are wanted; none for all.
	Types []string `json:"types,omitempty"`

	// Layout is how the tables are written; without it each is looked at.
	Layout *table.Layout `json:"layout,omitempty"`

	// Of what comes in: whose it is (default a third side's, which goes nowhere
	// without its consent; this side's when a member contributed it), who did, its sectors, the TLP of what
	// has none, the strictest that is taken, the collection it joins.
	Origin      ident.Side `json:"origin,omitempty"`
	Contributor string     `json:"contributor,omitempty"`
	Sectors     []string   `json:"sectors,omitempty"`
	TLP         string     `json:"tlp,omitempty"`
	Ceiling     string     `json:"ceiling,omitempty"`
	Collection  string     `json:"collection,omitempty"`

	// Account is whose eyes decide what is sent by a push: what it may read
	// of Collection, no more.
	Account string `json:"account,omitempty"`
}

// folderScheme is what URLs of folders begin with.
const folderScheme = "folder:"

// Folder returns the folder a URL names.
func Folder(url string) (string, bool) { return strings.CutPrefix(url, folderScheme) }

// maxText bounds each text of the settings but the certificate, in bytes.
const maxText = 2000

// checked returns s with its spellings settled, or fault.Invalid.
func (s Settings) checked() (Settings, error) {
	if !slices.Contains(Kinds(), s.Kind) {
		return s, fault.Errorf(fault.Invalid, "kind %.20q: want taxii, push, stix, csv, text or misp", s.Kind)
	}
	if err := s.checkLayout(); err != nil {
		return s, err
	}
	if err := s.checkTexts(); err != nil {
		return s, err
	}
	if err := s.checkURL(); err != nil {
		return s, err
	}
	if every := time.Duration(s.Every) * time.Second; s.Every > int64(MaxEvery/time.Second) || every < MinEvery {
		return s, fault.Errorf(fault.Invalid, "every %d seconds: want from %s to %s", s.Every, MinEvery, MaxEvery)
	}
	if s.Origin != "" {
		if _, err := ident.ParseSide(string(s.Origin)); err != nil {
			return s, err
		}
	}
	if s.Contributor != "" && s.Contributor != marking.Member {
		return s, fault.Errorf(fault.Invalid, "contributor %.20q: want %s or nothing", s.Contributor, marking.Member)
	}
	for _, level := range []*string{&s.TLP, &s.Ceiling} {
		if *level == "" {
			continue
		}
		tlp, err := marking.ParseTLP(*level)
		if err != nil {
			return s, err
		}
		*level = tlp.Name()
	}
	return s, s.checkPush()
}

func (s Settings) checkTexts() error {
	texts := append(append([]string{s.URL, s.Remote, s.User, s.Collection, s.Account}, s.Types...), s.Sectors...)
	for _, text := range texts {
		if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return fault.Errorf(fault.Invalid, "%.60q: want one line of at most %d bytes", text, maxText)
		}
	}
	if len(s.Types)+len(s.Sectors) > 200 || len(s.CA) > 200<<10 {
		return fault.New(fault.Invalid, "at most 200 types and sectors, and 200 KiB of certificates")
	}
	return nil
}

func (s Settings) checkLayout() error {
	switch {
	case s.Layout == nil:
		return nil
	case s.Kind != CSV:
		return fault.New(fault.Invalid, "a layout is for tables")
	case !s.Layout.HasValue():
		return fault.New(fault.Invalid, "no column of the layout holds values")
	}
	return s.Layout.Check()
}

func (s Settings) checkURL() error {
	if dir, ok := Folder(s.URL); ok {
		if s.Kind == TAXII || s.Kind == Push {
			return fault.New(fault.Invalid, "a TAXII collection is not in a folder")
		}
		if !path.IsAbs(dir) || path.Clean(dir) != dir {
			return fault.Errorf(fault.Invalid, "folder %.200q: want an absolute path", dir)
		}
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fault.Errorf(fault.Invalid, "address %.200q: want https://…, http://… or folder:/…", s.URL)
	}
	if u.User != nil || u.Fragment != "" {
		return fault.New(fault.Invalid, "an address holds no password and no #: give the user apart")
	}
	return nil
}

func (s Settings) checkPush() error {
	if s.Kind != Push {
		if s.Account != "" {
			return fault.New(fault.Invalid, "an account is for what is sent: it says what may be")
		}
		return nil
	}
	if s.Account == "" || s.Collection == "" {
		return fault.New(fault.Invalid, "a push needs the collection that is sent and the account whose rights on it decide what is")
	}
	if s.Origin != "" || s.Contributor != "" || len(s.Sectors) > 0 || s.TLP != "" || s.Ceiling != "" {
		return fault.New(fault.Invalid, "origin, contributor, sectors, TLP and ceiling are for what comes in")
	}
	return nil
}

// every returns the time between two looks.
func (s Settings) every() time.Duration { return time.Duration(s.Every) * time.Second }

// source returns what intake of side self is told of what comes in.
func (s Settings) source(self ident.Side) (intake.Source, error) {
	src := intake.Source{Origin: s.Origin, Contributor: s.Contributor, Sectors: s.Sectors, Collection: s.Collection}
	switch {
	case src.Origin != "":
	case s.Contributor != "":
		src.Origin = self // its members are under it
	default:
		src.Origin = marking.OtherSide
	}
	src.Foreign = src.Origin != self
	var err error
	if s.TLP != "" {
		if src.DefaultTLP, err = marking.ParseTLP(s.TLP); err != nil {
			return src, err
		}
	}
	if s.Ceiling != "" {
		src.Ceiling, err = marking.ParseTLP(s.Ceiling)
	}
	return src, err
}

// where reports whether two settings name the same place, so that where one
// left off the other may go on.
func (s Settings) where() string {
	return strings.Join(append([]string{string(s.Kind), s.URL, s.Remote, s.User, s.Collection, s.Account}, s.Types...), "\x00")
}

// shownTo tells to whom a secret is shown, and over which line.
func (s Settings) shownTo() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return s.URL
	}
	return strings.Join([]string{u.Scheme, u.Host, s.User, s.CA, strconv.FormatBool(s.Private)}, "\x00")
}

func settingsOf(row store.Feed) (s Settings, err error) {
	return s, canon.UnmarshalStrict(row.Settings, &s)
}

package coordination

import (
	"regexp"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The types of the two objects: what is coordinated, which is the opener's,
// and one step of a side, which is that side's.
const (
	Type     = "x-twoseas-coordination"
	StepType = "x-twoseas-coordination-step"
)

// Bounds of what people write, in characters, and of lists.
const (
	MaxTitle = 200
	MaxText  = 30_000
	MaxName  = 200
	MaxList  = 50
)

// Opening is what is coordinated. Agreement never changes; the rest is
// corrected by a later version of the same object.
type Opening struct {
	ID                string
	Agreement         ident.Agreement
	Language          string // of the title: en, ja, hi
	Title             string
	Vulnerabilities   []string // names of vulnerabilities such as CVE-2027-1234; may be empty
	Created, Modified time.Time
}

type openingWire struct {
	Agreement       string      `json:"agreement"`
	Created         clock.Stamp `json:"created"`
	ID              string      `json:"id"`
	Lang            string      `json:"lang"`
	Modified        clock.Stamp `json:"modified"`
	SpecVersion     string      `json:"spec_version"`
	Title           string      `json:"title"`
	Type            string      `json:"type"`
	Vulnerabilities []string    `json:"vulnerabilities,omitempty"`
}

// Encode returns o as an object, or fault.Invalid.
func (o Opening) Encode() ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(openingWire{
		Agreement: string(o.Agreement), Created: clock.StampOf(o.Created), ID: o.ID, Lang: o.Language, Modified: clock.StampOf(o.Modified),
		SpecVersion: "2.1", Title: o.Title, Type: Type, Vulnerabilities: o.Vulnerabilities,
	})
}

// Parse reads what is coordinated strictly, or returns fault.Invalid.
func Parse(raw []byte) (Opening, error) {
	var w openingWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Opening{}, fault.Errorf(fault.Invalid, "coordination: %w", err)
	}
	if w.Type != Type || w.SpecVersion != "2.1" {
		return Opening{}, fault.Errorf(fault.Invalid, "coordination: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	o := Opening{
		ID: w.ID, Agreement: ident.Agreement(w.Agreement), Language: w.Lang, Title: w.Title, Vulnerabilities: w.Vulnerabilities,
		Created: w.Created.Time(), Modified: w.Modified.Time(),
	}
	return o, o.check()
}

func (o Opening) check() error {
	switch {
	case !ident.IsObjectOf(o.ID, Type):
		return fault.New(fault.Invalid, "coordination: its id is none")
	case o.Agreement == "":
		return fault.New(fault.Invalid, "coordination: it says no agreement")
	case o.Created.IsZero() || o.Modified.Before(o.Created):
		return fault.New(fault.Invalid, "coordination: its times are not in order")
	}
	if err := checkLanguage(o.Language); err != nil {
		return err
	}
	if err := checkText("title", o.Title, 1, MaxTitle); err != nil {
		return err
	}
	return checkNames(o.Vulnerabilities)
}

// Corrects returns fault.Conflict unless o may be a later version of p.
func (o Opening) Corrects(p Opening) error {
	if o.ID != p.ID || o.Agreement != p.Agreement || !o.Created.Equal(p.Created) {
		return fault.New(fault.Conflict, "under which agreement it is coordinated, and since when, does not change")
	}
	return nil
}

// vulnerability is what a vulnerability is called: CVE-2027-1234, VU#123456,
// JVNDB-2027-000001, GHSA-xxxx-xxxx-xxxx.
var vulnerability = regexp.MustCompile(`^[A-Z][A-Za-z0-9#._:-]{2,63}$`)

func checkNames(names []string) error {
	if len(names) > MaxList {
		return fault.Errorf(fault.Invalid, "%d vulnerabilities, at most %d", len(names), MaxList)
	}
	for i, name := range names {
		if !vulnerability.MatchString(name) || slices.Index(names, name) < i {
			return fault.Errorf(fault.Invalid, "%.80q is not what a vulnerability is called, such as CVE-2027-1234, or it is named twice", name)
		}
	}
	return nil
}

func checkLanguage(l string) error {
	if !slices.Contains([]string{"en", "ja", "hi"}, l) {
		return fault.Errorf(fault.Invalid, "language %.40q: want en, ja or hi", l)
	}
	return nil
}

func checkText(name, s string, least, most int) error {
	n := utf8.RuneCountInString(s)
	if n < least || n > most || !utf8.ValidString(s) {
		return fault.Errorf(fault.Invalid, "%s: want text of %d to %d characters", name, least, most)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' {
			return fault.Errorf(fault.Invalid, "%s: it has a character that cannot be read", name)
		}
	}
	return nil
}

func checkProducts(products []string, least int) error {
	if len(products) < least || len(products) > MaxList {
		return fault.Errorf(fault.Invalid, "products: want %d to %d", least, MaxList)
	}
	for i, p := range products {
		if err := checkText("product", p, 1, MaxName); err != nil {
			return err
		}
		if slices.Index(products, p) < i {
			return fault.Errorf(fault.Invalid, "product %.80q is named twice", p)
		}
	}
	return nil
}

package verify

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"twoseas/internal/base/ident"
)

// maxFindings bounds the findings listed, remarks and others each; the rest
// is counted.
const maxFindings = 100

// Finding is one thing worth saying about the files.
type Finding struct {
	File  int        // index among the files, -1 when about several
	Owner ident.Side // whose ledger, empty when unknown
	Leaf  int64      // index of the leaf, -1 when not about one
	Sound bool       // a remark; the files hold in spite of it
	Text  string
}

// String returns the finding as a line for people.
func (f Finding) String() string {
	var b strings.Builder
	if f.File >= 0 {
		fmt.Fprintf(&b, "file %d", f.File+1)
		if f.Owner != "" {
			fmt.Fprintf(&b, " (ledger of %s)", f.Owner)
		}
		if f.Leaf >= 0 {
			fmt.Fprintf(&b, ", leaf %d", f.Leaf)
		}
		b.WriteString(": ")
	}
	return b.String() + f.Text
}

// LogSummary is what was found of one exported ledger.
type LogSummary struct {
	File           int
	Owner, Partner ident.Side
	Agreement      ident.Agreement
	Domain         ident.Domain
	Size           int64
	Root           ident.Digest
	Cosigned       int64 // leaves under the newest checkpoint the partner cosigned; -1 for none
}

// Report is the outcome of Verify.
type Report struct {
	OK       bool // no finding but remarks
	Logs     []LogSummary
	Subsets  int // subset bundles that hold
	Items    int // items they show
	Entries  int // single leaves that are shown to be in a ledger
	Growths  int // pairs of states of which one continues the other
	Leaves   int64
	Findings []Finding
	More     int // findings beyond those listed

	// Leaves by kind, over all ledgers.
	Shipments, Receipts, Agreements, Keys int
	Other                                 map[string]int // by first line

	remarks int
}

func (r *Report) add(f Finding) {
	r.OK = r.OK && f.Sound
	listed := r.remarks
	if !f.Sound {
		listed = len(r.Findings) - r.remarks
	}
	if listed == maxFindings {
		r.More++
		return
	}
	if f.Sound {
		r.remarks++
	}
	r.Findings = append(r.Findings, f)
}

// Summary returns the counts and the outcome in one line.
func (r Report) Summary() string {
	var parts []string
	count := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	count(len(r.Logs), "log", "logs")
	count(int(r.Leaves), "leaf", "leaves")
	count(r.Shipments, "shipment", "shipments")
	count(r.Receipts, "receipt", "receipts")
	count(r.Agreements, "agreement signature", "agreement signatures")
	count(r.Keys, "key rotation", "key rotations")
	for _, kind := range slices.Sorted(maps.Keys(r.Other)) {
		count(r.Other[kind], kind, kind)
	}
	count(r.Subsets, "subset", "subsets")
	count(r.Items, "item shown", "items shown")
	count(r.Entries, "leaf shown", "leaves shown")
	count(r.Growths, "growth", "growths")
	outcome := "consistent"
	if !r.OK {
		outcome = "NOT SOUND"
	}
	return strings.Join(append(parts, outcome), ", ")
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, l := range r.Logs {
		if l.Agreement == HomeAgreement {
			fmt.Fprintf(&b, "home log of %s, %s: %d leaves, %s\n", l.Owner, l.Domain, l.Size, l.Root)
			continue
		}
		fmt.Fprintf(&b, "ledger of %s under %s, %s: %d leaves, %s; ", l.Owner, l.Agreement, l.Domain, l.Size, l.Root)
		if l.Cosigned >= 0 {
			fmt.Fprintf(&b, "cosigned by %s up to %d\n", l.Partner, l.Cosigned)
		} else {
			fmt.Fprintf(&b, "not cosigned by %s\n", l.Partner)
		}
	}
	for _, f := range r.Findings {
		mark := "NOT SOUND "
		if f.Sound {
			mark = "note      "
		}
		b.WriteString(mark + f.String() + "\n")
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d findings more\n", r.More)
	}
	b.WriteString(r.Summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

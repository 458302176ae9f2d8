package ledger

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// ActTitle is the first line of a note in the home log that records what a
// person of one's own side did.
const ActTitle = "twoseas/act/v1"

// maxFields bounds the fields of one entry.
const maxFields = 32

// Field is one more line of a home entry: a name in lower-case letters,
// digits and inner hyphens, and a value on one line. Values name things; they
// hold no content of objects and no secrets.
type Field struct{ Name, Value string }

// HomeEntry returns the text of a home log entry: who did what, and when.
//
//	twoseas/act/v1
//	at 2026-11-22T09:00:00Z
//	by officer@in
//	act release.approve
//	object indicator--…
//
// A value that is empty or has more than one line is fault.Invalid.
func HomeEntry(at time.Time, by, act string, fields ...Field) ([]byte, error) {
	if len(fields) > maxFields {
		return nil, fault.Errorf(fault.Invalid, "home entry: %d fields, at most %d", len(fields), maxFields)
	}
	var b strings.Builder
	b.WriteString(ActTitle + "\n")
	lines := append([]Field{{"at", note.FormatTime(at)}, {"by", by}, {"act", act}}, fields...)
	for i, f := range lines {
		if i > 2 && !fieldName(f.Name) {
			return nil, fault.Errorf(fault.Invalid, "home entry: field name %.40q: want lower-case letters, digits and inner hyphens", f.Name)
		}
		if f.Value == "" || !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, unicode.IsControl) {
			return nil, fault.Errorf(fault.Invalid, "home entry: %s %.40q: want one line of text", f.Name, f.Value)
		}
		b.WriteString(f.Name + " " + f.Value + "\n")
	}
	return []byte(b.String()), nil
}

// Entry is one act of a person, or of the node itself, to be recorded.
type Entry struct {
	By, Act string
	Fields  []Field
	Asked   string // what was searched for: it can be erased, and is in no leaf
}

// Record appends to the home log of the transaction's domain, signed by the
// node, that by did act at the transaction's time.
func (l *Ledger) Record(tx *store.Tx, by, act string, fields ...Field) error {
	return l.RecordAll(tx, []Entry{{By: by, Act: act, Fields: fields}})
}

// RecordAll is Record for many entries at once: one growth of the log. They
// join the audit index in the same transaction.
func (l *Ledger) RecordAll(tx *store.Tx, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	signer, err := l.ring.Signer(tx)
	if err != nil {
		return err
	}
	log, err := tx.OpenLog(l.HomeOrigin(tx.Domain()))
	if err != nil {
		return err
	}
	leaves := make([][]byte, len(entries))
	var asked []store.Searched
	for i, e := range entries {
		if e.Asked != "" {
			s, err := l.hide(&e, log.Size+int64(i))
			if err != nil {
				return err
			}
			asked = append(asked, s)
		}
		text, err := HomeEntry(time.UnixMicro(tx.Now()), e.By, e.Act, e.Fields...)
		if err != nil {
			return err
		}
		if leaves[i], err = signer.Sign(text); err != nil {
			return err
		}
	}
	index := make([]store.AuditEntry, len(entries))
	for i, e := range entries {
		index[i] = e.index(log.Size+int64(i), tx.Now())
	}
	if err := l.AppendHome(tx, leaves...); err != nil {
		return err
	}
	if err := tx.AddSearched(asked); err != nil {
		return err
	}
	return tx.AddAudit(index)
}

// naming are the fields whose values an auditor finds entries by.
var naming = []string{"object", "account", "agreement", "collection", "organisation", "peer", "token", "item", "review", "session", "shipment", "channel"}

// index returns what the audit index keeps of the entry. Times are those of
// the leaf, in whole seconds, so that the index can be compared with the log.
func (e Entry) index(ix, at int64) store.AuditEntry {
	account, _, _ := strings.Cut(e.By, " (")
	row := store.AuditEntry{Ix: ix, At: at - at%1_000_000, Account: account, Act: e.Act}
	for _, f := range e.Fields {
		if f.Name == "agreement" && row.Agreement == "" {
			row.Agreement = f.Value
		}
		if slices.Contains(naming, f.Name) && !slices.Contains(row.About, f.Value) {
			row.About = append(row.About, f.Value)
		}
	}
	return row
}

// fieldName holds a field's name to one spelling; the three names every entry
// has are not free.
func fieldName(s string) bool {
	if s == "" || len(s) > 40 || s == "at" || s == "by" || s == "act" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// ReadEntry reads a leaf of a home log; ok is false when the leaf is no act.
// Its signature is not looked at: that is Check's work and the auditor's.
func ReadEntry(leaf []byte) (at time.Time, e Entry, ok bool, err error) {
	text, err := note.Text(leaf)
	if err != nil {
		return at, e, false, err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if lines[0] != ActTitle {
		return at, e, false, nil
	}
	for i, line := range lines[1:] {
		name, value, _ := strings.Cut(line, " ")
		switch {
		case i == 0 && name == "at":
			if at, err = note.ParseTime(value); err != nil {
				return at, e, false, err
			}
		case i == 1 && name == "by":
			e.By = value
		case i == 2 && name == "act":
			e.Act = value
		default:
			e.Fields = append(e.Fields, Field{name, value})
		}
	}
	if e.Act == "" {
		return at, e, false, fault.New(fault.Conflict, "an act in the home log does not say at, by and act")
	}
	return at, e, true, nil
}

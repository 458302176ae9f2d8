package library

import (
	"cmp"
	"context"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// row returns what a list shows of a version.
func (l *Library) row(s store.Shown) (Row, error) {
	props, err := canon.View(s.Body)
	if err != nil {
		return Row{}, err
	}
	m, err := l.label(s.Terms)
	if err != nil {
		return Row{}, err
	}
	confidence, _ := props["confidence"].(float64)
	return Row{
		Seq: s.Seq, ID: s.ID, Type: s.Type, Name: NameOf(s.Type, props), Label: m,
		Created: instant(madeAt(props, s.Version)), Modified: instant(s.Version), Received: instant(s.Received),
		Creator: text(props["created_by_ref"]), Phases: phases(props), Labels: texts(props["labels"]),
		Sectors: append(texts(props["sectors"]), m.Sectors...), Pattern: text(props["pattern"]), Revoked: s.Revoked,
		Confidence: int(confidence),
	}, nil
}

// maxName bounds a name in characters.
const maxName = 160

// NameOf returns what to call an object in a line: its name, or what stands in
// for one; "" when it has nothing of the kind.
func NameOf(typ string, props map[string]any) string {
	var s string
	switch typ {
	case "relationship":
		s = text(props["relationship_type"])
	case "opinion":
		s = cmp.Or(text(props["explanation"]), text(props["opinion"]))
	case "note":
		s = cmp.Or(text(props["abstract"]), text(props["content"]))
	case "sighting":
		s = text(props["description"])
	case "file":
		s = cmp.Or(text(props["name"]), firstHash(props["hashes"]))
	case "autonomous-system":
		s = text(props["name"])
	case "windows-registry-key":
		s = text(props["key"])
	case "email-message":
		s = text(props["subject"])
	case "process":
		s = text(props["command_line"])
	case "user-account":
		s = cmp.Or(text(props["account_login"]), text(props["user_id"]))
	case "x509-certificate":
		s = cmp.Or(text(props["subject"]), text(props["serial_number"]))
	case "marking-definition":
		s = cmp.Or(text(props["name"]), text(props["definition_type"]))
	}
	for _, n := range []string{"name", "value", "path", "product", "pattern", "description"} {
		s = cmp.Or(s, text(props[n]))
	}
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxName {
		s = string(r[:maxName-1]) + "…"
	}
	return s
}

func firstHash(v any) string {
	m, _ := v.(map[string]any)
	for _, n := range []string{"SHA-256", "SHA-1", "MD5"} {
		if s := text(m[n]); s != "" {
			return s
		}
	}
	return ""
}

// Export calls fn for each object f looks for, in order of arrival, newest
// first, until fn fails; what arrives meanwhile is left out.
func (l *Library) Export(ctx context.Context, h *store.Handle, by people.Actor, class int64, f Filter, fn func(Row, []byte) error) error {
	if err := by.May(people.Export); err != nil {
		return err
	}
	f.Order, f.Oldest = store.Received, false
	for after := (store.Place{}); ; {
		var shown []store.Shown
		var next store.Place
		if err := h.Read(ctx, func(tx *store.Tx) error {
			var p Page
			q, ok, err := l.sought(tx, f, &p, store.Sought{Class: class, After: after, Limit: MaxPage})
			if err != nil || !ok {
				return err
			}
			m, err := tx.Match(q)
			if err != nil {
				return err
			}
			next = m.Next
			shown, err = tx.Shown(class, m.Seqs)
			return err
		}); err != nil {
			return err
		}
		for _, s := range shown {
			r, err := l.row(s)
			if err != nil {
				return err
			}
			if err := fn(r, s.Body); err != nil {
				return err
			}
		}
		if next.IsZero() {
			return nil
		}
		after = next
	}
}

// Chosen is Export for versions a person has marked, by id; those that are not
// there for the reader are left out.
func (l *Library) Chosen(ctx context.Context, h *store.Handle, by people.Actor, class int64, ids []string, fn func(Row, []byte) error) error {
	if err := by.May(people.Export); err != nil {
		return err
	}
	var heads map[string]store.Shown
	if err := h.Read(ctx, func(tx *store.Tx) (err error) {
		heads, err = tx.Heads(class, ids)
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		s, ok := heads[id]
		if !ok {
			continue
		}
		r, err := l.row(s)
		if err != nil {
			return err
		}
		if err := fn(r, s.Body); err != nil {
			return err
		}
	}
	return nil
}

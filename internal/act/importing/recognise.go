package importing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/format/table"
	"twoseas/internal/store"
)

// Recognise guesses from its first bytes what an input is.
func Recognise(sample []byte) Options {
	text := bytes.TrimLeft(bytes.TrimPrefix(sample, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		if kind := ofJSON(text); kind != "" {
			return Options{Kind: kind}
		}
	}
	if l, ok := table.Detect(sample); ok {
		return Options{Kind: CSV, Layout: l}
	}
	return Options{Kind: Text}
}

// telling are members by which documents are known.
var telling = map[string]Kind{
	"Event": MISP, "response": MISP, "Attribute": MISP, "threat_level_id": MISP, "orgc_id": MISP, "Orgc": MISP, "info": MISP,
	"objects": STIX, "spec_version": STIX, "type": STIX, "more": STIX,
}

// ofJSON tells the kind of JSON whose end may be missing; "" when it is not
// JSON at all.
func ofJSON(text []byte) Kind {
	c := canon.NewCursor(bytes.NewReader(text), len(text))
	for c.Kind() == '[' {
		if c.Enter() != nil {
			return ""
		}
	}
	if c.Kind() != '{' || c.Enter() != nil {
		return ""
	}
	some := Kind("")
	for c.More() {
		name, err := c.Name()
		if err != nil {
			return some
		}
		if k, ok := telling[name]; ok {
			return k
		}
		some = STIX // JSON, at least
		if c.Skip() != nil {
			return some
		}
	}
	return some
}

// keptLayout is the name of what an account keeps of tables.
const keptLayout = "import-layout"

// maxLayouts is how many an account keeps.
const maxLayouts = 200

// signature tells tables of one source by what their columns are called.
func signature(l table.Layout) string {
	sum := sha256.Sum256([]byte(l.Comma + "\x00" + strings.Join(l.Columns, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// shelves are where layouts are kept for somebody: under the account, and
// under its organisation for its colleagues, whose name no account can have.
func shelves(by people.Actor) []string {
	if by.Org == "" {
		return []string{by.Name}
	}
	return []string{by.Name, "organisation " + by.Org}
}

// recall sets the roles that the account gave such a table the last time, or
// somebody of its organisation if it never did.
func recall(tx *store.Tx, by people.Actor, l *table.Layout) error {
	name := signature(*l)
	for _, shelf := range shelves(by) {
		kept, err := tx.Kept(shelf, keptLayout)
		if err != nil {
			return err
		}
		for _, k := range kept {
			var was table.Layout
			if k.Name != name || canon.Unmarshal([]byte(k.Value), &was) != nil || len(was.Roles) != len(l.Columns) {
				continue
			}
			l.Roles, l.Zone, l.Header = was.Roles, was.Zone, was.Header
			return nil
		}
	}
	return nil
}

// remember keeps the roles of a table for the next one of its source.
func remember(tx *store.Tx, by people.Actor, l table.Layout) error {
	for _, shelf := range shelves(by) {
		if err := rememberOn(tx, shelf, l); err != nil {
			return err
		}
	}
	return nil
}

func rememberOn(tx *store.Tx, account string, l table.Layout) error {
	kept, err := tx.Kept(account, keptLayout)
	if err != nil {
		return err
	}
	if len(kept) >= maxLayouts {
		oldest := kept[0]
		for _, k := range kept {
			if k.At < oldest.At {
				oldest = k
			}
		}
		if err := tx.Forget(account, keptLayout, oldest.Name); err != nil {
			return err
		}
	}
	raw, err := canon.Marshal(l)
	if err != nil {
		return err
	}
	return tx.Keep(account, store.Kept{Kind: keptLayout, Name: signature(l), Value: string(raw)})
}

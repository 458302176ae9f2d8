// Package incident is what people do about incidents: notify the partner,
// contribute to an incident of either side, word an attribution, write down
// what stays at home and keep the clocks of reporting there.
//
// Invariants: what is shared is an object of this side that takes the ordinary
// way past the gate and, where the agreement wants it, past officers; what is
// one's own is of the kind marking.Own, or in no object at all; nobody sees,
// names or contributes to what their class may not see; a contribution is never
// marked more open than its incident; a wording for others becomes an object of
// its own only once officers other than its author have approved it.
package incident

import (
	"io"
	"strings"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Incidents is the acts of one node. It is safe for concurrent use.
type Incidents struct{ Config }

// Config is what Incidents works with.
type Config struct {
	Self     ident.Side
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Releases *release.Releases
	Intake   *intake.Intake
	Rand     io.Reader // ids
}

// New returns the Incidents of a node.
func New(c Config) *Incidents { return &Incidents{c} }

// errNone answers for what is not there and for what is not the reader's.
var errNone = fault.New(fault.NotFound, "there is no such incident, or it is not for you")

// head is the newest version of an incident that class may see.
type head struct {
	store.Shown
	label marking.Label
	incident.Notification
	ours bool // notified by a node of this product
}

func (i *Incidents) head(tx *store.Tx, class int64, id string) (h head, err error) {
	if !ident.IsObjectOf(id, incident.Type) {
		return h, errNone
	}
	heads, err := tx.Heads(class, []string{id})
	if err != nil {
		return h, err
	}
	s, ok := heads[id]
	if !ok {
		return h, errNone
	}
	return headOf(s)
}

func headOf(s store.Shown) (h head, err error) {
	h.Shown = s
	if h.label, err = marking.ParseLabel(s.Terms); err != nil {
		return h, err
	}
	h.Notification, h.ours, err = incident.Parse(s.Body)
	if fault.Is(err, fault.Invalid) { // of a later edition, or of somebody who writes it otherwise
		h.ours, h.ID, err = false, s.ID, nil
	}
	return h, err
}

// under returns under which agreement an incident is contributed to.
func (h head) under() (ident.Agreement, error) {
	if !h.ours {
		return "", fault.New(fault.Conflict, "this incident was notified under no agreement: notify one of your own that names it")
	}
	return h.Agreement, nil
}

// put stores an object of this side. What is bound for a partner may cross under
// its agreement only.
func (i *Incidents) put(tx *store.Tx, by people.Actor, a ident.Agreement, tlp marking.TLP, raw []byte) (int64, error) {
	src := intake.Source{DefaultTLP: tlp, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
	return i.take(tx, by, src, raw)
}

// keep stores an object of the kind marking.Own.
func (i *Incidents) keep(tx *store.Tx, by people.Actor, raw []byte) (int64, error) {
	return i.take(tx, by, intake.Source{DefaultTLP: marking.Red, Control: true}, raw)
}

func (i *Incidents) take(tx *store.Tx, by people.Actor, src intake.Source, raw []byte) (int64, error) {
	if !by.IsSystem() {
		src.By = by.Name
	}
	_, results, err := i.Intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err == nil && results[0].Outcome != intake.Added && results[0].Outcome != intake.Updated {
		err = fault.Errorf(fault.Invalid, "it was not taken: %s", results[0].Reason)
	}
	if err != nil {
		return 0, err
	}
	return results[0].Seq, nil
}

func (i *Incidents) record(tx *store.Tx, by people.Actor, what string, fields ...string) error {
	list := make([]ledger.Field, 0, len(fields)/2)
	for n := 0; n+1 < len(fields); n += 2 {
		list = append(list, ledger.Field{Name: fields[n], Value: fields[n+1]})
	}
	return i.Ledger.Record(tx, by.String(), what, list...)
}

func (i *Incidents) newID(typ string) (string, error) {
	u, err := ident.NewUUID(i.Rand)
	return typ + "--" + u, err
}

func now(tx *store.Tx) time.Time { return time.UnixMicro(tx.Now()).UTC() }

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// tidy takes what nobody meant to write out of a text.
func tidy(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// line is tidy for what is one line.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// lines is line for each of a list, without what is empty.
func lines(list []string) (out []string) {
	for _, s := range list {
		if s = line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// strict returns how a contribution to an incident is marked: as the incident
// for NoTLP, never more open.
func strict(tlp marking.TLP, of marking.Label) (marking.TLP, error) {
	switch {
	case of.TLP == marking.NoTLP:
		return 0, fault.New(fault.Conflict, "the incident has no TLP: nothing can be said of it to the partner")
	case tlp == marking.NoTLP:
		return of.TLP, nil
	case tlp < of.TLP:
		return 0, fault.Errorf(fault.Denied, "%s is more open than the incident it belongs to", tlp)
	}
	return tlp, nil
}

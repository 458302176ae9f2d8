package audit

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// MaxPage is how many entries one search returns at most.
const MaxPage = 200

// Query says which entries an auditor wants; what is empty does not matter.
type Query struct {
	Account, Act, Agreement string
	// About is the id of what an entry names: an object, an account, a
	// collection, a peer.
	About       string
	From, Until time.Time // Until is not included
	Limit       int       // default and at most MaxPage
	After       string    // the Next of the page before
}

// Entry is one act of a person.
type Entry struct {
	Index   int64 // of its leaf in the home log
	At      time.Time
	By, Act string
	Fields  []ledger.Field
}

// Page is what a search found, newest first; Next is empty on the last page.
type Page struct {
	Entries []Entry
	Next    string
}

// Search returns the entries q asks for, and is recorded itself. Returns
// fault.Denied unless by may Audit; fault.Invalid when After is no place.
func (l *Log) Search(ctx context.Context, by people.Actor, q Query) (Page, error) {
	if err := by.May(people.Audit); err != nil {
		return Page{}, err
	}
	ask, err := q.ask()
	if err != nil {
		return Page{}, err
	}
	if err := l.Saw(ctx, by, "audit.search", "who", q.Account, "what", q.Act, "agreement", q.Agreement, "about", q.About,
		"from", day(q.From), "until", day(q.Until)); err != nil {
		return Page{}, err
	}
	var p Page
	err = l.handle.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Audit(ask)
		if err != nil {
			return err
		}
		if len(rows) == ask.Limit {
			rows = rows[:len(rows)-1]
			last := rows[len(rows)-1]
			p.Next = strconv.FormatInt(last.At, 36) + "." + strconv.FormatInt(last.Ix, 36)
		}
		for _, row := range rows {
			e, _, err := l.entry(tx, row.Ix)
			if err != nil {
				return err
			}
			p.Entries = append(p.Entries, e)
		}
		return nil
	})
	return p, err
}

// ask returns q as the store takes it, with one entry more than wanted.
func (q Query) ask() (store.AuditQuery, error) {
	a := store.AuditQuery{
		Account: strings.ToLower(q.Account), Act: q.Act, Agreement: q.Agreement, About: q.About,
		From: micros(q.From), Until: micros(q.Until), Limit: MaxPage + 1,
	}
	if q.Limit > 0 && q.Limit < MaxPage {
		a.Limit = q.Limit + 1
	}
	if q.After == "" {
		return a, nil
	}
	at, ix, ok := strings.Cut(q.After, ".")
	var err1, err2 error
	a.BeforeAt, err1 = strconv.ParseInt(at, 36, 64)
	a.BeforeIx, err2 = strconv.ParseInt(ix, 36, 64)
	if !ok || err1 != nil || err2 != nil {
		return a, fault.New(fault.Invalid, "this page of the audit log does not exist: begin the search anew")
	}
	return a, nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Entry returns one entry and the signed note that is its leaf. Returns
// fault.Denied unless by may Audit; fault.NotFound when there is none.
func (l *Log) Entry(ctx context.Context, by people.Actor, index int64) (e Entry, leaf []byte, err error) {
	if err := by.May(people.Audit); err != nil {
		return Entry{}, nil, err
	}
	if err := l.Saw(ctx, by, "audit.read", "entry", strconv.FormatInt(index, 10)); err != nil {
		return Entry{}, nil, err
	}
	err = l.handle.Read(ctx, func(tx *store.Tx) (err error) {
		e, leaf, err = l.entry(tx, index)
		return err
	})
	return e, leaf, err
}

func (l *Log) entry(tx *store.Tx, index int64) (e Entry, leaf []byte, err error) {
	log, err := tx.Log(l.ledger.HomeOrigin(tx.Domain()))
	if err != nil {
		return e, nil, err
	}
	if err := tx.LogLeaves(log.ID, index, index+1, func(_ int64, found []byte) error {
		leaf = found
		return nil
	}); err != nil {
		return e, nil, err
	}
	if leaf == nil {
		return e, nil, fault.Errorf(fault.NotFound, "the home log has no entry %d", index)
	}
	at, said, _, err := ledger.ReadEntry(leaf)
	if err == nil {
		err = ledger.Reveal(tx, index, &said)
	}
	return Entry{Index: index, At: at, By: said.By, Act: said.Act, Fields: said.Fields}, leaf, err
}

// Export writes the whole home log as a file that twoseas-verify checks.
// Returns fault.Denied unless by may Audit.
func (l *Log) Export(ctx context.Context, by people.Actor, w io.Writer) error {
	if err := by.May(people.Audit); err != nil {
		return err
	}
	if err := l.Saw(ctx, by, "audit.export"); err != nil {
		return err
	}
	return l.ledger.ExportHome(ctx, l.handle, w)
}

// Verify checks the home log as an auditor would from its export, and that
// the index says what the log says. What does not hold is in the report.
// Returns fault.Denied unless by may Audit.
func (l *Log) Verify(ctx context.Context, by people.Actor) (verify.Report, error) {
	if err := by.May(people.Audit); err != nil {
		return verify.Report{}, err
	}
	if err := l.Saw(ctx, by, "audit.verify"); err != nil {
		return verify.Report{}, err
	}
	report, err := l.ledger.VerifyHome(ctx, l.handle)
	if err != nil {
		return report, err
	}
	err = l.ledger.CheckIndex(ctx, l.handle)
	if fault.Is(err, fault.Conflict) {
		report.OK = false
		report.Findings = append(report.Findings, verify.Finding{File: -1, Leaf: -1, Text: fault.Message(err)})
		err = nil
	}
	return report, err
}

// Acts returns the acts that entries of the log name, for a choice to search
// by. It looks at the newest entries only, which name nearly all.
func (l *Log) Acts(ctx context.Context, by people.Actor) ([]string, error) {
	if err := by.May(people.Audit); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []string
	err := l.handle.Query(ctx, func(tx *store.Tx) error {
		end, err := tx.AuditEnd()
		if err != nil {
			return err
		}
		return tx.AuditRange(max(0, end-10_000), end, func(e store.AuditEntry) error {
			if !seen[e.Act] {
				seen[e.Act] = true
				out = append(out, e.Act)
			}
			return nil
		})
	})
	return out, err
}

package demo

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

const (
	clearTLP   = marking.Clear
	memberWord = marking.Member
	otherSide  = marking.OtherSide
)

// stixFiles returns name itself, or the .json files in it.
func stixFiles(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fault.Errorf(fault.NotFound, "%w", err)
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	found, err := filepath.Glob(filepath.Join(name, "*.json"))
	if err == nil && len(found) == 0 {
		err = fault.Errorf(fault.NotFound, "no .json files in %s", name)
	}
	return found, err
}

func (d *Demo) importData(ctx context.Context) (string, error) {
	d.heading(3, "India's CERT imports threat data; what carries no TLP is taken as TLP:CLEAR.")
	inputs, err := d.inputs()
	if err != nil {
		return "", err
	}
	start := d.clock.Now()
	d.started = start
	var total intake.Report
	var broken []string
	for _, in := range inputs {
		rep, err := d.importOne(ctx, in)
		if err != nil { // what came before the fault is kept, and the other files are read
			if ctx.Err() != nil {
				return "", err
			}
			broken = append(broken, in.name)
			d.opt.Say("   %-24s %s\n", in.name, err)
		}
		d.opt.Say("   %-24s %s read: %d new, %d same, %d updated, %d refused\n", in.name, objects(rep.Read), rep.New, rep.Same, rep.Updated, rep.Refused)
		for _, r := range rep.Refusals {
			d.opt.Say("     %s\n", r)
		}
		total.Add(rep)
	}
	took := d.clock.Now().Sub(start).Seconds()
	d.figures.Objects, d.figures.Bytes, d.figures.NotTaken = total.New+total.Updated, total.Bytes, total.Refused
	if total.New+total.Updated == 0 {
		return "", fault.New(fault.Invalid, "nothing in the data could be taken in")
	}
	d.opt.Say("   %s, %.1f MB in %.2f s: %.0f objects a second, validated, labelled, indexed, committed\n",
		objects(total.Read), float64(total.Bytes)/1e6, took, float64(total.Read)/took)
	if len(broken) > 0 {
		return "", fault.Errorf(fault.Invalid, "could not be read to the end: %s", strings.Join(broken, ", "))
	}
	return fmt.Sprintf("%s read, %d taken in", objects(total.Read), d.figures.Objects), nil
}

func (d *Demo) importOne(ctx context.Context, in input) (intake.Report, error) {
	f, err := in.open()
	if err != nil {
		return intake.Report{}, err
	}
	defer func() { _ = f.Close() }() // only read
	return d.In.Intake.Stream(ctx, d.In.Live, in.src, f, func(r intake.Report) { d.opt.Progress(in.name, r.Offset, in.size, r.Read) })
}

var outcomeWords = map[string]string{"release": "released", "redact": "redacted", "hold": "held", "deny": "denied"}

func (d *Demo) gate(ctx context.Context) (string, error) {
	d.heading(4, "The gate decides, per clause and rule.")
	lines, err := d.In.Releases.Summary(ctx, d.In.Live, InJp, store.AllLabels)
	if err != nil {
		return "", err
	}
	if len(lines) == 0 {
		return "", fault.New(fault.Conflict, "the gate decided nothing")
	}
	d.opt.Say("   %-9s %-10s %-34s %9s  %s\n", "", "clause", "rule", "objects", "in words")
	for _, l := range lines {
		clause := l.Clause
		if clause == "" {
			clause = "-"
		}
		d.opt.Say("   %-9s %-10s %-34s %9d  %s\n", outcomeWords[l.Outcome], clause, cut(l.Rule, 34), l.Objects, cut(l.Sentence, 110))
	}
	return fmt.Sprintf("%d rules decided", len(lines)), nil
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func (d *Demo) exchange(ctx context.Context) (string, error) {
	d.heading(5, "Shipments cross, receipts come back, both sides compare what they hold.")
	if err := d.converge(ctx, true); err != nil {
		return "", err
	}
	d.figures.Seconds = d.clock.Now().Sub(d.started).Seconds()
	d.figures.Rate = float64(d.figures.Objects) / d.figures.Seconds
	sent, err := d.In.Exchange.Totals(ctx, d.In.Live, InJp, store.Out)
	if err != nil {
		return "", err
	}
	got, err := d.Jp.Exchange.Totals(ctx, d.Jp.Live, InJp, store.In)
	if err != nil {
		return "", err
	}
	if sent != got || sent.Receipts != sent.Shipments || sent.Failed != 0 || sent.Applied == 0 {
		return "", fault.Errorf(fault.Conflict, "India's receipts say %+v, Japan's %+v", sent, got)
	}
	d.opt.Say("   %s, %.1f MB, %s: %d applied, %d already had, %d refused, %d failed\n",
		count(sent.Shipments, "shipment"), float64(sent.Bytes)/1e6, count(sent.Receipts, "receipt"), sent.Applied, sent.Already, sent.Refused, sent.Failed)
	d.opt.Say("   import to convergence: %.2f s, %.0f objects a second\n", d.figures.Seconds, d.figures.Rate)
	return fmt.Sprintf("%d applied in %d shipments", sent.Applied, sent.Shipments), d.showInbox(ctx)
}

// converge waits until each side has found that both hold the same.
func (d *Demo) converge(ctx context.Context, say bool) error {
	shown := int64(-1)
	for _, s := range []*Side{d.In, d.Jp} {
		if err := d.wait(ctx, string(s.Config.Side)+" to converge", func() (bool, error) {
			st, err := s.Exchange.State(ctx, s.Live, InJp)
			if err != nil {
				return false, err
			}
			if st.Status != store.ChannelOpen {
				return false, fault.New(fault.Conflict, st.Status)
			}
			if say && s == d.In && st.Out/10 != shown && st.Waiting > 0 {
				shown = st.Out / 10
				d.opt.Progress("shipments", st.Out, 0, int(st.Waiting))
			}
			return st.Compared(), nil
		}); err != nil {
			return err
		}
		st, err := s.Exchange.State(ctx, s.Live, InJp)
		if err != nil {
			return err
		}
		if say {
			d.opt.Say("   %s: converged at %s UTC, %d sent and %d received shipments compared\n",
				s.Config.Side, st.Finding.At.UTC().Format(time.TimeOnly), st.Finding.Out, st.Finding.In)
		}
	}
	return nil
}

// showInbox gives the analyst of Japan the collection of what came.
func (d *Demo) showInbox(ctx context.Context) error {
	var inbox store.Collection
	if err := d.Jp.Live.Query(ctx, func(tx *store.Tx) (err error) {
		inbox, err = tx.Collection("from-" + string(India) + "-" + string(InJp))
		return err
	}); err != nil {
		return err
	}
	return d.Jp.grant(ctx, inbox, false)
}

// answers is how many received objects Japan answers for.
const answers = 3

func (d *Demo) answer(ctx context.Context) (string, error) {
	d.heading(6, "Japan answers with sightings and an opinion on what it received.")
	ids, err := d.received(ctx)
	if err != nil {
		return "", err
	}
	raws, err := replies(ids, d.clock.Now())
	if err != nil {
		return "", err
	}
	rep, err := d.Jp.Intake.Objects(ctx, d.Jp.Live, intake.Source{DefaultTLP: clearTLP, Collection: "threat-data"}, raws)
	if err != nil {
		return "", err
	}
	if rep.New != len(raws) {
		return "", fault.Errorf(fault.Conflict, "of %d answers %d were taken in: %v", len(raws), rep.New, rep.Refusals)
	}
	if err := d.converge(ctx, false); err != nil {
		return "", err
	}
	back, err := d.In.Exchange.Totals(ctx, d.In.Live, InJp, store.In)
	if err != nil {
		return "", err
	}
	if back.Applied != int64(len(raws)) {
		return "", fault.Errorf(fault.Conflict, "%d answers left Japan, %d arrived in India", len(raws), back.Applied)
	}
	d.opt.Say("   %d sightings and 1 opinion came back to India, whose objects they speak of\n", len(raws)-1)
	return fmt.Sprintf("%d answers", len(raws)), nil
}

// received returns ids of a few indicators that came from India, or of other
// objects when there are none.
func (d *Demo) received(ctx context.Context) (ids []string, err error) {
	var other []string
	err = d.Jp.Live.Read(ctx, func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			switch o.Type {
			case "indicator":
				ids = append(ids, o.ID)
				d.example(o.Body)
			case "malware", "tool", "campaign", "attack-pattern":
				if len(other) < answers {
					other = append(other, o.ID)
				}
			}
			if len(ids) == answers {
				return store.Stop
			}
			return nil
		})
	})
	if len(ids) == 0 {
		ids = other
	}
	if err == nil && len(ids) == 0 {
		err = fault.New(fault.NotFound, "Japan received nothing to answer for")
	}
	return ids, err
}

// example keeps a value of an indicator for the closing words.
func (d *Demo) example(body []byte) {
	o, err := stix.Parse(body, stix.Options{})
	if err != nil || d.Example != "" {
		return
	}
	for _, v := range observe.Values(&o) {
		d.Example = v.Text
		return
	}
}

func replies(ids []string, now time.Time) ([][]byte, error) {
	at := now.UTC().Format("2006-01-02T15:04:05.000Z")
	common := func(kind string) map[string]any {
		id, err := ident.NewUUID(rand.Reader)
		if err != nil { // crypto/rand never fails
			id = ""
		}
		return map[string]any{"type": kind, "spec_version": "2.1", "id": kind + "--" + id, "created": at, "modified": at}
	}
	var out [][]byte
	for i, id := range ids {
		s := common("sighting")
		s["sighting_of_ref"], s["count"], s["first_seen"], s["last_seen"] = id, float64(i+1), at, at
		raw, err := canon.Marshal(s)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	o := common("opinion")
	o["opinion"], o["explanation"], o["object_refs"] = "agree", "Seen here as well; useful.", []any{ids[0]}
	raw, err := canon.Marshal(o)
	return append(out, raw), err
}

func (d *Demo) verify(ctx context.Context) (string, error) {
	d.heading(7, "Both ledgers are exported and verified from the files and two public keys alone.")
	var files []io.Reader
	var keys []note.Verifier
	for _, s := range []*Side{d.In, d.Jp} {
		s.Ledger = filepath.Join(s.Dir, ledgerDir, string(InJp)+".ledger")
		if err := d.settleLedger(ctx, s); err != nil {
			return "", err
		}
		f, err := d.exportLedger(ctx, s)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // only read
		files = append(files, bufio.NewReader(f))
		key, err := s.PublicKey(ctx)
		if err != nil {
			return "", err
		}
		v, err := note.ParseVerifier(key)
		if err != nil {
			return "", err
		}
		keys = append(keys, v)
		d.opt.Say("   %s  %s\n", s.Ledger, key)
	}
	report, err := verify.Verify(files, keys)
	if err != nil {
		return "", err
	}
	for _, l := range report.Logs {
		d.figures.Roots[string(l.Owner)] = l.Root.String()
		d.opt.Say("   ledger of %s: %d entries, root %s, cosigned by %s up to entry %d\n", l.Owner, l.Size, l.Root, l.Partner, l.Cosigned)
	}
	d.opt.Say("   %s\n", report.Summary())
	if !report.OK || len(report.Logs) != 2 {
		for _, f := range report.Findings {
			d.opt.Say("   %s\n", f)
		}
		return "", fault.New(fault.Conflict, "the ledgers do not verify")
	}
	return report.Summary(), d.count(ctx)
}

// ledgerDir is where in a node's directory its exported ledgers are.
const ledgerDir = "ledger"

// settleLedger waits until the partner has cosigned the newest checkpoint.
func (d *Demo) settleLedger(ctx context.Context, s *Side) error {
	return d.wait(ctx, "the partner of "+string(s.Config.Side)+" to cosign", func() (bool, error) {
		needed := true
		err := s.Live.Read(ctx, func(tx *store.Tx) (err error) {
			_, needed, err = s.Node.Ledger.CosignRequest(tx, InJp)
			return err
		})
		return !needed, err
	})
}

func (d *Demo) exportLedger(ctx context.Context, s *Side) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(s.Ledger), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.Ledger, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(s.ExportLedger(ctx, InJp, w), w.Flush(), f.Close()); err != nil {
		return nil, err
	}
	return os.Open(s.Ledger)
}

// count adds up the receipts of both directions.
func (d *Demo) count(ctx context.Context) error {
	for _, s := range []*Side{d.In, d.Jp} {
		t, err := s.Exchange.Totals(ctx, s.Live, InJp, store.Out)
		if err != nil {
			return err
		}
		d.figures.Shipments += t.Shipments
		d.figures.Receipts += t.Receipts
		d.figures.Applied += t.Applied
		d.figures.Already += t.Already
		d.figures.Refused += t.Refused
		d.figures.Failed += t.Failed
	}
	return nil
}

func objects(n int) string { return count(int64(n), "object") }

// count writes "1 object", "2 objects".
func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

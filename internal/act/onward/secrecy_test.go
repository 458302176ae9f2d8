package onward_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/act/answer"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// tap is a loop that keeps what went over the wire, both ways.
type tap struct {
	loop
	heard *bytes.Buffer
}

func (l tap) Ship(ctx context.Context, d ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	r, err := zstd.NewReader(bytes.NewReader(p.Body))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := r.WriteTo(l.heard); err != nil {
		return nil, err
	}
	l.heard.Write(p.Note)
	msg, err := l.loop.Ship(ctx, d, a, p)
	l.heard.Write(msg)
	if err != nil {
		l.heard.WriteString(err.Error())
	}
	return msg, err
}

// canaries are Japan's words in the tests: parts of ids, values, names.
var canaries = []string{"CANARY", "canary", "00000000-0000-4000-8000-0000000000", "c0ffee", "japonica"}

const (
	ship      = `{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000021","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","is_family":false,"name":"CANARY japonica"}`
	named     = `{"type":"domain-name","spec_version":"2.1","id":"domain-name--c0ffee00-aaaa-5bbb-8ccc-000000000022","value":"canary22.example"}`
	points    = `{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-8000-000000000023","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","relationship_type":"indicates","source_ref":"indicator--00000000-0000-4000-8000-000000000001","target_ref":"malware--00000000-0000-4000-8000-000000000021"}`
	ownTool   = `{"type":"tool","spec_version":"2.1","id":"tool--11111111-1111-4111-8111-111111111111","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","name":"of India"}`
	ownPoints = `{"type":"relationship","spec_version":"2.1","id":"relationship--11111111-1111-4111-8111-111111111112","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","relationship_type":"related-to","source_ref":"tool--11111111-1111-4111-8111-111111111111","target_ref":"malware--00000000-0000-4000-8000-000000000021"}`
	ownSeen   = `{"type":"observed-data","spec_version":"2.1","id":"observed-data--11111111-1111-4111-8111-111111111113","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","first_observed":"2027-01-01T00:00:00Z","last_observed":"2027-01-01T00:00:00Z","number_observed":1,"object_refs":["domain-name--c0ffee00-aaaa-5bbb-8ccc-000000000022"]}`
)

// onDisk returns the files of a node's directory in which one of words is.
func onDisk(t *testing.T, n *nodetest.Node, words []string) (found []string) {
	t.Helper()
	if err := filepath.WalkDir(n.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(raw, []byte(w)) {
				found = append(found, filepath.Base(path)+": "+w)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestNothingOfOneSideReachesTheThirdByAnyPath(t *testing.T) {
	w := three(t, false)
	w.jp.Import(marking.Green, bundle(indicator(1, ""), ship, points, named))
	w.carry(w.jp, w.in, inJP)
	// India answers, relates its own to it, observes it, redacts for it.
	by, class := w.officer(w.in, "asha", people.Analyst)
	for _, about := range []string{id(1), "malware--00000000-0000-4000-8000-000000000021"} {
		if _, err := w.in.Answers.Sight(t.Context(), w.in.Live, by, class, answer.About{IDs: []string{about}}, answer.Sighting{}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.in.Answers.Note(t.Context(), w.in.Live, by, class, answer.About{IDs: []string{about}}, "seen here too"); err != nil {
			t.Fatal(err)
		}
	}
	w.in.Import(marking.Green, bundle(ownTool, ownPoints, ownSeen))
	var heard bytes.Buffer
	to := tap{loop{w.gb}, &heard}
	done, err := w.in.Exchange.Deliver(t.Context(), w.in.Live, inGB, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	if done.Applied != 1 || len(w.held(w.gb, "tool--11111111-1111-4111-8111-111111111111")) != 1 {
		t.Errorf("delivered %+v, want India's own tool and nothing that names what is Japan's", done)
	}
	// The United Kingdom asks back what it could ask: by an id, by a value.
	w.gb.Import(marking.Green, bundle(strings.Replace(indicator(1, ""), "CANARY1 of Japan", "guess", 1), named))
	back, err := w.gb.Exchange.Deliver(t.Context(), w.gb.Live, inGB, tap{loop{w.in}, &bytes.Buffer{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if back.Already != 0 {
		t.Errorf("%+v: the United Kingdom is told what was in India before", back)
	}
	if r := answers(w, w.gb, inGB); strings.Contains(r, "jp") || strings.Contains(r, "Japan") {
		t.Errorf("the receipt says whose it is: %s", r)
	}
	for _, c := range canaries {
		if i := bytes.Index(heard.Bytes(), []byte(c)); i >= 0 {
			t.Errorf("%q went to the United Kingdom: …%s…", c, heard.Bytes()[max(0, i-150):min(heard.Len(), i+80)])
		}
	}
	if _, err := w.in.Exchange.Compare(t.Context(), w.in.Live, inGB, loop{w.gb}, true); err != nil {
		t.Fatal(err)
	}
}

// answers returns what the receipts to a node's shipments say of items.
func answers(w *world, n *nodetest.Node, a ident.Agreement) string {
	w.Helper()
	var out strings.Builder
	if err := n.Live.Read(w.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		key, err := n.Ring.Partner(tx, ch.Partner)
		if err != nil {
			return err
		}
		return tx.Shipments(ch.ID, store.Out, 1, ch.OutNumber, func(s store.Shipment) error {
			r, _, err := shipment.OpenReceipt(s.Receipt, key...)
			for _, a := range r.Answers {
				out.WriteString(a.Text + "\n")
			}
			return err
		})
	}); err != nil {
		w.Fatal(err)
	}
	return out.String()
}

func TestTheThirdSidesDiskHoldsNothing(t *testing.T) {
	w := three(t, false)
	w.jp.Import(marking.Green, bundle(indicator(1, ""), ship, points, named))
	w.carry(w.jp, w.in, inJP)
	w.in.Import(marking.Green, bundle(ownTool, ownPoints, ownSeen))
	w.carry(w.in, w.gb, inGB)
	if found := onDisk(t, w.gb, canaries); len(found) != 0 {
		t.Errorf("on the third side's disk: %v", found)
	}
	if found := onDisk(t, w.in, canaries[:1]); len(found) == 0 {
		t.Error("the test looks at nothing: India's disk must hold it")
	}
	kept, err := w.in.Onwards.KeptBack(t.Context(), w.in.Live, w.in.Operator(), store.AllLabels)
	if err != nil || len(kept) != 2 {
		t.Errorf("kept back: %+v, %v", kept, err)
	}
}

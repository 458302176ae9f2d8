package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// ledgers is the exchange ledgers, which both sides read, and the home log,
// which is for those who audit.
func (a *api) ledgers() {
	exchange := op{
		tag: "ledger", method: http.MethodGet, path: "/agreements/{agreement}/ledger", id: "ledger", saw: "read",
		act: people.Review, or: []people.Act{people.Agree, people.Audit, people.Exchange, people.Administer},
	}
	named := exchange
	named.params = []*huma.Param{{Name: "agreement", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}
	a.log(named, "the exchange ledger")
	a.log(op{tag: "ledger", method: http.MethodGet, path: "/home-ledger", id: "home-ledger", saw: "read the audit log", act: people.Audit}, "the home log")
	export := exchange
	export.path, export.id, export.summary = exchange.path+"/export", "ledger-export", "The whole ledger as a file for twoseas-verify"
	export.saw, export.media = "export", []string{"text/plain"}
	add(a, export, a.exportLedger)
	keys := op{tag: "ledger", method: http.MethodGet, path: "/keys", id: "keys", summary: "The public keys of this side and its partners, newest last", any: true, saw: "read"}
	add(a, keys, a.keys)
}

// log is what there is of one kind of log, under the path and id of o.
func (a *api) log(o op, what string) {
	at := func(path, id, summary string) op {
		one := o
		one.path, one.id, one.summary = o.path+path, o.id+id, summary+" "+what
		return one
	}
	text := func(path, id, summary string) op {
		one := at(path, id, summary)
		one.media = []string{"text/plain"}
		return one
	}
	// What names no entry is no reading of the home log, and recording it would
	// change the state that was just asked for.
	state := func(path, id, summary string) op {
		one := text(path, id, summary)
		if o.act == people.Audit {
			one.saw = ""
		}
		return one
	}
	add(a, at("", "", "The newest signed state, and the states the partner cosigned, of"), a.states)
	add(a, at("/entries", "-entries", "Entries, newest first, of"), a.entries)
	add(a, at("/entries/{entry}", "-entry", "One entry with the proof that it is in"), a.entry)
	add(a, text("/entries/{entry}/proof", "-proof", "One entry and its proof, as a file for twoseas-verify, of"), a.proof)
	add(a, state("/checkpoint", "-checkpoint", "The newest state as the signed note it is, of"), a.checkpoint)
	add(a, state("/keys", "-keys", "The public keys, one a line, that verify"), a.logKeys)
	add(a, state("/since/{size}", "-since", "The proof that the newest state continues one of so many entries, as tlog-witness has it, of"), a.since)
	add(a, state("/growth", "-growth", "Two states and the proof that one continues the other, as a file for twoseas-verify, of"), a.growth)
}

// LogInput names a log: that of the agreement in the path, or the home log
// where the path has none.
type LogInput struct{ agreement string }

// Resolve takes the name from the path.
func (in *LogInput) Resolve(ctx huma.Context) []error {
	in.agreement = ctx.Param("agreement")
	return nil
}

// name returns the name of the log. The path of an exchange log never leads to
// the home log.
func (in LogInput) name() (string, error) {
	if in.agreement == "" {
		return ledger.HomeName, nil
	}
	id, err := ident.ParseAgreement(in.agreement)
	if err == nil && string(id) == ledger.HomeName {
		err = fault.Errorf(fault.NotFound, "there is no agreement %s", id)
	}
	return string(id), err
}

type stateBody struct {
	Size     int64    `json:"size"`
	Root     string   `json:"root"`
	Cosigned []string `json:"cosigned" doc:"Keys that cosigned it"`
	Note     string   `json:"note" doc:"The checkpoint with its signatures"`
}

func stateBodyOf(s ledger.State) stateBody {
	b := stateBody{Size: s.Size, Root: s.Root.String(), Cosigned: []string{}, Note: string(s.Note)}
	for _, c := range s.Cosigs {
		b.Cosigned = append(b.Cosigned, c.By)
	}
	return b
}

type statesOutput struct {
	Body struct {
		Origin   string      `json:"origin"`
		Newest   stateBody   `json:"newest"`
		Cosigned []stateBody `json:"cosigned" doc:"States that the partner cosigned, newest first"`
		Theirs   *stateBody  `json:"theirs,omitempty" doc:"The newest state of the partner's ledger that this node cosigned"`
	}
}

func (a *api) states(ctx context.Context, _ caller, in *LogInput) (*statesOutput, error) {
	id, err := in.name()
	if err != nil {
		return nil, err
	}
	s, err := a.Ledger.States(ctx, a.Handle, id, 20)
	if err != nil {
		return nil, err
	}
	out := &statesOutput{}
	out.Body.Origin, out.Body.Newest, out.Body.Cosigned = s.Origin, stateBodyOf(s.Newest), []stateBody{}
	for _, c := range s.Cosigned {
		out.Body.Cosigned = append(out.Body.Cosigned, stateBodyOf(c))
	}
	if s.Theirs != nil {
		b := stateBodyOf(*s.Theirs)
		out.Body.Theirs = &b
	}
	return out, nil
}

type entryBody struct {
	Entry  int64       `json:"entry" doc:"Index of the leaf, from 0"`
	Title  string      `json:"title" doc:"First line of the note, such as twoseas/shipment/v1"`
	Fields []fieldBody `json:"fields" doc:"Its other lines"`
	By     []string    `json:"by" doc:"Keys whose signatures hold"`
	Hash   string      `json:"hash"`
	Note   string      `json:"note,omitempty" doc:"The leaf: text and signatures; only of one entry"`
}

func entryOf(f ledger.Leaf, whole bool) entryBody {
	b := entryBody{Entry: f.Index, Title: f.Title, Fields: []fieldBody{}, By: texts(f.By), Hash: f.Hash.String()}
	for _, x := range f.Fields {
		b.Fields = append(b.Fields, fieldBody{x.Name, x.Value})
	}
	if whole {
		b.Note = string(f.Note)
	}
	return b
}

func (a *api) entries(ctx context.Context, c caller, in *struct {
	LogInput
	PageInput
	Kind string `query:"kind" maxLength:"40" doc:"Only of this kind: shipment, receipt, agreement, key, event"`
	Text string `query:"text" maxLength:"200" doc:"Only with this text somewhere"`
},
) (*listOutput[entryBody], error) {
	id, err := in.name()
	if err != nil {
		return nil, err
	}
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	l, err := a.Ledger.Latest(ctx, a.Handle, id, ledger.Filter{Kind: in.Kind, Text: in.Text}, before, in.size())
	if err != nil {
		return nil, err
	}
	var items []entryBody
	for _, f := range l.Leaves {
		items = append(items, entryOf(f, false))
	}
	next := ""
	if l.Next > 0 {
		next = numbered(l.Next)
	}
	return listed(c, items, next), nil
}

type oneEntryInput struct {
	LogInput
	Entry int64 `path:"entry" minimum:"0"`
}

type provenOutput struct {
	Body struct {
		Entry      entryBody `json:"entry"`
		Proof      []string  `json:"proof" doc:"Hashes of RFC 6962 §2.1.1, in base64"`
		Checkpoint string    `json:"checkpoint" doc:"The state that the proof leads to"`
	}
}

func (a *api) entry(ctx context.Context, _ caller, in *oneEntryInput) (*provenOutput, error) {
	id, err := in.name()
	if err != nil {
		return nil, err
	}
	leaf, proven, err := a.Ledger.Entry(ctx, a.Handle, id, in.Entry)
	if err != nil {
		return nil, err
	}
	out := &provenOutput{}
	out.Body.Entry, out.Body.Checkpoint = entryOf(leaf, true), string(proven.Checkpoint)
	out.Body.Proof = append([]string{}, strings.Fields(string(proven.Proof.AppendText(nil)))...)
	return out, nil
}

type keyBody struct {
	Side  string `json:"side"`
	Key   string `json:"key"`
	ID    string `json:"id" doc:"Its short name"`
	Since string `json:"since" format:"date-time"`
}

type keysOutput struct {
	Body struct {
		Keys []keyBody `json:"keys"`
	}
}

func (a *api) keys(ctx context.Context, _ caller, _ *struct{}) (*keysOutput, error) {
	out := &keysOutput{}
	out.Body.Keys = []keyBody{}
	err := a.Handle.Read(ctx, func(tx *store.Tx) error {
		peers, err := tx.Peers()
		if err != nil {
			return err
		}
		sides := []ident.Side{a.Self}
		for _, p := range peers {
			sides = append(sides, p.Side)
		}
		for _, side := range sides {
			keys, err := tx.PeerKeys(side)
			if err != nil {
				return err
			}
			for _, k := range keys {
				v, err := note.ParseVerifier(k.VKey)
				if err != nil {
					return err
				}
				out.Body.Keys = append(out.Body.Keys, keyBody{string(side), k.VKey, v.Short(), stamp(k.Since)})
			}
		}
		return nil
	})
	return out, err
}

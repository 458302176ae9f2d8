package api

import (
	"bytes"
	"context"
	"log/slog"
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

func (a *api) ledgers() {
	read := func(path, id, summary string) op {
		return op{
			tag: "ledger", method: http.MethodGet, path: "/agreements/{agreement}/ledger" + path, id: id, summary: summary, saw: "read",
			act: people.Review, or: []people.Act{people.Agree, people.Audit, people.Exchange, people.Liaise, people.Administer},
		}
	}
	add(a, read("", "ledger", "The newest signed state of the exchange ledger, and the states the partner cosigned"), a.states)
	add(a, read("/entries", "ledger-entries", "Entries of the ledger, newest first"), a.entries)
	add(a, read("/entries/{entry}", "ledger-entry", "One entry with the proof that it is in the ledger"), a.entry)
	proof := read("/entries/{entry}/proof", "ledger-proof", "One entry and its proof as a file for twoseas-verify")
	proof.media = "text/plain"
	add(a, proof, a.proof)
	export := read("/export", "ledger-export", "The whole ledger as a file for twoseas-verify")
	export.saw, export.media = "export", "text/plain"
	add(a, export, a.exportLedger)
	keys := op{tag: "ledger", method: http.MethodGet, path: "/keys", id: "keys", summary: "The public keys of this side and its partners, newest last", any: true, saw: "read"}
	add(a, keys, a.keys)
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

func (a *api) states(ctx context.Context, _ caller, in *AgreementInput) (*statesOutput, error) {
	id, err := in.log()
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

// log returns the name of an exchange log. The home log is not read here: it
// is the auditor's.
func (in AgreementInput) log() (string, error) {
	id, err := in.id()
	if err == nil && string(id) == ledger.HomeName {
		err = fault.Errorf(fault.NotFound, "there is no agreement %s", id)
	}
	return string(id), err
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
	AgreementInput
	PageInput
	Kind string `query:"kind" maxLength:"40" doc:"Only of this kind: shipment, receipt, agreement, key, event"`
	Text string `query:"text" maxLength:"200" doc:"Only with this text somewhere"`
},
) (*listOutput[entryBody], error) {
	id, err := in.log()
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
	AgreementInput
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
	id, err := in.log()
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

func (a *api) proof(ctx context.Context, _ caller, in *oneEntryInput) (*huma.StreamResponse, error) {
	id, err := in.log()
	if err != nil {
		return nil, err
	}
	_, proven, err := a.Ledger.Entry(ctx, a.Handle, id, in.Entry)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, id+"-"+numbered(in.Entry)+".entry", func(w *bytes.Buffer) error { return proven.Write(w) })
}

func (a *api) exportLedger(ctx context.Context, _ caller, in *AgreementInput) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	partner, err := a.Accords.Partner(ctx, a.Handle, id)
	if err != nil {
		return nil, err
	}
	return a.download(ctx, string(id)+".ledger", func(w *bytes.Buffer) error { return a.Ledger.Export(ctx, a.Handle, id, partner, w) })
}

// download answers with a text file, made whole before it is sent.
func (a *api) download(ctx context.Context, name string, write func(*bytes.Buffer) error) (*huma.StreamResponse, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/plain; charset=utf-8")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		if _, err := b.WriteTo(hc.BodyWriter()); err != nil {
			a.Log.DebugContext(ctx, "a reader went away", slog.String("error", err.Error()))
		}
	}}, nil
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

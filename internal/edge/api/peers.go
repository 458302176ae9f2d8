package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func (a *api) peers() {
	at := func(method, path, id, summary string) op {
		return op{tag: "partners", method: method, path: path, id: id, summary: summary, act: people.Exchange}
	}
	decision := func(path, id, summary string) op {
		o := at(http.MethodPost, path, id, summary)
		o.person = true
		return o
	}
	list := at(http.MethodGet, "/peers", "peers", "Partners' nodes and the state of their keys")
	list.saw = "read"
	add(a, list, a.listPeers)
	add(a, at(http.MethodPost, "/peers/invite", "invite-peer", "Make an invitation for the partner"), a.invite)
	add(a, at(http.MethodPost, "/peers/accept", "accept-peer", "Accept the partner's invitation: its node is called, and a code is shown for two people to compare"), a.accept)
	add(a, at(http.MethodPost, "/peers/hello", "hello-peer", "Accept the partner's invitation without a line: the message to bring to the partner"), a.hello)
	add(a, at(http.MethodPost, "/peers/answer", "answer-peer", "Answer such a message, to be brought back"), a.answerPeer)
	add(a, at(http.MethodPost, "/peers/finish", "finish-peer", "Take the answer; a code is shown for two people to compare"), a.finishPeer)
	add(a, at(http.MethodPost, "/keys/recipient", "announce-recipient", "The signed note that says to what partners encrypt files for this node"), a.recipient)
	add(a, decision("/peers/{side}/recipient", "hear-recipient", "Take the partner's note over"), a.hearRecipient)
	add(a, decision("/peers/{side}/confirm", "confirm-peer", "Confirm a partner by the code its person reads out"), a.confirm)
	add(a, at(http.MethodPost, "/peers/{side}/check", "check-peer", "Call a partner's node and compare what both sides hold"), a.check)
	add(a, decision("/peers/{side}/move", "move-peer", "Record another address of a partner's node"), a.move)
	remove := at(http.MethodDelete, "/peers/{side}", "remove-peer", "Forget a partner's node; what was signed stays valid")
	remove.person = true
	add(a, remove, a.removePeer)
	add(a, decision("/keys/rotate", "rotate-key", "Give this node a new signing key; partners are told by a note both keys sign"), a.rotate)
}

type peerBody struct {
	Side    string `json:"side"`
	State   string `json:"state" doc:"unconfirmed until two people have compared the code, then active"`
	URL     string `json:"url"`
	Key     string `json:"key" doc:"Its newest public key"`
	Pin     string `json:"pin" doc:"Digest of its TLS key"`
	Code    string `json:"code,omitempty" doc:"What to read out to its person, until it is confirmed"`
	Changed string `json:"changed" format:"date-time"`
}

func peerOf(p store.Peer) peerBody {
	b := peerBody{Side: string(p.Side), State: string(p.State), URL: p.URL, Key: p.VKey, Pin: p.SPKI.String(), Changed: stamp(p.Changed)}
	if p.State == store.PeerUnconfirmed {
		b.Code = p.SAS
	}
	return b
}

type peersOutput struct {
	Body struct {
		Peers []peerBody `json:"peers"`
	}
}

func (a *api) listPeers(ctx context.Context, _ caller, _ *struct{}) (*peersOutput, error) {
	list, err := a.Pairing.Peers(ctx)
	out := &peersOutput{}
	out.Body.Peers = []peerBody{}
	for _, p := range list {
		out.Body.Peers = append(out.Body.Peers, peerOf(p))
	}
	return out, err
}

type invitationOutput struct {
	Body struct {
		Invitation string `json:"invitation" doc:"Give it to the partner by any means; good for seven days and one guest"`
	}
}

func (a *api) invite(ctx context.Context, c caller, in *struct {
	Body struct {
		URL string `json:"url,omitempty" maxLength:"500" doc:"Where the partner reaches this node, when it differs from the configured address"`
	}
},
) (*invitationOutput, error) {
	code, err := a.Pairing.Invite(ctx, c.Actor, in.Body.URL)
	out := &invitationOutput{}
	out.Body.Invitation = code
	return out, err
}

type peerOutput struct{ Body peerBody }

func (a *api) accept(ctx context.Context, c caller, in *struct {
	Body struct {
		Invitation string `json:"invitation" maxLength:"4000"`
	}
},
) (*peerOutput, error) {
	p, err := a.Partners.Accept(ctx, c.Actor, in.Body.Invitation)
	return &peerOutput{peerOf(p)}, err
}

// SideInput names a partner.
type SideInput struct {
	Side string `path:"side" maxLength:"64"`
}

func (a *api) confirm(ctx context.Context, c caller, in *struct {
	SideInput
	Body struct {
		Code string `json:"code" maxLength:"100" doc:"What the partner's person read out"`
	}
},
) (*peerOutput, error) {
	side, err := ident.ParseSide(in.Side)
	if err != nil {
		return nil, err
	}
	if err := a.Pairing.Confirm(ctx, c.Actor, side, in.Body.Code); err != nil {
		return nil, err
	}
	return a.peer(ctx, side)
}

func (a *api) peer(ctx context.Context, side ident.Side) (*peerOutput, error) {
	var p store.Peer
	err := a.Handle.Query(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Peer(side)
		return err
	})
	return &peerOutput{peerOf(p)}, err
}

type checkOutput struct {
	Body struct {
		Sound bool     `json:"sound"`
		Lines []string `json:"lines"`
	}
}

func (a *api) check(ctx context.Context, c caller, in *struct {
	SideInput
	Full bool `query:"full" doc:"Compare from the first shipment on"`
},
) (*checkOutput, error) {
	side, err := ident.ParseSide(in.Side)
	if err != nil {
		return nil, err
	}
	out := &checkOutput{}
	out.Body.Sound, out.Body.Lines, err = a.Partners.Check(ctx, c.Actor, side, in.Full)
	return out, err
}

func (a *api) move(ctx context.Context, c caller, in *struct {
	SideInput
	Body struct {
		URL string `json:"url" maxLength:"500"`
	}
},
) (*peerOutput, error) {
	side, err := ident.ParseSide(in.Side)
	if err != nil {
		return nil, err
	}
	if err := a.Pairing.Move(ctx, c.Actor, side, in.Body.URL); err != nil {
		return nil, err
	}
	return a.peer(ctx, side)
}

func (a *api) removePeer(ctx context.Context, c caller, in *SideInput) (*struct{}, error) {
	side, err := ident.ParseSide(in.Side)
	if err != nil {
		return nil, err
	}
	return nil, a.Pairing.Remove(ctx, c.Actor, side)
}

func (a *api) rotate(ctx context.Context, c caller, _ *struct{}) (*noteOutput, error) {
	msg, err := a.Pairing.Rotate(ctx, c.Actor)
	out := &noteOutput{}
	out.Body.Note = string(msg)
	return out, err
}

// messageBody is a message or note that people carry.
type messageBody struct {
	Text string `json:"text" maxLength:"1000000"`
}

// MessageInput is a message of the pairing.
type MessageInput struct{ Body messageBody }

type messageOutput struct{ Body messageBody }

// carried is a message of the pairing, as the file of a command is.
func carried(v any, err error) (*messageOutput, error) {
	if err != nil {
		return nil, err
	}
	raw, err := canon.Marshal(v)
	return &messageOutput{messageBody{string(raw) + "\n"}}, err
}

func (a *api) hello(ctx context.Context, c caller, in *MessageInput) (*messageOutput, error) {
	call, err := a.Pairing.Accept(ctx, c.Actor, in.Body.Text)
	return carried(call.Hello, err)
}

func (a *api) answerPeer(ctx context.Context, c caller, in *MessageInput) (*messageOutput, error) {
	hello, err := pairing.ParseHello([]byte(in.Body.Text))
	if err != nil {
		return nil, err
	}
	answer, err := a.Pairing.AnswerByHand(ctx, c.Actor, hello)
	return carried(answer, err)
}

func (a *api) finishPeer(ctx context.Context, _ caller, in *MessageInput) (*peerOutput, error) {
	answer, err := pairing.ParseAnswer([]byte(in.Body.Text))
	if err != nil {
		return nil, err
	}
	p, err := a.Pairing.Finish(ctx, answer)
	return &peerOutput{peerOf(p)}, err
}

func (a *api) recipient(ctx context.Context, c caller, in *struct {
	Body struct {
		New bool `json:"new,omitempty" doc:"Make a new key; files made for earlier ones still open"`
	}
},
) (*messageOutput, error) {
	msg, err := a.Pairing.AnnounceRecipient(ctx, c.Actor, in.Body.New)
	return &messageOutput{messageBody{string(msg)}}, err
}

func (a *api) hearRecipient(ctx context.Context, _ caller, in *struct {
	SideInput
	MessageInput
},
) (*struct{}, error) {
	side, err := ident.ParseSide(in.Side)
	if err != nil {
		return nil, err
	}
	return nil, a.Pairing.Hear(ctx, side, []byte(in.Body.Text))
}

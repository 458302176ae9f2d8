package operate

import (
	"net/http"
	"net/url"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// partnersView is the page of partners' nodes, also after one of its forms.
type partnersView struct {
	peers       []store.Peer
	own         []store.PeerKey
	invitation  string // just made
	code        string // an invitation that was typed and did not do
	problems    []page.Problem
	byHand      map[string]string // what was typed, by the step of the pairing by hand
	invitedFrom string
}

func (p *pages) partners(w http.ResponseWriter, r *http.Request) error {
	if err := p.saw(r, "partners"); err != nil {
		return err
	}
	return p.showPartners(w, r, partnersView{})
}

func (p *pages) showPartners(w http.ResponseWriter, r *http.Request, v partnersView) error {
	q := page.Of(r)
	err := q.Handle.Read(r.Context(), func(tx *store.Tx) (err error) {
		if v.peers, err = tx.Peers(); err != nil {
			return err
		}
		v.own, err = tx.PeerKeys(p.Side)
		return err
	})
	if err != nil {
		return err
	}
	h := head(q, "partners")
	if len(v.problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, partnersPage(q, v))
}

// invite makes an invitation and shows it: it is kept nowhere else.
func (p *pages) invite(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	at := strings.TrimSpace(r.FormValue("url"))
	code, err := p.Pairing.Invite(r.Context(), q.Actor, at)
	if fault.Is(err, fault.Invalid) {
		return p.showPartners(w, r, partnersView{invitedFrom: at, problems: []page.Problem{q.Wrong("url", err)}})
	}
	if err != nil {
		return err
	}
	return p.showPartners(w, r, partnersView{invitation: code})
}

func (p *pages) accept(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	code := strings.TrimSpace(r.FormValue("code"))
	peer, err := p.Partners.Accept(r.Context(), q.Actor, code)
	if kind := fault.KindOf(err); err != nil && kind != fault.Internal && kind != fault.Denied {
		return p.showPartners(w, r, partnersView{code: code, problems: []page.Problem{q.Wrong("code", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, partnerPath(peer.Side))
}

func partnerPath(side ident.Side) string { return "/operate/partners/" + url.PathEscape(string(side)) }

// partnerView is the page of one partner's node.
type partnerView struct {
	peer store.Peer
	keys []store.PeerKey
	// recipient is since when it is known to what files for the partner are
	// encrypted, 0 when it is not.
	recipient int64
	typed     string // what was typed as the partner's code
	address   string
	problems  []page.Problem
	note      string // what was typed as the partner's note
	checked   bool
	sound     bool
	lines     []string
}

func sideOf(r *http.Request) (ident.Side, error) {
	side, err := ident.ParseSide(r.PathValue("side"))
	if err != nil {
		return "", fault.New(fault.NotFound, "there is nothing at this address")
	}
	return side, nil
}

func (p *pages) partner(w http.ResponseWriter, r *http.Request) error {
	if err := p.saw(r, "partner", "peer", r.PathValue("side")); err != nil {
		return err
	}
	return p.showPartner(w, r, partnerView{})
}

func (p *pages) showPartner(w http.ResponseWriter, r *http.Request, v partnerView) error {
	q := page.Of(r)
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	err = q.Handle.Read(r.Context(), func(tx *store.Tx) (err error) {
		if v.peer, err = tx.Peer(side); err != nil {
			return err
		}
		if v.keys, err = tx.PeerKeys(side); err != nil {
			return err
		}
		to, err := tx.Recipient(side)
		v.recipient = to.Since
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	h := head(q, "partners")
	h.Title, h.Lead, h.Chips = q.SideName(side), q.T("operate.partner.lead"), peerChip(q, v.peer)
	if len(v.problems) > 0 {
		h.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, h, partnerPage(q, v))
}

func (p *pages) confirm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	typed := r.FormValue("code")
	err = p.Pairing.Confirm(r.Context(), q.Actor, side, typed)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Invalid || kind == fault.Conflict || kind == fault.Denied) && q.Recent {
		return p.showPartner(w, r, partnerView{typed: typed, problems: []page.Problem{q.Wrong("code", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, partnerPath(side))
}

func (p *pages) move(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	address := strings.TrimSpace(r.FormValue("address"))
	err = p.Pairing.Move(r.Context(), q.Actor, side, address)
	if fault.Is(err, fault.Invalid) {
		return p.showPartner(w, r, partnerView{address: address, problems: []page.Problem{q.Wrong("address", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, partnerPath(side))
}

// check calls the partner and shows what came of it; nothing is changed.
func (p *pages) check(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	v := partnerView{checked: true}
	v.sound, v.lines, err = p.Partners.Check(r.Context(), q.Actor, side, r.FormValue("full") != "")
	if fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Busy) {
		v.lines, err = append(v.lines, fault.Message(err)), nil
	}
	if err != nil {
		return err
	}
	return p.showPartner(w, r, v)
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request) error {
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	if err := p.Pairing.Remove(r.Context(), page.Of(r).Actor, side); err != nil {
		return err
	}
	return page.See(w, r, "/operate/partners")
}

func (p *pages) rotate(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Pairing.Rotate(r.Context(), page.Of(r).Actor); err != nil {
		return err
	}
	return page.See(w, r, "/operate/partners")
}

package peer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Addresses under which a node serves its partners.
const (
	pathHello     = "/pair/v1/hello"
	pathKeys      = "/peer/v1/keys"
	pathStatus    = "/peer/v1/status"
	pathAgreement = "/peer/v1/{domain}/{agreement}"
)

type server struct{ Config }

// Handler returns the partner-facing site. It must be served with ServerTLS.
func Handler(c Config) http.Handler {
	s := &server{c}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathHello, s.stranger(s.hello))
	mux.HandleFunc("GET "+pathStatus, s.partner(s.status))
	mux.HandleFunc("POST "+pathKeys, s.partner(s.keys))
	mux.HandleFunc("POST "+pathAgreement+"/signature", s.agreement(s.signature))
	mux.HandleFunc("POST "+pathAgreement+"/shipments", s.agreement(s.ship))
	mux.HandleFunc("POST "+pathAgreement+"/holding", s.agreement(s.holding))
	mux.HandleFunc("POST "+pathAgreement+"/add-checkpoint", s.agreement(s.addCheckpoint))
	mux.HandleFunc("POST "+pathAgreement+"/matching", s.agreement(s.matching))
	mux.HandleFunc("POST "+pathAgreement+"/matching/{session}/answer", s.agreement(s.matchingAnswer))
	mux.HandleFunc("POST "+pathAgreement+"/matching/{session}/found", s.agreement(s.matchingFound))
	mux.HandleFunc("GET "+pathAgreement+"/log/{path...}", s.agreement(s.log))
	return mux
}

// pin returns the digest of the key the caller showed.
func pin(r *http.Request) (ident.Digest, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ident.Digest{}, fault.New(fault.Denied, "show a client key")
	}
	return Pin(r.TLS.PeerCertificates[0]), nil
}

// stranger serves callers whose key nobody has confirmed.
func (s *server) stranger(fn func(w http.ResponseWriter, r *http.Request, key ident.Digest) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key, err := pin(r)
		if err == nil {
			err = fn(w, r, key)
		}
		s.end(w, r, "", err)
	}
}

// partner serves active peers only.
func (s *server) partner(fn func(w http.ResponseWriter, r *http.Request, from ident.Side) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := s.caller(r)
		if err == nil {
			err = fn(w, r, from)
		}
		s.end(w, r, from, err)
	}
}

func (s *server) caller(r *http.Request) (ident.Side, error) {
	key, err := pin(r)
	if err != nil {
		return "", err
	}
	p, err := s.Pairing.ByPin(r.Context(), key)
	if fault.Is(err, fault.NotFound) || err == nil && p.State != store.PeerActive {
		return "", fault.New(fault.Denied, "this key is not the one of a confirmed partner")
	}
	return p.Side, err
}

// call is one request about one agreement with the very side that calls.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	from      ident.Side
	domain    ident.Domain
	handle    *store.Handle
	agreement ident.Agreement
}

func (s *server) agreement(fn func(c call) error) http.HandlerFunc {
	return s.partner(func(w http.ResponseWriter, r *http.Request, from ident.Side) error {
		c, err := s.callOf(w, r, from)
		if err != nil {
			return err
		}
		return fn(c)
	})
}

func (s *server) callOf(w http.ResponseWriter, r *http.Request, from ident.Side) (call, error) {
	domain, err := url.PathUnescape(r.PathValue("domain"))
	if err != nil {
		return call{}, fault.New(fault.Invalid, "the address has no domain")
	}
	d, err := ident.ParseDomain(domain)
	if err != nil {
		return call{}, err
	}
	a, err := ident.ParseAgreement(r.PathValue("agreement"))
	if err != nil {
		return call{}, err
	}
	h, ok := s.Domains[d]
	if !ok {
		return call{}, errNoAgreement
	}
	partner, err := s.Accords.Partner(r.Context(), h, a)
	if fault.Is(err, fault.NotFound) || err == nil && partner != from {
		return call{}, errNoAgreement // another pair's agreement looks like none
	}
	return call{w: w, r: r, from: from, domain: d, handle: h, agreement: a}, err
}

var errNoAgreement = fault.New(fault.NotFound, "there is no such agreement between the two of us")

// end refuses what failed and logs what happened, without content.
func (s *server) end(w http.ResponseWriter, r *http.Request, from ident.Side, err error) {
	if err == nil {
		s.Log.DebugContext(r.Context(), "partner served", slog.String("partner", string(from)), slog.String("path", r.URL.Path))
		return
	}
	level := slog.LevelWarn
	if fault.Is(err, fault.NotFound) {
		level = slog.LevelInfo // one side is a step ahead of the other
	}
	s.Log.LogAttrs(r.Context(), level, "partner refused", slog.String("partner", string(from)), slog.String("path", r.URL.Path),
		slog.String("kind", fault.KindOf(err).String()), slog.String("error", err.Error()))
	if behind, ok := errors.AsType[*ledger.Behind](err); ok { // c2sp.org/tlog-witness
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, strconv.FormatInt(behind.Size, 10)+"\n") // the caller has gone, if anything
		return
	}
	refuse(w, err)
}

func (s *server) hello(w http.ResponseWriter, r *http.Request, key ident.Digest) error {
	raw, err := read(w, r, maxSmall)
	if err != nil {
		return err
	}
	m, err := pairing.ParseHello(raw)
	if err != nil {
		return err
	}
	answer, err := s.Pairing.Answer(r.Context(), m, key)
	if err != nil {
		return err
	}
	return reply(w, answer)
}

// Status is what a node tells a partner of itself. Times are told so that a
// wrong clock is noticed; nothing depends on them.
type Status struct {
	Time time.Time `json:"time"`
}

func (s *server) status(w http.ResponseWriter, r *http.Request, _ ident.Side) error {
	var st Status
	for _, h := range s.Domains {
		if err := h.Query(r.Context(), func(tx *store.Tx) error {
			st.Time = time.UnixMicro(tx.Now()).UTC()
			return nil
		}); err != nil {
			return err
		}
	}
	return reply(w, st)
}

func (s *server) keys(w http.ResponseWriter, r *http.Request, from ident.Side) error {
	msg, err := read(w, r, maxNote)
	if err != nil {
		return err
	}
	if err := s.Pairing.Hear(r.Context(), from, msg); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) signature(c call) error {
	msg, err := read(c.w, c.r, maxNote)
	if err != nil {
		return err
	}
	if err := s.Accords.Countersign(c.r.Context(), c.handle, c.from, msg); err != nil {
		return err
	}
	s.arrived(c)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// noteLength is the header that says where in the body of a shipment its note
// ends and its compressed lines begin.
const noteLength = "Twoseas-Note-Length"

func (s *server) ship(c call) error {
	n, err := strconv.Atoi(c.r.Header.Get(noteLength))
	if err != nil || n < 1 || n > maxNote {
		return fault.Errorf(fault.Invalid, "%s: want the length of the shipment's note", noteLength)
	}
	raw, err := read(c.w, c.r, maxNote+exchange.MaxParcelBody)
	if err != nil {
		return err
	}
	if n > len(raw) {
		return fault.New(fault.Invalid, "the shipment ends inside its note")
	}
	// Work once begun is finished: a line that is cut now must not leave it
	// half known.
	ctx := context.WithoutCancel(c.r.Context())
	receipt, err := s.Exchange.Receive(ctx, c.handle, c.agreement, exchange.Parcel{Note: raw[:n], Body: raw[n:]})
	if err != nil {
		return err
	}
	s.arrived(c)
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = c.w.Write(receipt) // the partner asks again when it did not get it
	return nil
}

func (s *server) holding(c call) error {
	raw, err := read(c.w, c.r, maxSmall)
	if err != nil {
		return err
	}
	var q exchange.Range
	if err := canon.UnmarshalStrict(raw, &q); err != nil {
		return err
	}
	out, err := s.Exchange.Holding(c.r.Context(), c.handle, c.agreement, q)
	if err != nil {
		return err
	}
	return reply(c.w, wireHolding(out))
}

func (s *server) addCheckpoint(c call) error {
	body, err := read(c.w, c.r, maxSmall)
	if err != nil {
		return err
	}
	var line []byte
	if err := c.handle.Write(c.r.Context(), func(tx *store.Tx) (err error) {
		line, err = s.Ledger.Witness(tx, c.from, body)
		return err
	}); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = c.w.Write(line) // asked again when lost
	return nil
}

// log serves the exchange log to the partner (c2sp.org/tlog-tiles).
func (s *server) log(c call) error {
	var data []byte
	if err := c.handle.Read(c.r.Context(), func(tx *store.Tx) (err error) {
		data, err = s.Ledger.Tile(tx, s.Ledger.Origin(c.agreement, c.domain), c.r.PathValue("path"))
		return err
	}); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = c.w.Write(data) // the reader has gone, if anything
	return nil
}

func (s *server) arrived(c call) {
	if s.Arrived != nil {
		s.Arrived(c.domain, c.agreement)
	}
}

// read returns the body, at most limit bytes of it.
func read(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.Errorf(fault.TooLarge, "more than %d bytes", limit)
	}
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "the request broke off: %w", err)
	}
	return raw, nil
}

func reply(w http.ResponseWriter, v any) error {
	raw, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // the caller has gone, if anything
	return nil
}

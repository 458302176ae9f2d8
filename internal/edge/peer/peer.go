// Package peer is the line between two nodes: HTTP over mutual TLS in which
// each side shows exactly the key that people of the other side have
// confirmed. It has a listener of its own (ADR 0012).
//
// Invariants: a caller is who its pinned key says and nobody else; a caller
// that is not an active peer is served nothing but the pairing; what an
// agreement's address says is checked to be an agreement with that very peer.
package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/matching"
	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Config is what both ends of the line work with.
type Config struct {
	Domains     map[ident.Domain]*store.Handle
	Pairing     *pairing.Pairing
	Accords     *accord.Accords
	Exchange    *exchange.Exchange
	Ledger      *ledger.Ledger
	Matchings   *matching.Matchings
	Certificate tls.Certificate // this node's own, self-made
	Log         *slog.Logger
	// Arrived is told after a partner handed something over; it must return
	// at once. It may be nil.
	Arrived func(ident.Domain, ident.Agreement)
}

// Bounds of what a partner may send.
const (
	maxNote  = 64 << 10
	maxSmall = 256 << 10
)

// Pin returns the digest of a certificate's public key (RFC 7469 §2.4).
func Pin(c *x509.Certificate) ident.Digest { return ident.Sum(c.RawSubjectPublicKeyInfo) }

// ServerTLS returns the listener's TLS settings: version 1.3, and a client key
// is always shown. Which key may do what is decided per request.
func (c Config) ServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c.Certificate},
		ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{"http/1.1"},
	}
}

// clientTLS returns settings that accept exactly the server keys that known
// admits. Names and dates in certificates mean nothing here: the key was
// compared by people, and a partner's clock may be wrong.
func (c Config) clientTLS(known func(ident.Digest) error) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c.Certificate},
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the pinned key instead
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return fault.New(fault.Denied, "the partner's node showed no key")
			}
			return known(Pin(s.PeerCertificates[0]))
		},
		NextProtos: []string{"http/1.1"},
	}
}

// problem is how a refusal travels (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

var statuses = map[fault.Kind]int{
	fault.NotFound: http.StatusNotFound, fault.Invalid: http.StatusBadRequest, fault.Denied: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.Held: http.StatusConflict, fault.Busy: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable, fault.TooLarge: http.StatusRequestEntityTooLarge,
}

const problemPrefix = "tag:twoseas,2026:"

// refuse writes err as a problem; what is internal is logged and not told.
func refuse(w http.ResponseWriter, err error) {
	kind := fault.KindOf(err)
	status, ok := statuses[kind]
	if !ok {
		status = http.StatusInternalServerError
	}
	raw, e := canon.Marshal(problem{Type: problemPrefix + kind.String(), Title: kind.String(), Status: status, Detail: fault.Message(err)})
	if e != nil {
		raw = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the caller has gone, if anything
}

// understand turns a refusal back into a fault of the same kind.
func understand(status int, raw []byte) error {
	var p problem
	if err := canon.Unmarshal(raw, &p); err != nil || p.Detail == "" {
		return fault.Errorf(fault.Unavailable, "the partner's node answered with status %d", status)
	}
	for kind := range statuses {
		if p.Type == problemPrefix+kind.String() {
			return fault.Errorf(kind, "the partner's node: %s", p.Detail)
		}
	}
	return fault.Errorf(fault.Unavailable, "the partner's node: %s", p.Detail)
}

// unreachable says of a failed call that the line is the cause.
func unreachable(ctx context.Context, side ident.Side, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Errorf(fault.Unavailable, "the node of %s cannot be reached: %w", side, errors.Unwrap(err))
}

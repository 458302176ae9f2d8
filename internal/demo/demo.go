// Package demo runs the product's main job: two nodes in one process exchange
// threat data under the reference memorandum, over real TLS on loopback, each
// with its own keys, store and listeners.
//
// Every step says what it found; none is shown as done that did not hold.
package demo

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

//go:embed data/*.json
var builtin embed.FS

// The two sides of the reference agreement.
const (
	India ident.Side      = "in"
	Japan ident.Side      = "jp"
	InJp  ident.Agreement = "in-jp-2022"
)

// account is who the demo's API credentials belong to.
const account = "analyst"

// Options says how the demo runs.
type Options struct {
	Data        string // file or directory of STIX; "" for the built-in data
	Dir         string // where the nodes live; must be empty or absent
	HTTP        bool   // public listeners without TLS
	BehindProxy bool
	Listen      string // host for the listeners; default 127.0.0.1
	Log         *slog.Logger
	Clock       clock.Clock
	// Say prints a line for people; Progress tells how far an import is.
	Say      func(format string, args ...any)
	Progress func(file string, offset, size int64, objects int)
}

// Side is one node of the demo with what a client needs to reach it.
type Side struct {
	*node.Node
	Run             *node.Running
	Password, Token string
	Collections     []Granted
	Ledger          string // exported file
}

// Granted is a collection and whether the analyst may write to it.
type Granted struct {
	store.Collection
	Write bool
}

// Demo is the two nodes, running.
type Demo struct {
	opt     Options
	clock   clock.Clock
	In, Jp  *Side
	figures Figures
	started time.Time // when the import began

	// Example is a value that Japan received, to look up.
	Example string
}

// Step is what one step found.
type Step struct {
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Detail  string  `json:"detail"`
	Seconds float64 `json:"seconds"`
}

// Figures is the outcome as programs read it.
type Figures struct {
	OK        bool              `json:"ok"`
	Objects   int               `json:"objects"`            // taken in at India from the data
	Bytes     int64             `json:"bytes"`              // of these
	Seconds   float64           `json:"seconds"`            // import until both sides had converged
	Rate      float64           `json:"objects_per_second"` // objects over seconds
	Shipments int64             `json:"shipments"`          // both ways
	Receipts  int64             `json:"receipts"`
	Applied   int64             `json:"applied"`
	Already   int64             `json:"already"`
	Refused   int64             `json:"refused"` // by the receiving gates
	Failed    int64             `json:"failed"`
	NotTaken  int               `json:"not_taken"` // refused at import
	Roots     map[string]string `json:"roots"`     // ledger roots by side
	Steps     []Step            `json:"steps"`
}

// Start makes and starts the two nodes.
func Start(ctx context.Context, opt Options) (*Demo, error) {
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1"
	}
	if opt.Data != "" {
		if _, err := stixFiles(opt.Data); err != nil {
			return nil, err
		}
	}
	d := &Demo{opt: opt, clock: opt.Clock, figures: Figures{Roots: map[string]string{}}}
	var err error
	if d.In, err = d.side(ctx, India, "IND"); err == nil {
		d.Jp, err = d.side(ctx, Japan, "JPN")
	}
	if err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

func (d *Demo) side(ctx context.Context, side ident.Side, code string) (*Side, error) {
	dir := filepath.Join(d.opt.Dir, string(side))
	public, err := freeAddress(ctx, d.opt.Listen)
	if err != nil {
		return nil, err
	}
	partners, err := freeAddress(ctx, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	c := node.Config{
		Side: side, Codes: []string{code}, Title: "Twoseas demonstration, node of " + string(side), Listen: public, PeerListen: partners,
		HTTP: d.opt.HTTP, BehindProxy: d.opt.BehindProxy, OneFactor: true, // so that one can look around at once
	}
	if err := node.Init(dir, c); err != nil {
		return nil, err
	}
	n, err := node.Open(ctx, dir, node.Options{Clock: d.clock, Log: d.opt.Log.With(slog.String("side", string(side)))})
	if err != nil {
		return nil, err
	}
	s := &Side{Node: n}
	if err := d.accounts(ctx, s); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	if s.Run, err = n.Start(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return s, nil
}

// freeAddress finds a port nobody listens on.
func freeAddress(ctx context.Context, host string) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// accounts makes the people, the analyst that the printed examples log in as
// among them, and the
// collections: one for what is imported, one empty to read and write.
func (d *Demo) accounts(ctx context.Context, s *Side) error {
	var b [18]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return err
	}
	s.Password = base64.RawURLEncoding.EncodeToString(b[:])
	op := s.Operator()
	if err := s.staff(ctx); err != nil {
		return err
	}
	var err error
	if s.Token, err = s.People.IssueToken(ctx, op, account, "demonstration", 0); err != nil {
		return err
	}
	for _, c := range []store.Collection{
		{Alias: "threat-data", Title: "Threat data", Description: "What this node imported.", DefaultTLP: "clear"},
		{Alias: "open", Title: "Open", Description: "Empty at first, to read and write.", DefaultTLP: "clear"},
	} {
		made, err := s.Node.Collections.Create(ctx, s.Live, op, c)
		if err != nil {
			return err
		}
		if err := s.grant(ctx, made, made.Alias == "open"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Side) grant(ctx context.Context, c store.Collection, write bool) error {
	s.Collections = append(s.Collections, Granted{c, write})
	return s.People.Grant(ctx, s.Live, s.Operator(), store.Right{Collection: c.ID, Account: account, Read: true, Write: write})
}

// Stop ends both nodes.
func (d *Demo) Stop() error {
	var errs []error
	for _, s := range []*Side{d.In, d.Jp} {
		if s == nil {
			continue
		}
		errs = append(errs, s.Run.Stop(), s.Close())
	}
	return errors.Join(errs...)
}

// Run does the steps, in order, and stops at the first that does not hold.
func (d *Demo) Run(ctx context.Context) (Figures, error) {
	d.figures.OK = true
	for _, s := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"peer", d.peer},
		{"sign", d.sign},
		{"import", d.importData},
		{"gate", d.gate},
		{"exchange", d.exchange},
		{"answer", d.answer},
		{"verify", d.verify},
	} {
		start := d.clock.Now()
		detail, err := s.do(ctx)
		step := Step{Name: s.name, OK: err == nil, Detail: detail, Seconds: d.clock.Now().Sub(start).Seconds()}
		if err != nil {
			step.Detail = err.Error()
			d.figures.OK = false
		}
		d.figures.Steps = append(d.figures.Steps, step)
		if err != nil {
			return d.figures, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return d.figures, nil
}

func (d *Demo) heading(n int, text string) { d.opt.Say("\n%d. %s\n", n, text) }

func (d *Demo) peer(ctx context.Context) (string, error) {
	d.heading(1, "The two nodes get to know each other: mutual TLS, keys pinned after two people compared a code.")
	sas, err := node.Pair(ctx, d.In.Node, d.Jp.Node)
	if err != nil {
		return "", err
	}
	d.opt.Say("   both read the same code aloud: %s\n", sas)
	return "paired", nil
}

func (d *Demo) sign(ctx context.Context) (string, error) {
	d.heading(2, "Both sides sign the memorandum; each shows the hash of what it signed.")
	hashes := map[ident.Side]ident.Digest{}
	for _, s := range []*Side{d.In, d.Jp} {
		v, err := s.Accords.Add(ctx, s.Live, s.Operator(), agreement.Reference())
		if err != nil {
			return "", err
		}
		if _, err := s.Accords.Sign(ctx, s.Live, s.Operator(), v); err != nil {
			return "", err
		}
		hashes[s.Config.Side] = v.Hash
		d.opt.Say("   %s  %s  %s\n", s.Config.Side, v.ID, v.Hash)
	}
	if hashes[India] != hashes[Japan] {
		return "", fault.New(fault.Conflict, "the two sides hold different texts")
	}
	for _, s := range []*Side{d.In, d.Jp} {
		if err := d.wait(ctx, "the agreement in force at "+string(s.Config.Side), func() (bool, error) {
			list, err := s.Accords.Versions(ctx, s.Live, InJp)
			return err == nil && list[len(list)-1].InForce, err
		}); err != nil {
			return "", err
		}
	}
	d.opt.Say("   two originals, one text, in force on both nodes\n")
	return hashes[India].String(), nil
}

// patience is how long the demo waits for the other node.
const patience = 10 * time.Minute

// wait asks until ok, or gives up.
func (d *Demo) wait(ctx context.Context, what string, ok func() (bool, error)) error {
	end := d.clock.Now().Add(patience)
	for {
		done, err := ok()
		if err != nil || done {
			return err
		}
		if d.clock.Now().After(end) {
			return fault.Errorf(fault.Unavailable, "waited %s for %s", patience, what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// input is one file to import and what is said of it.
type input struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
	src  intake.Source
}

// inputs lists what is imported: the given STIX, or the built-in data with
// what an industry member and a third state gave.
func (d *Demo) inputs() ([]input, error) {
	base := intake.Source{DefaultTLP: clearTLP, Collection: "threat-data"}
	if d.opt.Data == "" {
		member, third := base, base
		member.Contributor, third.Origin = memberWord, otherSide
		return []input{embedded("own.json", base), embedded("member.json", member), embedded("third.json", third)}, nil
	}
	names, err := stixFiles(d.opt.Data)
	if err != nil {
		return nil, err
	}
	var out []input
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		out = append(out, input{name: filepath.Base(name), size: info.Size(), src: base, open: func() (io.ReadCloser, error) { return os.Open(name) }})
	}
	return out, nil
}

func embedded(name string, src intake.Source) input {
	return input{name: name, src: src, open: func() (io.ReadCloser, error) { return builtin.Open("data/" + name) }}
}

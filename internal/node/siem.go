package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/health"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/siem"
)

// How often the home log is looked at for what a SIEM does not have.
const siemEvery = 2 * time.Second

// When somebody should look at a SIEM that takes nothing, and when it is late.
const (
	siemWatch = 15 * time.Minute
	siemBad   = 24 * time.Hour
)

func checkSIEM(all []SIEM) error {
	seen := map[string]bool{}
	for _, c := range all {
		if _, err := ident.ParseSide(c.Name); err != nil || seen[c.Name] {
			return fault.Errorf(fault.Invalid, "siem: name %.40q: want lower-case letters, digits and inner hyphens, another for each", c.Name)
		}
		seen[c.Name] = true
		if _, _, err := net.SplitHostPort(c.Address); err != nil {
			return fault.Errorf(fault.Invalid, "siem %s: address %.200q: want host:port, such as siem.cert.example:6514", c.Name, c.Address)
		}
		if !slices.Contains([]string{"", siem.RFC5424, siem.CEF}, c.Format) {
			return fault.Errorf(fault.Invalid, "siem %s: format %.20q: want rfc5424 or cef", c.Name, c.Format)
		}
		if (c.Certificate == "") != (c.Key == "") {
			return fault.Errorf(fault.Invalid, "siem %s: certificate and key go together", c.Name)
		}
	}
	return nil
}

// siems makes the senders that the configuration names.
func (n *Node) siems() (out []*siem.Sender, err error) {
	for _, c := range n.Config.SIEM {
		t := siem.Target{Name: c.Name, Address: c.Address, Form: c.Format, Host: "twoseas-" + string(n.Config.Side), Domain: n.Live.Domain().String()}
		if c.CA != "" {
			raw, err := os.ReadFile(n.inDir(c.CA))
			if err != nil {
				return nil, fmt.Errorf("siem %s: %w", c.Name, err)
			}
			if t.Roots = x509.NewCertPool(); !t.Roots.AppendCertsFromPEM(raw) {
				return nil, fault.Errorf(fault.Invalid, "siem %s: %s is not PEM", c.Name, c.CA)
			}
		}
		if c.Certificate != "" {
			own, err := tls.LoadX509KeyPair(n.inDir(c.Certificate), n.inDir(c.Key))
			if err != nil {
				return nil, fmt.Errorf("siem %s: %w", c.Name, err)
			}
			t.Certificate = &own
		}
		out = append(out, siem.New(t))
	}
	return out, nil
}

// inDir returns the path of a file that the configuration names.
func (n *Node) inDir(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(n.Dir, name)
}

// siem sends the home log to one target, until ctx ends.
func (n *Node) siem(ctx context.Context, to *siem.Sender) {
	owner := processName()
	for {
		n.Board.Begin("siem", to.Name)
		_, err := n.Audit.Follow(ctx, to.Name, owner, to.Send)
		n.Board.End("siem", to.Name, err, siemEvery)
		if err != nil && ctx.Err() == nil {
			n.Log.WarnContext(ctx, "the home log does not reach a SIEM", slog.String("siem", to.Name), slog.String("error", err.Error()))
		}
		if !rest(ctx, siemEvery) {
			return
		}
	}
}

// checkSIEM says whether the home log gets where it is sent.
func (n *Node) checkSIEM(ctx context.Context) health.Check {
	c := health.Check{Name: "siem", State: health.Good, Numbers: map[string]int64{"targets": int64(len(n.Config.SIEM))}}
	all, err := n.Audit.Followed(ctx)
	if err != nil {
		c.State, c.Detail = health.Bad, err.Error()
		return c
	}
	var said []string
	for _, f := range all {
		if !slices.ContainsFunc(n.Config.SIEM, func(s SIEM) bool { return s.Name == f.Target }) {
			continue // not sent to any more
		}
		said = append(said, f.String())
		c.Numbers["behind"] = max(c.Numbers["behind"], f.Behind)
		c.State = health.Worst([]health.Check{{State: c.State}, {State: n.siemState(f)}})
	}
	c.Detail = strings.Join(said, "; ")
	if c.Detail == "" {
		c.Detail = "nothing has been sent yet"
	}
	return c
}

func (n *Node) siemState(f audit.Following) health.State {
	if f.Failing.IsZero() {
		return health.Good
	}
	switch since := n.Clock.Now().Sub(f.Failing); {
	case since >= siemBad:
		return health.Bad
	case since >= siemWatch:
		return health.Watch
	}
	return health.Good
}

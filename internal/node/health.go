package node

import (
	"context"
	"crypto/x509"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"twoseas/internal/act/health"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// When somebody should look, and when it is late.
const (
	diskWatch, diskBad = 20, 5 // percent free
	certWatch, certBad = 30, 7 // days left
	slowStore          = 500 * time.Millisecond
	clockApart         = time.Minute
)

// Health reports how the node is (health.Source).
func (n *Node) Health(ctx context.Context) (health.Report, error) {
	r := health.Report{At: n.Clock.Now().UTC(), Version: version(), Store: "sqlite", Process: n.process.Host}
	if n.shared() {
		r.Store = "postgres"
	}
	r.Checks = []health.Check{n.checkStore(ctx), n.checkLedger(ctx), n.checkCertificate(), n.checkClock(ctx)}
	if c, ok := n.checkDisk(); ok {
		r.Checks = append(r.Checks, c)
	}
	if len(n.Config.SIEM) > 0 {
		r.Checks = append(r.Checks, n.checkSIEM(ctx))
	}
	if n.Config.Mail != nil {
		r.Checks = append(r.Checks, n.checkMail(ctx))
	}
	r.State = health.Worst(r.Checks)
	var err error
	r.Backup, err = n.lastBackup(ctx)
	return r, err
}

// lastBackup is when the newest backup that may still be there was made, zero
// when none is known.
func (n *Node) lastBackup(ctx context.Context) (at time.Time, err error) {
	err = n.Live.Query(ctx, func(tx *store.Tx) error {
		made, err := tx.BackupsMade()
		if len(made) > 0 {
			at = time.UnixMicro(made[len(made)-1].At).UTC()
		}
		return err
	})
	return at, err
}

// version is what this program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" })
	if i < 0 {
		return info.Main.Version
	}
	revision := info.Settings[i].Value
	return info.Main.Version + " " + revision[:min(12, len(revision))]
}

// checkStore asks the store a question and measures the answer.
func (n *Node) checkStore(ctx context.Context) health.Check {
	c := health.Check{Name: "store", State: health.Good}
	start := time.Now()
	objects, bytes, err := n.Objects(ctx)
	took := time.Since(start)
	if err != nil {
		c.State, c.Detail = health.Bad, "the store does not answer: "+err.Error()
		return c
	}
	c.Numbers = map[string]int64{"objects": objects, "bytes": bytes, "milliseconds": took.Milliseconds()}
	c.Detail = fmt.Sprintf("%d object versions of %s; answered in %d ms", objects, size(bytes), took.Milliseconds())
	if took > slowStore {
		c.State = health.Watch
	}
	return c
}

// checkLedger compares the right edge of every log with its checkpoint, as at
// the start.
func (n *Node) checkLedger(ctx context.Context) health.Check {
	if err := n.Ledger.Check(ctx, n.Live); err != nil {
		return health.Check{Name: "ledger", State: health.Bad, Detail: err.Error()}
	}
	var logs, leaves int64
	err := n.Live.Query(ctx, func(tx *store.Tx) error {
		list, err := tx.Logs()
		for _, l := range list {
			logs++
			leaves += l.Size
		}
		return err
	})
	if err != nil {
		return health.Check{Name: "ledger", State: health.Bad, Detail: err.Error()}
	}
	return health.Check{
		Name: "ledger", State: health.Good, Detail: fmt.Sprintf("%d logs of %d entries fit their checkpoints", logs, leaves),
		Numbers: map[string]int64{"logs": logs, "entries": leaves},
	}
}

// checkCertificate says how long the certificate of the public listener is good.
func (n *Node) checkCertificate() health.Check {
	c := health.Check{Name: "certificate", State: health.Good}
	if n.Config.HTTP {
		c.Detail = "a proxy in front ends TLS; its certificate is not known here"
		return c
	}
	cert, err := n.publicCertificate()
	if err != nil {
		c.State, c.Detail = health.Bad, err.Error()
		return c
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		c.State, c.Detail = health.Bad, err.Error()
		return c
	}
	days := int64(leaf.NotAfter.Sub(n.Clock.Now()) / (24 * time.Hour))
	c.Numbers = map[string]int64{"days": days}
	c.Detail = fmt.Sprintf("good for %d days, until %s", days, leaf.NotAfter.UTC().Format(time.DateOnly))
	switch {
	case days < certBad:
		c.State = health.Bad
	case days < certWatch:
		c.State = health.Watch
	}
	return c
}

// checkClock compares the clock with the newest entry of the logs: a clock
// that was set back would date what happens now before what happened.
func (n *Node) checkClock(ctx context.Context) health.Check {
	c := health.Check{Name: "clock", State: health.Good}
	var newest int64
	if err := n.Live.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Audit(store.AuditQuery{Limit: 1})
		if len(rows) > 0 {
			newest = rows[0].At
		}
		return err
	}); err != nil {
		c.State, c.Detail = health.Bad, err.Error()
		return c
	}
	back := time.UnixMicro(newest).Sub(n.Clock.Now())
	c.Detail = "runs forward: nothing recorded is later than now"
	c.Numbers = map[string]int64{"seconds": max(0, int64(back/time.Second))}
	if newest > 0 && back > clockApart {
		c.State, c.Detail = health.Bad, fmt.Sprintf("stands %s before what was recorded last: it was set back", back.Round(time.Second))
	}
	return c
}

// checkDisk says how much room is left where the store is; ok is false when
// that is not here.
func (n *Node) checkDisk() (c health.Check, ok bool) {
	if n.shared() {
		return c, false
	}
	var s unix.Statfs_t
	c = health.Check{Name: "disk", State: health.Good}
	if err := unix.Statfs(filepath.Dir(n.Config.Store), &s); err != nil {
		c.State, c.Detail = health.Watch, err.Error()
		return c, true
	}
	free := int64(min(s.Bavail, math.MaxInt64>>20)) * int64(s.Bsize) //nolint:unconvert // not 64 bits on every system
	percent := int64(100 * float64(s.Bavail) / float64(max(1, s.Blocks)))
	c.Numbers = map[string]int64{"free": free, "percent": percent}
	if info, err := os.Stat(n.Config.Store); err == nil {
		c.Numbers["used"] = info.Size()
	}
	c.Detail = fmt.Sprintf("%s free, %d percent", size(free), percent)
	switch {
	case percent < diskBad:
		c.State = health.Bad
	case percent < diskWatch:
		c.State = health.Watch
	}
	return c, true
}

// Settings returns what the node was started with (health.Source). The address
// of a store on a server is told without its password.
func (n *Node) Settings() []health.Setting {
	var out []health.Setting
	usual := settingsOf(Config{Side: n.Config.Side}.withDefaults(n.Dir))
	for i, s := range settingsOf(n.Config) {
		s.Default = s.Name != "side" && s.Value == usual[i].Value
		out = append(out, s)
	}
	return out
}

func settingsOf(c Config) []health.Setting {
	return []health.Setting{
		{Name: "side", Value: string(c.Side)},
		{Name: "codes", Value: strings.Join(c.Codes, ", ")},
		{Name: "title", Value: c.Title},
		{Name: "contact", Value: c.Contact},
		{Name: "store", Value: redacted(c.Store)},
		{Name: "listen", Value: c.Listen},
		{Name: "public_url", Value: c.PublicURL},
		{Name: "peer_listen", Value: c.PeerListen},
		{Name: "peer_url", Value: c.PeerURL},
		{Name: "certificate", Value: c.Certificate},
		{Name: "http", Value: strconv.FormatBool(c.HTTP)},
		{Name: "behind_proxy", Value: strconv.FormatBool(c.BehindProxy)},
		{Name: "hook_private", Value: strconv.FormatBool(c.HookPrivate)},
		{Name: "max_content_length", Value: strconv.FormatInt(c.MaxContentLength, 10)},
	}
}

// redacted returns the source of a store without what stands before the host.
func redacted(source string) string {
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		return source
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "…@" + rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, "?") // a password may stand there too
	return scheme + "://" + rest
}

// partners is what edges have done with partners' nodes.
type partners struct{ n *Node }

// Accept greets the node of an invitation.
func (p partners) Accept(ctx context.Context, by people.Actor, code string) (store.Peer, error) {
	return p.n.accept(ctx, by, code)
}

// Check calls a partner's node and compares what both sides hold.
func (p partners) Check(ctx context.Context, by people.Actor, side ident.Side, full bool) (bool, []string, error) {
	if err := by.May(people.Exchange); err != nil {
		return false, nil, err
	}
	return p.n.CheckPeer(ctx, side, full)
}

// size says a number of bytes in decimal units, as disks are sold.
func size(bytes int64) string {
	const kilo = 1000.0
	n := float64(bytes)
	for _, unit := range []string{"bytes", "kB", "MB", "GB"} {
		if n < kilo {
			return strconv.FormatFloat(n, 'f', places(unit, n), 64) + " " + unit
		}
		n /= kilo
	}
	return strconv.FormatFloat(n, 'f', places("TB", n), 64) + " TB"
}

// places is how many decimal places are worth saying.
func places(unit string, n float64) int {
	if unit == "bytes" || n >= 100 {
		return 0
	}
	return 1
}

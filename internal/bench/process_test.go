package bench_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

// childVariable names the directory of the node that this program, started
// again, serves as a process of its own, and peerVariable where partners reach
// it.
const (
	childVariable = "TWOSEAS_BENCH_NODE"
	peerVariable  = "TWOSEAS_BENCH_PEER"
)

// serveChild serves until standard input ends. It says where on standard
// output.
func serveChild(dir string) error {
	ctx := context.Background()
	n, err := (&million{dir: dir, peer: os.Getenv(peerVariable)}).open(ctx)
	if err != nil {
		return err
	}
	r, err := n.Start(ctx)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Println(r.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, r.Stop(), n.Close())
}

// process is a node in a process of its own.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

// serve starts the node's process and returns when it serves.
func (m *million) serve(b *testing.B) *process {
	b.Helper()
	cmd := exec.Command(os.Args[0]) // this very program; stopped by its input
	cmd.Env = append(os.Environ(), childVariable+"="+m.dir, peerVariable+"="+m.peer)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal("the node did not start: ", err)
	}
	return &process{cmd: cmd, stdin: stdin, url: strings.TrimSpace(line)}
}

func (p *process) dial(b *testing.B, m *million) *client {
	b.Helper()
	c, err := connect(p.url, filepath.Join(m.dir, "tls.pem"), m.collection)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// stop ends the process in order.
func (p *process) stop(b *testing.B) {
	b.Helper()
	if err := errors.Join(p.stdin.Close(), p.cmd.Wait()); err != nil {
		b.Fatal(err)
	}
}

// peak returns the most memory that was ever resident, in MB of a million
// bytes, file pages and program text included.
func (p *process) peak(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		b.Skip("NOT MEASURED, no /proc: ", err)
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib * 1024 / 1e6
}

// BenchmarkStart starts the process of a node with a million objects, until
// a client that was waiting has its first answer.
func BenchmarkStart(b *testing.B) {
	m := needMillion(b)
	for b.Loop() {
		p := m.serve(b)
		if _, _, err := p.dial(b, m).get(b.Context(), "objects/?limit=1"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.stop(b)
		b.StartTimer()
	}
	startTime.is(b, b.Elapsed().Seconds()/float64(b.N))
}

// BenchmarkStartAgain is the same after the process was killed while it took
// objects in.
func BenchmarkStartAgain(b *testing.B) {
	m := needMillion(b).copied(b)
	seed := uint64(10)
	var took time.Duration
	for b.Loop() {
		p := m.serve(b)
		c := p.dial(b, m)
		for e := range envelopesOf(stixtest.Indicators(20_000, seed), 1000) {
			if err := c.post(b.Context(), e); err != nil {
				b.Fatal(err)
			}
		}
		seed++
		if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			b.Fatal(err)
		}
		_ = p.cmd.Wait() // killed, it says so
		begin := time.Now()
		p = m.serve(b)
		if _, _, err := p.dial(b, m).get(b.Context(), "objects/?limit=1"); err != nil {
			b.Fatal(err)
		}
		took += time.Since(begin)
		p.stop(b)
	}
	startAgain.is(b, took.Seconds()/float64(b.N))
}

// BenchmarkMemory has a node of a million objects read, written and shipped
// from at the same time, and tells the most memory its process had.
func BenchmarkMemory(b *testing.B) {
	m := needMillion(b).copied(b)
	m.peer = nodetest.FreePort(b)
	for b.Loop() {
		p := m.serve(b)
		beside := m.mustOpen(b)
		jp := nodetest.Start(b, "jp", nil)
		bringIntoForce(b, beside, jp)
		ctx, stop := context.WithTimeout(b.Context(), time.Duration(size(60))*time.Second)
		l := &load{ctx: ctx, seed: uint64(b.N) * 1000}
		l.run(b, p, m)
		stop()
		held, _, err := jp.Objects(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(l.walked.Load())/1e6, "MB-walked")
		b.ReportMetric(float64(l.posted.Load()), "posted")
		b.ReportMetric(float64(held), "shipped")
		if held == 0 || l.walked.Load() == 0 || l.posted.Load() == 0 {
			b.Fatal("not all of them were at work")
		}
		peakMemory.is(b, p.peak(b))
		if err := beside.Close(); err != nil {
			b.Fatal(err)
		}
		p.stop(b)
	}
}

// bringIntoForce pairs the served node, through acts beside its process, with
// jp and has both sign. jp signs last: its word then arrives at the process,
// which puts everything it holds on its release list.
func bringIntoForce(b *testing.B, in *node.Node, jp *nodetest.Node) {
	b.Helper()
	if _, err := node.Pair(b.Context(), jp.Node, in); err != nil {
		b.Fatal(err)
	}
	for _, n := range []*node.Node{in, jp.Node} {
		v, err := n.Accords.Add(b.Context(), n.Live, n.Operator(), agreement.Reference())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := n.Accords.Sign(b.Context(), n.Live, n.Operator(), v); err != nil {
			b.Fatal(err)
		}
	}
}

// load is what clients do to a node until ctx ends.
type load struct {
	ctx            context.Context
	seed           uint64
	walked, posted atomic.Int64
}

func (l *load) run(b *testing.B, p *process, m *million) {
	b.Helper()
	reader, writer := p.dial(b, m), p.dial(b, m)
	var wg sync.WaitGroup
	wg.Go(func() { l.read(b, reader) })
	wg.Go(func() { l.write(b, writer) })
	wg.Wait()
}

func (l *load) read(b *testing.B, c *client) {
	for l.ctx.Err() == nil {
		n, err := c.walk(l.ctx)
		l.walked.Add(n)
		if err != nil && l.ctx.Err() == nil {
			b.Error(err)
			return
		}
	}
}

func (l *load) write(b *testing.B, c *client) {
	for e := range envelopesOf(stixtest.Indicators(1<<40, l.seed), 1000) {
		err := c.post(l.ctx, e)
		if l.ctx.Err() != nil {
			return
		}
		if err != nil {
			b.Error(err)
			return
		}
		l.posted.Add(1000)
	}
}

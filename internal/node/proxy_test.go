package node_test

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between two nodes and cuts connections.
type proxy struct {
	addr    string
	mu      sync.Mutex
	targets []string // tried in order; guarded by mu
	// budget returns after how many bytes, both ways together, the next
	// connection is cut; negative for never.
	budget func() int64
	cuts   atomic.Int64
}

func startProxy(t *testing.T, budget func() int64, targets ...string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // closed with the test
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), targets: targets, budget: budget}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return p
}

// also adds a target.
func (p *proxy) also(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets = append(p.targets, target)
}

func (p *proxy) carry(c net.Conn) {
	defer c.Close()
	var s net.Conn
	p.mu.Lock()
	targets := slices.Clone(p.targets)
	p.mu.Unlock()
	for _, target := range targets {
		var err error
		if s, err = net.Dial("tcp", target); err == nil { // both ends are closed below
			break
		}
	}
	if s == nil {
		return
	}
	defer s.Close()
	var left atomic.Int64
	n := p.budget()
	left.Store(n)
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{c, s}, {s, c}} {
		go func() {
			defer func() { ended <- struct{}{} }()
			buf := make([]byte, 4096)
			for {
				k, err := way[0].Read(buf)
				if n >= 0 && left.Add(-int64(k)) < 0 {
					k = max(0, k+int(left.Load())) // the last bytes that still fit
					_, _ = way[1].Write(buf[:k])   // cut right after
					p.cuts.Add(1)
					return
				}
				if k > 0 {
					if _, err := way[1].Write(buf[:k]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
	}
	<-ended // either end gone: both go
}

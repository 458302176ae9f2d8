package nodetest

import (
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
)

// Ports of tests are below those that the system hands out by itself, in
// blocks of a hundred. A process that holds the first port of a block may use
// the others: tests of several packages run at once and never meet.
const (
	firstPort = 10_000
	blocks    = 220
	perBlock  = 100
)

var ports struct {
	sync.Mutex
	guard net.Listener // until the process ends
	base  int
	last  int
}

// FreePort returns a loopback address nobody listens on and nobody else is
// given before the other 98 of this process have been.
func FreePort(tb testing.TB) string {
	tb.Helper()
	ports.Lock()
	defer ports.Unlock()
	for i := 0; ports.guard == nil; i++ {
		if i == blocks {
			tb.Fatal("every block of ports for tests is taken")
		}
		base := firstPort + perBlock*((os.Getpid()+i)%blocks)
		if l, err := net.Listen("tcp", loopback(base)); err == nil {
			ports.guard, ports.base = l, base
		}
	}
	for range perBlock - 1 {
		ports.last = ports.last%(perBlock-1) + 1
		l, err := net.Listen("tcp", loopback(ports.base+ports.last))
		if err != nil {
			continue // a node of this process is using it
		}
		if err := l.Close(); err != nil {
			tb.Fatal(err)
		}
		return loopback(ports.base + ports.last)
	}
	tb.Fatal("every port of this process is taken")
	return ""
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

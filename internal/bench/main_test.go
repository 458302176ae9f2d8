package bench_test

import (
	"fmt"
	"os"
	"testing"
)

// small asks for a tenth of every size: it shows that the benchmarks work, and
// nothing about the floors.
var small = os.Getenv("TWOSEAS_BENCH_SMALL") != ""

// size returns n, or a tenth of it.
func size(n int) int {
	if small {
		return n / 10
	}
	return n
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := serveChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if err := report(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	dropMillion()
	os.Exit(code)
}

package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// progress tells how far a long import is: a bar on a terminal, a plain line
// at each tenth otherwise, on standard error.
type progress struct {
	w        io.Writer
	name     string
	size     int64
	terminal bool
	tenth    int64
	quiet    bool
}

func (a *app) progress(name string, size int64) *progress {
	return &progress{w: a.err, name: name, size: size, terminal: isTerminal(a.err), quiet: a.JSON}
}

const (
	barWidth  = 30
	smallFile = 4 << 20 // bytes that are read too quickly to tell of
)

func (p *progress) show(offset int64, objects int) {
	if p.quiet || p.size == 0 {
		return
	}
	share := min(1, float64(offset)/float64(p.size))
	if p.terminal {
		full := int(share * barWidth)
		fmt.Fprintf(p.w, "\r  %-28s [%s%s] %3.0f%%  %s objects ", p.name, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), 100*share, number(int64(objects)))
		return
	}
	if p.size < smallFile {
		return
	}
	if t := int64(10 * share); t > p.tenth && t < 10 {
		p.tenth = t
		fmt.Fprintf(p.w, "  %s: %d%%, %s objects\n", p.name, 10*t, number(int64(objects)))
	}
}

func (p *progress) done(objects int) {
	if p.quiet {
		return
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, "  %s: %s objects\n", p.name, number(int64(objects)))
}

// number writes n with thin groups of three: 24,771.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count writes "1 object", "2 objects".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(int64(n)) + " " + what + "s"
}

// megabytes writes n bytes in MB.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// clear takes the bar off the terminal.
func (p *progress) clear() { fmt.Fprint(p.w, "\r\x1b[K") }

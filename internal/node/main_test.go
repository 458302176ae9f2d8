package node_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

// Environment of this test binary when it is started once more as a node in a
// process of its own, which can be killed.
const (
	envDir    = "TWOSEAS_TEST_CHILD_DIR"
	envImport = "TWOSEAS_TEST_CHILD_IMPORT" // FROM:N, indicators to take in once it serves
	envRecall = "TWOSEAS_TEST_CHILD_RECALL" // N, acts of recalling it is to have made
	envLease  = "TWOSEAS_TEST_CHILD_LEASE"
)

// How long a killed process keeps others from sending: short, so that a
// restart need not wait, and longer where several write to one store.
const (
	lease       = 300 * time.Millisecond
	sharedLease = 3 * time.Second
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		if err := childNode(dir, os.Getenv(envImport)); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childNode serves the node of dir until its standard input ends.
func childNode(dir, imports string) error {
	ctx := context.Background()
	keep := lease
	if s := os.Getenv(envLease); s != "" {
		var err error
		if keep, err = time.ParseDuration(s); err != nil {
			return err
		}
	}
	n, err := node.Open(ctx, dir, node.Options{Lease: keep, Log: nodetest.Log()})
	if err != nil {
		return err
	}
	run, err := n.Start(ctx)
	if err != nil {
		return err
	}
	fmt.Println("serving")
	if imports != "" {
		from, count, _ := strings.Cut(imports, ":")
		first, _ := strconv.Atoi(from)
		total, _ := strconv.Atoi(count)
		if _, err := n.Intake.Stream(ctx, n.Live, intake.Source{DefaultTLP: marking.Clear}, stream(first, total), nil); err != nil {
			return err
		}
		fmt.Println("imported")
	}
	if acts, err := strconv.Atoi(os.Getenv(envRecall)); err == nil {
		if err := callBack(ctx, n, acts); err != nil {
			return err
		}
		fmt.Println("recalled")
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent, whatever ends it
	if err := run.Stop(); err != nil {
		return err
	}
	return n.Close()
}

// child is a node in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
}

// spawn starts the node of dir, with more in its environment, and waits until it
// serves.
func spawn(t *testing.T, dir string, from, count int, env ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0]) // this very binary
	cmd.Env = append(append(os.Environ(), envDir+"="+dir), env...)
	if count > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d:%d", envImport, from, count))
	}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, stdin: stdin, lines: make(chan string, 4)}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	t.Cleanup(c.kill)
	c.await(t, "serving")
	return c
}

// await waits until the child says a word.
func (c *child) await(t *testing.T, word string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				t.Fatalf("the child ended before it said %q", word)
			}
			if line == word {
				return
			}
		case <-late:
			t.Fatalf("the child did not say %q within a minute", word)
		}
	}
}

// kill ends the process as a loss of power would, as far as a process can.
func (c *child) kill() {
	if c.cmd.ProcessState != nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	_ = c.cmd.Wait()                          // says how it was killed
}

// stop lets the process end by itself.
func (c *child) stop(t *testing.T) {
	t.Helper()
	_ = c.stdin.Close() // it may have ended already
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the child: %v", err)
	}
}

// resident returns the most memory the process has had resident, in bytes.
func (c *child) resident(t *testing.T) int64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		t.Skipf("this system does not say how much memory a process uses: %v", err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}

// stream yields the bundle of indicators from..from+n without holding it.
func stream(from, n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
		for i := from; i < from+n && err == nil; i++ {
			sep := ","
			if i == from {
				sep = ""
			}
			_, err = fmt.Fprintf(w, `%s{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",
			"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z",
			"pattern_type":"stix","pattern":"[ipv4-addr:value = '45.%d.%d.%d']"}`, sep, i, i>>16&255, i>>8&255, i&255)
		}
		if err == nil {
			_, err = io.WriteString(w, "]}")
		}
		w.CloseWithError(err)
	}()
	return r
}

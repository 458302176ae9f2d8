package cli_test

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"twoseas/internal/cli"
	"twoseas/internal/nodetest"
)

// TestMain lets the scripts run the real command in processes of their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"twoseas": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		status := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(status)
	}})
}

// TestScripts tells what the command line does, as stories that run.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"IN", "IN_PEER", "JP", "JP_PEER"} {
				e.Setenv(name, nodetest.FreePort(t))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"eventually": eventually, "field": field, "withrule": withRule},
	})
}

// eventually runs a command until it succeeds and its output holds a text:
// eventually TEXT twoseas ARGS...
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually TEXT command args...")
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("not within 30 s: %q in the output of %v: %v\n%s", args[0], args[1:], err, ts.ReadFile("stdout"))
		}
	}
}

// field sets a variable to what follows a text on a line of the last output:
// field NAME TEXT
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: field NAME TEXT")
	}
	_, after, ok := strings.Cut(ts.ReadFile("stdout"), args[1])
	if !ok {
		ts.Fatalf("no %q in the output", args[1])
	}
	line, _, _ := strings.Cut(after, "\n")
	ts.Setenv(args[0], strings.TrimSpace(strings.SplitN(strings.TrimSpace(line), "\"", 2)[0]))
}

// withRule puts a rule that permits private matching into an agreement:
// withrule FILE
func withRule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: withrule FILE")
	}
	const rule = "\nrules:\n  - {id: matching, clause: \"1(1)\", when: {kind: matching}, then: {approve: 1}}\n"
	text := strings.Replace(ts.ReadFile(args[0]), "\nrules:\n", rule, 1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// Package cli is the command line: one struct per command. Commands act on
// the node in --data-dir whether it is serving or not; they hold no rules.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
)

// Exit statuses. They are part of the interface.
const (
	exitOK          = 0
	exitFailed      = 1 // something did not hold, or an internal error
	exitUsage       = 2 // called wrongly, or input that cannot be understood
	exitNotFound    = 3
	exitDenied      = 4
	exitConflict    = 5
	exitUnavailable = 6 // busy or away: try again
)

const description = `Twoseas carries out a memorandum of cooperation on cybersecurity between two sides.

Each side runs its own node. Commands act on the node in --data-dir, whether it is serving or not.

First steps:
  twoseas demo                                   two nodes on this machine, with data
  twoseas init --data-dir in --side in           make a node
  twoseas serve --data-dir in                    run it
  twoseas import --data-dir in --tlp green FILE  put threat data in
  twoseas lookup --data-dir in 198.51.100.7      ask what is known

Exit status: 0 done; 1 failed or did not hold; 2 wrong call or input; 3 not found; 4 denied; 5 conflict; 6 busy or away.`

// globals are the flags every command takes.
type globals struct {
	DataDir string `name:"data-dir" short:"d" placeholder:"DIR" default:"twoseas-data" env:"TWOSEAS_DATA_DIR" help:"Directory of the node (default twoseas-data)."`
	Store   string `placeholder:"URL" env:"TWOSEAS_STORE" help:"Use this store instead of the configured one: postgres://… or the path of an SQLite file."`
	JSON    bool   `name:"json" help:"Print one JSON object instead of text."`
	Log     string `name:"log-level" enum:"debug,info,warn,error" default:"warn" help:"Least severity logged to standard error: debug, info, warn, error."`
}

type commands struct {
	globals

	Init         initCmd         `cmd:"" help:"Make a new node in --data-dir."`
	Serve        serveCmd        `cmd:"" help:"Run the node until it is told to stop."`
	Demo         demoCmd         `cmd:"" help:"Run two nodes on this machine that exchange data under the reference memorandum."`
	Import       importCmd       `cmd:"" help:"Take STIX, MISP, tables and texts with indicators in."`
	Warninglist  warninglistCmd  `cmd:"" help:"Lists of values that are rarely malicious, shown at imports."`
	Export       exportCmd       `cmd:"" help:"Write objects, the ledger, or some items of a shipment with their proof to a file."`
	Lookup       lookupCmd       `cmd:"" help:"Ask what is known of addresses, domains, URLs, hashes, file names."`
	Match        matchCmd        `cmd:"" help:"Ask the partner which values it knows, without showing them, and answer it."`
	Recall       recallCmd       `cmd:"" help:"Call back what was sent, and see what was done about it."`
	Incident     incidentCmd     `cmd:"" help:"Notify incidents, contribute to them, and keep the clocks of reporting at home."`
	Request      requestCmd      `cmd:"" help:"Ask the other side for assistance, and answer when it asks."`
	Coordination coordinationCmd `cmd:"" help:"Disclose a vulnerability together with the other side, at one instant."`
	Onward       onwardCmd       `cmd:"" help:"Ask to pass on what belongs to another side, and answer those who ask."`
	Members      membersCmd      `cmd:"" help:"Numbered, signed lists of who belongs to the audience of a caveat."`
	Status       statusCmd       `cmd:"" help:"Show how the exchange with each partner stands."`
	Contact      contactCmd      `cmd:"" help:"Whom to ask on either side: who covers what, keys, checks, who left."`
	Notice       noticeCmd       `cmd:"" help:"What somebody was told, and how somebody wants to be told."`
	Release      releaseCmd      `cmd:"" help:"See what waits for an officer; approve or refuse it."`
	Channel      channelCmd      `cmd:"" help:"What crosses under an agreement: shipments, retries; pause and resume."`
	Agreement    agreementCmd    `cmd:"" help:"Check, add, sign and explain agreements."`
	Peer         peerCmd         `cmd:"" help:"Get to know the partner's node."`
	Bundle       bundleCmd       `cmd:"" help:"Exchange with the partner by file, where there is no line."`
	User         userCmd         `cmd:"" help:"Accounts, API tokens and rights."`
	Meeting      meetingCmd      `cmd:"" help:"Sessions that show only what everybody in the room may see."`
	Organisation organisationCmd `cmd:"" help:"Organisations that accounts belong to, with their ceilings."`
	Collection   collectionCmd   `cmd:"" help:"TAXII collections and who may read and write them."`
	Audit        auditCmd        `cmd:"" help:"What people of this side did: search, export and check the home audit log."`
	Feed         feedCmd         `cmd:"" help:"Sources outside that are taken from, or sent to, on a schedule."`
	Hook         hookCmd         `cmd:"" help:"Webhooks: programs elsewhere that are told what happens here."`
	Verify       verifyCmd       `cmd:"" help:"Check exported ledgers from files and public keys alone."`
	Erase        eraseCmd        `cmd:"" help:"Take personal data off the node for good: one asks, another decides; and the backups that hold it."`
	Backup       backupCmd       `cmd:"" help:"Write everything the node holds to one file, while it runs."`
	Restore      restoreCmd      `cmd:"" help:"Make a node from a backup."`
	Completion   completionCmd   `cmd:"" help:"Print a completion script for bash, zsh or fish."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
}

// app is what commands work with.
type app struct {
	globals
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	model    *kong.Application
	said     bool // the one JSON object is out
}

// Run runs one command and returns the exit status.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var c commands
	status := -1
	parser, err := kong.New(&c, append(names(), kong.Name("twoseas"), kong.Description(description), kong.Writers(out, errOut),
		kong.Exit(func(code int) { status = code }), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ShortUsageOnError())...)
	if err != nil {
		fmt.Fprintln(errOut, "twoseas:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if status >= 0 { // --help
		return status
	}
	if err != nil {
		fmt.Fprintf(errOut, "twoseas: %s\nTry twoseas --help, or --help after a command.\n", err)
		return exitUsage
	}
	a := &app{globals: c.globals, ctx: ctx, in: in, out: out, err: errOut, model: parser.Model}
	if err := k.Run(a); err != nil {
		return a.fail(err)
	}
	return exitOK
}

// errNotSound says that a command did its work and found something wrong; it
// has said so itself.
var errNotSound = errors.New("not sound")

func (a *app) fail(err error) int {
	if errors.Is(err, errNotSound) {
		return exitFailed
	}
	kind := fault.KindOf(err)
	if a.JSON && !a.said {
		_ = a.print(map[string]any{"error": err.Error(), "kind": kind.String()}) // nowhere left to say it
	}
	fmt.Fprintln(a.err, "twoseas:", err)
	switch kind {
	case fault.Invalid, fault.TooLarge:
		return exitUsage
	case fault.NotFound:
		return exitNotFound
	case fault.Denied:
		return exitDenied
	case fault.Conflict, fault.Held:
		return exitConflict
	case fault.Busy, fault.Unavailable:
		return exitUnavailable
	case fault.Internal:
	}
	return exitFailed
}

// printf writes to standard output; a closed pipe there is not worth a word.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

// print writes v as one JSON object on a line.
func (a *app) print(v any) error {
	a.said = true
	raw, err := canon.Write(v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(raw, '\n'))
	return err
}

// say prints v with --json, and otherwise what text writes.
func (a *app) say(v any, text func()) error {
	if a.JSON {
		return a.print(v)
	}
	text()
	return nil
}

func (a *app) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(a.Log))); err != nil {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// config reads the node's configuration with the flags applied.
func (a *app) config() (node.Config, error) {
	c, err := node.Load(a.DataDir)
	if err == nil && a.Store != "" {
		c.Store, err = a.store()
	}
	return c, err
}

// store returns --store; a path is meant from where the command runs.
func (a *app) store() (string, error) {
	if a.Store == "" || strings.Contains(a.Store, "://") {
		return a.Store, nil
	}
	return filepath.Abs(a.Store)
}

// open opens the node of --data-dir.
func (a *app) open() (*node.Node, error) {
	c, err := a.config()
	if err != nil {
		return nil, err
	}
	return node.OpenWith(a.ctx, a.DataDir, c, node.Options{Log: a.logger()})
}

// with opens the node, runs fn and closes it.
func (a *app) with(fn func(n *node.Node) error) error {
	n, err := a.open()
	if err != nil {
		return err
	}
	return errors.Join(fn(n), n.Close())
}

// isTerminal reports whether w is a terminal that a person looks at.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// Command twoseas-verify checks exported ledgers, single entries, the growth
// of a ledger and subset bundles of Twoseas from the files and the sides'
// public keys alone: no node, no
// database, no network. It links the standard library and golang.org/x/mod
// only, so that an auditor can read all of it.
//
//	twoseas-verify --key in+8f2c61d4+AbC... --key jp+51d0aa97+XyZ... in.log jp.log
//
// Give for each side a key that you have from the side itself: its present
// one or one it had before. With the files of both sides it also checks that
// what one logged as sent the other logged as received.
//
// It exits with 0 when the files are sound, 1 when they are not, 2 when it
// was called wrongly or could not read a file.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
)

const (
	exitSound    = 0
	exitNotSound = 1
	exitUsage    = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	var keys []note.Verifier
	flags := flag.NewFlagSet("twoseas-verify", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: twoseas-verify --key KEY [--key KEY]... FILE...\n\n"+
			"Checks exported ledgers, entries, growths and subset bundles against the sides' public keys.\n"+
			"Exit status: 0 sound, 1 not sound, 2 wrong call or unreadable file.\n\n")
		flags.PrintDefaults()
	}
	flags.Func("key", "public `KEY` of a side, side+id+base64; give one for each side", func(s string) error {
		v, err := note.ParseVerifier(s)
		keys = append(keys, v)
		return err
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitSound
		}
		return exitUsage
	}
	if flags.NArg() == 0 || len(keys) == 0 {
		flags.Usage()
		return exitUsage
	}
	report, err := verifyFiles(flags.Args(), keys)
	if err != nil {
		fmt.Fprintf(stderr, "twoseas-verify: %s\n", err)
		return exitUsage
	}
	for i, name := range flags.Args() {
		fmt.Fprintf(stdout, "file %d: %s\n", i+1, name)
	}
	if err := report.WriteText(stdout); err != nil {
		fmt.Fprintf(stderr, "twoseas-verify: %s\n", err)
		return exitUsage
	}
	if !report.OK {
		return exitNotSound
	}
	return exitSound
}

// verifyFiles opens the files by name and checks them together.
func verifyFiles(names []string, keys []note.Verifier) (verify.Report, error) {
	files := make([]io.Reader, len(names))
	for i, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return verify.Report{}, fault.Errorf(fault.NotFound, "%w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		files[i] = f
	}
	return verify.Verify(files, keys)
}

// Command twoseas is one node of Twoseas, and everything to run it; see
// twoseas --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"twoseas/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

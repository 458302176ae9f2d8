// Package bench measures what the node is held to: each figure of
// docs/performance.md is a benchmark here, on real nodes and real stores, with
// the client on the same machine. `make bench` runs them all.
package bench

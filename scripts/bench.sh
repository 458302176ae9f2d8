#!/usr/bin/env bash
# bench.sh [PATTERN]
#
# Measures the figures the node is held to (internal/bench), or those whose
# benchmarks match PATTERN. Prints one table: the work, its floor, what was
# measured, ok or BELOW. Writes the same to bench/latest.json, and the lines as
# Go printed them to bench/<date>.txt, for benchstat. A missed floor is said
# and is no failure; a benchmark that does not work is.
#
# TWOSEAS_BENCH_SMALL=1 takes a tenth of each size: it shows that the
# benchmarks work. TWOSEAS_BENCH_STORE=DIR keeps the store of a million
# indicators there for the next run. A run alone takes about seven minutes
# and 5 GB in the temporary directory.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p bench
raw=bench/$(date -u +%Y-%m-%dT%H%M%SZ).txt
rm -f bench/latest.json

TWOSEAS_BENCH_JSON=$PWD/bench/latest.json \
    go test -run '^$' -bench "${1:-.}" -benchtime "${BENCHTIME:-3s}" -timeout 60m ./internal/bench | tee "$raw"

echo
echo "written: bench/latest.json, $raw"

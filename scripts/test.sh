#!/usr/bin/env bash
# test.sh [GO TEST FLAG OR PACKAGE...]
#
# Runs the Go tests (all packages unless some are named) on both engines, and
# ends with a summary that names everything skipped and why. With CI=true
# something skipped is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --inside ]; then
    exec scripts/with-postgres.sh scripts/test.sh --inside "$@"
fi
shift

packages=./...
for argument in "$@"; do
    case $argument in
    ./* | twoseas/*) packages= ;;
    esac
done

notes=$(mktemp "${TMPDIR:-/tmp}/twoseas-test.XXXXXX")
trap 'rm -f "$notes"' EXIT
if [ -z "${TWOSEAS_TEST_PG:-}" ]; then
    echo "everything on PostgreSQL: it is not installed here" >>"$notes"
fi
if [ ! -d ../shared/data ]; then
    echo "everything on real threat data: there is no ../shared/data beside this checkout" >>"$notes"
fi

start=$SECONDS
failed=
# shellcheck disable=SC2086 # $packages is one word or none
go test -v -timeout 15m "$@" $packages 2>&1 | awk -v notes="$notes" -f scripts/summary.awk || failed=tests

echo
if [ -s "$notes" ]; then
    echo "SKIPPED:"
    sed 's/^/  - /' "$notes"
    if [ "${CI:-}" = true ]; then
        failed="${failed:+$failed, and }something was skipped, which CI=true does not allow"
    fi
else
    echo "Nothing was skipped: both engines, real data."
fi
if [ -n "$failed" ]; then
    echo "FAILED after $((SECONDS - start)) s: $failed"
    exit 1
fi
echo "Passed in $((SECONDS - start)) s."

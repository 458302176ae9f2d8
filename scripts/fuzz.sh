#!/usr/bin/env bash
# fuzz.sh [TIME [BOUND]]
#
# Fuzzes every target found in the tree, TIME each (default 30s), and less each
# when all of them together would take longer than BOUND seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

each=${1:-30s}
bound=${2:-}

targets=$(grep -rhoE --include='*_test.go' --exclude-dir=tools '^func Fuzz[A-Za-z0-9_]+' . | wc -l)
if [ "$targets" = 0 ]; then
    echo "fuzz: no target found" >&2
    exit 1
fi
if [ -n "$bound" ] && [ "$((targets * ${each%s}))" -gt "$bound" ]; then
    each=$((bound / targets > 0 ? bound / targets : 1))s
    echo "fuzz: $targets targets in $bound s: $each each"
fi

failed=0
while IFS=: read -r file target; do
    name=${target#func }
    printf 'fuzz: %s %s for %s\n' "$(dirname "$file")" "$name" "$each"
    if ! out=$(go test -run '^$' -fuzz "^$name\$" -fuzztime "$each" "$(dirname "$file")" 2>&1); then
        printf '%s\n' "$out"
        failed=$((failed + 1))
    fi
done < <(grep -rHoE --include='*_test.go' --exclude-dir=tools '^func Fuzz[A-Za-z0-9_]+' . | sort)

echo "fuzz: $targets targets, $failed failed"
[ "$failed" = 0 ]

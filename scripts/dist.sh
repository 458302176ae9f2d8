#!/usr/bin/env bash
# dist.sh
#
# Builds what is released into dist/: both programs for linux on amd64 and
# arm64, the node once more with Go's FIPS 140-3 module, a CycloneDX bill of
# materials for each, and SHA256SUMS. Everything is built twice and compared, so
# that anybody with the same sources and the same Go can check a release.
set -euo pipefail
cd "$(dirname "$0")/.."

unset GOFLAGS
export CGO_ENABLED=0 GOOS=linux GOAMD64=v1 GOARM64=v8.0

stamp=auto
if [ -d .git ] && [ -n "$(git status --porcelain)" ]; then
    echo "dist: the checkout has uncommitted changes; the version will say so" >&2
fi

# build DIR builds every program into DIR.
build() {
    local arch
    mkdir -p "$1"
    for arch in amd64 arm64; do
        GOARCH=$arch GOFIPS140=off go build -trimpath -buildvcs=$stamp -ldflags='-s -w -buildid=' -o "$1/twoseas-linux-$arch" ./cmd/twoseas
        GOARCH=$arch GOFIPS140=off go build -trimpath -buildvcs=$stamp -ldflags='-s -w -buildid=' -o "$1/twoseas-verify-linux-$arch" ./cmd/twoseas-verify
        GOARCH=$arch GOFIPS140=v1.0.0 go build -trimpath -buildvcs=$stamp -ldflags='-s -w -buildid=' -o "$1/twoseas-fips-linux-$arch" ./cmd/twoseas
    done
}

# bill PROGRAM prints the CycloneDX bill of materials that Go wrote into it.
bill() {
    go version -m "$1" | awk -v program="$(basename "$1")" '
        NR == 1 { go = $NF; sub(/^go/, "", go) }
        $1 == "dep" {
            list = list sprintf(",\n  {\"type\":\"library\",\"name\":\"%s\",\"version\":\"%s\",\"purl\":\"pkg:golang/%s@%s\"}", $2, $3, $2, $3)
        }
        END {
            printf "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,\n"
            printf " \"metadata\":{\"component\":{\"type\":\"application\",\"name\":\"%s\"}},\n \"components\":[\n", program
            printf "  {\"type\":\"library\",\"name\":\"std\",\"version\":\"%s\",\"purl\":\"pkg:golang/std@%s\"}%s\n ]}\n", go, go, list
        }'
}

rm -rf dist
again=$(mktemp -d "${TMPDIR:-/tmp}/twoseas-dist.XXXXXX")
trap 'rm -rf "$again"' EXIT
build dist
GOCACHE=$again/cache build "$again/bin"
for program in dist/*; do
    if ! cmp "$program" "$again/bin/$(basename "$program")"; then
        echo "dist: FAILED: $program comes out differently when it is built twice" >&2
        exit 1
    fi
done
for program in dist/*; do
    bill "$program" >"$program.cdx.json"
done
(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS

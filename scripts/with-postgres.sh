#!/usr/bin/env bash
# with-postgres.sh COMMAND [ARGUMENT...]
#
# Runs COMMAND with TWOSEAS_TEST_PG set to the URL of a throw-away PostgreSQL
# cluster, and removes the cluster when COMMAND ends. Without PostgreSQL on the
# machine it says so and runs COMMAND without the variable; with CI=true that
# is a failure instead. A TWOSEAS_TEST_PG that is already set is left alone.
#
# The cluster listens on no port, only on a socket in a folder that nobody but
# its owner (and root) can enter, and therefore needs no password.
set -euo pipefail

say() { printf 'postgres: %s\n' "$*" >&2; }

# bin_dir prints the folder that holds initdb, pg_ctl and postgres: the one in
# PATH, else the newest where packages put it.
bin_dir() {
    local candidate found=
    while IFS= read -r candidate; do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ] && [ -x "$candidate/postgres" ]; then
            found=$candidate
        fi
    done < <(
        ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin \
            /usr/local/opt/postgresql*/bin 2>/dev/null | sort -V
        dirname "$(command -v initdb || echo /nowhere/initdb)"
    )
    printf '%s\n' "$found"
}

# server runs one of PostgreSQL's programs; as somebody else when we are root,
# since PostgreSQL refuses to be run by root.
server() {
    local program=$bin/$1
    shift
    if [ "$owner" = "$(id -un)" ]; then
        (cd "$dir" && LC_ALL=C exec "$program" "$@")
    else
        (cd "$dir" && LC_ALL=C exec runuser -u "$owner" -- "$program" "$@")
    fi
}

# shellcheck disable=SC2317,SC2329 # called by trap
remove() {
    local status=$?
    trap - EXIT
    if [ -f "$dir/data/postmaster.pid" ]; then
        server pg_ctl stop -D "$dir/data" -m immediate -w -t 20 >/dev/null 2>&1 || say "could not stop the cluster in $dir"
    fi
    rm -rf "$dir"
    exit "$status"
}

# give_up COMMAND... runs COMMAND without PostgreSQL, for the reason in $why.
give_up() {
    if [ "${CI:-}" = true ]; then
        say "FAILED: $why. CI tests both engines."
        exit 1
    fi
    say "SKIPPED: $why; only SQLite is tested."
    "$@"
    exit
}

if [ -n "${TWOSEAS_TEST_PG:-}" ]; then
    exec "$@"
fi

bin=$(bin_dir)
if [ -z "$bin" ]; then
    say "to test both engines install your system's package (Debian: apt-get install postgresql)"
    why="no initdb, pg_ctl and postgres in PATH or /usr/lib/postgresql/*/bin"
    give_up "$@"
fi

owner=$(id -un)
base=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ]; then
    owner=nobody
    if ! command -v runuser >/dev/null || ! id "$owner" >/dev/null 2>&1; then
        why="PostgreSQL refuses to run as root, and there is no runuser or no user $owner"
        give_up "$@"
    fi
    # The other user must be able to walk to the cluster's folder.
    runuser -u "$owner" -- test -x "$base" || base=/tmp
fi

dir=$(mktemp -d "$base/twoseas-pg.XXXXXX")
trap remove EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
chmod 700 "$dir"
chown "$owner" "$dir"

# Nothing in this cluster outlives the run: speed before safety.
if ! server initdb -D "$dir/data" -U twoseas -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
    ! server pg_ctl start -D "$dir/data" -l "$dir/postgres.log" -w -t 60 -o "-c listen_addresses='' -c port=5432 \
-c unix_socket_directories='$dir' -c unix_socket_permissions=0700 -c fsync=off -c synchronous_commit=off \
-c full_page_writes=off -c max_connections=300 -c max_wal_size=4GB -c shared_buffers=256MB" >"$dir/start.log" 2>&1; then
    tail -n 20 "$dir"/*.log >&2
    why="the cluster did not start"
    give_up "$@"
fi

TWOSEAS_TEST_PG="postgres://twoseas@/postgres?host=$dir&port=5432&sslmode=disable"
export TWOSEAS_TEST_PG
say "$("$bin/postgres" --version | sed 's/.*(PostgreSQL) //'), throw-away, in $dir, run by $owner"
"$@"

# Sourced: a PostgreSQL server of our own for the tests, in a temporary folder, on loopback. Needs environment.sh.

postgres_folder=
postgres_programs=

find_postgres() {
  postgres_programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -n 1)
  if [ -z "$postgres_programs" ] && command -v pg_ctl >/dev/null; then
    postgres_programs=$(dirname "$(command -v pg_ctl)")
  fi
  [ -n "$postgres_programs" ]
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Starts a server and exports TEST_POSTGRES_URL, unless the caller already named a server there.
start_postgres() {
  [ -n "${TEST_POSTGRES_URL:-}" ] && return
  if ! find_postgres; then
    debian_package pg_ctl postgresql
    find_postgres || fail "the PostgreSQL server programs were not found"
  fi
  say "Starting PostgreSQL ($postgres_programs)"
  local port
  port=$(free_port)
  postgres_folder=$(mktemp -d "${TMPDIR:-/tmp}/connector-postgres-XXXXXX")
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$postgres_folder"; fi
  as_postgres "$postgres_programs/initdb" --pgdata "$postgres_folder/data" --username postgres --auth trust \
    --encoding UTF8 --locale C --no-sync >/dev/null
  # The data is thrown away, so it need not survive a power failure.
  as_postgres "$postgres_programs/pg_ctl" --pgdata "$postgres_folder/data" --log "$postgres_folder/log" --wait --silent \
    --options "-c listen_addresses=127.0.0.1 -p $port -k $postgres_folder -c fsync=off -c max_connections=300" start
  export TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

stop_postgres() {
  [ -n "$postgres_folder" ] || return 0
  as_postgres "$postgres_programs/pg_ctl" --pgdata "$postgres_folder/data" --mode immediate --silent stop || true
  rm -rf "$postgres_folder"
  postgres_folder=
}

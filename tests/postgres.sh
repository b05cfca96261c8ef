#!/bin/sh
# Runs a command with a PostgreSQL server of its own: tests/postgres.sh COMMAND [ARGUMENT…]
#
# The server has a new data directory under TMPDIR, listens on a Unix socket in it and nowhere else, and is stopped and removed when
# the command ends. Its URL is printed and is in LINTAS_TEST_POSTGRES. fsync is on: what tests measure is what a node would do. A commit
# waits for this disk and for no standby: the test that names one which is not there asks its own database to wait, and stalls no other.
set -eu

if [ $# -eq 0 ]; then
	echo "usage: tests/postgres.sh COMMAND [ARGUMENT…]" >&2
	exit 2
fi

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ]; then
	bin=$(dirname "$(command -v initdb || echo ./initdb)")
fi
if [ ! -x "$bin/initdb" ]; then
	echo "tests/postgres.sh: no PostgreSQL server here (Debian: apt-get install postgresql)" >&2
	exit 3
fi

# Socket paths have at most 107 bytes, so the directory must be short.
directory=$(mktemp -d "${TMPDIR:-/tmp}/lintas-pg.XXXXXX")
user=$(id -un)
as_user=""
if [ "$(id -u)" -eq 0 ]; then # initdb and postgres refuse root
	user=nobody
	getent passwd postgres >/dev/null && user=postgres
	as_user="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
	chown "$user" "$directory"
fi

child=""
stop() {
	status=$?
	trap - EXIT HUP INT TERM
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null || true
		wait "$child" || true
	fi
	if [ -f "$directory/data/postmaster.pid" ]; then
		$as_user "$bin/pg_ctl" -D "$directory/data" -m immediate -w stop >/dev/null 2>&1 || true
	fi
	rm -rf "$directory"
	exit "$status"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$directory" # the server's user need not see the caller's
$as_user "$bin/initdb" -D "$directory/data" -U lintas -A trust -E UTF8 --locale=C --no-sync >"$directory/initdb.log" 2>&1 ||
	{ cat "$directory/initdb.log" >&2; exit 3; }
cat >>"$directory/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$directory'
fsync = on
synchronous_commit = local
full_page_writes = on
max_connections = 500
shared_buffers = 64MB
SETTINGS
$as_user "$bin/pg_ctl" -D "$directory/data" -l "$directory/server.log" -w -t 60 start >/dev/null ||
	{ cat "$directory/server.log" >&2; exit 3; }
cd "$OLDPWD"

LINTAS_TEST_POSTGRES="postgresql:///postgres?host=$directory&user=lintas"
export LINTAS_TEST_POSTGRES
echo "PostgreSQL: $LINTAS_TEST_POSTGRES"
# In the background, because a shell that waits for a command in the foreground answers signals only when that has ended.
"$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=""
exit "$status"

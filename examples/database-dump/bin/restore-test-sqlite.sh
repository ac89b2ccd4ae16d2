#!/bin/sh
# Restore the newest dump of $DATABASE into a directory of its own, and count what is in it.
set -eu
. bin/dumps.sh

dump=$(newest "$DUMPS/$(basename -- "$DATABASE")")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

gzip -dc -- "$dump" >"$work/restored"
checked=$(sqlite3 "$work/restored" 'PRAGMA integrity_check')
[ "$checked" = ok ] || { echo "$dump is damaged: $checked" >&2; exit 1; }
tables=$(sqlite3 "$work/restored" "SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
[ "$tables" -gt 0 ] || { echo "$dump has no tables" >&2; exit 1; }
printf '{"tables": %d}\n' "$tables"

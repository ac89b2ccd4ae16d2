#!/bin/sh
# Restore the newest dump of $PGDATABASE into a database of its own, and count what is in it.
# The user needs the right to make one: ALTER ROLE backup CREATEDB.
set -eu
. bin/dumps.sh

dump=$(newest "$DUMPS/$PGDATABASE")
scratch=${PGDATABASE}_restore_test
dropdb --no-password --if-exists "$scratch"
createdb --no-password "$scratch"
trap 'dropdb --no-password --if-exists "$scratch"' EXIT

pg_restore --no-password --exit-on-error --no-owner --no-privileges --dbname="$scratch" "$dump"
count="SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
tables=$(psql --no-password --no-psqlrc --tuples-only --no-align --dbname="$scratch" --command="$count")
[ "$tables" -gt 0 ] || { echo "$dump has no tables" >&2; exit 1; }
printf '{"tables": %d}\n' "$tables"

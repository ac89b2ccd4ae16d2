#!/bin/sh
# Dump the database $PGDATABASE into $DUMPS, check the dump, and keep the newest $KEEP.
set -eu
. bin/dumps.sh

folder=$DUMPS/$PGDATABASE
dump=$folder/$(stamp).pgdump
work=$folder/.new
rm -rf -- "$work"               # of a run that was killed
mkdir -p -- "$work"
trap 'rm -rf -- "$work"' EXIT

# Nobody is there to type a password: without --no-password, the dump would wait until its timeout.
pg_dump --no-password --format=custom --file="$work/dump"
pg_restore --list "$work/dump" >"$work/contents"
sync "$work/dump"
mv -- "$work/dump" "$dump"      # only now is there a new dump
kept=$(keep_newest "$folder")

# A last line of JSON is the result: `scheduled history --json` has it.
printf '{"bytes": %d, "kept": %d}\n' "$(wc -c <"$dump")" "$kept"

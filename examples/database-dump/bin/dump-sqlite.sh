#!/bin/sh
# Dump $DATABASE into $DUMPS, check the dump, and keep the newest $KEEP. Writers may go on meanwhile.
set -eu
. bin/dumps.sh

# sqlite3 would make an empty database of a name that does not exist.
[ -f "$DATABASE" ] || { echo "$DATABASE: no such file; set DATABASE in sqlite.env" >&2; exit 1; }
database=$(realpath -- "$DATABASE")
folder=$DUMPS/$(basename -- "$DATABASE")
dump=$folder/$(stamp).sqlite.gz
work=$folder/.new
rm -rf -- "$work"               # of a run that was killed
mkdir -p -- "$work"
trap 'rm -rf -- "$work"' EXIT

(
    cd -- "$work"
    sqlite3 -cmd '.timeout 60000' "$database" "VACUUM INTO 'dump'"
    checked=$(sqlite3 dump 'PRAGMA integrity_check')
    [ "$checked" = ok ] || { echo "the database is damaged: $checked" >&2; exit 1; }
    gzip dump
    sync dump.gz
)
mv -- "$work/dump.gz" "$dump"   # only now is there a new dump
kept=$(keep_newest "$folder")

# A last line of JSON is the result: `scheduled history --json` has it.
printf '{"bytes": %d, "kept": %d}\n' "$(wc -c <"$dump")" "$kept"

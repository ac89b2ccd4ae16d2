#!/bin/sh
# Delete the files in $EXPORTS that are older than $DAYS days, and print which.
set -eu

[ -d "$EXPORTS" ] || { echo "$EXPORTS: no such directory; is the volume mounted?" >&2; exit 1; }
find "$EXPORTS" -xdev -type f -mtime "+$((DAYS - 1))" -print -delete

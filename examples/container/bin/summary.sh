#!/bin/sh
# Print how many files $EXPORTS has, and their size; the last line is the result.
set -eu

cd -- "$EXPORTS"
files=$(find . -type f | wc -l)
kilobytes=$(du -sk . | cut -f 1)
printf '{"files": %d, "kilobytes": %d}\n' "$files" "$kilobytes"

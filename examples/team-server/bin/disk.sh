#!/bin/sh
# Fail if a file system has more than $LIMIT percent in use, of space or of inodes.
set -eu

full=$(
    { df -Pl -x tmpfs -x devtmpfs -x squashfs -x overlay; df -Pli -x tmpfs -x devtmpfs -x squashfs -x overlay; } |
        awk -v limit="$LIMIT" '$5 ~ /^[0-9]+%$/ && $5 + 0 > limit { print $6 ": " $5 }'
)
[ -z "$full" ] || { printf '%s\n' "$full" >&2; exit 1; }

#!/bin/sh
# Exit 0 if a backup can be made now, and 75 ("not now") on battery or without the repository.
set -eu
. ./backup.env

if cat "${POWER_SUPPLY:-/sys/class/power_supply}"/BAT*/status 2>/dev/null | grep -qx Discharging; then
    exit 75
fi
case $REPOSITORY in
/*) [ -d "$REPOSITORY" ] || exit 75 ;;     # else it is on another machine, which may take long to ask
esac

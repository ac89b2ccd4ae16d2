#!/bin/sh
# usage: bin/restic.sh init|backup|forget|check, or any other command of restic:
#        bin/restic.sh snapshots; bin/restic.sh restore latest --target /tmp/restored
set -eu
here=$PWD
cd -- "$(dirname -- "$0")/.."
. ./backup.env
umask 077
export RESTIC_REPOSITORY="$REPOSITORY" RESTIC_PASSWORD_FILE="$(realpath -m -- "$PASSWORD_FILE")"

case ${1:-} in
backup | forget | check)
    # One of them at a time: else 75, "not now", and the next tick tries again.
    exec 9>.lock
    flock --nonblock --conflict-exit-code 75 9 || exit
    ;;
esac

case ${1:-} in
init)
    [ -s "$PASSWORD_FILE" ] || head -c 24 /dev/urandom | base64 >"$PASSWORD_FILE"
    restic init
    echo "Keep a copy of the file $PASSWORD_FILE elsewhere: no backup can be read without it."
    ;;
backup)
    restic unlock --quiet       # locks of runs that were cut short; those in use stay
    # The last line is a summary in JSON: the result of the run.
    exec restic backup --quiet --json --one-file-system --exclude-caches --exclude-file=exclude.txt \
        -- "$SOURCE"
    ;;
forget)
    # shellcheck disable=SC2086 # these are several words
    exec restic forget --prune $KEEP
    ;;
check)
    exec restic check --read-data-subset=5%
    ;;
*)
    cd -- "$here"
    exec restic "$@"
    ;;
esac

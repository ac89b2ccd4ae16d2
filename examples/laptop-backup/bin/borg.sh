#!/bin/sh
# usage: bin/borg.sh init|backup|forget|check, or any other command of Borg:
#        bin/borg.sh list; bin/borg.sh extract ::NAME, into this directory
set -eu
here=$PWD
cd -- "$(dirname -- "$0")/.."
. ./backup.env
umask 077
if [ "${1:-}" = init ] && [ ! -s "$PASSWORD_FILE" ]; then
    head -c 24 /dev/urandom | base64 >"$PASSWORD_FILE"
fi
BORG_PASSPHRASE=$(cat -- "$PASSWORD_FILE")
export BORG_REPO="$REPOSITORY" BORG_PASSPHRASE
# Nobody is there to answer questions. A disk that is mounted elsewhere is still yours.
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes

case ${1:-} in
backup | forget | check)
    # One of them at a time: else 75, "not now", and the next tick tries again.
    exec 9>.lock
    flock --nonblock --conflict-exit-code 75 9 || exit
    ;;
esac

case ${1:-} in
init)
    borg init --encryption=repokey
    echo "Keep a copy of the file $PASSWORD_FILE elsewhere: no backup can be read without it."
    ;;
backup)
    exec borg create --lock-wait 60 --stats --compression zstd --one-file-system \
        --exclude-caches --exclude-from exclude.txt "::{hostname}-{now:%Y-%m-%dT%H:%M:%S.%f}" "$SOURCE"
    ;;
forget)
    # shellcheck disable=SC2086 # these are several words
    borg prune --lock-wait 60 --list $KEEP
    exec borg compact --lock-wait 60
    ;;
check)
    exec borg check --lock-wait 60
    ;;
*)
    cd -- "$here"
    exec borg "$@"
    ;;
esac

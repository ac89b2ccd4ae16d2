# Functions for the scripts beside this file, and a check of the setting they share.
[ "${KEEP:?}" -ge 1 ] || { echo "KEEP=$KEEP: would delete every dump" >&2; exit 1; }

# Print the time a dump is for. It is the scheduled time, so names sort by age, and a run that is
# repeated replaces its own dump. A run by hand has none and takes the time it is.
stamp() {
    printf '%s\n' "${SCHEDULED_SLOT:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}" | tr -d ':-'
}

# newest FOLDER: print the newest dump.
newest() {
    set -- "$1"/*Z.*
    [ -e "$1" ] || { echo "$DUMPS: no dump yet" >&2; return 1; }
    shift $(($# - 1))
    printf '%s\n' "$1"
}

# keep_newest FOLDER: delete all dumps but the newest $KEEP, and print how many are left. Called
# after the new dump is in its place: a dump that fails deletes nothing.
keep_newest() {
    set -- "$1"/*Z.*
    while [ $# -gt "$KEEP" ]; do
        rm -- "$1"
        shift
    done
    printf '%s\n' $#
}

#!/bin/sh
# Get a new certificate, with a new key, for each of $DOMAINS whose own expires within $RENEW_DAYS.
set -eu

seconds=$((RENEW_DAYS * 86400))
renewed=0 failed=0
mkdir -p -- "$LIVE"

is_due() { # is_due DOMAIN
    [ -f "$LIVE/$1/fullchain.pem" ] || return 0
    ! openssl x509 -in "$LIVE/$1/fullchain.pem" -noout -checkend "$seconds" >/dev/null
}

renew() ( # renew DOMAIN: nothing that is in use is touched before the new one has been checked
    set -e
    work=$LIVE/.$1.new
    rm -rf -- "$work" && mkdir -- "$work"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" \
        -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -out "$work/request.pem" 2>"$work/log" ||
        { cat "$work/log" >&2; exit 1; }
    "$ISSUE" "$1" "$work/request.pem" "$work/fullchain.pem"
    openssl x509 -in "$work/fullchain.pem" -noout -checkend "$seconds" >/dev/null ||
        { echo "$1: the new certificate expires within $RENEW_DAYS days, too" >&2; exit 1; }
    [ "$(openssl x509 -in "$work/fullchain.pem" -noout -pubkey)" = \
        "$(openssl pkey -in "$work/key.pem" -pubout)" ] ||
        { echo "$1: the new certificate is not for the new key" >&2; exit 1; }
    # LIVE/DOMAIN is a link, so that key and certificate change in one step.
    version=.$1.$(date +%s).$$
    mv -- "$work" "$LIVE/$version"
    old=$(readlink -- "$LIVE/$1" || true)
    ln -s -- "$version" "$LIVE/.$1.link"
    : >"$LIVE/.reload"
    mv -T -- "$LIVE/.$1.link" "$LIVE/$1"
    [ -z "$old" ] || rm -rf -- "${LIVE:?}/$old"
    echo "renewed $1"
)

for domain in $DOMAINS; do
    is_due "$domain" || continue
    rm -f -- "$LIVE/.$domain.link"      # of a run that was killed
    # Not in an `if`, in which a shell forgets about `set -e`; one that fails stops no other.
    set +e
    renew "$domain"
    code=$?
    set -e
    if [ "$code" = 0 ]; then renewed=$((renewed + 1)); else failed=$((failed + 1)); fi
done

# The mark stays until the server has taken the new ones: a reload that fails is tried again.
if [ -e "$LIVE/.reload" ]; then
    sh -c "$RELOAD" && rm -- "$LIVE/.reload" || failed=$((failed + 1))
fi

printf '{"renewed": %d, "failed": %d}\n' "$renewed" "$failed"
[ "$failed" = 0 ]

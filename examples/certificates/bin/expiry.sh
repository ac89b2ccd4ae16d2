#!/bin/sh
# Fail if the certificate of one of $DOMAINS is missing or expires within $WARN_DAYS.
set -eu

certificate() { # certificate DOMAIN: print the one in use
    if [ -n "$CONNECT" ]; then
        openssl s_client -connect "$CONNECT" -servername "$1" </dev/null 2>/dev/null
    else
        cat -- "$LIVE/$1/fullchain.pem"
    fi | openssl x509
}

failed=0
for domain in $DOMAINS; do
    if ! found=$(certificate "$domain" 2>/dev/null); then
        echo "$domain: no certificate" >&2
        failed=1
    elif ! printf '%s\n' "$found" |
        openssl x509 -noout -checkend $((WARN_DAYS * 86400)) >/dev/null; then
        echo "$domain: $(printf '%s\n' "$found" | openssl x509 -noout -enddate)" >&2
        failed=1
    fi
done
exit "$failed"

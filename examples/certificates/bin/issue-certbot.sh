#!/bin/sh
# usage: issue-certbot.sh DOMAIN REQUEST CHAIN (the domain is in the request)
# Have Let's Encrypt sign REQUEST, and write the certificate and those above it to CHAIN.
set -eu

work=$(dirname -- "$3")
certbot certonly --non-interactive --agree-tos --email "$EMAIL" \
    --webroot --webroot-path "$WEBROOT" --csr "$2" \
    --cert-path "$work/certificate.pem" --chain-path "$work/chain.pem" --fullchain-path "$3"

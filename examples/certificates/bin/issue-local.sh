#!/bin/sh
# usage: issue-local.sh DOMAIN REQUEST CHAIN
# Sign REQUEST by the authority in ca/, which is made when it is needed first, and write the
# certificate and that of the authority to CHAIN. Clients have to trust ca/authority.pem.
set -eu

umask 077
mkdir -p ca
if [ ! -f ca/authority.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj '/CN=Our own authority' -keyout ca/key.pem -out ca/new.pem 2>/dev/null
    mv ca/new.pem ca/authority.pem
fi
printf 'subjectAltName = DNS:%s\nbasicConstraints = critical, CA:FALSE\n' "$1" >"$3.extensions"
openssl x509 -req -in "$2" -CA ca/authority.pem -CAkey ca/key.pem -CAcreateserial \
    -CAserial ca/serial -days "$ISSUE_DAYS" -extfile "$3.extensions" -out "$3" 2>/dev/null
cat ca/authority.pem >>"$3"
rm -- "$3.extensions"

#!/bin/sh
# Fail unless $URL answers with 200 to 399 within 20 seconds; the result says how long it took.
set -eu

curl --silent --show-error --fail --location --max-time 20 --output /dev/null \
    --write-out '{"status": %{http_code}, "seconds": %{time_total}}\n' -- "$URL"

#!/bin/sh
# Print what the week was like; replace this by what your team wants to know.
set -eu

echo "Availability of the site, last 7 days:"
grep -c 'web.site: succeeded' logs/scheduled.log || true

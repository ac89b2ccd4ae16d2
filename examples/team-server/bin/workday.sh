#!/bin/sh
# Exit 0 on a working day, and 75 ("not now") on weekends and on the days in holidays.txt.
set -eu

# The day on the clock of the schedules, not of the machine.
day=${TODAY:-$(TZ=Europe/Berlin date +%F)}
[ "$(date -d "$day" +%u)" -le 5 ] || exit 75
! grep -qxF -- "$day" holidays.txt || exit 75

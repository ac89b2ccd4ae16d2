#!/bin/sh
# Show a message on your desktop. While you are not logged in this fails, and the message waits.
set -eu
export DBUS_SESSION_BUS_ADDRESS="${DBUS_SESSION_BUS_ADDRESS:-unix:path=/run/user/$(id -u)/bus}"

case $SCHEDULED_PRIORITY in
critical | high) urgency=critical ;;    # stays until you have seen it
*) urgency=normal ;;
esac
exec notify-send --app-name=scheduled --urgency="$urgency" -- "$SCHEDULED_SUBJECT" "$(head -c 1000)"

"""The crontab entry and the systemd units that call the tick."""

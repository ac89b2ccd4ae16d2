import pytest

from scheduled.config.importers.job_names import job_name, unique


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/local/bin/backup.sh --all", "backup"),
        ("cd /srv/app && nice -n 10 ./sync.sh --quick >> /var/log/x 2>&1", "sync"),
        ("certbot renew --quiet", "certbot-renew"),
        ("LANG=C TZ=UTC rsync -a /a /b", "rsync"),
        ("/usr/bin/python3.11 -m reports.daily", "reports-daily"),
        ("bash -c 'cd /x; make all'", "make-all"),
        ("flock -n /tmp/a.lock timeout 5m /opt/job.py", "job"),
        ("[ -x /usr/bin/x ] && if [ ! -d /run ]; then /usr/lib/sessionclean; fi", "sessionclean"),
        ("command -v debian-sa1 > /dev/null && debian-sa1 1 1", "debian-sa1"),
        ("run-parts --report /etc/cron.daily", "cron-daily"),
        ("$HOME/x", "x"),
        ("$HOME/bin/backup.py", "backup"),
        ("${HOME}/bin/backup.py --all", "backup"),
        ('"$HOME"/bin/backup.py', "backup"),
        ("~/bin/backup.py", "backup"),
        ("$PYTHON $APP/tools/cron_runner.py calc_sri", "cron_runner-calc_sri"),
        ("cron_runner.py calc_sri", "cron_runner-calc_sri"),
        ("$(which php) /var/www/artisan schedule:run", "artisan"),
        ("$CMD", "job"),
        (": >/dev/null", "job"),
        ("", "job"),
        ("öäü", "job"),
        ("a" * 200, "a" * 60),
    ],
)  # fmt: skip
def test_d8_a_job_is_named_after_the_program_it_runs(command: str, name: str) -> None:
    assert job_name(command) == name


def test_a_name_that_is_taken_gets_the_next_free_number() -> None:
    assert unique("backup", {"backup", "backup-2"}) == "backup-3"

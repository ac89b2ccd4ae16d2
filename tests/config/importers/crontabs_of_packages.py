"""Crontabs in the manner of Debian's packages, with users, and all forms of the fields."""

# ruff: noqa: E501 - lines of crontabs are long

from tests.config.importers.crontab_table import HEAD, PATH, Reading, Table

DEBIAN = (
    Table(
        "crontab",
        "# /etc/crontab: system-wide crontab\n" + HEAD + "\n"
        "# Example of job definition:\n"
        "# .---------------- minute (0 - 59)\n# |  .------------- hour (0 - 23)\n"
        "# *  *  *  *  * user-name command to be executed\n"
        "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n"
        "25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.daily; }\n"
        "47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.weekly; }\n"
        "52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.monthly; }\n"
        "#\n",
        (
            Reading(9, "17 * * * *", "cd / && run-parts --report /etc/cron.hourly"),
            Reading(
                10,
                "25 6 * * *",
                "test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.daily; }",
            ),
            Reading(
                11,
                "47 6 * * 7",
                "test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.weekly; }",
            ),
            Reading(
                12,
                "52 6 1 * *",
                "test -x /usr/sbin/anacron || { cd / && run-parts /etc/cron.monthly; }",
            ),
        ),
        user="root",
        last={"env": {"PATH": PATH}, "cwd": "~"},
    ),
    Table(
        "anacron",
        "# /etc/cron.d/anacron: crontab entries for the anacron package\n\n" + HEAD + "\n"
        "30 7-23 * * *\troot\t[ -x /etc/init.d/anacron ] && /usr/sbin/invoke-rc.d anacron start >/dev/null\n",
        (
            Reading(
                6,
                "30 7-23 * * *",
                "[ -x /etc/init.d/anacron ] && /usr/sbin/invoke-rc.d anacron start >/dev/null",
            ),
        ),
        user="root",
    ),
    Table(
        "certbot",
        HEAD + "\n0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system"
        " && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew\n",
        (
            Reading(
                4,
                "0 */12 * * *",
                "test -x /usr/bin/certbot -a \\! -d /run/systemd/system"
                " && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew",
            ),
        ),
        user="root",
    ),
    Table(
        "e2scrub_all",
        "30 3 * * 0 root test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/e2fsprogs/e2scrub_all_cron\n"
        "10 3 * * * root test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r\n",
        (
            Reading(
                1,
                "30 3 * * 0",
                "test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/e2fsprogs/e2scrub_all_cron",
            ),
            Reading(
                2,
                "10 3 * * *",
                "test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r",
            ),
        ),
        user="root",
    ),
    Table(
        "php",
        "# Look for and purge old sessions every 30 minutes\n"
        "09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ]"
        " && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi\n",
        (
            Reading(
                2,
                "09,39 * * * *",
                "[ -x /usr/lib/php/sessionclean ]"
                " && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
            ),
        ),
        user="root",
        last={"description": "Look for and purge old sessions every 30 minutes"},
    ),
    Table(
        "sysstat",
        "# The first element of the path is a directory where the debian-sa1 script is located\n"
        "PATH=/usr/lib/sysstat:/usr/sbin:/usr/bin:/sbin:/bin\n\n"
        "# Activity reports every 10 minutes everyday\n"
        "5-55/10 * * * * root command -v debian-sa1 > /dev/null && debian-sa1 1 1\n\n"
        "# Additional run at 23:59 to rotate the statistics file\n"
        "59 23 * * * root command -v debian-sa1 > /dev/null && debian-sa1 60 2\n",
        (
            Reading(5, "5-55/10 * * * *", "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
            Reading(8, "59 23 * * *", "command -v debian-sa1 > /dev/null && debian-sa1 60 2"),
        ),
        user="root",
        last={"id": "debian-sa1"},
    ),
    Table(
        "mdadm",
        "57 0 * * 0 root if [ -x /usr/share/mdadm/checkarray ] && [ $(date +\\%d) -le 7 ];"
        " then /usr/share/mdadm/checkarray --cron --all --idle --quiet; fi\n",
        (
            Reading(
                1,
                "57 0 * * 0",
                "if [ -x /usr/share/mdadm/checkarray ] && [ $(date +%d) -le 7 ];"
                " then /usr/share/mdadm/checkarray --cron --all --idle --quiet; fi",
            ),
        ),
        user="root",
    ),
    Table(
        "popularity-contest",
        HEAD
        + "20 15 * * *   root    test -x /etc/cron.daily/popularity-contest && /etc/cron.daily/popularity-contest --crond\n",
        (
            Reading(
                3,
                "20 15 * * *",
                "test -x /etc/cron.daily/popularity-contest && /etc/cron.daily/popularity-contest --crond",
            ),
        ),
        user="root",
    ),
    Table(
        "munin-node",
        "MAILTO=root\n\n# If the APT plugin is enabled, update packages databases approx. once\n# an hour\n"
        "*/5 * * * *     root if [ -x /etc/munin/plugins/apt_all ]; then apt_all update 7200 12 >/dev/null; fi\n"
        "*/5 * * * *     munin if [ -x /usr/bin/munin-cron ]; then /usr/bin/munin-cron; fi\n",
        (Reading(6, "*/5 * * * *", "if [ -x /usr/bin/munin-cron ]; then /usr/bin/munin-cron; fi"),),
        (5,),
        user="munin",
        last={"id": "munin-cron", "env": {"MAILTO": "root"}},
    ),
    Table(
        "awstats",
        "MAILTO=root\n"
        "*/10 * * * * www-data [ -x /usr/share/awstats/tools/update.sh ] && /usr/share/awstats/tools/update.sh\n"
        "10 03 * * * www-data [ -x /usr/share/awstats/tools/buildstatic.sh ] && /usr/share/awstats/tools/buildstatic.sh\n",
        (
            Reading(
                2,
                "*/10 * * * *",
                "[ -x /usr/share/awstats/tools/update.sh ] && /usr/share/awstats/tools/update.sh",
            ),
            Reading(
                3,
                "10 03 * * *",
                "[ -x /usr/share/awstats/tools/buildstatic.sh ] && /usr/share/awstats/tools/buildstatic.sh",
            ),
        ),
        user="www-data",
        last={"id": "buildstatic"},
    ),
    Table(
        "users of other lines",
        "@hourly ann a\n@hourly bob b\n@hourly ann c\n0 5 * * * carl d\n",
        (Reading(2, "@hourly", "b"),),
        (1, 3, 4),
        user="bob",
    ),
    Table("a user alone", "@daily root\n* * * * * root\n", (), (1, 2), user="root"),
    Table(
        "read without users",
        "*/5 * * * * root /usr/bin/x --all\n",
        refused="--system",
        is_for="people",
    ),
    Table(
        "most lines with users",
        "@daily root /x\n0 5 * * * root cd / && y\n0 6 * * * z\n",
        refused="--system",
        is_for="people",
    ),
    Table(
        "read with users", "0 5 * * * /usr/bin/x --all\n", (), (1,), user="root", is_for="people"
    ),
)

FIELDS = (
    Table("six fields", "0 0 * * * * cmd\n", (), (1,)),
    Table("every half minute", "*/30 * * * * * cmd --all\n", (), (1,)),
    Table("seconds and weekdays", "0 30 2 * * 1-5 backup\n", (), (1,)),
    Table(
        "seconds and a name",
        "0 0 2 * * MON backup --all\n0 5 * * * a\n",
        (Reading(2, "0 5 * * *", "a"),),
        (1,),
        is_for="people",
    ),
    Table("Quartz", "0 0 12 * * ? cmd\n0 15 10 ? * MON-FRI cmd\n", (), (1, 2), is_for="people"),
    Table("seconds with users", "0 0 2 * * 1 root cmd\n", (), (1,), user="root", is_for="people"),
    Table(
        "seconds commented out", "# 0 0 2 * * 1 cmd\n@daily a\n", (Reading(2, "@daily", "a"),), (1,)
    ),
    Table("four fields", "0 5 * * cmd\n@daily a\n", (Reading(2, "@daily", "a"),), (1,)),
    Table(
        "out of range",
        "61 * * * * a\n* 24 * * * b\n* * 0 * * c\n* * * 13 * d\n* * * * 8 e\n5 4 * * * f\n",
        (Reading(6, "5 4 * * *", "f"),),
        (1, 2, 3, 4, 5),
    ),
    Table(
        "names",
        "0 22 * jan-mar,DEC mon-fri a\n5 4 * * Sun b\n0 0 1 Jan * c\n",
        (
            Reading(1, "0 22 * jan-mar,DEC mon-fri", "a"),
            Reading(2, "5 4 * * Sun", "b"),
            Reading(3, "0 0 1 Jan *", "c"),
        ),
    ),
    Table(
        "a list, a range, a step",
        "0-4,8-12 1-23/2 * * * x\n23 0-23/2 * * * echo run at 0:23, 2:23\n*/15 9-17 1,15 * * y\n",
        (
            Reading(1, "0-4,8-12 1-23/2 * * *", "x"),
            Reading(2, "23 0-23/2 * * *", "echo run at 0:23, 2:23"),
            Reading(3, "*/15 9-17 1,15 * *", "y"),
        ),
    ),
    Table(
        "weekends",
        "0 9 * * fri-sun a\n0 9 * * 6-0 b\n0 9 * * 6,7 c\n",
        (
            Reading(1, "0 9 * * fri-sun", "a"),
            Reading(2, "0 9 * * 6-0", "b"),
            Reading(3, "0 9 * * 6,7", "c"),
        ),
    ),
    Table(
        "tabs and blanks",
        "\t 0\t5  * \t*\t*\t cmd  with  blanks\t\n \t@daily\ta\n",
        (Reading(1, "0 5 * * *", "cmd  with  blanks"), Reading(2, "@daily", "a")),
    ),
    Table(
        "nicknames",
        "@hourly a\n@daily b\n@midnight c\n@weekly d\n@monthly e\n@yearly f\n@annually g\n@reboot h\n",
        tuple(
            Reading(number, f"@{word}", "abcdefgh"[number - 1])
            for number, word in enumerate(
                (
                    "hourly",
                    "daily",
                    "midnight",
                    "weekly",
                    "monthly",
                    "yearly",
                    "annually",
                    "reboot",
                ),
                1,
            )
        ),
    ),
    Table("an unknown nickname", "@fortnightly a\n@daily b\n", (Reading(2, "@daily", "b"),), (1,)),
    Table(
        "a star for a command",
        "@daily * a\n5 4 * * 1 *b\n@daily c\n",
        (Reading(3, "@daily", "c"),),
        (1, 2),
    ),
    Table(
        "random minutes",
        "1~5 * * * * a\n~ 0~6 * * * b\n",
        (Reading(1, "H(1-5) * * * *", "a"), Reading(2, "H H(0-6) * * *", "b")),
        is_for="cronie",
    ),
    Table(
        "cronie's options",
        "0 5 * * * -n backup --all\n-0 6 * * * quiet\n",
        (Reading(1, "0 5 * * *", "backup --all"), Reading(2, "0 6 * * *", "quiet")),
        is_for="cronie",
    ),
    Table(
        "OpenBSD's options",
        "0 5 * * * -ns backup\n",
        (Reading(1, "0 5 * * *", "backup"),),
        last={"overlap": "skip"},
        is_for="cronie",
    ),
)

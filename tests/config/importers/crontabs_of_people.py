"""Crontabs in the manner of people: commands, input, variables, anacron; and all tables together."""

# ruff: noqa: E501 - lines of crontabs are long

from tests.config.importers.crontab_table import HEAD, PATH, Reading, Table
from tests.config.importers.crontabs_of_packages import DEBIAN, FIELDS

COMMANDS = (
    Table(
        "mail",
        '0 9 * * 1 mail -s "It\'s 9am" ann%Dear Ann,%%it is Monday.%\n',
        (Reading(1, "0 9 * * 1", 'mail -s "It\'s 9am" ann', "Dear Ann,\n\nit is Monday.\n"),),
        last={"id": "mail"},
    ),
    Table(
        "a date",
        "30 2 * * * pg_dump shop | gzip > shop-$(date +\\%Y-\\%m-\\%d).sql.gz\n",
        (Reading(1, "30 2 * * *", "pg_dump shop | gzip > shop-$(date +%Y-%m-%d).sql.gz"),),
        last={"id": "pg_dump-shop"},
    ),
    Table(
        "a date that was not escaped",
        "0 1 * * * tar czf a-$(date +%F).tgz .\n",
        (Reading(1, "0 1 * * *", "tar czf a-$(date +", "F).tgz .\n"),),
    ),
    Table(
        "input that ends a document",
        "@daily cat%END%EOF%'%\"%$(x)%`x`\n",
        (Reading(1, "@daily", "cat", "END\nEOF\n'\n\"\n$(x)\n`x`\n"),),
    ),
    Table(
        "percent signs alone",
        "@daily a%\n@daily b%%\n@daily c%%%\n",
        (
            Reading(1, "@daily", "a"),
            Reading(2, "@daily", "b", "\n"),
            Reading(3, "@daily", "c", "\n\n"),
        ),
    ),
    Table(
        "nothing but input",
        "@daily %in\n@daily a\n",
        (Reading(2, "@daily", "a"),),
        (1,),
        is_for="people",
    ),
    Table(
        "two backslashes",
        "@daily grep '\\\\.' f\n@daily printf 'a\\nb'\n",
        (Reading(1, "@daily", "grep '\\.' f"), Reading(2, "@daily", "printf 'a\\nb'")),
    ),
    Table(
        "backslashes and percent signs",
        "@daily a \\\\% x\n@daily b \\\\\\% x\n@daily c%\\\\%x\n",
        (
            Reading(1, "@daily", "a \\", " x\n"),
            Reading(2, "@daily", "b \\% x"),
            Reading(3, "@daily", "c", "\\%x\n"),
        ),
    ),
    Table(
        "blanks in the input",
        "@daily cat %  one %two \n",
        (Reading(1, "@daily", "cat", "  one \ntwo \n"),),
    ),
    Table(
        "quotes and hashes",
        "@daily echo 'a # b' \"c\" # no comment for cron\n",
        (Reading(1, "@daily", "echo 'a # b' \"c\" # no comment for cron"),),
    ),
    Table("Windows", "0 5 * * * a\r\n0 6 * * * b\r\n", refused="CRLF", is_for="people"),
    Table("Windows with a variable", "PATH=/bin\r\n@daily a\r\n", refused="CRLF", is_for="people"),
    Table(
        "one line from Windows",
        "0 5 * * * a\n0 6 * * * b\r\n0 7 * * * c\n",
        (Reading(1, "0 5 * * *", "a"), Reading(3, "0 7 * * *", "c")),
        (2,),
        is_for="people",
    ),
    Table(
        "the last day",
        '55 23 28-31 * * [ "$(date -d tomorrow +\\%d)" = 01 ] && close-month\n',
        (Reading(1, "55 23 28-31 * *", '[ "$(date -d tomorrow +%d)" = 01 ] && close-month'),),
        last={"id": "close-month"},
    ),
    Table(
        "flock",
        "* * * * * flock -n /tmp/x.lock $HOME/bin/cron_runner.py calc_sri >> ~/x.log 2>&1\n",
        (
            Reading(
                1,
                "* * * * *",
                "flock -n /tmp/x.lock $HOME/bin/cron_runner.py calc_sri >> ~/x.log 2>&1",
            ),
        ),
        last={"id": "cron_runner-calc_sri"},
    ),
    Table(
        "not in ASCII",
        "# täglich\n@daily echo 'grüß Gott' %ä\n",
        (Reading(2, "@daily", "echo 'grüß Gott'", "ä\n"),),
        last={"description": "täglich"},
    ),
)

VARIABLES = (
    Table(
        "applied downwards",
        "@daily a\nA=1\n@daily b\nA=2\nB=3\n@daily c\n",
        (Reading(1, "@daily", "a"), Reading(3, "@daily", "b"), Reading(6, "@daily", "c")),
        last={"env": {"A": "2", "B": "3"}},
    ),
    Table(
        "not expanded",
        "PATH=/opt/bin:$PATH\nX=~/x\n@daily a\n",
        (Reading(3, "@daily", "a"),),
        last={"env": {"PATH": "/opt/bin:$PATH", "X": "~/x"}},
    ),
    Table(
        "not continued",
        "A=b \\\nC=d\n@daily a \\\n@daily b\n",
        (Reading(3, "@daily", "a \\"), Reading(4, "@daily", "b")),
        last={"env": {"A": "b \\", "C": "d"}},
    ),
    Table(
        "quoted",
        "A = \" x y \"\n'B'='z'\nC=\nD=a=b\n@daily a\n",
        (Reading(5, "@daily", "a"),),
        last={"env": {"A": " x y ", "B": "z", "C": "", "D": "a=b"}},
    ),
    Table(
        "another shell",
        "SHELL=/bin/bash\n@daily [[ -e x ]] || echo%in\n",
        (Reading(2, "@daily", "[[ -e x ]] || echo", "in\n"),),
        shell="/bin/bash",
        last={"env": {"SHELL": "/bin/bash"}},
    ),
    Table(
        "a shell without here documents",
        "SHELL=/bin/csh\n@daily cat%in\n",
        (Reading(2, "@daily", "cat", "in\n"),),
        shell="/bin/csh",
    ),
    Table(
        "a home",
        'HOME=/srv/app\nMAILTO=""\n@daily ./a\n',
        (Reading(3, "@daily", "./a"),),
        last={"cwd": "/srv/app", "env": {"HOME": "/srv/app", "MAILTO": ""}},
    ),
    Table(
        "a zone",
        "CRON_TZ=Europe/Berlin\nRANDOM_DELAY=30\n0 9 * * * a\n",
        (Reading(3, "0 9 * * *", "a"),),
        last={"timezone": "Europe/Berlin", "jitter": "30m"},
        is_for="cronie",
    ),
    Table(
        "comments alone",
        "# m h  dom mon dow   command\n#\n# nothing yet\n",
        refused="only comments",
        is_for="people",
    ),
    Table(
        "commented out",
        "#0 4 * * * old\n# a heading\n#\n# @daily older\n@daily new\n",
        (Reading(5, "@daily", "new"),),
        (1, 4),
    ),
    Table(
        "no line end", "# the last line\n@daily a", (Reading(2, "@daily", "a"),), is_for="people"
    ),
)

ANACRON = (
    Table(
        "Debian's",
        f"{HEAD}HOME=/root\nLOGNAME=root\n\n# These replace cron's entries\n"
        "1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n7\t10\tcron.weekly\trun-parts --report /etc/cron.weekly\n"
        "@monthly\t15\tcron.monthly\trun-parts --report /etc/cron.monthly\n",
        (
            Reading(7, "5 0 * * *", "run-parts --report /etc/cron.daily"),
            Reading(8, "10 0 * * 0", "run-parts --report /etc/cron.weekly"),
            Reading(9, "15 0 1 * *", "run-parts --report /etc/cron.monthly"),
        ),
        last={"cwd": "/", "env": {"PATH": PATH, "HOME": "/root"}},
        is_for="anacron",
    ),
    Table(
        "Red Hat's",
        "MAILTO=root\nRANDOM_DELAY=45\nSTART_HOURS_RANGE=3-22\n\n1\t5\tcron.daily\t\tnice run-parts /etc/cron.daily\n"
        "7\t25\tcron.weekly\t\tnice run-parts /etc/cron.weekly\n@monthly 45\tcron.monthly\t\tnice run-parts /etc/cron.monthly\n",
        (
            Reading(5, "5 3 * * *", "nice run-parts /etc/cron.daily"),
            Reading(6, "25 3 * * 0", "nice run-parts /etc/cron.weekly"),
            Reading(7, "45 3 1 * *", "nice run-parts /etc/cron.monthly"),
        ),
        last={"window": "03:00-22:00", "jitter": "45m"},
        is_for="anacron",
    ),
    Table(
        "a laptop's",
        "1 10 backup.daily rsnapshot daily 100%\n3 15 mirror \\\n  mirror.sh --all\n1 5 a\n",
        (Reading(1, "10 0 * * *", "rsnapshot daily 100%"), Reading(2, "3d", "mirror.sh --all")),
        (4,),
        is_for="anacron",
    ),
)

TABLES = (*DEBIAN, *FIELDS, *COMMANDS, *VARIABLES, *ANACRON)

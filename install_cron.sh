#!/usr/bin/env bash
# Install `scheduled` from this checkout and put its tick into your crontab. See usage below.
#
# It may be run again at any time: what is there already is brought up to date or left alone.
# The environment is complete or absent when this script has ended, whatever went wrong.

set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: install_cron.sh [OPTION]...

Make a Python environment, install scheduled into it, write a configuration if there is none,
and add the lines to your crontab that make cron call `scheduled run`, or have systemd do it.

  --root DIR    the working directory of your jobs (for AIPass: the directory with the
                registry); created if missing  [SCHEDULED_ROOT, AIPASS_HOME, else as `scheduled` finds it]
  --every N     tick every N minutes, or 1h, 2h ...  [tick_interval in the configuration, 1]
  --hourly      two entries instead: `run` each hour, `daily-report` at 8 AM; they log to
                system_logs/scheduled.log below the root
  --systemd     a timer of your own systemd instead of the crontab
  --log FILE    append what a tick prints to FILE; without it cron mails it
  --venv DIR    where the environment goes  [~/.local/share/scheduled/venv]
  --uninstall   take the lines and the timer out again, then the environment; state and
                configuration stay
  --dry-run     say what would be done and change nothing
  -h, --help    this text

Another Python than the first suitable one in PATH: PYTHON=/path/to/python3 install_cron.sh
Exit codes: 0 done; 1 something failed, the message says what; 2 usage; 75 no crontab here, or
no systemd that can be asked.
TEXT
}

say() { printf '%s\n' "$*"; }

fail() { # fail CODE MESSAGE...
    local code=$1
    shift
    printf 'install_cron.sh: %s\n' "$*" >&2
    exit "$code"
}

here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
unfinished=.being-made-by-install_cron
finished=.made-by-install_cron
action=install
dry_run=
hourly=
systemd=
root=
venv=
making=
copy=
install_words=(cron install)

# ---------------------------------------------------------------- what was asked for

value_of() { # value_of OPTION WORDS_LEFT VALUE
    if [ "$2" -lt 2 ] || [ -z "$3" ]; then fail 2 "$1: nothing after it; see --help"; fi
}

while [ $# -gt 0 ]; do
    case $1 in
    -h | --help)
        usage
        exit 0
        ;;
    --root | --venv | --every | --log)
        value_of "$1" $# "${2-}"
        case $1 in
        --root) root=$2 ;;
        --venv) venv=$2 ;;
        *) install_words+=("$1" "$2") ;;
        esac
        shift
        ;;
    --root=* | --venv=* | --every=* | --log=*)
        set -- "${1%%=*}" "${1#*=}" "${@:2}"
        continue
        ;;
    --hourly) hourly=yes install_words+=("$1") ;;
    --systemd) systemd=yes install_words+=("$1") ;;
    --uninstall) action=uninstall ;;
    --dry-run) dry_run=yes ;;
    *) fail 2 "unknown word: $1; see --help" ;;
    esac
    shift
done

[ -z "$hourly" ] || [ -z "$systemd" ] ||
    fail 2 "--hourly is for crontabs; with --systemd say --every 1h"
if [ -n "$root" ] && [ ! -d "$root" ]; then
    [ ! -e "$root" ] || fail 2 "--root $root: is not a directory"
    [ "$action" = install ] || fail 2 "--root $root: no such directory"
fi
if [ -z "$venv" ]; then
    # Not inside the root: the sweeps would walk through it.
    data=${XDG_DATA_HOME:-${HOME:+$HOME/.local/share}}
    [ -n "$data" ] || fail 2 "HOME is not set; say with --venv where the environment goes"
    venv=$data/scheduled/venv
fi
case $venv in
/*) ;;
*) venv=$PWD/$venv ;;
esac
program=("$venv/bin/scheduled")
[ -z "$root" ] || program+=(--root "$root")

# ---------------------------------------------------------------- the environment

clean_up() {
    [ -z "$copy" ] || rm -rf -- "$copy"
    [ -z "$making" ] || rm -rf -- "$venv"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

works() { [ -e "$venv/$finished" ] && "$venv/bin/scheduled" --version >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
        [ -z "${PYTHON:-}" ] || fail 1 "PYTHON=$PYTHON: not a Python 3.11 or later"
    done
    fail 1 "no Python 3.11 or later in PATH; install one, or name it: PYTHON=/path/to/python3 $0"
}

make_venv() {
    local python
    python=$(find_python)
    # Only what an earlier call of this script left is ever removed.
    if [ -e "$venv/$unfinished" ] || [ -e "$venv/$finished" ]; then
        rm -rf -- "$venv"
    elif [ -e "$venv" ] && [ -n "$(ls -A -- "$venv")" ]; then
        fail 1 "$venv: is there already and not made by this script; name another with --venv"
    fi
    mkdir -p -- "$venv" || fail 1 "$venv: cannot be made; name another with --venv"
    making=yes
    : >"$venv/$unfinished"
    say "Making an environment in $venv"
    "$python" -m venv "$venv" ||
        fail 1 "no environment could be made; Debian and Ubuntu want: apt install python3-venv"
}

run_pip() { "$venv/bin/python" -I -m pip --quiet --disable-pip-version-check --no-input "$@"; }

# Version 0.1.0 was installed as `scheduled`. Uninstalled later, it would take files of this one
# along; so it goes first, and only once all that replaces it has been fetched.
replace_old_distribution() {
    run_pip wheel --wheel-dir "$copy/wheels" "$copy[page]" || return 1
    run_pip uninstall --yes scheduled
    run_pip install --force-reinstall --no-index --find-links "$copy/wheels" 'scheduled-cron[page]'
}

install_package() {
    # From a copy: building leaves files behind, and takes up what an earlier build left.
    copy=$(mktemp -d)
    cp -R "$here/pyproject.toml" "$here/setup.py" "$here/README.md" "$here/LICENSE" \
        "$here/scheduled" "$here/handlers" "$copy/"
    mkdir "$copy/docs" && cp -R "$here/docs/man" "$copy/docs/"
    say "Installing scheduled from $here"
    local install=(run_pip install --upgrade "$copy[page]")
    ! run_pip show scheduled >/dev/null 2>&1 || install=(replace_old_distribution)
    if ! "${install[@]}" || ! "$venv/bin/scheduled" --version >/dev/null; then
        fail 1 "scheduled could not be installed; the reason stands above." \
            "${making:+The environment was removed again, }nothing else was changed"
    fi
}

finish_venv() {
    [ -n "$making" ] || return 0
    mv -- "$venv/$unfinished" "$venv/$finished"
    making=
}

# ---------------------------------------------------------------- the two actions

make_root() {
    if [ -z "$root" ] || [ -d "$root" ]; then return; fi
    # Whatever the umask: a directory that others may write to is refused.
    (umask 022 && mkdir -p -- "$root") || fail 1 "--root $root: cannot be made"
    say "Created the directory $root"
}

write_configuration() {
    local settings found
    settings=$("${program[@]}" config show --json) || [ -n "$settings" ] ||
        fail 1 "the configuration cannot be used; mend it and run this again"
    found=$(printf '%s' "$settings" | "$venv/bin/python" -I -c \
        'import json, sys; print(json.load(sys.stdin)["settings"]["config_path"]["value"] or "")')
    if [ -n "$found" ]; then
        say "Configuration: $found, left as it is"
    else
        # None is needed: the built-in jobs run without.
        "${program[@]}" config init || say "No configuration was written; the defaults apply."
    fi
}

install() {
    [ -n "$systemd" ] || command -v crontab >/dev/null ||
        fail 75 "there is no crontab command here; Debian and Ubuntu want: apt install cron"
    if [ -n "$dry_run" ]; then
        say "Would make or update the environment in $venv"
        say "Would install scheduled from $here into it"
        [ -z "$root" ] || [ -d "$root" ] || say "Would create the directory $root"
        say "Would write a configuration if there is none"
        say "Would call: scheduled${root:+ --root $root} ${install_words[*]}"
        if works && { [ -z "$root" ] || [ -d "$root" ]; }; then
            "${program[@]}" "${install_words[@]}" --dry-run
        fi
        return
    fi
    works || make_venv
    install_package
    finish_venv
    make_root
    write_configuration
    "${program[@]}" "${install_words[@]}"
    say "Look at it with: ${program[*]} status"
}

# Counted, not `grep -q`: that one stops reading, and a crontab killed by it would look like "no".
in_crontab() { crontab -l 2>/dev/null | grep -cF -- "$1" >/dev/null; }

in_units() {
    grep -qsF -- "$1" "${XDG_CONFIG_HOME:-${HOME:-}/.config}"/systemd/user/scheduled-*.service
}

uninstall() {
    if ! works; then
        ! in_crontab "$venv/" ||
            fail 1 "$venv does not work, yet your crontab calls it; run this script without" \
                "--uninstall to mend it, or delete its block with crontab -e"
        ! in_units "$venv/" ||
            fail 1 "$venv does not work, yet a timer of your systemd calls it; run this script" \
                "with --systemd to mend it"
        say "Nothing to do: no environment in $venv, and nobody calls it."
    elif [ -n "$dry_run" ]; then
        take_out --dry-run
        say "Would remove $venv unless somebody still calls it"
    else
        take_out
        if in_crontab "$venv/" || in_units "$venv/"; then
            say "Your crontab or systemd still calls $venv, for another installation: it stays."
        else
            rm -rf -- "$venv"
            say "Removed $venv; state and configuration stay."
        fi
    fi
}

take_out() { # take_out [--dry-run]
    ! command -v crontab >/dev/null || "${program[@]}" cron uninstall "$@"
    ! in_units "$venv/" || "${program[@]}" cron uninstall --systemd "$@"
}

"$action"

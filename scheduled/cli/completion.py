"""`scheduled completion`: a script that has a shell complete commands, options and names."""

import click

from scheduled.cli import completing
from scheduled.cli.command import command
from scheduled.cli.values import Choice

_BASH = r"""# Completion of scheduled for bash. It needs bash 4.
_scheduled() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        '') ;;
        :file) compopt -o default ;;
        :dir) compopt -o dirnames ;;
        :nospace) compopt -o nospace ;;
        *) COMPREPLY+=("$line") ;;
        esac
    done < <("${1/#\~\//$HOME/}" COMPLETE bash \
        "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o nosort -F _scheduled scheduled 2>/dev/null || complete -F _scheduled scheduled
"""
_ZSH = r"""#compdef scheduled
# Completion of scheduled for zsh.
_scheduled() {
    local line program=${(Q)words[1]}
    local -a plain shown open
    while IFS= read -r line; do
        case $line in
        '') ;;
        :file) compset -P 1 '--*='; _files && return ;;
        :dir) compset -P 1 '--*='; _files -/ && return ;;
        *=$'\t'*) open+=("${line%%$'\t'*}") ;;
        *)
            plain+=("${line%%$'\t'*}")
            line=${line/$'\t'/  }
            shown+=("${line%% #}")
            ;;
        esac
    done < <("${program/#\~\//$HOME/}" COMPLETE zsh \
        "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    (( $#open )) && compadd -S '' -a open
    (( $#plain )) && compadd -l -V scheduled -d shown -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _scheduled "$@"
else
    compdef _scheduled scheduled
fi
"""
_FISH = r"""# Completion of scheduled for fish.
function __scheduled_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l option (string match -r -- '^--[a-z-]+=' "$current")
    set -l value (string replace -r -- '^--[a-z-]+=' '' "$current")
    for line in (env $program COMPLETE fish $words "$current" 2>/dev/null)
        switch $line
            case ''
            case ':file'
                for path in (__fish_complete_path "$value")
                    printf '%s\n' "$option$path"
                end
            case ':dir'
                for path in (__fish_complete_directories "$value")
                    printf '%s\n' "$option$path"
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c scheduled -f -a '(__scheduled_complete)'
"""
SCRIPTS = {
    shell: text.replace("COMPLETE", completing.COMMAND)
    for shell, text in (("bash", _BASH), ("zsh", _ZSH), ("fish", _FISH))
}


@command()
@click.argument("shell", type=Choice([*SCRIPTS]))
def completion(shell: str) -> None:
    """Print a script that has your shell complete what you type.

    SHELL is bash, zsh or fish. It completes commands, options, and the names of jobs, runs, tags,
    channels, handlers and incidents.
    """
    click.echo(SCRIPTS[shell], nl=False)

"""Which programs a shell command certainly calls, and with which files and directories. Pure.

Whatever needs a shell to be understood yields nothing, and so does what an earlier command may
make, install or mount: what is reported as missing has to be missing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from scheduled.installation.doctor import wrappers
from scheduled.installation.doctor.shell_words import STOP, Token, Word, tokens
from scheduled.quick_classes import NamedTuple, dataclass, field

_SEPARATORS = frozenset((";", "&", "&&", "|", "||", "|&"))
_OPENERS = frozenset(("then", "else", "do", "!", "{", "fi", "done", "}"))
_CONDITIONS = frozenset(("if", "while", "until", "elif"))
_TESTS = frozenset(("[", "[[", "test", "which", "type", "hash"))
"""What comes after them may depend on whether a program is there."""
_STOPS = frozenset(
    ("case", "function", "alias", "select", "coproc", "eval", "exit", "return", "esac", "pushd")
) | {"popd", "builtin", "enable", "bindkey", "autoload"}
_BUILTINS = frozenset(
    (
        *(":", "bg", "break", "cd", "continue", "declare", "dirs", "disown", "echo", "export"),
        *("false", "fg", "getopts", "history", "jobs", "kill", "let", "local", "logout", "printf"),
        *("pwd", "read", "readonly", "set", "shift", "shopt", "times", "trap", "true", "typeset"),
        *("ulimit", "umask", "unalias", "unset", "wait", "mapfile", "readarray", "newgrp"),
    )
)
_LAST_RESORTS = _BUILTINS | {"exit", "return", "logger", "mail", "mailx", "sendmail", "{"}
"""What is called after `||` to tell of a failure, or to ignore it, and not to do the same work."""
_MAKERS = frozenset(
    (
        *("apk", "apt", "apt-get", "aptitude", "brew", "bundle", "cargo", "cmake", "composer"),
        *("conda", "curl", "dnf", "docker", "dpkg", "gcc", "gem", "git", "go", "install", "make"),
        *("mount", "ninja", "npm", "nvm", "pip", "pip3", "pipx", "pnpm", "podman", "poetry"),
        *("snap", "svn", "tar", "unzip", "uv", "wget", "yarn", "yum", "zypper"),
    )
)
"""Programs whose purpose is to bring files into being, wherever they like."""


class Kind(StrEnum):
    """What a command needs a file for."""

    PROGRAM = "program"  # it is executed
    SCRIPT = "script"  # an interpreter reads it
    FOLDER = "folder"  # it is entered
    OTHERS = "others"  # another user executes it


class Call(NamedTuple):
    """Something that a command needs."""

    name: str
    """A program as it is looked up in PATH, or a path, perhaps relative to where the job starts."""
    kind: Kind = Kind.PROGRAM


def of(command: str | Sequence[str], variables: Mapping[str, str]) -> tuple[Call, ...]:
    """Return what the command of a job needs, in its order, with these variables."""
    scan = _Scan(dict(variables))
    try:
        if isinstance(command, str):
            scan.read(tokens(command))
        else:
            scan.start(list(command))
    except RecursionError:  # nobody means it
        return ()
    return tuple(dict.fromkeys(scan.calls))


@dataclass
class _Scan:
    """What is known at a place of a command."""

    variables: dict[str, str | None]
    folder: str | None = ""
    """Where it works; empty: where the job starts, None: not known."""
    knows_names: bool = True
    """Whether a name without a directory is a program in the PATH of the job."""
    is_other: bool = False
    """Whether another user runs this."""
    calls: list[Call] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    """The words of the programs that have ended, their own name first."""
    has_run: bool = False
    """Whether any of them may have made what comes later."""
    outer: list[tuple[str | None, bool, dict[str, str | None]]] = field(default_factory=list)

    def read(self, found: list[Token]) -> None:
        """Read commands up to the first of which nothing certain can be said."""
        place = 0
        pending: list[str] = []
        while place < len(found):
            item = found[place]
            if item == "(":
                self.outer.append((self.folder, self.knows_names, dict(self.variables)))
                place += 1
            elif item == ")" and self.outer:
                self.folder, self.knows_names, self.variables = self.outer.pop()
                place += 1
            elif isinstance(item, str) and item in _SEPARATORS:
                if item not in ("|", "|&"):
                    self.earlier += pending
                    self.has_run |= bool(pending)
                    pending = []
                place = _behind_alternative(found, place + 1) if item == "||" else place + 1
            elif isinstance(item, str) and item != ">":
                return  # STOP, ;; and what else is not understood
            else:
                end = _end_of_command(found, place)
                words = list(_without_targets(found[place:end], pending))
                if found[end : end + 1] == ["("] or not self._command(words, found[end:], pending):
                    return
                place = end

    def _command(self, words: list[Word], rest: list[Token], pending: list[str]) -> bool:
        """Read one simple command. Return whether what follows it is certain, too."""
        words, opener = _without_openers(words)
        if opener in _CONDITIONS:
            self._command(words, [], pending)
            return False
        if rest[:1] != ["||"] or self._ends_by_giving_up(rest[1:]):
            self._substituted(words)
        if opener == "for":
            return self._loop(words)
        sets = 0
        while sets < len(words) and words[sets].assigned:
            sets += 1
        if sets == len(words):
            for word in words:
                self._assign(word)
            return True
        texts = [word.text(self.variables) for word in words[sets:]]
        names = {word.assigned for word in words[:sets]}
        return self._simple(texts, words[sets].is_quoted, rest, pending, "PATH" in names)

    def _substituted(self, words: list[Word]) -> None:
        """Read the commands whose output is a part of these words."""
        for command in (each for word in words for each in word.substitutions):
            if "/dev/null" not in command:  # else it may be there to find out what there is
                inner = self._within(changes_path=False, is_other=False)
                inner.read([*tokens(command), ";"])
                self.earlier += inner.earlier[len(self.earlier) :]

    def _simple(
        self,
        texts: list[str | None],
        is_quoted: bool,
        rest: list[Token],
        pending: list[str],
        has_path: bool,
    ) -> bool:
        name = texts[0]
        if name in _STOPS and not is_quoted:
            return False
        if name in _TESTS or (name == "command" and {"-v", "-V"} & {*texts[1:]}):
            if name == "which":
                self._need(name, Kind.PROGRAM, has_path)
            return False
        if rest[:1] == ["||"] and not self._ends_by_giving_up(rest[1:]):
            pending.append("")
            return True
        if name in (".", "source"):
            self._sourced(texts[1:])
        elif name == "cd":
            self._enter(texts[1:], rest)
        elif name in _BUILTINS:
            self._builtin(texts)
        else:
            pending += [text or "" for text in texts]
            self.start(texts, has_path)
        return True

    def start(self, texts: list[str | None], has_path: bool = False) -> None:
        """Read a program with its arguments, and what it starts."""
        name, arguments = texts[0] if texts else None, texts[1:]
        if name is None:
            return
        base = os.path.basename(name)
        if name not in ("exec", "command", "time"):
            self._need(name, Kind.OTHERS if self.is_other else Kind.PROGRAM, has_path)
        if base in wrappers.WRAPPERS:
            found = wrappers.inside(base, arguments)
        elif wrappers.is_shell(base):
            found = wrappers.of_shell(arguments)
            if found and not found.is_text:
                self._need(arguments[found.start], Kind.SCRIPT)
                return
        else:
            self._given(base, arguments, has_path)
            return
        if found is None or found.start >= len(arguments):
            return
        inner = self._within(has_path or found.changes_path, base in ("sudo", "doas"))
        if found.is_text:
            inner.read(tokens(arguments[found.start] or ""))
        else:
            inner.start(arguments[found.start :])

    def _given(self, base: str, arguments: list[str | None], has_path: bool) -> None:
        """Read what a program that is no wrapper is to read or to run."""
        if script := wrappers.script(base, arguments):
            self._need(script, Kind.SCRIPT)
        for command in wrappers.of_find(arguments) if base == "find" else ():
            self._within(has_path, is_other=False).start(command)

    def _within(self, changes_path: bool, is_other: bool) -> "_Scan":
        """Return a scan of what a program of this one starts."""
        return _Scan(
            dict(self.variables),
            self.folder,
            self.knows_names and not changes_path,
            self.is_other or is_other,
            self.calls,
            list(self.earlier),
            self.has_run,
        )

    def _need(self, name: str | None, kind: Kind, has_path: bool = False) -> None:
        """Note what is needed, unless something earlier may have made it."""
        if not name or any(os.path.basename(word) in _MAKERS for word in self.earlier):
            return
        if "/" not in name and kind is not Kind.SCRIPT:
            if self.knows_names and not has_path and kind is Kind.PROGRAM:
                self.calls.append(Call(name, kind))
            return
        is_relative = not name.startswith("/")
        if is_relative and (self.folder is None or self.has_run or kind is Kind.OTHERS):
            return
        path = os.path.join(self.folder or "", name) if is_relative else name
        if self.is_other and kind is not Kind.OTHERS:
            return
        if not any(_is_within(path, word) for word in self.earlier):
            self.calls.append(Call(path, kind))

    def _enter(self, arguments: list[str | None], rest: list[Token]) -> None:
        folders = (self.variables.get("PATH") or "/").split(":")
        self.knows_names &= all(folder.startswith("/") for folder in folders)
        targets = [word for word in arguments if word not in ("-P", "-L", "--")]
        target = targets[0] if targets else self.variables.get("HOME")
        if target is None or target in ("-", "") or self.variables.get("CDPATH"):
            self.folder = None
        elif target.startswith("/") or self.folder is not None:
            if rest[:1] in (["&&"], ["||"]):
                self._need(f"{target}/", Kind.FOLDER)
            self.folder = os.path.join(self.folder or "", target)
        else:
            self.folder = None

    def _sourced(self, arguments: list[str | None]) -> None:
        """Read `. FILE`: it may set anything, and define functions."""
        if arguments and arguments[0] and "/" in arguments[0]:
            self._need(arguments[0], Kind.SCRIPT)
        self.folder, self.knows_names = None, False
        self.variables = {}

    def _builtin(self, texts: list[str | None]) -> None:
        """Follow what a builtin does to variables."""
        name, arguments = texts[0], texts[1:]
        if name in ("export", "readonly", "declare", "local", "typeset"):
            for text in arguments:
                variable, is_set, value = (text or "").partition("=")
                if text is None or variable == "PATH":
                    self.knows_names = False
                elif is_set:
                    self.variables[variable] = value
        elif name in ("read", "unset", "getopts", "mapfile", "readarray", "printf", "set"):
            for text in arguments:
                self.variables.pop(text or "", None)

    def _assign(self, word: Word) -> None:
        if word.assigned == "PATH":
            self.knows_names = False
        text = word.text({**self.variables})
        value = None if text is None or "+=" in text else text.partition("=")[2]
        self.variables[word.assigned] = value

    def _loop(self, words: list[Word]) -> bool:
        """Read `for NAME in WORDS`: its body runs for certain if there is a word."""
        texts = [word.text(self.variables) for word in words]
        if len(texts) < 3 or texts[1] != "in" or None in texts:
            return False
        self.variables[str(texts[0])] = None
        return True

    def _ends_by_giving_up(self, rest: list[Token]) -> bool:
        """Whether what follows `||` is no other way to do the same."""
        for item in rest:
            text = item.text(self.variables) if isinstance(item, Word) else item
            if text not in ("{", "("):
                return text in _LAST_RESORTS
        return False


def _end_of_command(found: list[Token], place: int) -> int:
    while place < len(found) and (isinstance(found[place], Word) or found[place] == ">"):
        place += 1
    return place


def _without_targets(found: list[Token], pending: list[str]) -> Iterator[Word]:
    """Yield the words that are no targets of redirections; the others count as made."""
    before: Token = ""
    for item in found:
        if isinstance(item, Word):
            if before != ">":
                yield item
            elif (text := item.text({})) is not None:
                pending.append(text)
        before = item


def _without_openers(words: list[Word]) -> tuple[list[Word], str]:
    """Return the words behind those that only begin something, and a condition or `for`."""
    while words and not words[0].is_quoted:
        text = words[0].text({})
        if text in _CONDITIONS or text == "for":
            return words[1:], text or ""
        if text not in _OPENERS:
            break
        words = words[1:]
    return words, ""


def _behind_alternative(found: list[Token], place: int) -> int:
    """Return the place behind what runs only if something failed."""
    depth = 0
    while place < len(found):
        item = found[place]
        text = item.text({}) if isinstance(item, Word) and not item.is_quoted else item
        if item == STOP:
            return place
        if text in ("{", "("):
            depth += 1
        elif text in ("}", ")"):
            if not depth:
                return place
            depth -= 1
        elif not depth and text in (";", "&", "&&"):
            return place
        place += 1
    return place


def _is_within(path: str, word: str) -> bool:
    """Whether a path is the one in a word, or lies below it."""
    stem = os.path.normpath(word) if word.startswith("/") else ""
    return len(stem) > 1 and os.path.normpath(path + "/x").startswith(stem + "/")
